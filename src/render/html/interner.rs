//! Interns texts and values by number, and writes the JSON embedded in a page.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;
use std::io;

use serde::Serialize;

use crate::model::FieldValue;
use crate::model::text_safety::is_invisible;

/// Set of distinct values, numbered in order of first use.
#[derive(Debug)]
pub struct Interner<T>(HashMap<T, u32>);

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Hash + Eq> Interner<T> {
    /// Returns the number of a value, and adds the value if absent.
    pub fn intern(&mut self, thing: T) -> u32 {
        // A page cannot contain more values than `u32` can count.
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(thing).or_insert(next)
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns all values, ordered by number.
    pub fn into_vec(self) -> Vec<T> {
        let mut things: Vec<(T, u32)> = self.0.into_iter().collect();
        things.sort_unstable_by_key(|(_, number)| *number);
        things.into_iter().map(|(thing, _)| thing).collect()
    }
}

/// Interned value or text.
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum InternedValue<'a> {
    /// Absent value.
    Null,
    /// Boolean value.
    Bool(bool),
    /// Text value.
    Text(Cow<'a, str>),
    /// List of texts.
    List(&'a [std::sync::Arc<str>]),
    /// Omitted long value, with the number of its characters.
    Long([usize; 1]),
}

impl<'a> From<&'a FieldValue> for InternedValue<'a> {
    fn from(value: &'a FieldValue) -> Self {
        match value {
            FieldValue::Null => Self::Null,
            FieldValue::Bool(flag) => Self::Bool(*flag),
            FieldValue::Text(text) => Self::Text(Cow::Borrowed(text)),
            FieldValue::List(texts) => Self::List(texts),
        }
    }
}

impl InternedValue<'_> {
    /// Returns the size in bytes, without quotes and escapes.
    pub fn weight(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Long(_) => 4,
            Self::Text(text) => text.len(),
            Self::List(texts) => texts.iter().map(|text| text.len() + 3).sum(),
        }
    }
}

/// Returns single-line JSON that is safe inside an HTML element.
pub fn json(content: &impl Serialize) -> String {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, InertJson);
    // Writing to a vector cannot fail, and all keys of this data are texts.
    match content.serialize(&mut serializer) {
        Ok(()) => String::from_utf8(out).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// JSON formatter that writes HTML-significant and invisible characters, and `#`, as `\u003c`.
struct InertJson;

impl serde_json::ser::Formatter for InertJson {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|c| matches!(c, '<' | '>' | '&' | '#') || is_invisible(c)) {
            let (before, from) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut chars = from.chars();
            if let Some(c) = chars.next() {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}
