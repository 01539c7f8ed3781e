//! Text safety: characters that readers do not see, or that change the direction of a text.

use unicode_normalization::char::is_combining_mark;

/// Returns a text that is safe to print: one line, with escaped invisible characters, and without orders.
///
/// Zones, manifests and servers choose the text. A line break in it would forge a line of the output, an escape
/// sequence would control the terminal, and a CI runner would execute a command such as `::stop-commands::` at
/// the start of a line, or `##[group]` anywhere in a line.
pub fn escape_invisible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let rest = match text.trim_start_matches(' ').strip_prefix("::") {
        Some(rest) => {
            out.push_str(&text[..text.len() - rest.len() - 2]);
            out.push_str("\\u{3a}");
            &text[text.len() - rest.len() - 1..]
        }
        None => text,
    };
    for (at, c) in rest.char_indices() {
        match c {
            // Most characters, without a search.
            ' ' | '"' | '$'..='~' | '!' => out.push(c),
            _ => push_escaped(&mut out, &rest[at..], c),
        }
    }
    out
}

/// Returns the text of a value from a zone, a manifest or a server, as [`escape_invisible`] shows it.
pub fn safe(value: impl std::fmt::Display) -> String {
    escape_invisible(&value.to_string())
}

/// Returns the first character of a text, as [`escape_invisible`] shows it inside of a line.
pub fn escape_first(text: &str) -> String {
    let mut out = String::new();
    if let Some(first) = text.chars().next() {
        push_escaped(&mut out, text, first);
    }
    out
}

fn push_escaped(out: &mut String, rest: &str, c: char) {
    let is_command = c == '#' && (rest.starts_with("##[") || rest.starts_with("##vso["));
    match is_invisible(c) || is_command || matches!(c, '\n' | '\t') {
        true => out.extend(escaped(c)),
        false => out.push(c),
    }
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
        assert_eq!(escape_invisible(" ::stop-commands::x"), r" \u{3a}:stop-commands::x");
        assert_eq!(escape_invisible("a ::b ##[x] ##vso[y] ## z"), r"a ::b \u{23}#[x] \u{23}#vso[y] ## z");
        assert_eq!(escape_invisible("\n::x"), r"\n::x");
        let plain = "Bloc d'été \"x\" \\ 図書館 cafe\u{301} ที่";
        assert_eq!(escape_invisible(plain), plain);
    }
}
