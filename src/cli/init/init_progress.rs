//! What an init learned, kept for the next call: `.zonal/init.json`. Never contains a key.

use serde::{Deserialize, Serialize};

use crate::local::export_folder::LocalExportFolder;
use crate::session::export::{ExistingFile, ExportFolder as _};
use crate::session::init_network::SurveyedZone;

const FILE: &str = ".zonal/init.json";
const IGNORE_FILE: &str = ".zonal/.gitignore";

/// Progress of an init.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct InitProgress {
    /// Base URL of the zones.
    pub base_url: String,
    /// Institutions that answered.
    pub zones: Vec<SurveyedZone>,
    /// True if every key opened a zone.
    pub complete: bool,
    /// Text of the Network manifest, as written.
    pub manifest: String,
}

impl InitProgress {
    /// Returns the progress of the last call; the default without one.
    pub fn load(folder: &LocalExportFolder) -> Self {
        match folder.find(FILE) {
            ExistingFile::Text(text) => serde_json::from_str(&text).unwrap_or_default(),
            ExistingFile::Missing | ExistingFile::Unreadable(_) => Self::default(),
        }
    }

    /// Saves the progress.
    ///
    /// # Errors
    /// Returns the reason.
    pub fn save(&self, folder: &LocalExportFolder) -> Result<(), String> {
        if matches!(folder.find(IGNORE_FILE), ExistingFile::Missing) {
            folder.write(IGNORE_FILE, "*\n")?;
        }
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        folder.write(FILE, &(text + "\n"))
    }
}
