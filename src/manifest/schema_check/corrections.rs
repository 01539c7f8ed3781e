//! Corrected forms of values and fields, for the help of schema violations.

use crate::manifest::source::line_parts::{SeparatorMistake, field_without_separator, show_quoted};
use crate::manifest::suggestions;
use crate::manifest::yaml_node::{YamlNode, YamlValue};
use crate::model::secret_text::names_secret;
use crate::model::text_safety::is_invisible;

/// Returns help for a field that the map does not have.
pub fn unknown_field(node: &YamlNode, field: &str, known: &[&str]) -> String {
    if let Some(rest) = field.strip_prefix('-') {
        return format!("write a space after the `-`: `- {}`", rest.trim_start());
    }
    let visible: String = field.chars().filter(|c| !is_invisible(*c)).collect();
    if visible != field {
        return format!("write `{}`, without the invisible character", visible.trim());
    }
    let meant = suggestions::meant(field, known);
    let has_no_value = node.get(field).is_some_and(|found| matches!(found.node.value, YamlValue::Null));
    if has_no_value {
        if let Some((name, value, _)) =
            field_without_separator(field).filter(|(name, ..)| known.contains(name))
        {
            let value = if names_secret(field) { "..." } else { value };
            return format!("write `{name}: {value}`, with a space after the `:`");
        }
        if let Some((name, text)) = text_before(node, field).filter(|_| meant.is_none()) {
            let whole = show_quoted(&format!("{text}, {field}"));
            return match names_secret(name) {
                true => format!("quote the text of `{name}`: a comma ends a text without quotes"),
                false => format!("quote the text if it contains the comma: `{name}: {whole}`"),
            };
        }
    }
    if let Some(meant) = meant {
        return meant;
    }
    if known.contains(&"columns") {
        return format!("write columns below `columns`: `columns: {{{field}: ...}}`");
    }
    let longer = known.iter().find(|name| name.len() > 3 && field.starts_with(**name));
    match longer {
        Some(name) => format!("did you mean `{name}`?"),
        None => suggestions::known_words(known),
    }
}

/// Returns name and text of the field before a field, if both are on the same line.
fn text_before<'a>(node: &'a YamlNode, field: &str) -> Option<(&'a str, &'a str)> {
    let YamlValue::Map(entries) = &node.value else { return None };
    let index = entries.iter().position(|(key, _)| &*key.text == field)?;
    let (name, value) = entries.get(index.checked_sub(1)?)?;
    let is_same_line = name.extent.start.line == entries.get(index)?.0.extent.start.line;
    value.as_text().filter(|_| is_same_line).map(|text| (&*name.text, &**text))
}

/// Returns help for an empty value where a text belongs. The span shows how the value was written.
pub fn empty_text(node: &YamlNode, is_required: bool) -> String {
    let length = node.extent.end.byte.saturating_sub(node.extent.start.byte);
    let enter = if is_required { "enter a text" } else { "enter a text, or remove the field" };
    match length {
        0 => enter.to_owned(),
        1 => format!("`~` stands for no value: {enter}; for the character itself, write `\"~\"`"),
        _ => format!("`null` stands for no value: {enter}; for the word itself, put it in quotes"),
    }
}

/// Returns help for a map where a list belongs.
pub fn map_as_list(node: &YamlNode) -> String {
    let YamlValue::Map(entries) = &node.value else { return "add `- ` before the item".to_owned() };
    match entries.first().and_then(|(key, _)| key.text.strip_prefix('-')) {
        Some(rest) => format!("write a space after the `-`: `- {}`", rest.trim_start()),
        None => "add `- ` before the item".to_owned(),
    }
}

/// Returns help for `{name}` without quotes where a text belongs.
pub fn braces_as_text(node: &YamlNode) -> Option<String> {
    let YamlValue::Map(entries) = &node.value else { return None };
    match entries.as_slice() {
        [(key, value)] if matches!(value.value, YamlValue::Null) && key.text.len() <= 8 => {
            Some(format!("quote it: `\"{{{}}}\"`", key.text))
        }
        _ => None,
    }
}

/// Returns help for a text where a list belongs.
pub fn as_list(text: &str) -> String {
    match text.chars().count() <= 40 && !text.contains([',', ':', '"', '[', ']', '{', '}']) {
        true => format!("write it as a list: `[{text}]`"),
        false => "write it as `[...]`, or add `- ` before it".to_owned(),
    }
}

/// Returns help for a text where a map belongs; `None` if the fields are not known.
pub fn as_map(text: &str, first_required: Option<&str>) -> Option<String> {
    let separated = field_without_separator(text).filter(|(name, value, mistake)| {
        !value.is_empty() && (*mistake == SeparatorMistake::NoSpace || Some(*name) == first_required)
    });
    match separated {
        Some((name, value, _)) => {
            let value = if names_secret(text) { "..." } else { value };
            Some(format!("write `{name}: {value}`, with a space after the `:`"))
        }
        None => first_required.map(|field| {
            let shown = if text.chars().count() <= 40 && !names_secret(field) { text } else { "..." };
            format!("write it as a map: `{{{field}: {shown}}}`")
        }),
    }
}

/// Returns true if the value has one of these types.
pub fn fits(node: &YamlNode, expected: &[&str]) -> bool {
    match &node.value {
        YamlValue::Text(_) => expected.contains(&"text"),
        YamlValue::Bool(_) => expected.contains(&"`true` or `false`"),
        YamlValue::Map(_) => expected.contains(&"a map"),
        YamlValue::Null | YamlValue::Number(_) | YamlValue::List(_) => false,
    }
}

/// Returns help with the syntax of a value of the first of these types.
pub fn value_syntax(expected: &[&'static str]) -> &'static str {
    match expected.first().copied() {
        Some("a map") => "write the fields below it, each as `field: value`",
        Some("a list") => "write each item on its own line, with `- ` before it",
        Some("text") => "write a single text",
        Some("`true` or `false`") => "write `true` or `false`",
        Some("a number" | "a whole number") => "write a whole number, without quotes",
        Some(_) | None => "remove the field",
    }
}

/// Returns the word for a YAML boolean if the options include it: `yes` for `true`.
pub fn spelled_out(node: &YamlNode, options: &[String]) -> Option<&'static str> {
    let word = match &node.value {
        YamlValue::Bool(true) => "yes",
        YamlValue::Bool(false) => "no",
        YamlValue::Null
        | YamlValue::Number(_)
        | YamlValue::Text(_)
        | YamlValue::List(_)
        | YamlValue::Map(_) => return None,
    };
    options.iter().any(|option| option == word).then_some(word)
}
