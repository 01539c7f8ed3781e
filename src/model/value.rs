//! Field values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Name of a record's field in the collection's wire format (`description`, `column3`).
///
/// Shared, because the same few names occur in every record.
pub type FieldName = Arc<str>;

/// Keyed entry of a collection.
///
/// A missing field means no opinion; [`FieldValue::Null`] means a cleared field.
pub type Record = BTreeMap<FieldName, FieldValue>;

/// Value of one field. A field without a value is missing from the [`Record`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum FieldValue {
    /// Empty; in a desired state, clears the field.
    ///
    /// An observed empty text is `Null` too, because Alma omits an unused column or returns `""`.
    #[default]
    Null,
    /// Flag, such as a row's `enabled`.
    Bool(bool),
    /// Non-empty text.
    Text(Arc<str>),
    /// Distinct texts without order: members of a user group, source institutions of a rule.
    ///
    /// [`FieldValue::list`] sorts them. Never empty: an empty list becomes [`FieldValue::Null`].
    List(Arc<[Arc<str>]>),
}

impl FieldValue {
    /// Returns the value of a text, with Alma's meaning: an empty text becomes [`FieldValue::Null`].
    pub fn from_text(text: impl AsRef<str>) -> Self {
        match text.as_ref() {
            "" => Self::Null,
            text => Self::Text(text.into()),
        }
    }

    /// Returns the value of a text of several lines.
    ///
    /// Neither YAML nor XML preserves the type of line breaks, or their number at the end. The value uses
    /// `\n` and no trailing breaks.
    pub fn from_multiline_text(text: &str) -> Self {
        Self::from_text(text.replace("\r\n", "\n").replace('\r', "\n").trim_end())
    }

    /// Returns the value of texts in any order; no texts become [`FieldValue::Null`].
    pub fn list<T: Into<Arc<str>>>(texts: impl IntoIterator<Item = T>) -> Self {
        let texts: BTreeSet<Arc<str>> = texts.into_iter().map(Into::into).collect();
        match texts.is_empty() {
            true => Self::Null,
            false => Self::List(texts.into_iter().collect()),
        }
    }

    /// Returns the texts of a list, or the single text.
    pub fn texts(&self) -> &[Arc<str>] {
        match self {
            Self::Null | Self::Bool(_) => &[],
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(texts) => texts,
        }
    }

    /// Returns the value as part of a key: null is empty, a flag is its text, texts are joined.
    ///
    /// Columns contain only texts, so a flag equals its text.
    pub fn key_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(flag) => flag.to_string(),
            Self::Text(text) => text.to_string(),
            Self::List(texts) => texts.join(","),
        }
    }

    /// Returns the text, if any.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::List(_) => None,
        }
    }
}

impl From<bool> for FieldValue {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> Self {
        Self::from_text(text)
    }
}

/// Reuses the shared text.
impl From<Arc<str>> for FieldValue {
    fn from(text: Arc<str>) -> Self {
        if text.is_empty() { Self::Null } else { Self::Text(text) }
    }
}

/// Formats for plans: quoted texts, `null` for an empty value.
impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::List(texts) => f.debug_list().entries(texts.iter()).finish(),
        }
    }
}

impl serde::Serialize for FieldValue {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(texts) => serializer.collect_seq(texts.iter()),
        }
    }
}

impl<'de> serde::Deserialize<'de> for FieldValue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldValueVisitor;
        impl<'de> serde::de::Visitor<'de> for FieldValueVisitor {
            type Value = FieldValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a flag, a list of texts, or null")
            }
            fn visit_unit<E>(self) -> Result<FieldValue, E> {
                Ok(FieldValue::Null)
            }
            fn visit_bool<E>(self, flag: bool) -> Result<FieldValue, E> {
                Ok(FieldValue::Bool(flag))
            }
            fn visit_str<E>(self, text: &str) -> Result<FieldValue, E> {
                Ok(FieldValue::from_text(text))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut texts: A) -> Result<FieldValue, A::Error> {
                let mut list: Vec<Arc<str>> = Vec::new();
                while let Some(text) = texts.next_element()? {
                    list.push(text);
                }
                Ok(FieldValue::list(list))
            }
        }
        deserializer.deserialize_any(FieldValueVisitor)
    }
}

impl schemars::JsonSchema for FieldValue {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Value of a field: a text, a flag, a list of texts without order, or null.",
            "anyOf": [
                {"type": "null"},
                {"type": "boolean"},
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}},
            ],
        })
    }
}
