//! Keeps an API key in one header and out of all messages.

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::model::text_safety::is_invisible;
use crate::model::{FailureClass, ZoneFailure};

/// Maximum length of a server's message, in characters.
const LONGEST_MESSAGE: usize = 400;

/// API key for requests; removed from all texts of a server.
pub struct ApiKey(SecretString);

impl ApiKey {
    /// Creates a key from a secret text.
    pub fn new(key: SecretString) -> Self {
        Self(key)
    }

    /// Returns the header `Authorization: apikey ...`.
    ///
    /// Alma also accepts the key in the URL, but URLs end up in logs.
    ///
    /// # Errors
    /// [`FailureClass::Denied`] if the key contains characters that no header can contain.
    pub fn header(&self) -> Result<HeaderValue, ZoneFailure> {
        let key = self.0.expose_secret();
        let header = HeaderValue::from_str(&format!("apikey {key}")).ok().filter(|_| !key.is_empty());
        let mut header = header.ok_or_else(|| {
            ZoneFailure::new(FailureClass::Denied, "the API key is empty or contains invalid characters")
                .help("check the location in `credentials`; an API key is one line of letters and digits")
        })?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// Returns a server's text without keys and control characters, shortened.
    pub fn strike_out(&self, words: &str) -> String {
        let words = self.conceal(words);
        let mut shown: String = words
            .chars()
            .map(|c| if is_invisible(c) || matches!(c, '\n' | '\t') { ' ' } else { c })
            .take(LONGEST_MESSAGE)
            .collect();
        if shown.len() < words.len() {
            shown.push('…');
        }
        shown
    }

    /// Removes keys from a failure, whatever content the zone's tables had.
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

    /// Removes the key, and values after `apikey`.
    fn conceal(&self, words: &str) -> String {
        let key = self.0.expose_secret();
        match key.is_empty() {
            true => strike_out_parameters(words),
            false => strike_out_parameters(&words.replace(key, "[key]")),
        }
    }
}

/// Removes values after `apikey=` and `apikey `, possibly foreign keys, up to the first invalid key
/// character.
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
            // A short word after `apikey` is prose: "the apikey is unknown".
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
    #![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

    use super::*;

    fn key() -> ApiKey {
        ApiKey::new("l8xx0123456789abcdef".into())
    }

    #[track_caller]
    fn check(words: &str, shown: &str) {
        assert_eq!(key().strike_out(words), shown);
    }

    #[test]
    fn echoed_api_key_is_removed() {
        check("Invalid key l8xx0123456789abcdef!", "Invalid key [key]!");
        check("GET /conf?apikey=l8xxOTHER&lang=en", "GET /conf?apikey=[key]&lang=en");
        check("Authorization: APIKEY l8xx99887766554433", "Authorization: APIKEY [key]");
        check("the apikey is unknown", "the apikey is unknown");
        check("apikey=", "apikey=[key]");
    }

    #[test]
    fn server_text_is_sanitized_and_shortened() {
        check("a\u{1b}[2Jb\r\nc", "a [2Jb  c");
        assert_eq!(key().strike_out(&"é".repeat(1000)).chars().count(), 401);
    }

    #[test]
    fn header_does_not_print_its_key() {
        let header = key().header().unwrap();
        assert_eq!(format!("{header:?}"), "Sensitive");
        assert_eq!(header.to_str().unwrap(), "apikey l8xx0123456789abcdef");
    }

    #[test]
    fn invalid_key_is_denied_without_being_shown() {
        for key in ["", "a\nb"] {
            let failure = ApiKey::new(key.into()).header().unwrap_err();
            assert_eq!(failure.class, FailureClass::Denied);
            assert!(!failure.message.contains("a\nb"));
        }
    }
}
