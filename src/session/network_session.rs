//! Session: one network, loaded once, with its store open.

use super::effects::SessionEffects;
use super::error::{SessionError, StoreNeed};
use super::load::LoadedConfig;
use crate::model::Network;
use crate::store::{Store, StoreScope};

/// Network with its configuration, store and effects.
pub struct NetworkSession {
    /// Manifests.
    pub config: LoadedConfig,
    /// Store; `None` for a disabled or missing store.
    pub store: Option<Store>,
    /// Effects.
    pub effects: SessionEffects,
}

impl NetworkSession {
    /// Returns the network and its environment as the owner of stored data.
    pub fn scope(&self) -> StoreScope {
        scope(&self.config.network)
    }

    /// Returns the store.
    ///
    /// # Errors
    /// Returns [`SessionError::NoStore`] without a store.
    pub fn store_for(&self, need: StoreNeed) -> Result<&Store, SessionError> {
        self.store.as_ref().ok_or(SessionError::NoStore(need))
    }

    /// Closes the store. Dropping a session can block its thread for seconds.
    pub async fn close(self) {
        if let Some(store) = self.store {
            store.close().await;
        }
    }
}

/// Returns the network and its environment as the owner of stored data.
pub fn scope(network: &Network) -> StoreScope {
    let environment = network.environment.as_deref().unwrap_or_default();
    StoreScope { network: network.name.as_str().into(), environment: environment.into() }
}
