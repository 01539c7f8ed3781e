//! Reads and writes the approval files of a config directory.
//!
//! Each approval is a JSON file below `approvals/`, to be committed. Two people who approve at the same time
//! do not edit the same file.

use std::path::Path;

use super::config_files;
use super::regular_file::read_text_within;
use crate::model::{AppliedOverride, Approval};
use crate::session::config_source::ConfigFileError;

/// Folder below the config directory.
pub const FOLDER: &str = "approvals";
const VERSION: u32 = 1;
/// Maximum size of an approval file in bytes.
const APPROVAL_BYTES: u64 = 32 << 20;

/// Returns all approvals, sorted by file name; an empty list without the folder.
///
/// # Errors
/// Returns a [`ConfigFileError`] if a file cannot be read. Approvals are never guessed.
pub fn load(directory: &Path) -> Result<Vec<Approval>, ConfigFileError> {
    let unreadable = |source| ConfigFileError::Unreadable { file: format!("{FOLDER}/"), source };
    let folder = directory.join(FOLDER);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(unreadable)?.file_name();
        let name = name.to_string_lossy().into_owned();
        if name.ends_with(".json") && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    names.iter().map(|name| read_approval(&folder, name)).collect()
}

fn read_approval(folder: &Path, name: &str) -> Result<Approval, ConfigFileError> {
    let file = format!("{FOLDER}/{name}");
    let text = match read_text_within(folder, &folder.join(name), APPROVAL_BYTES) {
        Ok(text) => text,
        Err(error) => return Err(ConfigFileError::Unreadable { file, source: error.into() }),
    };
    let approval: Approval = match serde_json::from_str(&text) {
        Ok(approval) => approval,
        Err(source) => return Err(ConfigFileError::InvalidApproval { file, source }),
    };
    match approval.version {
        VERSION => Ok(approval),
        version => Err(ConfigFileError::Version { file, version, supported: VERSION }),
    }
}

/// Writes an approval to a file and returns the file's path.
///
/// An approval with fewer overrides does not replace an earlier approval by the same person.
///
/// # Errors
/// Returns [`ConfigFileError::Unwritable`] if the file cannot be written.
pub fn save(directory: &Path, approval: &Approval) -> Result<String, ConfigFileError> {
    let folder = directory.join(FOLDER);
    let stem = format!("{}-{}", approval.digest.short(), slug(&approval.by));
    let is_free = |name: &String| match read_approval(&folder, name) {
        Ok(there) => {
            let kept = |each: &AppliedOverride| approval.overrides.contains(each);
            let Approval { digest, by, overrides, .. } = &there;
            (digest, by) == (&approval.digest, &approval.by) && overrides.iter().all(kept)
        }
        // An unreadable file keeps its name; `load` reports the error.
        Err(_) => !folder.join(name).exists(),
    };
    let mut names =
        std::iter::once(format!("{stem}.json")).chain((2..).map(|n: u32| format!("{stem}-{n}.json")));
    let name = names.find(is_free).unwrap_or_else(|| format!("{stem}.json"));
    let file = format!("{FOLDER}/{name}");
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| config_files::replace_json(&folder.join(&name), approval));
    match written {
        Ok(()) => Ok(file),
        Err(source) => Err(ConfigFileError::Unwritable { file, source }),
    }
}

/// Returns a person's name as part of a file name: `ada-lovelace`.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase().chars().take(40).collect()
}
