//! Body of a PUT in JSON or XML, parsed to JSON so that tables validate only one format.

use std::error::Error;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value, json};

use super::response_document::BodyFormat;

/// Returns the object in the body, or an error message.
pub(super) fn parse_body(
    format: BodyFormat,
    root: &str,
    layout: &XmlLayout,
    body: &[u8],
) -> Result<Map<String, Value>, String> {
    let value = match format {
        BodyFormat::Json => serde_json::from_slice(body).map_err(|error| error.to_string())?,
        BodyFormat::Xml => from_xml(root, layout, body).map_err(|error| error.to_string())?,
    };
    match value {
        Value::Object(object) => Ok(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(format!("the body is not a {root} object"))
        }
    }
}

/// Elements of a body whose JSON differs from the usual: a text, or an object of the children.
pub(super) struct XmlLayout {
    /// Elements with a code as text and the description as attribute: objects, even without the attribute.
    pub coded: &'static [&'static str],
    /// Elements around a list, with the name of the items, which is the name of the array in JSON.
    pub lists: &'static [(&'static str, &'static str)],
}

impl XmlLayout {
    fn is_item(&self, name: &str) -> bool {
        self.lists.iter().any(|(_, item)| *item == name)
    }
}

/// Maximum nesting of elements, as of values in JSON: the values that elements become are dropped recursively.
const DEEPEST: usize = 128;

/// Element before the end tag.
struct OpenXmlElement {
    name: String,
    fields: Map<String, Value>,
    text: String,
}

impl OpenXmlElement {
    fn start(start: &BytesStart<'_>) -> Result<Self, Box<dyn Error>> {
        let mut fields = Map::new();
        for attribute in start.attributes() {
            let attribute = attribute?;
            let name = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
            fields.insert(name, Value::String(attribute.unescape_value()?.into_owned()));
        }
        let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
        Ok(Self { name, fields, text: String::new() })
    }

    fn into_value(self, layout: &XmlLayout) -> Value {
        let Self { name, mut fields, text } = self;
        let text_beside = !fields.is_empty() && !text.trim().is_empty();
        if layout.coded.contains(&name.as_str()) || text_beside {
            fields.insert("value".to_owned(), json!(text.trim()));
        }
        match fields.is_empty() && !layout.is_item(&name) {
            true => Value::String(text),
            false => Value::Object(fields),
        }
    }

    /// Adds a finished child.
    fn add(&mut self, child: Self, layout: &XmlLayout) {
        let name = child.name.clone();
        if let Some((_, item)) = layout.lists.iter().find(|(around, _)| *around == name) {
            if let Some(items) = child.fields.get(*item) {
                self.fields.insert((*item).to_owned(), items.clone());
            }
            return;
        }
        let value = child.into_value(layout);
        match self.fields.get_mut(&name) {
            Some(Value::Array(items)) => items.push(value),
            Some(first) if layout.is_item(&name) => *first = json!([value]),
            Some(first) => *first = json!([first.take(), value]),
            None if layout.is_item(&name) => drop(self.fields.insert(name, json!([value]))),
            None => drop(self.fields.insert(name, value)),
        }
    }
}

fn from_xml(root: &str, layout: &XmlLayout, body: &[u8]) -> Result<Value, Box<dyn Error>> {
    let mut reader = Reader::from_reader(body);
    let mut open: Vec<OpenXmlElement> = Vec::new();
    let mut complete: Option<OpenXmlElement> = None;
    loop {
        let event = reader.read_event()?;
        let text = match &event {
            Event::Text(text) => text.decode()?.into_owned(),
            Event::CData(text) => text.decode()?.into_owned(),
            Event::GeneralRef(name) => {
                quick_xml::escape::unescape(&format!("&{};", name.decode()?))?.into_owned()
            }
            _ => String::new(),
        };
        if let Some(element) = open.last_mut() {
            element.text.push_str(&text);
        }
        let finished = match event {
            Event::Start(_) if open.len() == DEEPEST => {
                return Err(format!("the elements are nested more than {DEEPEST} levels deep").into());
            }
            Event::Start(start) => {
                open.push(OpenXmlElement::start(&start)?);
                continue;
            }
            Event::Empty(start) => OpenXmlElement::start(&start)?,
            Event::End(_) => match open.pop() {
                Some(element) => element,
                None => continue,
            },
            Event::Eof => break,
            _ => continue,
        };
        match open.last_mut() {
            Some(parent) => parent.add(finished, layout),
            None => complete = Some(finished),
        }
    }
    match complete {
        Some(element) if element.name == root && open.is_empty() => Ok(Value::Object(element.fields)),
        Some(element) if open.is_empty() => {
            Err(format!("the root element is {}, expected {root}", element.name).into())
        }
        Some(_) | None => Err("the body is not a complete XML document".into()),
    }
}
