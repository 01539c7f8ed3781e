//! Reads and writes `attestations.json` in the config directory.

use std::io;
use std::path::Path;

use super::config_files;
use super::regular_file::read_text_within;
use crate::manifest::source::MAX_BYTES;
use crate::session::attestations::AttestationFile;
use crate::session::config_source::ConfigFileError;

/// File name.
pub const FILE: &str = "attestations.json";
const VERSION: u32 = 1;

/// Reads the file; a directory without the file has no attestations.
///
/// # Errors
/// Returns a [`ConfigFileError`] if the file exists but cannot be parsed. Attestations must not be lost.
pub fn load(directory: &Path) -> Result<AttestationFile, ConfigFileError> {
    let file = FILE.to_owned();
    let text = match read_text_within(directory, &directory.join(FILE), MAX_BYTES).map_err(io::Error::from) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(AttestationFile { version: VERSION, attestations: Vec::new() });
        }
        Err(source) => return Err(ConfigFileError::Unreadable { file, source }),
    };
    let content: AttestationFile = match serde_json::from_str(&text) {
        Ok(content) => content,
        Err(source) => return Err(ConfigFileError::InvalidAttestations { file, source }),
    };
    match content.version {
        VERSION => Ok(content),
        version => Err(ConfigFileError::Version { file, version, supported: VERSION }),
    }
}

/// Writes the file atomically.
///
/// # Errors
/// Returns [`ConfigFileError::Unwritable`] if the file cannot be written.
pub fn save(directory: &Path, content: &AttestationFile) -> Result<(), ConfigFileError> {
    config_files::replace_json(&directory.join(FILE), content)
        .map_err(|source| ConfigFileError::Unwritable { file: FILE.to_owned(), source })
}
