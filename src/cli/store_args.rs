//! Option that selects the store.

use std::path::Path;

use clap::Args;

use super::CommandExit;
use super::config::OutputFormat;
use super::context::CommandContext;
use super::session_output::report_error;
use crate::local::store_location::{self, StoreChoice};
use crate::model::Network;
use crate::session::SessionError;
use crate::store::{Store, StoreAccess, StoreLocation};

/// Store options.
#[derive(Debug, Clone, Default, Args)]
pub struct StoreArgs {
    /// Database for runs and applied state: a file, postgres://HOST/DATABASE, or `none`
    ///
    /// Defaults to ZONAL_STORE, then `store` in the Network manifest, then .zonal/store.db. The PostgreSQL
    /// password is read from ZONAL_STORE, PGPASSWORD or ~/.pgpass. A server on another machine requires TLS.
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    /// True for an offline command, which opens no store that a manifest names.
    #[arg(skip)]
    ignores_manifests: bool,
}

impl StoreArgs {
    /// Returns the options of an offline command: a store that a manifest names is not opened.
    pub fn offline(&self) -> Self {
        Self { ignores_manifests: true, ..self.clone() }
    }

    /// Opens the store; `None` for a disabled store, and for a missing store that is not created.
    ///
    /// # Errors
    /// Prints the error and returns [`CommandExit::Invalid`] if the store cannot be opened.
    pub async fn open(
        &self,
        access: StoreAccess,
        network: &Network,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<Option<Store>, CommandExit> {
        let opened = self.try_open(access, network, directory, world).await;
        opened.map_err(|error| report_error(&error, OutputFormat::Text, world))
    }

    /// Opens the store like [`Self::open`], and prints nothing.
    ///
    /// # Errors
    /// Returns the error of the location or of the store.
    pub async fn try_open(
        &self,
        access: StoreAccess,
        network: &Network,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<Option<Store>, SessionError> {
        let (choice, machine, cancel) = (self.choice(world), world.machine(directory), world.cancel_signal());
        store_location::open(&choice, network, access, &machine, &cancel).await
    }

    /// Returns true if the command line names a store.
    pub fn is_named(&self) -> bool {
        self.store.is_some()
    }

    /// Returns the location of the store; `None` for a disabled store.
    ///
    /// # Errors
    /// Prints the error and returns [`CommandExit::Invalid`] for an invalid location.
    pub fn location(
        &self,
        network: &Network,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<Option<StoreLocation>, CommandExit> {
        store_location::find(&self.choice(world), network, &world.machine(directory))
            .map_err(|error| report_error(&error, OutputFormat::Text, world))
    }

    fn choice(&self, world: &CommandContext) -> StoreChoice {
        let Self { store, ignores_manifests } = self;
        let (location, directory) = (store.clone(), world.directory.clone());
        StoreChoice { location, directory, ignores_manifests: *ignores_manifests }
    }
}
