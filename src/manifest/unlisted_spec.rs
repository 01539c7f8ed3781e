//! Field `unlisted` of manifests: what happens to records that no manifest lists.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, DeserializeOwned, IntoDeserializer, Visitor};

use crate::model::{KeyPatterns, UnlistedPolicy};

/// Action for unlisted records: `delete`, or `{action: delete, except: ["LOCAL_*"]}`. `P` has the actions of
/// the kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnlistedSpec<P> {
    /// Action.
    pub action: P,
    /// Keys of records that stay.
    pub except: KeyPatterns,
}

impl<'de, P: DeserializeOwned> Deserialize<'de> for UnlistedSpec<P> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UnlistedVisitor<P>(PhantomData<P>);

        impl<'de, P: DeserializeOwned> Visitor<'de> for UnlistedVisitor<P> {
            type Value = UnlistedSpec<P>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an action, or a map with `action` and `except`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<UnlistedSpec<P>, E> {
                let action = P::deserialize(text.into_deserializer())?;
                Ok(UnlistedSpec { action, except: KeyPatterns::default() })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<UnlistedSpec<P>, A::Error> {
                let (mut action, mut except) = (None, Vec::new());
                while let Some(field) = map.next_key::<String>()? {
                    match field.as_str() {
                        "action" => action = Some(map.next_value()?),
                        "except" => except = map.next_value::<Vec<String>>()?,
                        field => return Err(de::Error::unknown_field(field, &["action", "except"])),
                    }
                }
                Ok(UnlistedSpec {
                    action: action.ok_or_else(|| de::Error::missing_field("action"))?,
                    except: KeyPatterns::new(except).map_err(de::Error::custom)?,
                })
            }
        }

        deserializer.deserialize_any(UnlistedVisitor(PhantomData))
    }
}

impl<P: JsonSchema> JsonSchema for UnlistedSpec<P> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Unlisted_{}", P::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let action = generator.subschema_for::<P>();
        json_schema!({
            "anyOf": [
                action,
                {
                    "type": "object",
                    "properties": {
                        "action": action,
                        "except": {
                            "type": "array",
                            "items": {"type": "string", "minLength": 1, "maxLength": 200},
                            "minItems": 1,
                            "description": "Keys of records that stay: `*` stands for any text, `?` for one character. The parts of a key are joined by `|`."
                        }
                    },
                    "required": ["action", "except"],
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
    fn from(action: UnlistedAction) -> Self {
        match action {
            UnlistedAction::Keep => Self::Keep,
            UnlistedAction::Delete => Self::Delete,
        }
    }
}
