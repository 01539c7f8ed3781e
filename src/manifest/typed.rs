//! Reads a located tree into the spec types of the kinds, places included.
//!
//! Serde knows no places. [`At`] asks for one under a name of its own, which only the deserializer
//! of this file answers to; everything else is serde as usual.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{BorrowedStrDeserializer, SeqDeserializer};
use serde::de::{self, Deserialize, DeserializeOwned, DeserializeSeed, Visitor};

use super::node::{Extent, Node, NodeKey, NodeValue, integer};
use crate::model::Position;

/// A value and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub extent: Extent,
}

/// A map with keys of the user's choosing, in the order of the file.
#[derive(Debug, Clone)]
pub struct Fields<T>(pub Vec<(At<String>, T)>);

impl<T> Default for Fields<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A value that may also be said to be nothing: `null` clears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nullable<T> {
    /// Clear it.
    Null,
    /// Set it.
    Value(T),
}

/// Reads a tree that has passed the schema check. An error means that schema and type disagree.
pub fn read<T: DeserializeOwned>(node: &Node) -> Result<T, Misfit> {
    T::deserialize(Tree(node))
}

/// A value that the type does not take although the schema does.
#[derive(Debug)]
pub struct Misfit {
    /// What serde says.
    pub message: String,
    /// Where, as exactly as is known.
    pub extent: Option<Extent>,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self { message: message.to_string(), extent: None }
    }
}

const AT: &str = "\u{0}at";
const NULLABLE: &str = "\u{0}nullable";

#[derive(Clone, Copy)]
struct Tree<'a>(&'a Node);

impl<'de> de::Deserializer<'de> for Tree<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.0.value {
            NodeValue::Null => visitor.visit_unit(),
            NodeValue::Bool(flag) => visitor.visit_bool(*flag),
            NodeValue::Number(text) => match (integer(text), text.parse::<f64>()) {
                (Some(number), _) => visitor.visit_i64(number),
                // `10.0` is a whole number to JSON Schema.
                (None, Ok(number)) if number.fract() == 0.0 && number.abs() < 1e15 => {
                    visitor.visit_i64(number as i64)
                }
                (None, Ok(number)) => visitor.visit_f64(number),
                (None, Err(error)) => Err(de::Error::custom(error)),
            },
            NodeValue::Text(text) => visitor.visit_borrowed_str(text),
            NodeValue::List(items) => visitor.visit_seq(Items(items.iter())),
            NodeValue::Map(entries) => visitor.visit_map(Entries { rest: entries.iter(), value: None }),
        }
        .map_err(|misfit| Misfit { extent: misfit.extent.or(Some(self.0.head())), ..misfit })
    }

    /// A field that is there is there, even if it says `null`: whether that is allowed is for the
    /// type inside to say.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match name {
            AT => visitor.visit_seq(Located { extent: Some(self.0.extent), value: Some(self) }),
            NULLABLE if matches!(self.0.value, NodeValue::Null) => visitor.visit_unit(),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match &self.0.value {
            NodeValue::Text(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Number(_)
            | NodeValue::List(_)
            | NodeValue::Map(_) => {
                Err(Misfit { message: "expected a word".to_owned(), extent: Some(self.0.head()) })
            }
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        self.0.next().map(|node| seed.deserialize(Tree(node))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Entries<'a> {
    rest: std::slice::Iter<'a, (NodeKey, Node)>,
    value: Option<&'a Node>,
}

impl<'de> de::MapAccess<'de> for Entries<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((key, node)) = self.rest.next() else { return Ok(None) };
        self.value = Some(node);
        seed.deserialize(Key(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        match self.value.take() {
            Some(node) => seed.deserialize(Tree(node)),
            None => Err(de::Error::custom("a value was asked for before its key")),
        }
    }
}

#[derive(Clone, Copy)]
struct Key<'a>(&'a NodeKey);

impl<'de> de::Deserializer<'de> for Key<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor
            .visit_borrowed_str(&self.0.text)
            .map_err(|misfit: Misfit| Misfit { extent: misfit.extent.or(Some(self.0.extent)), ..misfit })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match name {
            AT => visitor.visit_seq(Located { extent: Some(self.0.extent), value: Some(self) }),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any option enum
    }
}

/// First the place as six numbers, then the value.
struct Located<D> {
    extent: Option<Extent>,
    value: Option<D>,
}

impl<'de, D: de::Deserializer<'de, Error = Misfit>> de::SeqAccess<'de> for Located<D> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        if let Some(Extent { start, end }) = self.extent.take() {
            let numbers = [start.line, start.column, start.byte, end.line, end.column, end.byte];
            return seed.deserialize(SeqDeserializer::new(numbers.into_iter())).map(Some);
        }
        self.value.take().map(|value| seed.deserialize(value)).transpose()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Visit<T> {
            type Value = At<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a located value")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<At<T>, A::Error> {
                let missing = || de::Error::custom("a place is only known in a located tree");
                let [line, column, byte, end_line, end_column, end_byte] =
                    seq.next_element::<[u32; 6]>()?.ok_or_else(missing)?;
                let extent = Extent {
                    start: Position { line, column, byte },
                    end: Position { line: end_line, column: end_column, byte: end_byte },
                };
                Ok(At { value: seq.next_element()?.ok_or_else(missing)?, extent })
            }
        }

        deserializer.deserialize_newtype_struct(AT, Visit(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Visit<T> {
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

        deserializer.deserialize_newtype_struct(NULLABLE, Visit(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fields<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Visit<T> {
            type Value = Fields<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Fields<T>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Visit(PhantomData))
    }
}
