//! Field value that is one value or a list of values.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, Deserialize, Visitor};

use super::deserialize::Spanned;

/// A single value, or a list of values.
#[derive(Debug, Clone)]
pub enum ValueOrList<T> {
    /// `STAFF`.
    One(T),
    /// `[STAFF, FACULTY]`.
    Many(Vec<Spanned<T>>),
}

impl<T> Spanned<ValueOrList<T>> {
    /// Returns each value with its location.
    pub fn values(&self) -> Vec<Spanned<&T>> {
        match &self.value {
            ValueOrList::One(value) => vec![Spanned { value, extent: self.extent }],
            ValueOrList::Many(values) => {
                values.iter().map(|Spanned { value, extent }| Spanned { value, extent: *extent }).collect()
            }
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ValueOrList<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueOrListVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ValueOrListVisitor<T> {
            type Value = ValueOrList<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a list of values")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ValueOrList<T>, E> {
                T::deserialize(StrDeserializer::new(text)).map(ValueOrList::One)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<ValueOrList<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(ValueOrList::One)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<ValueOrList<T>, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(ValueOrList::Many(values))
            }
        }

        deserializer.deserialize_any(ValueOrListVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for ValueOrList<T> {
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
