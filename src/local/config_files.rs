//! Finds the manifests below the config directory, and replaces files atomically.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::WalkBuilder;

use super::platform;
use crate::manifest::SourceFile;

/// Reads all `*.yaml` and `*.yml` files below `directory`, sorted by path.
///
/// Skips hidden files and folders, and the patterns in `.zonalignore`. The list contains unreadable files
/// with the reason, so no manifest is dropped silently.
pub fn read_manifest_files(directory: &Path) -> Vec<SourceFile> {
    let mut walk = WalkBuilder::new(directory);
    walk.standard_filters(false).hidden(true).follow_links(true).add_custom_ignore_filename(".zonalignore");
    let mut sources: Vec<SourceFile> = walk
        .build()
        .filter_map(|entry| match entry {
            Err(error) => {
                let path = failed_path(&error).unwrap_or_else(|| directory.to_path_buf());
                Some(SourceFile { file: relative(directory, &path), text: Err(reason(&error)) })
            }
            Ok(entry) if is_yaml(entry.path()) && !entry.path().is_dir() => {
                let text = std::fs::read(entry.path()).map_err(|error| error.to_string());
                let text = text.and_then(|bytes| {
                    String::from_utf8(bytes).map_err(|error| foreign_encoding_reason(error.as_bytes()))
                });
                Some(SourceFile { file: relative(directory, entry.path()), text })
            }
            Ok(_) => None,
        })
        .collect();
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    sources
}

/// Returns the reason why a file is not UTF-8 text, with the likely encoding and the first wrong place.
fn foreign_encoding_reason(bytes: &[u8]) -> String {
    let save = "save it as UTF-8";
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return format!("the text is encoded in UTF-16, as some editors save it; {save}");
    }
    let end = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let before = String::from_utf8_lossy(&bytes[..end]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let byte = bytes.get(end).copied().unwrap_or_default();
    match byte {
        0x80.. if !bytes.contains(&0) => format!(
            "line {line}, column {column} is not UTF-8; the text seems to be encoded in Latin-1 or Windows-1252 (byte {byte:#04x}); {save}"
        ),
        _ => format!("line {line}, column {column} is not UTF-8; the file is not text, or damaged"),
    }
}

/// Writes a value as pretty JSON, atomically.
pub fn replace_json(path: &Path, value: &impl serde::Serialize) -> io::Result<()> {
    replace(path, &(serde_json::to_string_pretty(value).map_err(io::Error::other)? + "\n"))
}

/// Writes a file atomically.
///
/// Replaces an existing file and follows symbolic links. Writes directly to a special file, such as a pipe.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return std::fs::write(path, text);
    }
    let beside = path.parent().unwrap_or(Path::new("."));
    if !beside.is_dir() {
        return Err(io::Error::other(format!("{} is not a directory", beside.display())));
    }
    let rights = platform::default_file_rights();
    let draft = tempfile::Builder::new().prefix(".zonal-").permissions(rights).tempfile_in(beside);
    // The path of the temporary file would only confuse the user.
    let mut draft = draft.map_err(|error| io::Error::from(error.kind()))?;
    draft.as_file_mut().write_all(text.as_bytes())?;
    draft.persist(path)?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::foreign_encoding_reason;

    #[test]
    fn foreign_encodings_are_named_with_their_place() {
        let utf16 = foreign_encoding_reason(&[0xff, 0xfe, b'a', 0]);
        assert!(utf16.contains("UTF-16") && utf16.contains("save it as UTF-8"), "{utf16}");
        let latin = foreign_encoding_reason(b"a: b\nname: Entr\xe9e\n");
        assert!(latin.starts_with("line 2, column 11") && latin.contains("Latin-1"), "{latin}");
        let binary = foreign_encoding_reason(b"\x89PNG\0\0");
        assert!(binary.contains("not text"), "{binary}");
    }
}
