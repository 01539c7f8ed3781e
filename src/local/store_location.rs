//! Finds and opens the store of a config directory.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::machine::{LocalMachine, ProcessClock};
use super::platform;
use crate::model::Network;
use crate::session::effects::CancelSignal;
use crate::session::error::{SessionError, StoreProblem};
use crate::store::{Store, StoreAccess, StoreLocation, WaitMode};

/// Folder of the default store, below the config directory.
pub(super) const FOLDER: &str = ".zonal";
/// File name of the default store.
const FILE: &str = "store.db";
/// Environment variable with the location of the store.
const VARIABLE: &str = "ZONAL_STORE";
/// Name of the manifest field in messages.
const IN_MANIFESTS: &str = "`store` in the Network manifest";

/// Store named by the caller.
#[derive(Debug, Clone, Default)]
pub struct StoreChoice {
    /// Location as given by the user; `None` for the variable, the Network manifest, or the default.
    pub location: Option<String>,
    /// Directory of relative locations.
    pub directory: PathBuf,
    /// True for an offline command: manifests, which anyone can propose, must not choose a server for it.
    pub ignores_manifests: bool,
}

/// Opens the store of a network; `None` for a disabled store, and for a missing store that is not created.
///
/// # Errors
/// Returns [`SessionError::StoreLocation`] or [`SessionError::Store`] if the store cannot be opened.
pub async fn open(
    choice: &StoreChoice,
    network: &Network,
    access: StoreAccess,
    machine: &LocalMachine,
    cancel: &CancelSignal,
) -> Result<Option<Store>, SessionError> {
    let Some(location) = find(choice, network, machine)? else { return Ok(None) };
    if let (StoreLocation::File(file), StoreAccess::Write) = (&location, access) {
        create_folder(file, &machine.directory)?;
    }
    let waiting = match machine.clock {
        ProcessClock::System => WaitMode::Async,
        ProcessClock::Simulated => WaitMode::Blocking,
    };
    let files = location.files().filter(|_| access != StoreAccess::Read);
    let is_new = files.as_ref().is_some_and(|[file, ..]| !file.exists());
    let store = cancel.before_writing(Store::open(location, access, waiting)).await??;
    if let Some(files) = files.filter(|_| store.is_some()) {
        restrict(files, is_new, &machine.directory);
    }
    Ok(store)
}

/// Takes the rights to a store from other users: it contains records with the names of their authors.
///
/// Warns about an older store that others could read.
fn restrict(files: [PathBuf; 3], is_new: bool, directory: &Path) {
    // Only the default folder belongs to zonal.
    let folder = Some(directory.join(FOLDER)).filter(|folder| files[0].parent() == Some(folder));
    for path in files.into_iter().chain(folder) {
        match platform::restrict_to_owner(&path) {
            Ok(true) if !is_new => {
                tracing::warn!("other users had rights to {}; now only its owner has", path.display());
            }
            Ok(_) => {}
            // SQLite removes its extra files when it closes the store.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!("cannot restrict {} to its owner: {error}", path.display()),
        }
    }
}

/// Returns the location of the store; `None` for a disabled store.
///
/// # Errors
/// Returns [`SessionError::StoreLocation`] for an invalid location.
pub fn find(
    choice: &StoreChoice,
    network: &Network,
    machine: &LocalMachine,
) -> Result<Option<StoreLocation>, SessionError> {
    let chosen = (choice.location.as_deref().map(|named| ("--store", named, &*choice.directory)))
        .or_else(|| Some((VARIABLE, machine.env.get(VARIABLE)?.as_str(), &*choice.directory)))
        .filter(|(_, named, _)| !named.is_empty());
    let (named_by, named, from) = match (chosen, network.store.as_deref()) {
        (Some(chosen), _) => chosen,
        (None, None) => return Ok(Some(StoreLocation::File(machine.directory.join(FOLDER).join(FILE)))),
        (None, Some(_)) if choice.ignores_manifests => return Ok(None),
        (None, Some(declared)) => (IN_MANIFESTS, declared, &*machine.directory),
    };
    if named == "none" {
        return Ok(None);
    }
    match StoreLocation::parse(named).and_then(StoreLocation::with_tls) {
        Ok(StoreLocation::File(path)) => Ok(Some(StoreLocation::File(from.join(path)))),
        Ok(location @ StoreLocation::Postgres(_)) => Ok(Some(location)),
        Err(reason) => {
            let named_by = named_by.to_owned();
            Err(SessionError::StoreLocation(StoreProblem::Invalid { named_by, reason }))
        }
    }
}

/// Creates the folder of the default store. Other folders must already exist.
fn create_folder(file: &Path, directory: &Path) -> Result<(), SessionError> {
    let folder = directory.join(FOLDER);
    if file.parent() != Some(&folder) {
        return Ok(());
    }
    create_ignored_folder(&folder).map_err(|source| {
        let folder = folder.display().to_string();
        SessionError::StoreLocation(StoreProblem::NoFolder { folder, source })
    })
}

/// Creates a folder that git ignores.
///
/// An existing folder gets its `.gitignore`, too: plan files can be there before the first store.
///
/// # Errors
/// Returns the error of the system.
pub(super) fn create_ignored_folder(folder: &Path) -> io::Result<()> {
    if !folder.is_dir() {
        std::fs::create_dir(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).open(folder.join(".gitignore")) {
        Ok(mut file) => file.write_all(b"*\n"),
        // The owner's own rules stay.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
