//! What a field can hold.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The name of a field of a record, as the collection's own wire format spells it
/// (`description`, `column3`). Shared, because the same few names occur in every record.
pub type FieldName = Arc<str>;

/// One keyed entry of a collection. A field that is not in the map is one that nobody has an
/// opinion about; see [`Value::Null`] for "clear it".
pub type Record = BTreeMap<FieldName, FieldValue>;

/// The value of one field. Absent is not a value: it is a field that is missing from the [`Record`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum FieldValue {
    /// Nothing is there, or, in what is desired: clear it. An observed empty text is `Null` too,
    /// because Alma answers an unused column with `""` or leaves it out.
    #[default]
    Null,
    /// A flag, such as a row's `enabled`.
    Bool(bool),
    /// A text that is not empty.
    Text(Arc<str>),
    /// Texts of which each is there once and the order does not count: members of a group, source
    /// institutions of a rule. Made by [`Value::list`], which sorts them. Never empty: that is [`Value::Null`].
    List(Arc<[Arc<str>]>),
}

impl FieldValue {
    /// The value of a text as Alma means it: an empty one is [`Value::Null`].
    pub fn from_text(text: impl AsRef<str>) -> Self {
        match text.as_ref() {
            "" => Self::Null,
            text => Self::Text(text.into()),
        }
    }

    /// The value of a text of several lines. Neither YAML nor XML keeps what sort of line breaks a text
    /// has, or how many stand at its end: here they are `\n`, and none stands there.
    pub fn from_multiline_text(text: &str) -> Self {
        Self::from_text(text.replace("\r\n", "\n").replace('\r', "\n").trim_end())
    }

    /// The value of some texts in whatever order; none of them is [`Value::Null`].
    pub fn list<T: Into<Arc<str>>>(texts: impl IntoIterator<Item = T>) -> Self {
        let texts: BTreeSet<Arc<str>> = texts.into_iter().map(Into::into).collect();
        match texts.is_empty() {
            true => Self::Null,
            false => Self::List(texts.into_iter().collect()),
        }
    }

    /// The texts, where it is a list; the one text, where it is a text.
    pub fn texts(&self) -> &[Arc<str>] {
        match self {
            Self::Null | Self::Bool(_) => &[],
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(texts) => texts,
        }
    }

    /// The text, where it is one.
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

/// Shares a text that is shared already.
impl From<Arc<str>> for FieldValue {
    fn from(text: Arc<str>) -> Self {
        if text.is_empty() { Self::Null } else { Self::Text(text) }
    }
}

/// As a plan shows it: texts quoted, `null` for nothing.
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
            "description": "The value of a field: a text, a flag, texts whose order does not count, or null for nothing.",
            "anyOf": [
                {"type": "null"},
                {"type": "boolean"},
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}},
            ],
        })
    }
}
