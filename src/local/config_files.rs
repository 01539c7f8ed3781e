//! Finds the manifests below the config directory, and replaces files atomically.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder};

use super::platform;
use super::regular_file::{FileReadError, read_text, read_text_within, resolve_within};
use crate::manifest::SourceFile;
use crate::manifest::source::{MAX_BYTES, UnreadableText};

/// Name of the file with patterns of skipped files, in any folder.
const IGNORE_FILE: &str = ".zonalignore";
/// Maximum size of the file with patterns in bytes.
const IGNORE_BYTES: u64 = 1 << 20;

/// Reads all `*.yaml` and `*.yml` files below `directory`, sorted by path.
///
/// Skips hidden files and folders, and the patterns in `.zonalignore`. Follows links to places inside the
/// directory, and reads only regular files of limited size. The list contains unreadable files with the
/// reason, so no manifest is dropped silently.
pub fn read_manifest_files(directory: &Path) -> Vec<SourceFile> {
    let unreadable = |path: &Path, reason| SourceFile { file: relative(directory, path), text: Err(reason) };
    if let Err(error) = check_ignore_file(directory, directory) {
        return vec![unreadable(&directory.join(IGNORE_FILE), unreadable_text(error))];
    }
    let skipped: Arc<Mutex<Vec<SkippedFolder>>> = Arc::default();
    let mut walk = WalkBuilder::new(directory);
    walk.standard_filters(false).hidden(true).follow_links(true).add_custom_ignore_filename(IGNORE_FILE);
    let (root, skipping) = (directory.to_path_buf(), Arc::clone(&skipped));
    walk.filter_entry(move |entry| {
        let problem = skipped_folder(&root, entry);
        let is_read = problem.is_none();
        skipping.lock().unwrap_or_else(PoisonError::into_inner).extend(problem);
        is_read
    });
    let mut sources: Vec<SourceFile> = walk
        .build()
        .filter_map(|entry| match entry {
            Err(error) => {
                let path = failed_path(&error).unwrap_or_else(|| directory.to_path_buf());
                Some(unreadable(&path, UnreadableText::Other(reason(&error))))
            }
            Ok(entry) if is_yaml(entry.path()) && !is_folder(&entry) => {
                // A plain file is inside, because links to folders are checked, too.
                let text = match entry.path_is_symlink() {
                    true => read_text_within(directory, entry.path(), MAX_BYTES),
                    false => read_text(entry.path(), MAX_BYTES),
                };
                Some(SourceFile {
                    file: relative(directory, entry.path()),
                    text: text.map_err(unreadable_text),
                })
            }
            Ok(_) => None,
        })
        .collect();
    let mut skipped = skipped.lock().unwrap_or_else(PoisonError::into_inner);
    sources.extend(skipped.drain(..).map(|(path, error)| unreadable(&path, unreadable_text(error))));
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    sources
}

/// Folder that is not read, with the reason.
type SkippedFolder = (PathBuf, FileReadError);

/// Returns the problem of a folder that must not be read: a link out of the config directory, or an unreadable
/// file with patterns. `None` for other entries.
fn skipped_folder(root: &Path, entry: &DirEntry) -> Option<SkippedFolder> {
    let path = entry.path();
    if !is_folder(entry) {
        return None;
    }
    if entry.path_is_symlink()
        && let Err(error) = resolve_within(root, path)
    {
        return Some((path.to_path_buf(), error));
    }
    check_ignore_file(root, path).err().map(|error| (path.join(IGNORE_FILE), error))
}

/// Checks that the file with patterns is readable, if the folder has one. The walker would wait for a pipe.
fn check_ignore_file(root: &Path, folder: &Path) -> Result<(), FileReadError> {
    let path = folder.join(IGNORE_FILE);
    match path.symlink_metadata() {
        Err(_) => Ok(()),
        // The name of the file itself is hidden, so only a link must be resolved.
        Ok(found) if found.is_symlink() => read_text_within(root, &path, IGNORE_BYTES).map(drop),
        Ok(_) => read_text(&path, IGNORE_BYTES).map(drop),
    }
}

/// Rights of other users to a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileRights {
    /// Default rights of the process.
    Shared,
    /// No rights: the file contains the names of people.
    Private,
}

/// Writes a value as pretty JSON, atomically.
pub fn replace_json(path: &Path, value: &impl serde::Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)? + "\n";
    replace(path, &text, FileRights::Shared)
}

/// Writes a file atomically.
///
/// Replaces an existing file, but not a symbolic link: in a repository, anyone can point a link to another
/// file. Writes directly to a pipe or a device, as a person names them on purpose.
///
/// # Errors
/// The path is a symbolic link to a file or to nothing, or cannot be written.
pub fn replace(path: &Path, text: &str, rights: FileRights) -> io::Result<()> {
    let is_link = path.symlink_metadata().is_ok_and(|found| found.is_symlink());
    match std::fs::metadata(path) {
        Ok(target) if !target.is_file() => return std::fs::write(path, text),
        Ok(_) | Err(_) if is_link => {
            return Err(io::Error::other(
                "it is a symbolic link; remove it, or name the file that it leads to",
            ));
        }
        Ok(_) | Err(_) => {}
    }
    let beside = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !beside.is_dir() {
        return Err(io::Error::other(format!("{} is not a directory", beside.display())));
    }
    let rights = match rights {
        FileRights::Shared => platform::default_file_rights(),
        FileRights::Private => platform::private_file_rights(),
    };
    let draft = tempfile::Builder::new().prefix(".zonal-").permissions(rights).tempfile_in(beside);
    // The path of the temporary file would only confuse the user.
    let mut draft = draft.map_err(|error| io::Error::from(error.kind()))?;
    draft.as_file_mut().write_all(text.as_bytes())?;
    draft.persist(path)?;
    Ok(())
}

/// Returns true for a folder, or a link to one.
fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|found| found.is_dir())
}

fn unreadable_text(error: FileReadError) -> UnreadableText {
    match error {
        FileReadError::TooLarge(MAX_BYTES) => UnreadableText::TooLarge,
        error => UnreadableText::Other(error.to_string()),
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn relative(directory: &Path, path: &Path) -> Arc<str> {
    let path = path.strip_prefix(directory).unwrap_or(path);
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    match parts.is_empty() {
        true => ".".into(),
        false => parts.join("/").into(),
    }
}

fn failed_path(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => failed_path(err),
        ignore::Error::Loop { child, .. } => Some(child.clone()),
        _ => None,
    }
}

/// Returns the reason without the path, because the message already starts with the path.
fn reason(error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithDepth { err, .. }
        | ignore::Error::WithLineNumber { err, .. } => reason(err),
        other => other.to_string(),
    }
}
