//! Names the likely encoding of files that are not UTF-8.

/// Returns the reason why a file is not UTF-8 text, with the likely encoding and the first wrong place.
pub fn foreign_encoding_reason(bytes: &[u8]) -> String {
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
            "line {line}, column {column} is not UTF-8; the text seems to be encoded in Latin-1 or Windows-1252; {save}"
        ),
        _ => format!("line {line}, column {column} is not UTF-8; the file is not text, or damaged"),
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
