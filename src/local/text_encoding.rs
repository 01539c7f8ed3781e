//! Names the likely encoding of files that are not UTF-8.

use std::string::FromUtf8Error;

use crate::manifest::source::source_lines::SourceLines;

/// Returns the reason why a file is not UTF-8 text, with the likely encoding and the first wrong place.
pub fn foreign_encoding_reason(error: &FromUtf8Error) -> String {
    let bytes = error.as_bytes();
    let save = "save it as UTF-8";
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return format!("the text is encoded in UTF-16, as some editors save it; {save}");
    }
    let before = bytes.get(..error.utf8_error().valid_up_to()).unwrap_or_default();
    // The wrong byte counts as a character of its line.
    let text = format!("{}?", String::from_utf8_lossy(before));
    let lines = SourceLines::new(&text);
    let (line, column) = (lines.count(), lines.line(lines.count()).chars().count());
    match bytes.contains(&0) {
        true => format!("line {line}, column {column} is not UTF-8; the file is not text, or damaged"),
        false => format!(
            "line {line}, column {column} is not UTF-8; the text seems to be encoded in Latin-1 or Windows-1252; {save}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::foreign_encoding_reason;

    #[test]
    fn foreign_encodings_are_named_with_their_place() {
        let reason = |bytes: &[u8]| match String::from_utf8(bytes.to_vec()) {
            Ok(text) => text,
            Err(error) => foreign_encoding_reason(&error),
        };
        let utf16 = reason(&[0xff, 0xfe, b'a', 0]);
        assert!(utf16.contains("UTF-16") && utf16.contains("save it as UTF-8"), "{utf16}");
        let latin = reason(b"a: b\nname: Entr\xe9e\n");
        assert!(latin.starts_with("line 2, column 11") && latin.contains("Latin-1"), "{latin}");
        let old = reason(b"a: b\rname: Entr\xe9e\r");
        assert!(old.starts_with("line 2, column 11"), "{old}");
        let binary = reason(b"\x89PNG\0\0");
        assert!(binary.contains("not text"), "{binary}");
    }
}
