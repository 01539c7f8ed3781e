//! Small building blocks of specs: text or variable, text or list of texts, keep or delete.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Visitor};

use super::deserialize::{Nullable, OrderedFields, Spanned};
use crate::model::UnlistedPolicy;

/// Text, a reference to a variable of the zone, or text with parts of the zone. Comparisons ignore the
/// locations.
#[derive(Debug, Clone)]
pub enum TextOrVariable {
    /// Literal text.
    Plain(Arc<str>),
    /// `{var: name}`.
    Var(Spanned<String>),
    /// `{format: "Visitors of {name}"}`, as written; [`super::text_format`] fills it in.
    Format(Spanned<String>),
}

impl TextOrVariable {
    /// Returns true if the text differs per zone.
    pub fn depends_on_zone(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Var(_) | Self::Format(_) => true,
        }
    }

    /// Returns the written text in comparable form: its sort, and the text, the name or the format.
    pub fn symbol(&self) -> (u8, &str) {
        match self {
            Self::Plain(text) => (0, text),
            Self::Var(name) => (1, &name.value),
            Self::Format(format) => (2, &format.value),
        }
    }
}

/// Text as a manifest writes it.
impl fmt::Display for TextOrVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => f.write_str(text),
            Self::Var(name) => write!(f, "{{var: {}}}", name.value),
            Self::Format(format) => write!(f, "{{format: {:?}}}", format.value),
        }
    }
}

impl PartialEq for TextOrVariable {
    fn eq(&self, other: &Self) -> bool {
        self.symbol() == other.symbol()
    }
}

impl Eq for TextOrVariable {}

impl PartialOrd for TextOrVariable {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TextOrVariable {
    fn cmp(&self, other: &Self) -> Ordering {
        self.symbol().cmp(&other.symbol())
    }
}

impl<'de> Deserialize<'de> for TextOrVariable {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = TextOrVariable;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, `{var: name}` or `{format: text}`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TextOrVariable, E> {
                Ok(TextOrVariable::Plain(text.into()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<TextOrVariable, A::Error> {
                match map.next_entry::<String, Spanned<String>>()? {
                    Some((field, name)) if field == "var" => Ok(TextOrVariable::Var(name)),
                    Some((field, format)) if field == "format" => Ok(TextOrVariable::Format(format)),
                    Some((field, _)) => Err(de::Error::unknown_field(&field, &["var", "format"])),
                    None => Err(de::Error::missing_field("var")),
                }
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

impl JsonSchema for TextOrVariable {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {
                        "var": {
                            "type": "string",
                            "minLength": 1,
                            "description": "Value of this variable under `vars` of each zone."
                        },
                        "format": {
                            "type": "string",
                            "minLength": 1,
                            "description": "Text with `{code}`, `{name}` or a variable of each zone; `{{` is a brace."
                        }
                    },
                    "oneOf": [{"required": ["var"]}, {"required": ["format"]}],
                    "additionalProperties": false
                }
            ]
        })
    }
}

/// Action for unlisted records of a collection whose records cannot be disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnlistedAction {
    /// Keep the records unchanged.
    #[default]
    Keep,
    /// Delete the records.
    Delete,
}

impl From<UnlistedAction> for UnlistedPolicy {
    fn from(said: UnlistedAction) -> Self {
        match said {
            UnlistedAction::Keep => Self::Keep,
            UnlistedAction::Delete => Self::Delete,
        }
    }
}

/// A single text, or a list of texts.
#[derive(Debug, Clone)]
pub enum TextOrTexts {
    /// `lender`.
    One(String),
    /// `[lender, borrower]`.
    Many(Vec<Spanned<String>>),
}

impl Spanned<TextOrTexts> {
    /// Returns each text with its location.
    pub fn texts(&self) -> Vec<Spanned<&str>> {
        match &self.value {
            TextOrTexts::One(text) => vec![Spanned { value: text.as_str(), extent: self.extent }],
            TextOrTexts::Many(texts) => {
                texts.iter().map(|text| Spanned { value: text.value.as_str(), extent: text.extent }).collect()
            }
        }
    }
}

impl<'de> Deserialize<'de> for TextOrTexts {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextsVisitor;

        impl<'de> Visitor<'de> for TextsVisitor {
            type Value = TextOrTexts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TextOrTexts, E> {
                Ok(TextOrTexts::One(text.to_owned()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<TextOrTexts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(TextOrTexts::Many(texts))
            }
        }

        deserializer.deserialize_any(TextsVisitor)
    }
}

impl JsonSchema for TextOrTexts {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OneOrMany".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
            ]
        })
    }
}

/// Same schema as the inner type, because users do not write spans.
impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: JsonSchema> JsonSchema for OrderedFields<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Fields_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({"type": "object", "additionalProperties": value})
    }
}

impl<T: JsonSchema> JsonSchema for Nullable<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Nullable_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // `null` comes first: `kinds::schema` removes the `null` that `Option` adds at the end.
        let value = generator.subschema_for::<T>();
        match value.get("anyOf").and_then(|any| any.as_array()) {
            Some(branches) => {
                let mut all = vec![serde_json::json!({"type": "null"})];
                all.extend(branches.iter().cloned());
                json_schema!({"anyOf": all})
            }
            None => json_schema!({"anyOf": [{"type": "null"}, value]}),
        }
    }
}
