//! Opens the store of a network for commands that only query it.

use std::path::Path;

use clap::Args;

use super::CommandExit;
use super::config::{OutputFormat, load_network};
use super::context::CommandContext;
use super::session_output::report_error;
use super::store_args::StoreArgs;
use crate::model::Network;
use crate::session::SessionError;
use crate::store::{Store, StoreAccess, StoreError};

/// Options that select the store and the environment.
#[derive(Debug, Clone, Args)]
pub struct StoreQueryArgs {
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

impl StoreQueryArgs {
    /// Opens the store of the network below `directory`, read-only.
    ///
    /// # Errors
    /// Prints the error and returns the exit code if the network or the store cannot be found or opened.
    pub async fn open(
        &self,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<(Network, Store), CommandExit> {
        self.open_for(StoreAccess::Read, directory, world).await
    }

    /// Opens the store of the network below `directory`. A missing store is not created.
    ///
    /// # Errors
    /// Prints the error and returns the exit code if the network or the store cannot be found or opened.
    pub async fn open_for(
        &self,
        access: StoreAccess,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<(Network, Store), CommandExit> {
        let network = load_network(directory, self.environment.as_deref(), world)?;
        match self.store.open(access, &network, directory, world).await? {
            Some(store) => Ok((network, store)),
            None => {
                let (fact, way_out) = match self.store.location(&network, directory, world)? {
                    Some(_) => ("no store found", "run `zonal apply` to create the store, or pass `--store`"),
                    None => ("the store is `none`", "pass `--store`"),
                };
                super::fail(world, format!("{fact}: zonal has no history"));
                world.err.print_line(format!("help: {way_out}"));
                Err(CommandExit::Invalid)
            }
        }
    }
}

/// Prints a store error with its help.
pub fn report_store_error(error: StoreError, world: &CommandContext) -> CommandExit {
    report_error(&SessionError::Store(error), OutputFormat::Text, world)
}
