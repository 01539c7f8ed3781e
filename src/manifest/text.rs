//! The small types that specs are made of: texts that may be variables, and words that may be lists of words.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Visitor};

use super::typed::{At, Fields, Nullable};
use crate::model::Unlisted;

/// A text, or the variable of a zone that holds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Text {
    /// The text itself.
    Plain(Arc<str>),
    /// `{var: name}`.
    Var(At<String>),
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;

        impl<'de> Visitor<'de> for Visit {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or `{var: name}`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text::Plain(text.into()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
                match map.next_entry::<String, At<String>>()? {
                    Some((field, name)) if field == "var" => Ok(Text::Var(name)),
                    Some((field, _)) => Err(de::Error::unknown_field(&field, &["var"])),
                    None => Err(de::Error::missing_field("var")),
                }
            }
        }

        deserializer.deserialize_any(Visit)
    }
}

impl JsonSchema for Text {
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
                    "description": "The value that each zone gives this variable under `vars`.",
                    "properties": {"var": {"type": "string", "minLength": 1}},
                    "required": ["var"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

/// What happens to records that no manifest mentions, where there is nothing that disables one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeepOrRemove {
    /// They stay as they are.
    #[default]
    Keep,
    /// They are removed.
    Remove,
}

impl From<KeepOrRemove> for Unlisted {
    fn from(said: KeepOrRemove) -> Self {
        match said {
            KeepOrRemove::Keep => Self::Keep,
            KeepOrRemove::Remove => Self::Remove,
        }
    }
}

/// One text or several.
#[derive(Debug, Clone)]
pub enum OneOrMany {
    /// `lender`.
    One(String),
    /// `[lender, borrower]`.
    Many(Vec<At<String>>),
}

impl At<OneOrMany> {
    /// The texts, each with its place.
    pub fn texts(&self) -> Vec<At<&str>> {
        match &self.value {
            OneOrMany::One(text) => vec![At { value: text.as_str(), extent: self.extent }],
            OneOrMany::Many(texts) => {
                texts.iter().map(|text| At { value: text.value.as_str(), extent: text.extent }).collect()
            }
        }
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;

        impl<'de> Visitor<'de> for Visit {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(text.to_owned()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany::Many(texts))
            }
        }

        deserializer.deserialize_any(Visit)
    }
}

impl JsonSchema for OneOrMany {
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

/// Places are not part of what a user writes.
impl<T: JsonSchema> JsonSchema for At<T> {
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

impl<T: JsonSchema> JsonSchema for Fields<T> {
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
        // `null` comes first: see `kinds::schema`, which takes away the one that `Option` puts last.
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
