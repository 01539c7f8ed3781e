//! Files that exist: those of people stay, those of an incomplete export are replaced.

use sha2::{Digest as _, Sha256};

use super::{ExistingFiles, ExportFolder};
use crate::model::ContentDigest;
use crate::render::json::export::ExportedFileState;
use crate::session::error::SessionError;

/// First line of an exported file.
pub(super) const HEADER: &str = "Written by `zonal export`";
/// Digest before the text is known.
const NO_DIGEST: &str = "000000000000";
const INCOMPLETE: &str = "Incomplete (";

/// File of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExistingFile {
    /// No such file.
    Missing,
    /// File with this text.
    Text(String),
    /// Anything else: a folder, a link, a file that cannot be read.
    Unreadable(String),
}

/// Returns the comment of a file that lacks zones.
pub(super) fn incomplete_line(missing: &[String]) -> String {
    format!(
        "{INCOMPLETE}{NO_DIGEST}): {} not read. The same command replaces this file, unless someone edits it.",
        crate::model::cut_list::cut_sentence_list(missing, 10)
    )
}

/// Writes the digest of an incomplete file into its comment, so that an edit is noticed.
pub(super) fn seal_incomplete(text: String) -> String {
    let placeholder = format!("{INCOMPLETE}{NO_DIGEST})");
    match text.contains(&placeholder) {
        true => text.replacen(&placeholder, &format!("{INCOMPLETE}{})", digest(&text)), 1),
        false => text,
    }
}

fn digest(text: &str) -> String {
    ContentDigest(Sha256::digest(text.as_bytes()).into()).short()
}

/// Returns true for an incomplete file that nobody edited.
fn is_replaceable(text: &str) -> bool {
    let Some((before, rest)) = text.split_once(INCOMPLETE) else { return false };
    let Some((sealed, after)) = rest.split_once(')') else { return false };
    is_exported(text) && digest(&format!("{before}{INCOMPLETE}{NO_DIGEST}){after}")) == sealed
}

fn is_exported(text: &str) -> bool {
    text.strip_prefix("# ").is_some_and(|rest| rest.starts_with(HEADER))
}

/// Checks, before anything is read, that no file of a person is in the way.
///
/// # Errors
/// Returns [`SessionError::ExistingFiles`].
pub(super) fn check(
    files: Vec<String>,
    existing: ExistingFiles,
    export_folder: &dyn ExportFolder,
) -> Result<(), SessionError> {
    let is_foreign = |file: &String| match export_folder.find(file) {
        ExistingFile::Missing => false,
        ExistingFile::Text(text) => existing == ExistingFiles::Keep && !is_exported(&text),
        ExistingFile::Unreadable(_) => true,
    };
    let foreign: Vec<String> = files.into_iter().filter(is_foreign).collect();
    if foreign.is_empty() { Ok(()) } else { Err(SessionError::ExistingFiles(foreign)) }
}

/// Writes a file, unless another content would be lost.
///
/// # Errors
/// Returns the reason for a failed write.
pub(super) fn write(
    file: &str,
    text: &str,
    existing: ExistingFiles,
    export_folder: &dyn ExportFolder,
) -> Result<ExportedFileState, String> {
    let state = match export_folder.find(file) {
        ExistingFile::Missing => ExportedFileState::Written,
        ExistingFile::Text(found) if found == text => return Ok(ExportedFileState::Unchanged),
        ExistingFile::Text(found) if existing == ExistingFiles::Replace || is_replaceable(&found) => {
            ExportedFileState::Replaced
        }
        ExistingFile::Text(_) | ExistingFile::Unreadable(_) => return Ok(ExportedFileState::Kept),
    };
    export_folder.write(file, text).map(|()| state)
}

#[cfg(test)]
mod tests {
    use super::{HEADER, incomplete_line, is_replaceable, seal_incomplete};

    #[test]
    fn only_an_unedited_incomplete_file_is_replaced() {
        let text =
            format!("# {HEADER} from 3 zones.\n# {}\nspec: (a)\n", incomplete_line(&["01A".to_owned()]));
        let sealed = seal_incomplete(text);
        assert!(is_replaceable(&sealed), "{sealed}");
        assert!(!is_replaceable(&sealed.replace("(a)", "(b)")));
        assert!(!is_replaceable(&format!("# {HEADER} from 3 zones.\nspec: (a)\n")));
    }
}
