//! What the zones of a run share of their gateway: how fast it may be asked, and whether it answers at all.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::watch;

use crate::model::network::RateLimit;
use crate::model::{FailureClass, ZoneCode, ZoneFailure};
use crate::provider::budget::RequestBudget;
use crate::provider::http::api_key::ApiKey;
use crate::provider::http::client::HttpClient;
use crate::provider::transport::Transport;

/// Once a gateway has answered nothing for any zone so long, nobody waits for it any more. Each zone alone
/// would wait longer, behind the tries of all others.
const PATIENCE: Duration = Duration::from_secs(60);

/// A gateway as all zones see it.
pub struct SharedGateway {
    root: String,
    transport: Arc<dyn Transport>,
    budget: Arc<RequestBudget>,
    /// Told whenever it has answered for some zone.
    answered: watch::Sender<()>,
}

impl SharedGateway {
    /// A gateway that nobody has asked yet, by its address without `/v1`.
    pub fn new(url: &str, rate: RateLimit, transport: Arc<dyn Transport>) -> Self {
        let budget = Arc::new(RequestBudget::new(rate));
        Self { root: url.to_owned(), transport, budget, answered: watch::Sender::new(()) }
    }

    /// The way to one zone with one key.
    pub(super) fn wire(&self, zone: &ZoneCode, key: SecretString) -> HttpClient {
        let (zone, root, key) = (zone.clone(), self.root.clone(), ApiKey::new(key));
        let (transport, budget) = (Arc::clone(&self.transport), Arc::clone(&self.budget));
        HttpClient { zone, root, key, transport, budget, sent: 0.into() }
    }

    /// Waits for the first answer for a zone, as long as the gateway answers for any.
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
                // The sender lives as long as this.
                _ = others.changed() => {}
                () = tokio::time::sleep(PATIENCE) => {
                    let message = format!("it has answered for no zone in {} s", PATIENCE.as_secs());
                    return Err(ZoneFailure::new(FailureClass::Unreachable, message));
                }
            }
        }
    }
}
