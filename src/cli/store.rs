//! Finds the store that a command remembers by, and opens it.

use std::path::{Path, PathBuf};

use clap::Args;

use super::context::CommandContext;
use super::exit_code::CommandExit;
use crate::model::Network;
use crate::store::{Store, StoreAccess, StoreError, StoreLocation, StoreScope, WaitMode};

/// The folder in the config directory that a store is made in where nobody names one.
const FOLDER: &str = ".zonal";
/// The file in it.
const FILE: &str = "store.db";
/// The environment variable that names a store.
const VARIABLE: &str = "ZONAL_STORE";

/// Which store to remember by.
#[derive(Debug, Clone, Default, Args)]
pub struct StoreArgs {
    /// Where to remember what was applied: a file, or postgres://HOST/DATABASE; `none` remembers nothing
    ///
    /// Without it ZONAL_STORE counts, then `store` in the Network manifest, then .zonal/store.db in the config
    /// directory, which apply makes. Passwords of PostgreSQL are taken from ZONAL_STORE, PGPASSWORD or ~/.pgpass.
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
}

impl StoreArgs {
    /// Opens the store to look at it. `None` where there is none yet, or none is wanted.
    ///
    /// # Errors
    /// [`Exit::Invalid`], once it has been said why it cannot be opened.
    pub async fn open_read_only(
        &self,
        network: &Network,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<Option<Store>, CommandExit> {
        self.open(StoreAccess::Read, network, directory, world).await
    }

    /// Opens the store to keep something in it, and makes it where there is none yet. `None` where none is wanted.
    ///
    /// # Errors
    /// [`Exit::Invalid`], once it has been said why it cannot be opened.
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

    /// Where the store is; `None` where none is wanted.
    ///
    /// # Errors
    /// [`Exit::Invalid`], once it has been said why a name is none of a store.
    pub fn location(
        &self,
        network: &Network,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<Option<StoreLocation>, CommandExit> {
        let named = (self.store.as_deref().map(|named| ("--store", named, &*world.directory)))
            .or_else(|| Some((VARIABLE, world.env.get(VARIABLE)?.as_str(), &*world.directory)))
            .filter(|(_, named, _)| !named.is_empty())
            .or_else(|| Some(("`store` of the Network", network.store.as_deref()?, directory)));
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

/// Whose things in a store are meant.
pub fn scope(network: &Network) -> StoreScope {
    let environment = network.environment.as_deref().unwrap_or_default();
    StoreScope { network: network.name.as_str().into(), environment: environment.into() }
}

/// Says why the store failed, and what can be done.
pub fn report_error(error: &StoreError, world: &CommandContext) -> CommandExit {
    let exit = super::fail(world, error.to_string());
    world.err.print_line(format!("help: {}", error.class.help()));
    exit
}

/// A network that is simulated has a clock that stands still while somebody works.
fn wait_mode(world: &CommandContext) -> WaitMode {
    match world.transport {
        Some(_) => WaitMode::Blocking,
        None => WaitMode::Async,
    }
}

/// Makes the folder of the default store, which git leaves alone. Any other folder is for its owner to make.
fn make_room(file: &Path, directory: &Path) -> Result<(), String> {
    let folder = directory.join(FOLDER);
    if file.parent() != Some(&folder) || folder.is_dir() {
        return Ok(());
    }
    let made = std::fs::create_dir(&folder).and_then(|()| std::fs::write(folder.join(".gitignore"), "*\n"));
    made.map_err(|error| {
        let folder: PathBuf = folder;
        format!("the store {} cannot be made: {error}; name another with `--store`", folder.display())
    })
}
