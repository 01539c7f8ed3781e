//! Body of a PUT in JSON or XML, parsed to JSON so that tables validate only one format.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value, json};

use super::response_document::BodyFormat;

/// Returns the object in the body, or an error message.
pub(super) fn parse_body(format: BodyFormat, root: &str, body: &[u8]) -> Result<Map<String, Value>, String> {
    let value = match format {
        BodyFormat::Json => serde_json::from_slice(body).map_err(|error| error.to_string())?,
        BodyFormat::Xml => from_xml(root, body)?,
    };
    match value {
        Value::Object(object) => Ok(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(format!("the body is not a {root} object"))
        }
    }
}

/// Elements with a code as text and the description as attribute. Always objects in JSON, even without the
/// attribute.
const VALUED: [&str; 8] = [
    "sub_system",
    "language",
    "institution_id",
    "library_id",
    "type",
    "access_type",
    "group",
    "proxy_enabled",
];
/// Elements around a list, with the name of the items, which is the name of the array in JSON.
const LISTS: [(&str, &str); 7] = [
    ("rows", "row"),
    ("headers", "header"),
    ("relations", "relation"),
    ("open_hours", "open_hour"),
    ("group_settings", "group_setting"),
    ("user_blocks", "user_block"),
    ("user_roles", "user_role"),
];

/// Elements that are objects even if empty.
const OBJECTS: [&str; 11] = [
    "scope",
    "row",
    "header",
    "relation",
    "relations",
    "open_hour",
    "open_hours",
    "group_setting",
    "user",
    "user_block",
    "user_role",
];

/// Element before the end tag.
struct OpenXmlElement {
    name: String,
    fields: Map<String, Value>,
    text: String,
}

impl OpenXmlElement {
    fn start(start: &BytesStart<'_>) -> Result<Self, String> {
        let mut fields = Map::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let name = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
            let text = attribute.unescape_value().map_err(|error| error.to_string())?.into_owned();
            fields.insert(name, Value::String(text));
        }
        let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
        Ok(Self { name, fields, text: String::new() })
    }

    fn value(self) -> Value {
        let Self { name, mut fields, text } = self;
        let text_beside = !fields.is_empty() && !text.trim().is_empty();
        if VALUED.contains(&name.as_str()) || text_beside {
            fields.insert("value".to_owned(), json!(text.trim()));
        }
        if fields.is_empty() && !OBJECTS.contains(&name.as_str()) {
            return Value::String(text);
        }
        Value::Object(fields)
    }
}

fn from_xml(root: &str, body: &[u8]) -> Result<Value, String> {
    let mut reader = Reader::from_reader(body);
    let mut open: Vec<OpenXmlElement> = Vec::new();
    let mut done = None;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => open.push(OpenXmlElement::start(&start)?),
            Event::Empty(start) => close(&mut open, OpenXmlElement::start(&start)?, &mut done),
            Event::End(_) => {
                if let Some(element) = open.pop() {
                    close(&mut open, element, &mut done);
                }
            }
            Event::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.decode().map_err(|error| error.to_string())?);
                }
            }
            Event::CData(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.decode().map_err(|error| error.to_string())?);
                }
            }
            Event::GeneralRef(reference) => {
                let name = reference.decode().map_err(|error| error.to_string())?;
                let text = quick_xml::escape::unescape(&format!("&{name};"))
                    .map_err(|error| error.to_string())?
                    .into_owned();
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    match done {
        Some((name, value)) if name == root && open.is_empty() => Ok(value),
        Some((name, _)) if open.is_empty() => Err(format!("the root element is {name}, expected {root}")),
        Some(_) | None => Err("the body is not a complete XML document".to_owned()),
    }
}

/// Adds a finished element to the parent element.
fn close(open: &mut [OpenXmlElement], element: OpenXmlElement, done: &mut Option<(String, Value)>) {
    let name = element.name.clone();
    let Some(parent) = open.last_mut() else {
        *done = Some((name, element.value()));
        return;
    };
    if let Some((_, item)) = LISTS.iter().find(|(around, _)| *around == name) {
        if let Some(items) = element.fields.get(*item) {
            parent.fields.insert((*item).to_owned(), items.clone());
        }
        return;
    }
    let value = element.value();
    if LISTS.iter().any(|(_, item)| *item == name) {
        match parent.fields.entry(name).or_insert_with(|| json!([])) {
            Value::Array(items) => items.push(value),
            other => *other = json!([value]),
        }
    } else {
        match parent.fields.get_mut(&name) {
            Some(Value::Array(items)) => items.push(value),
            Some(first) => *first = json!([first.take(), value]),
            None => drop(parent.fields.insert(name, value)),
        }
    }
}
