//! Finds and opens the store of a command.

use std::path::{Path, PathBuf};

use clap::Args;

use super::context::CommandContext;
use super::exit_code::CommandExit;
use crate::model::{Network, error_chain_text};
use crate::store::{Store, StoreAccess, StoreError, StoreLocation, StoreScope, WaitMode};

/// Folder of the default store, below the config directory.
const FOLDER: &str = ".zonal";
/// File name of the default store.
const FILE: &str = "store.db";
/// Environment variable with the location of the store.
const VARIABLE: &str = "ZONAL_STORE";

/// Store options.
#[derive(Debug, Clone, Default, Args)]
pub struct StoreArgs {
    /// Database for runs and applied state: a file, postgres://HOST/DATABASE, or `none`
    ///
    /// Defaults to ZONAL_STORE, then `store` in the Network manifest, then .zonal/store.db. The PostgreSQL
    /// password is read from ZONAL_STORE, PGPASSWORD or ~/.pgpass.
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
}

impl StoreArgs {
    /// Opens the store read-only; `None` for a missing or disabled store.
    ///
    /// # Errors
    /// Prints the error and returns [`CommandExit::Invalid`] if the store cannot be opened.
    pub async fn open_read_only(
        &self,
        network: &Network,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<Option<Store>, CommandExit> {
        self.open(StoreAccess::Read, network, directory, world).await
    }

    /// Opens the store for writing and creates a missing store; `None` for a disabled store.
    ///
    /// # Errors
    /// Prints the error and returns [`CommandExit::Invalid`] if the store cannot be opened.
    pub async fn keep(
        &self,
        network: &Network,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<Option<Store>, CommandExit> {
        self.open(StoreAccess::Write, network, directory, world).await
    }

    async fn open(
        &self,
        access: StoreAccess,
        network: &Network,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<Option<Store>, CommandExit> {
        let Some(location) = self.location(network, directory, world)? else { return Ok(None) };
        match (&location, access) {
            (StoreLocation::File(file), StoreAccess::Write) => {
                make_room(file, directory).map_err(|error| super::fail(world, error))?;
            }
            (StoreLocation::File(_), StoreAccess::Read) | (StoreLocation::Postgres(_), _) => {}
        }
        let opening = Store::open(location, access, wait_mode(world));
        world.unless_interrupted(opening).await?.map_err(|error| report_error(&error, world))
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
        let named = (self.store.as_deref().map(|named| ("--store", named, &*world.directory)))
            .or_else(|| Some((VARIABLE, world.env.get(VARIABLE)?.as_str(), &*world.directory)))
            .filter(|(_, named, _)| !named.is_empty())
            .or_else(|| Some(("`store` in the Network manifest", network.store.as_deref()?, directory)));
        match named {
            None => Ok(Some(StoreLocation::File(directory.join(FOLDER).join(FILE)))),
            Some((_, "none", _)) => Ok(None),
            Some((by, named, from)) => match StoreLocation::parse(named) {
                Ok(StoreLocation::File(path)) => Ok(Some(StoreLocation::File(from.join(path)))),
                Ok(location @ StoreLocation::Postgres(_)) => Ok(Some(location)),
                Err(error) => Err(super::fail(world, format!("{by}: {error}"))),
            },
        }
    }
}

/// Returns the scope of the network and its environment in a store.
pub fn scope(network: &Network) -> StoreScope {
    let environment = network.environment.as_deref().unwrap_or_default();
    StoreScope { network: network.name.as_str().into(), environment: environment.into() }
}

/// Prints a store error with its help.
pub fn report_error(error: &StoreError, world: &CommandContext) -> CommandExit {
    let exit = super::fail(world, error_chain_text(error));
    world.err.print_line(format!("help: {}", error.class.help()));
    exit
}

/// Returns the wait mode; a simulated network stops its clock during blocking work.
fn wait_mode(world: &CommandContext) -> WaitMode {
    match world.transport {
        Some(_) => WaitMode::Blocking,
        None => WaitMode::Async,
    }
}

/// Creates the folder of the default store, ignored by git. Other folders must already exist.
fn make_room(file: &Path, directory: &Path) -> Result<(), String> {
    let folder = directory.join(FOLDER);
    if file.parent() != Some(&folder) || folder.is_dir() {
        return Ok(());
    }
    let made = std::fs::create_dir(&folder).and_then(|()| std::fs::write(folder.join(".gitignore"), "*\n"));
    made.map_err(|error| {
        let folder: PathBuf = folder;
        format!("cannot create the store {}: {error}; choose another store with `--store`", folder.display())
    })
}
