//! Keeps a zone's key where it belongs: in one header, and nowhere else.

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::model::{FailureClass, ZoneFailure};

/// As much of a server's words as a person wants to read.
const LONGEST_MESSAGE: usize = 400;

/// A key that can be sent, and that is struck out of whatever a server says.
pub struct ApiKey(SecretString);

impl ApiKey {
    /// A key from wherever it is kept.
    pub fn new(key: SecretString) -> Self {
        Self(key)
    }

    /// `Authorization: apikey ...`. In the URL, where Alma takes it too, it would end up in logs.
    ///
    /// # Errors
    /// [`FailureClass::Denied`] where the key holds what no header can.
    pub fn header(&self) -> Result<HeaderValue, ZoneFailure> {
        let key = self.0.expose_secret();
        let header = HeaderValue::from_str(&format!("apikey {key}")).ok().filter(|_| !key.is_empty());
        let mut header = header.ok_or_else(|| {
            ZoneFailure::new(FailureClass::Denied, "the key is empty or holds characters that no key has")
                .help("look at the place that `credentials` names; a key is one line of letters and digits")
        })?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// A server's words without keys, without what would move a terminal's cursor, and not too long.
    pub fn strike_out(&self, words: &str) -> String {
        let words = self.conceal(words);
        let mut shown: String =
            words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_MESSAGE).collect();
        if shown.len() < words.len() {
            shown.push('…');
        }
        shown
    }

    /// A failure that shows no key, whatever the zone's tables held.
    pub fn discreet(&self, failure: ZoneFailure) -> ZoneFailure {
        let ZoneFailure { class, message, help, tracking_id } = failure;
        let conceal = |text: String| self.conceal(&text);
        ZoneFailure {
            class,
            message: conceal(message),
            help: help.map(conceal),
            tracking_id: tracking_id.map(conceal),
        }
    }

    /// Words without the key, and without anything behind an `apikey`.
    fn conceal(&self, words: &str) -> String {
        let key = self.0.expose_secret();
        match key.is_empty() {
            true => strike_out_parameters(words),
            false => strike_out_parameters(&words.replace(key, "[key]")),
        }
    }
}

/// `apikey=...` and `apikey ...` may hold somebody else's key; its end is where a key cannot go on.
fn strike_out_parameters(words: &str) -> String {
    const NAME: &str = "apikey";
    let lower = words.to_ascii_lowercase();
    let mut shown = String::with_capacity(words.len());
    let mut from = 0;
    while let Some(found) = lower[from..].find(NAME) {
        let value = from + found + NAME.len();
        shown.push_str(&words[from..value]);
        from = value;
        if let Some(rest) = words[value..].strip_prefix(['=', ' ', ':']) {
            let length =
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(rest.len());
            // A short word behind it is prose: "the apikey is unknown".
            if length >= 12 || words[value..].starts_with('=') {
                shown.push_str(&words[value..=value]);
                shown.push_str("[key]");
                from = value + 1 + length;
            }
        }
    }
    shown.push_str(&words[from..]);
    shown
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

    use super::*;

    fn key() -> ApiKey {
        ApiKey::new("l8xx0123456789abcdef".into())
    }

    #[track_caller]
    fn check(words: &str, shown: &str) {
        assert_eq!(key().strike_out(words), shown);
    }

    #[test]
    fn a_key_that_a_server_echoes_is_struck_out() {
        check("Invalid key l8xx0123456789abcdef!", "Invalid key [key]!");
        check("GET /conf?apikey=l8xxOTHER&lang=en", "GET /conf?apikey=[key]&lang=en");
        check("Authorization: APIKEY l8xx99887766554433", "Authorization: APIKEY [key]");
        check("the apikey is unknown", "the apikey is unknown");
        check("apikey=", "apikey=[key]");
    }

    #[test]
    fn words_cannot_move_the_cursor_or_go_on_for_ever() {
        check("a\u{1b}[2Jb\r\nc", "a [2Jb  c");
        assert_eq!(key().strike_out(&"é".repeat(1000)).chars().count(), 401);
    }

    #[test]
    fn the_header_does_not_print_itself() {
        let header = key().header().unwrap();
        assert_eq!(format!("{header:?}"), "Sensitive");
        assert_eq!(header.to_str().unwrap(), "apikey l8xx0123456789abcdef");
    }

    #[test]
    fn a_key_that_cannot_be_sent_is_denied_without_being_shown() {
        for key in ["", "a\nb"] {
            let failure = ApiKey::new(key.into()).header().unwrap_err();
            assert_eq!(failure.class, FailureClass::Denied);
            assert!(!failure.message.contains("a\nb"));
        }
    }
}
