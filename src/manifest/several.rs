//! One value or several, for fields that stand for each of them in turn.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, Deserialize, Visitor};

use super::typed::At;

/// One value, written as it is, or a list of them.
#[derive(Debug, Clone)]
pub enum Several<T> {
    /// `STAFF`.
    One(T),
    /// `[STAFF, FACULTY]`.
    Many(Vec<At<T>>),
}

impl<T> At<Several<T>> {
    /// Each value with its place.
    pub fn each(&self) -> Vec<At<&T>> {
        match &self.value {
            Several::One(value) => vec![At { value, extent: self.extent }],
            Several::Many(values) => {
                values.iter().map(|At { value, extent }| At { value, extent: *extent }).collect()
            }
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Several<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Visit<T> {
            type Value = Several<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a list of values")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Several<T>, E> {
                T::deserialize(StrDeserializer::new(text)).map(Several::One)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Several<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Several::One)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Several<T>, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(Several::Many(values))
            }
        }

        deserializer.deserialize_any(Visit(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Several<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Several_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        let list = serde_json::json!({"type": "array", "items": one, "minItems": 1});
        let mut all = match one.get("anyOf").and_then(|any| any.as_array()) {
            Some(branches) => branches.clone(),
            None => vec![one.to_value()],
        };
        all.push(list);
        json_schema!({"anyOf": all})
    }
}
