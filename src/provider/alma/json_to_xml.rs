//! Converts JSON to XML, for endpoints without JSON support (60105).
//!
//! The vendor's schemas define the correspondence. `{"value": .., "desc": ..}` represents an element with a
//! text and an attribute. `link` represents an attribute everywhere, and a list represents a repeated
//! element.

use quick_xml::escape::escape;
use serde_json::Value as Json;

use super::table_layout::JsonObject;

/// Returns the whole document. Null values are omitted.
pub fn write(root: &str, object: &JsonObject) -> String {
    let mut out = String::from(r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#);
    group(&mut out, root, object);
    out
}

fn element(out: &mut String, name: &str, value: &Json) {
    match value {
        Json::Null => {}
        Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            open(out, name, std::iter::empty());
            text(out, value);
            close(out, name);
        }
        Json::Array(items) => items.iter().for_each(|item| element(out, name, item)),
        Json::Object(object) => group(out, name, object),
    }
}

fn group(out: &mut String, name: &str, object: &JsonObject) {
    let valued = object.get("value");
    let is_attribute = |name: &str| valued.is_some() || matches!(name, "link" | "desc");
    let (attributes, children): (Vec<_>, Vec<_>) = (object.iter())
        .filter(|(name, _)| name.as_str() != "value")
        .partition(|(name, value)| is_attribute(name) && !value.is_array() && !value.is_object());
    open(out, name, attributes.into_iter());
    if let Some(value) = valued {
        text(out, value);
    }
    children.into_iter().for_each(|(name, value)| element(out, name, value));
    close(out, name);
}

fn open<'a>(out: &mut String, name: &str, attributes: impl Iterator<Item = (&'a String, &'a Json)>) {
    out.push('<');
    out.push_str(name);
    for (name, value) in attributes.filter(|(_, value)| !value.is_null()) {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        let mut quoted = String::new();
        text(&mut quoted, value);
        // XML parsers read a raw line break or tab in an attribute as a space.
        out.push_str(&quoted.replace('\n', "&#10;").replace('\t', "&#9;"));
        out.push('"');
    }
    out.push('>');
}

fn text(out: &mut String, value: &Json) {
    let escaped = match value {
        Json::String(text) => escape(text.as_str()).into_owned(),
        Json::Null | Json::Array(_) | Json::Object(_) => String::new(),
        Json::Bool(_) | Json::Number(_) => value.to_string(),
    };
    // XML parsers read a raw carriage return as a line break.
    out.push_str(&escaped.replace('\r', "&#13;"));
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(json: &Json, expected: &str) {
        let xml = json.as_object().map(|object| write("letter", object)).unwrap_or_default();
        assert_eq!(xml.split_once("?>").map(|(_, rest)| rest), Some(expected));
    }

    #[test]
    fn values_become_texts_and_siblings_become_attributes() {
        check(
            &json!({"link": "http://x/?a&b", "code": "C", "enabled": {"value": "true", "desc": "\"Yes\""}, "days": 7, "flag": true}),
            "<letter link=\"http://x/?a&amp;b\"><code>C</code><enabled desc=\"&quot;Yes&quot;\">true</enabled><days>7</days><flag>true</flag></letter>",
        );
    }

    #[test]
    fn text_is_escaped_without_loss() {
        check(
            &json!({"xsl": "<a b='c'>\r\n &#160; & ]]></a>\n"}),
            "<letter><xsl>&lt;a b=&apos;c&apos;&gt;&#13;\n &amp;#160; &amp; ]]&gt;&lt;/a&gt;\n</xsl></letter>",
        );
        check(
            &json!({"labels": {"value": "L", "desc": "a\nb"}}),
            "<letter><labels desc=\"a&#10;b\">L</labels></letter>",
        );
    }

    #[test]
    fn lists_repeat_elements_and_nulls_are_omitted() {
        check(
            &json!({"a": [1, {"b": "x"}], "c": null, "d": {"desc": "only"}, "e": {"value": null}}),
            "<letter><a>1</a><a><b>x</b></a><d desc=\"only\"></d><e></e></letter>",
        );
    }
}
