//! Encodes request paths, so that no table code can mean another path.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::{FailureClass, ZoneFailure};

/// Characters to encode. Table codes contain spaces and dots (`Sub Systems`, `HLocation.locationType`).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Path below `/almaws/v1`, including the query. Never contains a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPath(String);

impl RequestPath {
    /// Returns `/conf/general` for `["conf", "general"]`.
    ///
    /// # Errors
    /// [`FailureClass::Mismatch`] for a segment that servers or clients resolve to another path.
    pub fn new(segments: &[&str]) -> Result<Self, ZoneFailure> {
        let mut path = String::new();
        for segment in segments {
            if matches!(*segment, "" | "." | "..") {
                return Err(ZoneFailure::new(
                    FailureClass::Mismatch,
                    format!("`{segment}` is not a valid code"),
                ));
            }
            path.push('/');
            path.extend(utf8_percent_encode(segment, ENCODED));
        }
        Ok(Self(path))
    }

    /// Adds a query parameter, if there is a value.
    pub fn query(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.0.push(if self.0.contains('?') { '&' } else { '?' });
            self.0.push_str(name);
            self.0.push('=');
            self.0.extend(utf8_percent_encode(value, ENCODED));
        }
        self
    }
}

impl fmt::Display for RequestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

    use super::*;

    #[test]
    fn code_stays_in_its_path_segment() {
        let path = RequestPath::new(&["conf", "code-tables", "a b/c?d#e%2Fé.x"]).unwrap();
        assert_eq!(path.to_string(), "/conf/code-tables/a%20b%2Fc%3Fd%23e%252F%C3%A9.x");
    }

    #[test]
    fn query_contains_only_given_values() {
        let path = RequestPath::new(&["conf"]).unwrap();
        let path = path.query("lang", None).query("scope", Some("A&B")).query("lang", Some("fr"));
        assert_eq!(path.to_string(), "/conf?scope=A%26B&lang=fr");
    }

    #[test]
    fn codes_that_leave_the_folder_are_refused() {
        for code in ["", ".", ".."] {
            assert_eq!(
                RequestPath::new(&["conf", "code-tables", code]).unwrap_err().class,
                FailureClass::Mismatch
            );
        }
    }
}
