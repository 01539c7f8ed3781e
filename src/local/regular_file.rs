//! Reads regular files of limited size, without a wait for other programs.
//!
//! Names of files come from manifests and repositories, so a name can be a link to a device or to a pipe. Such
//! a file would take all memory, or block the process for ever.

use std::fmt;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::platform;
use super::text_encoding::foreign_encoding_reason;

/// Reason why a file is not read.
#[derive(Debug)]
pub enum FileReadError {
    /// System error.
    Io(io::Error),
    /// Special file: a directory, a pipe, a device or a socket.
    Special(&'static str),
    /// File with more bytes than the limit.
    TooLarge(u64),
    /// Link to a place outside the config directory, or to a hidden file.
    LinkOutside,
    /// Text in another encoding; the likely encoding and the first wrong place.
    NotUtf8(String),
}

impl fmt::Display for FileReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Special(name) => write!(f, "it is {name}, expected a regular file"),
            Self::TooLarge(limit) => write!(f, "it is larger than {}", size_text(*limit)),
            Self::LinkOutside => {
                f.write_str("it is a link to a hidden file, or to a file outside the config directory")
            }
            Self::NotUtf8(reason) => f.write_str(reason),
        }
    }
}

impl From<FileReadError> for io::Error {
    fn from(error: FileReadError) -> Self {
        match error {
            FileReadError::Io(error) => error,
            other => Self::other(other.to_string()),
        }
    }
}

fn size_text(bytes: u64) -> String {
    match bytes >> 20 {
        0 => format!("{} KiB", bytes >> 10),
        mebibytes => format!("{mebibytes} MiB"),
    }
}

/// Returns the text of a regular file with at most `limit` bytes.
///
/// # Errors
/// Returns a [`FileReadError`]. The type and the size are checked before the first byte is read.
pub fn read_text(path: &Path, limit: u64) -> Result<String, FileReadError> {
    // The open file is checked, too: the name can lead to another file by then.
    check(&std::fs::metadata(path).map_err(FileReadError::Io)?, limit)?;
    let file = platform::open_without_waiting(path).map_err(FileReadError::Io)?;
    check(&file.metadata().map_err(FileReadError::Io)?, limit)?;
    take_text(file, limit)
}

/// Returns the text of a file or a pipe that a person named, with at most `limit` bytes.
///
/// # Errors
/// Returns a [`FileReadError`]. A device or a folder is not read.
pub fn read_given_text(path: &Path, limit: u64) -> Result<String, FileReadError> {
    let metadata = std::fs::metadata(path).map_err(FileReadError::Io)?;
    match platform::is_pipe(metadata.file_type()) {
        // Process substitution: the shell has already opened the other end.
        true => take_text(std::fs::File::open(path).map_err(FileReadError::Io)?, limit),
        false => read_text(path, limit),
    }
}

fn take_text(file: std::fs::File, limit: u64) -> Result<String, FileReadError> {
    let mut bytes = Vec::new();
    // Some regular files, such as those of `/proc`, report no size.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(FileReadError::Io)?;
    if bytes.len() as u64 > limit {
        return Err(FileReadError::TooLarge(limit));
    }
    String::from_utf8(bytes).map_err(|error| FileReadError::NotUtf8(foreign_encoding_reason(&error)))
}

fn check(metadata: &std::fs::Metadata, limit: u64) -> Result<(), FileReadError> {
    match platform::special_file_name(metadata.file_type()) {
        Some(name) => Err(FileReadError::Special(name)),
        None if metadata.len() > limit => Err(FileReadError::TooLarge(limit)),
        None => Ok(()),
    }
}

/// Returns the text of a file below a directory with at most `limit` bytes.
///
/// # Errors
/// Returns a [`FileReadError`], also for a link that [`resolve_within`] rejects.
pub fn read_text_within(directory: &Path, path: &Path, limit: u64) -> Result<String, FileReadError> {
    read_text(&resolve_within(directory, path)?, limit)
}

/// Returns the real path of a file below a directory.
///
/// Mounted Kubernetes volumes are links inside the directory: `a.yaml -> ..data/a.yaml`.
///
/// # Errors
/// Returns [`FileReadError::LinkOutside`] if a link leads out of the directory, or to a hidden file there, such
/// as `.git/config`.
pub fn resolve_within(directory: &Path, path: &Path) -> Result<PathBuf, FileReadError> {
    let directory = directory.canonicalize().map_err(FileReadError::Io)?;
    let real = path.canonicalize().map_err(FileReadError::Io)?;
    let below = real.strip_prefix(&directory).map_err(|_| FileReadError::LinkOutside)?;
    let is_hidden = |name: &str| name.starts_with('.') && !name.starts_with("..");
    match below.iter().any(|part| is_hidden(&part.to_string_lossy())) {
        true => Err(FileReadError::LinkOutside),
        false => Ok(real),
    }
}
