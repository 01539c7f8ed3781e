//! JSON that people can read and that stays small: one line for each thing of a long list.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

/// Levels that are written line by line unless somebody says how many; what lies deeper stands in one line.
const LEVELS: usize = 3;

/// A value whose keys are all texts, which cannot fail to serialize, as JSON without a line break at its end.
pub fn compact_lines(value: &impl Serialize) -> String {
    lines_down_to(LEVELS, value)
}

/// The same with so many levels that are written line by line.
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

/// Hands each call to the formatter of its depth: lists and objects begin and end in the one that they
/// are in, their parts are laid out by the one inside.
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
    fn what_lies_deep_stands_in_one_line_and_means_the_same() {
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
