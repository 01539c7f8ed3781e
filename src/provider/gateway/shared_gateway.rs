//! Shares the state of a gateway between the zones of a run: request rate and responsiveness.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::watch;

use crate::model::network::RateLimit;
use crate::model::{FailureClass, ZoneCode, ZoneFailure};
use crate::provider::budget::RequestBudget;
use crate::provider::http::api_key::ApiKey;
use crate::provider::http::client::HttpClient;
use crate::provider::transport::Transport;

/// Time without any response after which all zones give up.
///
/// Each zone alone would wait longer, behind the requests of all others.
const PATIENCE: Duration = Duration::from_secs(60);

/// Gateway, shared by all zones.
pub struct SharedGateway {
    root: String,
    transport: Arc<dyn Transport>,
    budget: Arc<RequestBudget>,
    /// Notified after each response for any zone.
    answered: watch::Sender<()>,
}

impl SharedGateway {
    /// Creates a gateway from its URL without `/v1`.
    pub fn new(url: &str, rate: RateLimit, transport: Arc<dyn Transport>) -> Self {
        let budget = Arc::new(RequestBudget::new(rate));
        Self { root: url.to_owned(), transport, budget, answered: watch::Sender::new(()) }
    }

    /// Returns the HTTP client for one zone with one key.
    pub(super) fn wire(&self, zone: &ZoneCode, key: SecretString) -> HttpClient {
        let (zone, root, key) = (zone.clone(), self.root.clone(), ApiKey::new(key));
        let (transport, budget) = (Arc::clone(&self.transport), Arc::clone(&self.budget));
        HttpClient { zone, root, key, transport, budget, sent: 0.into(), server_date: Mutex::default() }
    }

    /// Waits for the first response for a zone, while the gateway responds for any zone.
    pub(super) async fn first<T>(
        &self,
        answer: impl Future<Output = Result<T, ZoneFailure>>,
    ) -> Result<T, ZoneFailure> {
        let mut others = self.answered.subscribe();
        let mut answer = pin!(answer);
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => {
                    if !answer.as_ref().is_err_and(|failure| failure.class == FailureClass::Unreachable) {
                        self.answered.send_replace(());
                    }
                    return answer;
                }
                // The sender lives as long as `self`.
                _ = others.changed() => {}
                () = tokio::time::sleep(PATIENCE) => {
                    let message = format!("no response for any zone in {} s", PATIENCE.as_secs());
                    return Err(ZoneFailure::new(FailureClass::Unreachable, message));
                }
            }
        }
    }
}
