//! Effects that a session is given: configuration, keys, origin of runs, transport, clock and cancellation.

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::watch;

use super::config_source::ConfigSource;
use super::effect_future::EffectFuture;
use super::error::{SessionError, SessionStage};
use crate::model::network::Zone;
use crate::model::{Diagnostic, Network, RunAuthor, RunHost, ZoneCode};
use crate::provider::transport::Transport;

/// Creates the transport of requests; called when a zone is opened.
pub type TransportSource = Arc<dyn Fn() -> Arc<dyn Transport> + Send + Sync>;

/// Source of API keys.
pub trait KeySource: Send + Sync {
    /// Returns the read keys of some zones and of the gateway.
    ///
    /// # Errors
    /// Returns one diagnostic per missing key.
    fn read_keys<'a>(
        &'a self,
        network: &'a Network,
        zones: &'a [&'a Zone],
    ) -> EffectFuture<'a, Result<ZoneKeys, Vec<Diagnostic>>>;

    /// Returns the write keys of some zones and of the gateway.
    ///
    /// # Errors
    /// Returns one diagnostic per missing key.
    fn write_keys<'a>(
        &'a self,
        network: &'a Network,
        zones: &'a [&'a Zone],
    ) -> EffectFuture<'a, Result<WriteKeys, Vec<Diagnostic>>>;
}

/// Origin of a run: host, author, and knowledge about other processes.
pub trait RunOrigin: Send + Sync {
    /// Returns the machine and the process.
    fn host(&self) -> RunHost;

    /// Returns the person, commit and pipeline that started a run.
    fn author(&self) -> EffectFuture<'_, RunAuthor>;

    /// Returns true if the process of a run no longer exists, or had the ID of this process.
    fn is_gone(&self, other: &RunHost) -> bool;
}

/// Effects of a session.
#[derive(Clone)]
pub struct SessionEffects {
    /// Source of the transport.
    pub transport: TransportSource,
    /// Config directory.
    pub config: Arc<dyn ConfigSource>,
    /// Source of API keys.
    pub keys: Arc<dyn KeySource>,
    /// Origin of runs.
    pub origin: Arc<dyn RunOrigin>,
    /// Clock, in RFC 3339.
    pub clock: fn() -> String,
    /// Cancellation by the user.
    pub cancel: CancelSignal,
}

impl SessionEffects {
    /// Returns the current time.
    ///
    /// # Errors
    /// Returns [`SessionError::InvalidClock`] for an invalid clock value.
    pub fn timestamp(&self) -> Result<jiff::Timestamp, SessionError> {
        let now = (self.clock)();
        now.parse().map_err(|_| SessionError::InvalidClock(now))
    }
}

/// Number of cancel requests: the first finishes writes in flight, the second stops at once.
#[derive(Debug, Clone)]
pub struct CancelSignal(watch::Receiver<u32>);

impl CancelSignal {
    /// Creates a signal from the number of requests.
    pub fn new(requests: watch::Receiver<u32>) -> Self {
        Self(requests)
    }

    /// Creates a signal that is never sent.
    pub fn never() -> Self {
        Self(watch::channel(0).1)
    }

    /// Waits for a number of cancel requests.
    pub async fn requested(&self, times: u32) {
        let mut requests = self.0.clone();
        if requests.wait_for(|count| *count >= times).await.is_err() {
            // The sender no longer exists, so no request can arrive.
            std::future::pending::<()>().await;
        }
    }

    /// Waits for a future before the first write, or until a cancel request.
    ///
    /// # Errors
    /// Returns [`SessionError::Interrupted`] after a cancel request.
    pub async fn before_writing<T>(&self, work: impl Future<Output = T>) -> Result<T, SessionError> {
        self.interruptible(SessionStage::Preparing, work).await
    }

    /// Waits for a future of a stage, or until a cancel request.
    ///
    /// # Errors
    /// Returns [`SessionError::Interrupted`] after a cancel request.
    pub async fn interruptible<T>(
        &self,
        stage: SessionStage,
        work: impl Future<Output = T>,
    ) -> Result<T, SessionError> {
        tokio::select! {
            result = work => Ok(result),
            () = self.requested(1) => Err(SessionError::Interrupted { during: stage }),
        }
    }
}

/// API keys of some zones.
#[derive(Debug, Default)]
pub struct ZoneKeys {
    /// Keys by zone.
    pub zones: BTreeMap<ZoneCode, SecretString>,
    /// Key of the gateway, if the network has one.
    pub gateway: Option<SecretString>,
}

/// API keys with write access.
#[derive(Debug, Default)]
pub struct WriteKeys(pub ZoneKeys);

impl ZoneKeys {
    /// Returns the number of zones that use one key for reads and writes.
    pub fn shared_with(&self, write_keys: &WriteKeys) -> usize {
        let is_shared = |(code, key): &(&ZoneCode, &SecretString)| {
            self.zones.get(*code).is_some_and(|read| read.expose_secret() == key.expose_secret())
        };
        write_keys.0.zones.iter().filter(is_shared).count()
    }
}
