//! Files that init writes.

use super::pipeline_files::{IGNORED, PipelineHost, schema_files};
use crate::local::export_folder::LocalExportFolder;
use crate::render::json::init::{InitFileJson, InitFileState};
use crate::session::export::{ExistingFile, ExportFolder as _};

/// File of the Network manifest.
pub(super) const MANIFEST: &str = "network.yaml";

/// Writes the files. Keeps existing ones with other content, apart from the manifest; `force` replaces them.
///
/// # Errors
/// Returns a message that names the file.
pub(super) fn write_files(
    folder: &LocalExportFolder,
    manifest: &str,
    hosts: &[PipelineHost],
    force: bool,
) -> Result<Vec<InitFileJson>, String> {
    let mut files = vec![(MANIFEST.to_owned(), manifest.to_owned(), true)];
    let hosts = hosts.iter().map(|host| host.file());
    files.extend(hosts.map(|(file, text)| (file.to_owned(), text.to_owned(), force)));
    files.extend(schema_files().into_iter().map(|(file, text)| (file, text, force)));
    files.push(ignore_file(folder, force));
    files.into_iter().map(|(file, text, replaces)| write_file(folder, file, &text, replaces)).collect()
}

/// Returns `.gitignore` and whether it replaces another. An existing file keeps its lines.
fn ignore_file(folder: &LocalExportFolder, force: bool) -> (String, String, bool) {
    let file = ".gitignore".to_owned();
    let ExistingFile::Text(text) = folder.find(&file) else {
        return (file, IGNORED.join("\n") + "\n", false);
    };
    let missing: Vec<&str> =
        IGNORED.into_iter().filter(|line| !text.lines().any(|known| known.trim() == *line)).collect();
    match missing.is_empty() {
        true => (file, text, false),
        false => (file, format!("{}\n{}\n", text.trim_end(), missing.join("\n")), force),
    }
}

fn write_file(
    folder: &LocalExportFolder,
    file: String,
    text: &str,
    replaces: bool,
) -> Result<InitFileJson, String> {
    let state = match folder.find(&file) {
        ExistingFile::Text(present) if present == text => InitFileState::Unchanged,
        ExistingFile::Text(_) if !replaces => InitFileState::Kept,
        ExistingFile::Text(_) | ExistingFile::Missing => {
            folder.write(&file, text).map_err(|error| format!("cannot write {file}: {error}"))?;
            InitFileState::Written
        }
        ExistingFile::Unreadable(reason) => return Err(format!("cannot write {file}: {reason}")),
    };
    Ok(InitFileJson { file, state })
}
