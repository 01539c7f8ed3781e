//! Parses JSON, and rejects an object that repeats a member.
//!
//! A repeated member replaces the earlier one silently in most parsers. A damaged answer could then look like
//! a short table, and a write would delete the lost rows.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};

/// Returns the JSON value of a text.
///
/// # Errors
/// The text is not JSON, or has far more values than any table of its size, or an object repeats a member: the error
/// names it.
pub fn parse(text: &str) -> Result<Json, serde_json::Error> {
    if is_too_dense(text) {
        return Err(Error::custom("more values than a response of this size can have"));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = UniqueJson.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Size up to which any text is parsed.
const SMALL_TEXT: usize = 256 * 1024;
/// Approximate memory of a value with the name of its member.
const BYTES_PER_VALUE: usize = 110;
/// Maximum memory of the values, in sizes of the text. The densest table takes about 16.
const MOST_SIZES: usize = 20;

/// Returns true for a large text whose values would take many times its size in memory, such as `[0,0,0]`.
fn is_too_dense(text: &str) -> bool {
    if text.len() <= SMALL_TEXT {
        return false;
    }
    let (mut values, mut is_in_text, mut is_escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_in_text => is_escaped = true,
            b'"' => is_in_text = !is_in_text,
            b',' | b'[' | b'{' if !is_in_text => values += 1,
            _ => {}
        }
    }
    values * BYTES_PER_VALUE > text.len() * MOST_SIZES
}

/// Value without repeated members.
struct UniqueJson;

impl<'de> DeserializeSeed<'de> for UniqueJson {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueJson {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Self)?;
            if object.contains_key(&name) {
                return Err(Error::custom(format!("the member `{}` is repeated", name.escape_debug())));
            }
            object.insert(name, value);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

    use super::parse;

    #[test]
    fn values_are_parsed_as_usual() {
        for text in ["null", "[1,-2,2.5,true,\"é\",{}]", "{\"b\":{\"a\":[]},\"a\":18446744073709551615}"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        for text in ["", "{", "[1,]", "1 2", "{\"a\":1}x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn large_text_with_too_many_values_is_rejected() {
        for value in ["0,", "[],", "{},", "[[0]],"] {
            let text = format!("[{}0]", value.repeat(200_000));
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.contains("more values than"), "{value}: {error}");
        }
        let row =
            r#"{"code":"A","description":"","default":false,"enabled":true,"updated_by":"x,[{","a\\":""},"#;
        assert!(parse(&format!("[{}0]", row.repeat(20_000))).is_ok());
    }

    #[test]
    fn repeated_members_are_rejected_at_any_depth() {
        for text in ["{\"row\":[1],\"row\":[]}", "[{\"a\":{\"x\":1,\"y\":2,\"x\":1}}]"] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains("is repeated"), "{error}");
        }
    }
}
