//! Writes readable and compact JSON, with one line per item of a long list.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

/// Default number of levels with line breaks; deeper levels share a line.
const LEVELS: usize = 3;

/// Returns a value as JSON, without a final line break.
///
/// All keys of the value must be texts, so that serialization cannot fail.
pub fn compact_lines(value: &impl Serialize) -> String {
    lines_down_to(LEVELS, value)
}

/// Returns a value as JSON, with line breaks down to `levels` levels.
pub fn lines_down_to(levels: usize, value: &impl Serialize) -> String {
    let mut text = Vec::new();
    let layout = JsonLayout { levels, depth: 0, pretty: PrettyFormatter::new() };
    match value.serialize(&mut Serializer::with_formatter(&mut text, layout)) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

struct JsonLayout {
    levels: usize,
    depth: usize,
    pretty: PrettyFormatter<'static>,
}

/// Delegates each call to the formatter for its depth.
///
/// Brackets use the depth of the outer value, items the depth inside.
macro_rules! by_depth {
    ($($name:ident($($argument:ident: $type:ty),*) $depth:ident)*) => {$(
        fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $type)*) -> io::Result<()> {
            match self.$depth() <= self.levels {
                true => self.pretty.$name(writer $(, $argument)*),
                false => CompactFormatter.$name(writer $(, $argument)*),
            }
        }
    )*};
}

impl JsonLayout {
    fn enter(&mut self) -> usize {
        self.depth += 1;
        self.depth
    }

    fn remaining_columns(&mut self) -> usize {
        self.depth -= 1;
        self.depth + 1
    }

    fn inside(&mut self) -> usize {
        self.depth
    }
}

impl Formatter for JsonLayout {
    by_depth! {
        begin_array() enter
        end_array() remaining_columns
        begin_array_value(first: bool) inside
        end_array_value() inside
        begin_object() enter
        end_object() remaining_columns
        begin_object_key(first: bool) inside
        begin_object_value() inside
        end_object_value() inside
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn deep_levels_share_a_line() {
        let value = json!({"a": [{"b": {"c": [1, 2], "d": {}}}, {"b": []}], "e": {}, "f": [], "g": "h"});
        let text = super::compact_lines(&value);
        insta::assert_snapshot!(text, @r#"
        {
          "a": [
            {
              "b": {"c":[1,2],"d":{}}
            },
            {
              "b": []
            }
          ],
          "e": {},
          "f": [],
          "g": "h"
        }
        "#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).ok(), Some(value));
    }
}
