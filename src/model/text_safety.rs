//! Text safety: characters that readers do not see, or that change the direction of a text.

use unicode_normalization::char::is_combining_mark;

/// Returns a text in one line, with escaped control characters, line breaks and direction characters.
pub fn escape_invisible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_invisible(c) || matches!(c, '\n' | '\t') {
            true => out.extend(escaped(c)),
            false => out.push(c),
        }
    }
    out
}

/// Returns the escape of a character: `\r`, `\u{200b}`.
fn escaped(c: char) -> impl Iterator<Item = char> {
    // `escape_debug` keeps the ignorable letters.
    let is_escaped = c.escape_debug().len() > 1;
    let debug = is_escaped.then(|| c.escape_debug()).into_iter().flatten();
    debug.chain((!is_escaped).then(|| c.escape_unicode()).into_iter().flatten())
}

/// Returns true for a character that displays as nothing, as an unusual space, or as a change of direction.
///
/// Space, tab and line feed are excluded. The script of the HTML page uses the same definition.
pub fn is_invisible(c: char) -> bool {
    match c {
        ' '..='~' | '\t' | '\n' => false,
        // Default ignorable letters and marks, and an empty pattern.
        '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{ffa0}'
        | '\u{e0100}'..='\u{e01ef}' => true,
        // `escape_debug` also escapes combining marks, because one at the start of a text has no base.
        c => c.escape_debug().len() > 1 && !is_combining_mark(c),
    }
}

/// Returns true for a character that is suspicious in a manifest.
///
/// Unlike [`is_invisible`], excludes joiners and direction marks that some scripts need, and spaces.
pub fn is_suspicious(c: char) -> bool {
    matches!(c,
        '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Returns true for a character that XML 1.0 can represent.
pub fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::escape_invisible;

    #[test]
    fn only_invisible_characters_are_escaped() {
        let escaped = escape_invisible("a\nb\t\r\u{0}\u{1b}[1m\u{202e}\u{fffe}\u{a0}\u{200b}\u{3164}");
        assert_eq!(escaped, r"a\nb\t\r\0\u{1b}[1m\u{202e}\u{fffe}\u{a0}\u{200b}\u{3164}");
        let plain = "Bloc d'été \"x\" \\ 図書館 cafe\u{301} ที่";
        assert_eq!(escape_invisible(plain), plain);
    }
}
