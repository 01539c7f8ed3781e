//! What the zones of a run share of their gateway: how fast it may be asked, and whether it answers at all.

use std::future::Future;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::watch;

use crate::model::network::Rate;
use crate::model::{Failure, FailureClass, ZoneCode};
use crate::provider::budget::Budget;
use crate::provider::http::secret::Key;
use crate::provider::http::wire::Wire;
use crate::provider::transport::Transport;

/// For so many zones, one after the other, the gateway is waited for in vain; the others do not wait. One
/// zone that it cannot reach is no reason to give up the rest.
const IN_VAIN: usize = 3;

/// A gateway as all zones see it.
pub struct SharedGateway {
    root: String,
    transport: Arc<dyn Transport>,
    budget: Arc<Budget>,
    /// How many zones it was waited for in vain since it last answered.
    in_vain: watch::Sender<usize>,
}

impl SharedGateway {
    /// A gateway that nobody has asked yet, by its address without `/v1`.
    pub fn new(url: &str, rate: Rate, transport: Arc<dyn Transport>) -> Self {
        let budget = Arc::new(Budget::new(rate));
        Self { root: url.to_owned(), transport, budget, in_vain: watch::Sender::new(0) }
    }

    /// The way to one zone with one key.
    pub(super) fn wire(&self, zone: &ZoneCode, key: SecretString) -> Wire {
        let (zone, root, key) = (zone.clone(), self.root.clone(), Key::new(key));
        let (transport, budget) = (Arc::clone(&self.transport), Arc::clone(&self.budget));
        Wire { zone, root, key, transport, budget, sent: 0.into() }
    }

    /// Waits for the first answer for a zone, unless others have waited in vain.
    pub(super) async fn first<T>(
        &self,
        answer: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut others = self.in_vain.subscribe();
        let answer = tokio::select! {
            biased;
            answer = answer => answer,
            // The sender lives as long as this.
            _ = others.wait_for(|zones| *zones >= IN_VAIN) => {
                let message = format!("it was waited for in vain for {IN_VAIN} other zones, one after the other");
                return Err(Failure::new(FailureClass::Unreachable, message));
            }
        };
        let silent = answer.as_ref().is_err_and(|failure| failure.class == FailureClass::Unreachable);
        self.in_vain.send_modify(|zones| *zones = if silent { *zones + 1 } else { 0 });
        answer
    }
}
