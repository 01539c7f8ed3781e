//! Deserializes a located tree into the spec types of the kinds, including locations.
//!
//! Serde has no notion of locations. [`Spanned`] requests a span under a reserved newtype name, known only to
//! the deserializer in this file. All other types are deserialized by plain serde.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::value::{BorrowedStrDeserializer, SeqDeserializer};
use serde::de::{self, Deserialize, DeserializeOwned, DeserializeSeed, Visitor};

use super::yaml_node::{NodeSpan, YamlKey, YamlNode, YamlValue, integer};
use crate::model::SourcePosition;

/// Value with its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Span in the file.
    pub extent: NodeSpan,
}

/// Map with arbitrary keys, in file order.
#[derive(Debug, Clone)]
pub struct OrderedFields<T>(pub Vec<(Spanned<String>, T)>);

impl<T> Default for OrderedFields<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Value that can be `null` to clear a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nullable<T> {
    /// Clear the field.
    Null,
    /// Set the field.
    Value(T),
}

/// Deserializes a tree that passed the schema check.
///
/// # Errors
/// Returns an error if schema and type disagree.
pub fn deserialize_node<T: DeserializeOwned>(node: &YamlNode) -> Result<T, DeserializeError> {
    T::deserialize(NodeDeserializer(node))
}

/// Mismatch between a type and a value that the schema accepts.
#[derive(Debug)]
pub struct DeserializeError {
    /// Message of serde.
    pub message: String,
    /// Span, as exact as known.
    pub extent: Option<NodeSpan>,
}

impl fmt::Display for DeserializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DeserializeError {}

impl de::Error for DeserializeError {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self { message: message.to_string(), extent: None }
    }
}

const AT: &str = "\u{0}at";
const NULLABLE: &str = "\u{0}nullable";

#[derive(Clone, Copy)]
struct NodeDeserializer<'a>(&'a YamlNode);

impl<'de> de::Deserializer<'de> for NodeDeserializer<'de> {
    type Error = DeserializeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        match &self.0.value {
            YamlValue::Null => visitor.visit_unit(),
            YamlValue::Bool(flag) => visitor.visit_bool(*flag),
            YamlValue::Number(text) => match (integer(text), text.parse::<f64>()) {
                (Some(number), _) => visitor.visit_i64(number),
                // `10.0` is a whole number in JSON Schema.
                (None, Ok(number)) if number.fract() == 0.0 && number.abs() < 1e15 => {
                    visitor.visit_i64(number as i64)
                }
                (None, Ok(number)) => visitor.visit_f64(number),
                (None, Err(error)) => Err(de::Error::custom(error)),
            },
            YamlValue::Text(text) => visitor.visit_borrowed_str(text),
            YamlValue::List(items) => visitor.visit_seq(ListAccess(items.iter())),
            YamlValue::Map(entries) => visitor.visit_map(MapEntries { rest: entries.iter(), value: None }),
        }
        .map_err(|misfit| DeserializeError { extent: misfit.extent.or(Some(self.0.head())), ..misfit })
    }

    /// Treats every present field as `Some`, even a `null`. The inner type decides if `null` is allowed.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeserializeError> {
        match name {
            AT => visitor.visit_seq(SpannedAccess { extent: Some(self.0.extent), value: Some(self) }),
            NULLABLE if matches!(self.0.value, YamlValue::Null) => visitor.visit_unit(),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeserializeError> {
        match &self.0.value {
            YamlValue::Text(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            YamlValue::Null
            | YamlValue::Bool(_)
            | YamlValue::Number(_)
            | YamlValue::List(_)
            | YamlValue::Map(_) => {
                Err(DeserializeError { message: "expected a word".to_owned(), extent: Some(self.0.head()) })
            }
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct ListAccess<'a>(std::slice::Iter<'a, YamlNode>);

impl<'de> de::SeqAccess<'de> for ListAccess<'de> {
    type Error = DeserializeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DeserializeError> {
        self.0.next().map(|node| seed.deserialize(NodeDeserializer(node))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct MapEntries<'a> {
    rest: std::slice::Iter<'a, (YamlKey, YamlNode)>,
    value: Option<&'a YamlNode>,
}

impl<'de> de::MapAccess<'de> for MapEntries<'de> {
    type Error = DeserializeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DeserializeError> {
        let Some((key, node)) = self.rest.next() else { return Ok(None) };
        self.value = Some(node);
        seed.deserialize(KeyDeserializer(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DeserializeError> {
        match self.value.take() {
            Some(node) => seed.deserialize(NodeDeserializer(node)),
            None => Err(de::Error::custom("value requested before its key")),
        }
    }
}

#[derive(Clone, Copy)]
struct KeyDeserializer<'a>(&'a YamlKey);

impl<'de> de::Deserializer<'de> for KeyDeserializer<'de> {
    type Error = DeserializeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        visitor.visit_borrowed_str(&self.0.text).map_err(|misfit: DeserializeError| DeserializeError {
            extent: misfit.extent.or(Some(self.0.extent)),
            ..misfit
        })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeserializeError> {
        match name {
            AT => visitor.visit_seq(SpannedAccess { extent: Some(self.0.extent), value: Some(self) }),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any option enum
    }
}

/// Sequence of two elements: the span as six numbers, then the value.
struct SpannedAccess<D> {
    extent: Option<NodeSpan>,
    value: Option<D>,
}

impl<'de, D: de::Deserializer<'de, Error = DeserializeError>> de::SeqAccess<'de> for SpannedAccess<D> {
    type Error = DeserializeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DeserializeError> {
        if let Some(NodeSpan { start, end }) = self.extent.take() {
            let numbers = [start.line, start.column, start.byte, end.line, end.column, end.byte];
            return seed.deserialize(SeqDeserializer::new(numbers.into_iter())).map(Some);
        }
        self.value.take().map(|value| seed.deserialize(value)).transpose()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpannedVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
            type Value = Spanned<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a located value")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Spanned<T>, A::Error> {
                let missing = || de::Error::custom("spans are only available in a located tree");
                let [line, column, byte, end_line, end_column, end_byte] =
                    seq.next_element::<[u32; 6]>()?.ok_or_else(missing)?;
                let extent = NodeSpan {
                    start: SourcePosition { line, column, byte },
                    end: SourcePosition { line: end_line, column: end_column, byte: end_byte },
                };
                Ok(Spanned { value: seq.next_element()?.ok_or_else(missing)?, extent })
            }
        }

        deserializer.deserialize_newtype_struct(AT, SpannedVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NullableVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for NullableVisitor<T> {
            type Value = Nullable<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or null")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Nullable<T>, E> {
                Ok(Nullable::Null)
            }

            fn visit_newtype_struct<D: de::Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Nullable<T>, D::Error> {
                T::deserialize(deserializer).map(Nullable::Value)
            }
        }

        deserializer.deserialize_newtype_struct(NULLABLE, NullableVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OrderedFields<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldsVisitor<T> {
            type Value = OrderedFields<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<OrderedFields<T>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(OrderedFields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor(PhantomData))
    }
}

/// Copies a part of the tree, for types known only at run time.
impl<'de> Deserialize<'de> for YamlNode {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(|Spanned { value, extent }| Self { value, extent })
    }
}

impl<'de> Deserialize<'de> for YamlKey {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(|Spanned { value: text, extent }| Self { text, extent })
    }
}

impl<'de> Deserialize<'de> for YamlValue {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;

        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = YamlValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a YAML value")
            }

            fn visit_unit<E>(self) -> Result<YamlValue, E> {
                Ok(YamlValue::Null)
            }

            fn visit_bool<E>(self, flag: bool) -> Result<YamlValue, E> {
                Ok(YamlValue::Bool(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<YamlValue, E> {
                Ok(YamlValue::Number(number.to_string().into()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<YamlValue, E> {
                Ok(YamlValue::Number(number.to_string().into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<YamlValue, E> {
                Ok(YamlValue::Text(Arc::from(text)))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<YamlValue, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(YamlValue::List(items))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<YamlValue, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(YamlValue::Map(entries))
            }
        }

        deserializer.deserialize_any(ValueVisitor)
    }
}
