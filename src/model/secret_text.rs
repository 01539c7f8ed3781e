//! Redaction of API keys and passwords that stand in manifests by mistake.
//!
//! CI systems keep output in logs that many people read. So zonal quotes nothing that stands at the place of a
//! secret, even if it is no secret.

use std::borrow::Cow;
use std::ops::Range;

/// Text in place of a secret.
pub const REDACTED: &str = "***";

/// Help for a secret at the place of its source.
pub const SOURCE_FORM: &str = "name the place of the key, for example `{env: ZONAL_KEY}`, `{file: PATH}` or \
                               `{command: COMMAND}`; revoke a key that was shared";

/// Fields whose values are secrets, or name the places of secrets.
const SECRET_FIELDS: [&str; 12] = [
    "apikey",
    "api_key",
    "command",
    "credential",
    "credentials",
    "env",
    "file",
    "password",
    "read",
    "secret",
    "token",
    "write",
];
/// Fields for secrets that are common words, too: only a `:` or a `=` makes them fields.
const SHORT_FIELDS: [&str; 5] = ["command", "env", "file", "read", "write"];
/// Further words that stay readable next to a secret.
const HARMLESS: [&str; 4] = ["code", "gateway", "spec", "null"];
/// Number of earlier lines in which the parent of a line is searched.
const PARENT_LINES: usize = 200;
/// Number of earlier bytes in which the parent of a line is searched.
const PARENT_BYTES: usize = 64 << 10;
/// Length of a line in bytes above which no part of the line is quoted.
const LONG_LINE: usize = 4096;
/// Names of secrets, also as a part of a longer name: `accessToken`.
const SECRET_NAMES: [&str; 5] = ["apikey", "credential", "password", "secret", "token"];
/// Name whose misspellings count, too: a key stands in the same line or below.
const CREDENTIALS: &str = "credentials";

/// Returns true for a text with a key in Alma's form: `l8xx`, then letters and digits.
pub fn has_alma_key(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
        let part = part.to_ascii_lowercase();
        let rest = part.strip_prefix("l7xx").or_else(|| part.strip_prefix("l8xx"));
        rest.is_some_and(|rest| rest.len() >= 4)
    })
}

/// Returns true for a text that is probably a key: Alma's form, or a long word of letters and digits.
pub fn looks_like_key(text: &str) -> bool {
    let is_long = |part: &str| {
        part.len() >= 24
            && part.bytes().any(|byte| byte.is_ascii_digit())
            && part.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    has_alma_key(text) || text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_long)
}

/// Returns true for the name of an environment variable in the usual form: `ZONAL_READ_KEY`.
///
/// Other names may be secrets, and are not quoted.
pub fn is_variable_name(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let has_digits = text.contains(|c: char| c.is_ascii_digit());
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(is_allowed)
        && (text.contains('_') || !has_digits)
        && text.split('_').all(|part| part.len() <= 20)
        && !looks_like_key(text)
}

/// Returns true for a path of short words: `keys/read.key`. Other texts may be secrets, and are not quoted.
pub fn is_path(text: &str) -> bool {
    let is_allowed = |c: char| c.is_alphanumeric() || "/._-~ ".contains(c);
    text.contains(['/', '.'])
        && text.chars().all(is_allowed)
        && text.split(['/', '.', '-', '_']).all(|part| part.len() <= 20)
        && !looks_like_key(text)
}

/// Returns a text with redacted words in the form of Alma's API keys.
pub fn redact_keys(text: &str) -> Cow<'_, str> {
    let lower = text.to_ascii_lowercase();
    if !lower.contains("l7xx") && !lower.contains("l8xx") {
        return Cow::Borrowed(text);
    }
    let is_part = |c: char| c.is_ascii_alphanumeric();
    let mut redacted = String::with_capacity(text.len());
    for (word, rest) in words(text, is_part) {
        redacted.push_str(if has_alma_key(word) { REDACTED } else { word });
        redacted.push_str(rest);
    }
    Cow::Owned(redacted)
}

/// Returns the words of a text, each with the text after it. The first word can be empty.
fn words(text: &str, is_part: impl Fn(char) -> bool + Copy) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (word, after) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
        let (between, next) = after.split_at(after.find(is_part).unwrap_or(after.len()));
        let found = (!word.is_empty() || !between.is_empty()).then_some((word, between));
        rest = next;
        found
    })
}

/// Returns the ranges of a source line that may contain secrets.
///
/// `text` is the whole source, `line` the range of the line in the source. The result is relative to the line.
pub fn secret_ranges(text: &str, line: Range<usize>) -> Vec<Range<usize>> {
    let (Some(before), Some(line)) = (text.get(..line.start), text.get(line)) else { return Vec::new() };
    let first_secret = match has_secret_parent(before, line) {
        true => 0,
        false => secret_field(line).unwrap_or(usize::MAX),
    };
    let is_part = |c: char| !c.is_whitespace() && !"{}[],\"'#:".contains(c);
    let mut ranges = Vec::new();
    let mut start = 0;
    for (word, between) in words(line, is_part) {
        let is_redacted = match start >= first_secret {
            true => !is_readable(word),
            false => has_alma_key(word),
        };
        if is_redacted {
            ranges.push(start..start + word.len());
        }
        start += word.len() + between.len();
    }
    ranges
}

/// Returns true if a word names secrets: `read`, `accessToken`, `credentails`.
fn is_secret_name(word: &str) -> bool {
    let word = word.to_lowercase();
    let joined = word.replace(['-', '_'], "");
    let is_near = || {
        word.len().abs_diff(CREDENTIALS.len()) <= 2 && strsim::damerau_levenshtein(&word, CREDENTIALS) <= 3
    };
    SECRET_FIELDS.contains(&&*word) || SECRET_NAMES.iter().any(|name| joined.contains(name)) || is_near()
}

/// Returns true if a text names secrets in one of its words: `read: ...`, `my-key = ...`.
pub fn names_secret(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric())
        .any(|word| word.eq_ignore_ascii_case("key") || is_secret_name(word))
}

/// Returns true if a line may contain a secret: it names one, belongs to a field for secrets, or contains a
/// password of a URL. No message quotes a part of such a line.
///
/// `text` is the whole source, `line` the range of the line in the source.
pub fn may_hold_secret(text: &str, line: Range<usize>) -> bool {
    match (text.get(..line.start), text.get(line)) {
        (Some(before), Some(line)) => {
            line.len() > LONG_LINE
                || names_secret(line)
                || has_password(line)
                || has_secret_parent(before, line)
        }
        _ => true,
    }
}

/// Returns true if a text contains a URL with a password.
pub fn has_password(text: &str) -> bool {
    let is_url = |(_, rest): (&str, &str)| rest.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    text.to_lowercase().contains("password=") || text.split_once("://").is_some_and(is_url)
}

/// Returns true for a word that a message shows, even next to a secret.
pub fn is_readable(word: &str) -> bool {
    let is_field = SECRET_FIELDS.contains(&word) || HARMLESS.contains(&word);
    is_field || word.chars().all(|c| c == '-') || is_variable_name(word)
}

/// Returns the end of the first field for secrets in a line: `read: ...`, also inside of `{...}`.
///
/// A name such as `credentials` or `token` at the start of the line counts without its colon, too.
fn secret_field(line: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let is_secret = |(colon, _): &(usize, &str)| {
        let before = line[..*colon].trim_end().trim_end_matches(['"', '\'']);
        let name = before.rsplit(|c: char| !is_part(c)).next().unwrap_or_default();
        is_secret_name(name) || is_secret_name(name.rsplit('-').next().unwrap_or_default())
    };
    let with_colon = line.match_indices(':').find(is_secret).map(|(colon, _)| colon);
    let content = line.trim_start_matches(|c: char| c.is_whitespace() || "-{[?\"'".contains(c));
    let name = &content[..content.find(|c| !is_part(c)).unwrap_or(content.len())];
    let after = content[name.len()..].trim_start_matches(['"', '\'', ' ']);
    let is_named = is_secret_name(name) && (!SHORT_FIELDS.contains(&name) || after.starts_with('='));
    let without_colon = is_named.then(|| line.len() - content.len() + name.len());
    without_colon.into_iter().chain(with_colon).min()
}

/// Returns true if a line belongs to a field for secrets, by its indentation or by open brackets.
fn has_secret_parent(before: &str, line: &str) -> bool {
    let indentation = |line: &str| line.len() - line.trim_start_matches([' ', '-']).len();
    let mut own = indentation(line);
    let first = before.len().saturating_sub(PARENT_BYTES);
    let near = (first..=before.len()).find_map(|at| before.get(at..)).unwrap_or_default();
    // Brackets that are open between the parent and the line.
    let mut open = 0;
    let mut is_next = true;
    // A lone `\r` ends a line of YAML, too.
    for parent in near.lines().rev().flat_map(|line| line.rsplit('\r')).take(PARENT_LINES) {
        let content = parent.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if parent.starts_with("---") {
            return false;
        }
        let is_outer = indentation(parent) < own;
        if is_outer || is_next || open + most_open_brackets(parent) > 0 {
            // Lines in brackets, and those with a lost indentation, stand no further right than their parent.
            let holds_line = |end| {
                let value = parent.get(end..).unwrap_or_default();
                is_outer
                    || open + open_brackets(value) > 0
                    || is_next && value.trim_matches([':', '=', ' ', '"', '\'']).is_empty()
            };
            if secret_field(parent).is_some_and(holds_line) {
                return true;
            }
        }
        open += open_brackets(parent);
        is_next = false;
        if is_outer {
            own = indentation(parent);
        }
    }
    false
}

/// Returns the number of opening brackets minus the number of closing ones.
pub fn open_brackets(text: &str) -> i32 {
    text.bytes().map(bracket_sign).sum()
}

/// Returns the maximum of [`open_brackets`] over all ends of a text.
fn most_open_brackets(text: &str) -> i32 {
    let (_, most) = text.bytes().rev().fold((0, 0), |(sum, most), byte| {
        let sum = sum + bracket_sign(byte);
        (sum, i32::max(sum, most))
    });
    most
}

fn bracket_sign(byte: u8) -> i32 {
    match byte {
        b'{' | b'[' => 1,
        b'}' | b']' => -1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{REDACTED, is_path, is_variable_name, redact_keys, secret_ranges};

    const KEY: &str = "l8xx0123456789abcdef0123456789abcdef";

    /// Returns the last line of a source, as shown.
    fn shown(text: &str) -> String {
        let start = text.rfind('\n').map_or(0, |at| at + 1);
        let mut line = text[start..].to_owned();
        for range in secret_ranges(text, start..text.len()).into_iter().rev() {
            line.replace_range(range, REDACTED);
        }
        line
    }

    #[test]
    fn words_at_the_place_of_a_secret_are_redacted() {
        for secret in [KEY, "hunter2", "s3cr3t/+==", "12345678"] {
            for (text, expected) in [
                (format!("credentials: {secret}"), "credentials: ***"),
                (format!("  credentials: {{read: {secret}}}"), "  credentials: {read: ***}"),
                (format!("credentials: {{read: {{env: {secret}}}}}"), "credentials: {read: {env: ***}}"),
                (format!("credentials:\n  read:\n    {secret}"), "    ***"),
                (
                    format!("credentials:\n  # the key\n\n  write: \"{secret}\" # old"),
                    "  write: \"***\" # ***",
                ),
                (format!("credentials:\n  reed:\n    - {secret}: x"), "    - ***: ***"),
                (format!("'read' : {secret}"), "'read' : ***"),
                (
                    format!("- {{name: x, credentials: {{read: {secret}}}}}"),
                    "- {name: x, credentials: {read: ***}}",
                ),
            ] {
                assert_eq!(shown(&text), expected, "{text}");
            }
        }
        assert_eq!(shown(&format!("rows:\n  - {{code: {KEY}}}")), "  - {code: ***}");
    }

    #[test]
    fn other_words_stay_readable() {
        for line in [
            "credentials: {read: {env: \"ZONAL_READ_{code}\"}}",
            "  - {code: A, description: Loan of 14 days}",
            "name: 0123456789abcdef0123456789",
            "credentials: {}\nrows:\n  - code: l8xx",
        ] {
            assert_eq!(shown(line), line.rsplit('\n').next().unwrap_or_default());
        }
    }

    #[test]
    fn keys_in_messages_are_redacted() {
        assert_eq!(redact_keys(&format!("unknown field `{KEY}` in `read`")), "unknown field `***` in `read`");
        assert_eq!(redact_keys("`l8xx` is short"), "`l8xx` is short");
    }

    #[test]
    fn only_usual_names_are_quoted() {
        assert!(["ZONAL_KEY", "KEY", "ZONAL_READ_01OMNI_ALPHA"].into_iter().all(is_variable_name));
        assert!(![KEY, "hunter2", "ABCDEF123456", "L8XX0123456789", "A b"].into_iter().any(is_variable_name));
        assert!(["keys/read.key", "/run/secrets/alma"].into_iter().all(is_path));
        assert!(![KEY, "hunter2", "QUJD/REVGR0hJSktMTU5PUFFSU1Q="].into_iter().any(is_path));
    }
}
