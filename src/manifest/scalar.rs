//! Interprets unquoted YAML words: core schema of YAML 1.2, except that identifiers stay text.

use std::sync::Arc;

use super::yaml_node::{YamlValue, integer};

/// Returns the value of a plain (unquoted) word.
///
/// `NO`, `on`, dates, `00123`, `1_000` and numbers too long for `i64` stay text, because they are codes and
/// identifiers here.
pub fn plain(word: &str) -> YamlValue {
    match word {
        "" | "~" | "null" | "Null" | "NULL" => YamlValue::Null,
        "true" | "True" | "TRUE" => YamlValue::Bool(true),
        "false" | "False" | "FALSE" => YamlValue::Bool(false),
        word if is_number(word) => YamlValue::Number(word.into()),
        word => YamlValue::Text(Arc::from(word)),
    }
}

fn is_number(word: &str) -> bool {
    if word.starts_with("0x") || word.starts_with("0o") {
        return !word[2..].starts_with(['+', '-']) && integer(word).is_some();
    }
    let digits = word.strip_prefix(['+', '-']).unwrap_or(word);
    let leading_zero = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    if leading_zero || !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return false;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return integer(word).is_some();
    }
    // Rust's float syntax without words such as `inf` equals YAML's float syntax.
    digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
        && digits.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::{YamlValue, plain};

    #[test]
    fn plain_words_keep_identifiers_as_text() {
        let texts = "NO no off yes y 00123 05 1_000 1234567890123456789012 2024-05-30 12:30 2024-05-30T10:00:00Z .inf .nan inf 1e999 - + . 1.2.3 0x 0xZZ 08.5 -012 0x-1 1e e1";
        for word in texts.split(' ') {
            assert!(matches!(plain(word), YamlValue::Text(_)), "{word}");
        }
        for word in "0 7 -7 +7 1.10 0.5 .5 1. 1e3 1E-3 0x1F 0o17 9223372036854775807".split(' ') {
            assert!(matches!(plain(word), YamlValue::Number(_)), "{word}");
        }
        for word in ["", "~", "null"] {
            assert!(matches!(plain(word), YamlValue::Null), "{word}");
        }
        assert!(matches!(plain("True"), YamlValue::Bool(true)));
    }
}
