//! Patterns of record keys, such as `LOCAL_*`.

use std::fmt;
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet};

use super::RecordKey;

/// Patterns of record keys. Without patterns, no key matches.
///
/// A pattern covers the whole key, its parts joined by `|` (`VISITOR`, `FROM_TARGET|CONSORTIA`). `*` stands for any
/// text, `?` for one character; all other characters stand for themselves, and case matters.
#[derive(Clone, Default)]
pub struct KeyPatterns(Option<Arc<BuiltPatterns>>);

/// Patterns with their matcher, shared by all zones of a manifest.
struct BuiltPatterns {
    patterns: Vec<Arc<str>>,
    matcher: GlobSet,
}

impl KeyPatterns {
    /// Creates the patterns, sorted, each once.
    ///
    /// # Errors
    /// Returns the message of the first pattern that is too long: shorten it.
    pub fn new<T: Into<Arc<str>>>(patterns: impl IntoIterator<Item = T>) -> Result<Self, String> {
        let mut patterns: Vec<Arc<str>> = patterns.into_iter().map(Into::into).collect();
        if patterns.is_empty() {
            return Ok(Self::default());
        }
        patterns.sort_unstable();
        patterns.dedup();
        let mut globs = GlobSet::builder();
        for pattern in &patterns {
            let glob = GlobBuilder::new(&escape(pattern)).literal_separator(false).build();
            globs.add(glob.map_err(|error| error.to_string())?);
        }
        let matcher = globs.build().map_err(|error| error.to_string())?;
        Ok(Self(Some(Arc::new(BuiltPatterns { patterns, matcher }))))
    }

    /// Returns the patterns of both.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        if other.is_empty() || self == other {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        let patterns = self.patterns().iter().chain(other.patterns()).cloned();
        // Both were built before. If the two together are too large, the first ones still hold.
        Self::new(patterns).unwrap_or_else(|_| self.clone())
    }

    /// Returns the patterns in order.
    pub fn patterns(&self) -> &[Arc<str>] {
        self.0.as_ref().map_or(&[], |built| &built.patterns)
    }

    /// Returns true without patterns.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns true if a pattern covers the key.
    pub fn matches(&self, key: &RecordKey) -> bool {
        self.0.as_ref().is_some_and(|built| built.matcher.is_match(key.0.join("|")))
    }
}

/// Returns the pattern in the syntax of the matcher, in which more characters are special.
fn escape(pattern: &str) -> String {
    let mut escaped = String::new();
    for character in pattern.chars() {
        match character {
            // Two stars have a meaning of their own there.
            '*' if escaped.ends_with('*') => {}
            '*' | '?' => escaped.push(character),
            '[' | ']' | '{' | '}' | '\\' => escaped.extend(['[', character, ']']),
            character => escaped.push(character),
        }
    }
    escaped
}

impl fmt::Debug for KeyPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.patterns().fmt(f)
    }
}

impl PartialEq for KeyPatterns {
    fn eq(&self, other: &Self) -> bool {
        self.patterns() == other.patterns()
    }
}

impl Eq for KeyPatterns {}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns<const N: usize>(patterns: [&str; N]) -> KeyPatterns {
        let built = KeyPatterns::new(patterns);
        assert!(built.is_ok(), "{built:?}");
        built.unwrap_or_default()
    }

    #[test]
    fn only_stars_and_question_marks_are_special() {
        for (pattern, key, matches) in [
            ("LOCAL_*", "LOCAL_A", true),
            ("LOCAL_*", "LOCAL_", true),
            ("LOCAL_*", "local_A", false),
            ("LOCAL_*", "MY_LOCAL_A", false),
            ("**A**", "xAy/z", true),
            ("A?", "AB", true),
            ("A?", "A", false),
            ("*", "a/b", true),
            ("Desk/*", "Desk/Hours", true),
            ("50 %", "50 %", true),
            ("[AB]", "[AB]", true),
            ("[AB]", "A", false),
            ("{A,B}", "{A,B}", true),
            ("{A,B}", "A", false),
            ("a\\b", "a\\b", true),
            ("!x", "!x", true),
            ("A,B", "A,B", true),
            ("É*", "ecole", false),
            ("É*", "École", true),
        ] {
            let found = patterns([pattern]).matches(&RecordKey(vec![key.into()]));
            assert_eq!(found, matches, "{pattern} {key}");
        }
    }

    #[test]
    fn patterns_cover_all_parts_of_a_key() {
        let patterns = patterns(["FROM_*|CONSORTIA"]);
        let key = |parts: [&str; 2]| RecordKey(parts.iter().map(|part| (*part).into()).collect());
        assert!(patterns.matches(&key(["FROM_TARGET", "CONSORTIA"])));
        assert!(!patterns.matches(&key(["FROM_TARGET", "GENERAL"])));
        assert!(!KeyPatterns::default().matches(&key(["", ""])));
    }

    #[test]
    fn both_patterns_hold_together() {
        let [a, b] = [["A*"], ["B*"]].map(patterns);
        let both = a.with(&b);
        assert_eq!(both.patterns(), ["A*".into(), "B*".into()]);
        assert_eq!(a.with(&KeyPatterns::default()), a);
        assert_eq!(KeyPatterns::default().with(&b), b);
    }
}
