//! Directory of an export on disk.

use std::io;
use std::path::{Path, PathBuf};

use super::config_files::{FileRights, replace};
use super::regular_file::read_given_text;
use super::store_location::{FOLDER, create_ignored_folder};
use crate::session::export::{ExistingFile, ExportFolder};

/// Maximum size of an existing file in bytes.
const MAX_BYTES: u64 = 1 << 28;

/// Reading of an export that stopped, beside the default store.
const KEPT_READING: &str = "export.json";

/// Directory of an export.
pub struct LocalExportFolder {
    folder: PathBuf,
    /// Folder of the default store.
    zonal_folder: PathBuf,
    path_in_config: Option<String>,
}

impl LocalExportFolder {
    /// Opens the directory, and creates it if it is missing.
    ///
    /// # Errors
    /// Returns the error of the system if no file can be written there.
    pub fn open(folder: &Path, config_directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let probe = tempfile::Builder::new().prefix(".zonal-").tempfile_in(folder);
        // The path of the temporary file would only confuse the user.
        drop(probe.map_err(|error| io::Error::from(error.kind()))?);
        let (folder, config_directory) = (folder.canonicalize()?, config_directory.canonicalize()?);
        let path_in_config = folder.strip_prefix(&config_directory).ok().map(|path| {
            let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            parts.join("/")
        });
        let zonal_folder = config_directory.join(FOLDER);
        Ok(Self { folder, zonal_folder, path_in_config })
    }
}

impl ExportFolder for LocalExportFolder {
    fn path_in_config(&self) -> Option<String> {
        self.path_in_config.clone()
    }

    fn find(&self, file: &str) -> ExistingFile {
        let path = self.folder.join(file);
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => ExistingFile::Missing,
            Err(error) => ExistingFile::Unreadable(error.to_string()),
            Ok(found) if !found.is_file() => ExistingFile::Unreadable("not a regular file".to_owned()),
            Ok(_) => match read_given_text(&path, MAX_BYTES) {
                Ok(text) => ExistingFile::Text(text),
                Err(error) => ExistingFile::Unreadable(error.to_string()),
            },
        }
    }

    fn write(&self, file: &str, text: &str) -> Result<(), String> {
        let path = self.folder.join(file);
        let written = match path.parent() {
            Some(parent) => {
                std::fs::create_dir_all(parent).and_then(|()| replace(&path, text, FileRights::Shared))
            }
            None => replace(&path, text, FileRights::Shared),
        };
        written.map_err(|error| error.to_string())
    }

    fn kept_reading(&self) -> Option<String> {
        read_given_text(&self.zonal_folder.join(KEPT_READING), MAX_BYTES).ok()
    }

    fn keep_reading(&self, text: Option<&str>) -> Result<(), String> {
        let file = self.zonal_folder.join(KEPT_READING);
        let kept = match text {
            Some(text) => create_ignored_folder(&self.zonal_folder)
                .and_then(|()| replace(&file, text, FileRights::Private)),
            None => match std::fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                Ok(()) | Err(_) => Ok(()),
            },
        };
        kept.map_err(|error| error.to_string())
    }
}
