//! Response document, serialized as JSON or XML.
//!
//! One tree for both formats keeps them consistent.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use quick_xml::escape::escape;
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::config::Booleans;

/// Format of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BodyFormat {
    Json,
    Xml,
}

impl BodyFormat {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json;charset=UTF-8",
            Self::Xml => "application/xml;charset=UTF-8",
        }
    }
}

/// Node of a response document.
pub(super) enum DocumentNode {
    Text(String),
    Flag(bool),
    /// `{"value": ..}` with attributes in JSON, a text with attributes in XML.
    Valued(String, Vec<(&'static str, String)>),
    Group(Vec<DocumentPart>),
}

impl DocumentNode {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Creates a code without a description.
    pub fn code(value: impl Into<String>) -> Self {
        Self::Valued(value.into(), Vec::new())
    }

    /// Creates a code with a description.
    pub fn described(value: impl Into<String>, desc: impl Into<String>) -> Self {
        Self::Valued(value.into(), vec![("desc", desc.into())])
    }

    /// Creates a code, with a description if known.
    pub fn labelled(value: impl Into<String>, label: Option<&str>) -> Self {
        Self::Valued(value.into(), label.map(|text| ("desc", text.to_owned())).into_iter().collect())
    }
}

/// Part of a group.
pub(super) enum DocumentPart {
    /// Number, written as an attribute in XML.
    Count(&'static str, usize),
    /// Text, written as an attribute in XML.
    Attribute(&'static str, String),
    Child(&'static str, DocumentNode),
    /// Array named after the items in JSON, omitted if empty. Elements in XML, with or without a wrapper
    /// element.
    List {
        around: Option<&'static str>,
        item: &'static str,
        items: Vec<DocumentNode>,
    },
}

impl DocumentPart {
    pub fn text(name: &'static str, text: impl Into<String>) -> Self {
        Self::Child(name, DocumentNode::text(text))
    }

    pub fn flag(name: &'static str, flag: bool) -> Self {
        Self::Child(name, DocumentNode::Flag(flag))
    }

    /// Creates a code without a description.
    pub fn code(name: &'static str, value: impl Into<String>) -> Self {
        Self::Child(name, DocumentNode::code(value))
    }

    /// Creates a code with a description.
    pub fn described(name: &'static str, value: impl Into<String>, desc: impl Into<String>) -> Self {
        Self::Child(name, DocumentNode::described(value, desc))
    }

    /// Creates a list without a wrapper element.
    pub fn list(item: &'static str, items: impl IntoIterator<Item = DocumentNode>) -> Self {
        Self::List { around: None, item, items: items.into_iter().collect() }
    }

    /// Creates a list with a wrapper element.
    pub fn wrapped_list(
        around: &'static str,
        item: &'static str,
        items: impl IntoIterator<Item = DocumentNode>,
    ) -> Self {
        Self::List { around: Some(around), item, items: items.into_iter().collect() }
    }
}

/// Serializes a document.
pub(super) fn write(root: &str, node: &DocumentNode, format: BodyFormat, booleans: Booleans) -> Bytes {
    match format {
        // Serialization cannot fail, because all keys are texts.
        BodyFormat::Json => serde_json::to_vec(&JsonNode(node, booleans)).unwrap_or_default().into(),
        BodyFormat::Xml => {
            let mut out = String::from(XML_DECLARATION);
            xml(&mut out, root, node);
            out.into()
        }
    }
}

/// Returns an HTTP response with a body of a content type.
pub(super) fn to_response<B>(status: StatusCode, kind: &'static str, body: impl Into<B>) -> Response<B> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Start of every XML response.
pub(super) const XML_DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

/// Node as JSON, serialized without a copy of the tree.
struct JsonNode<'a>(&'a DocumentNode, Booleans);

impl Serialize for JsonNode<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(node, booleans) = *self;
        match node {
            DocumentNode::Text(text) => serializer.serialize_str(text),
            DocumentNode::Flag(flag) => match booleans {
                Booleans::Json => serializer.serialize_bool(*flag),
                Booleans::Text => serializer.collect_str(flag),
            },
            DocumentNode::Valued(value, attributes) => {
                let attributes = attributes.iter().map(|(name, text)| (*name, text));
                serializer.collect_map(std::iter::once(("value", value)).chain(attributes))
            }
            DocumentNode::Group(parts) => {
                let mut object = serializer.serialize_map(None)?;
                for part in parts {
                    match part {
                        DocumentPart::Count(name, count) => object.serialize_entry(name, count)?,
                        DocumentPart::Attribute(name, text) => object.serialize_entry(name, text)?,
                        DocumentPart::Child(name, node) => {
                            object.serialize_entry(name, &Self(node, booleans))?
                        }
                        DocumentPart::List { items, .. } if items.is_empty() => {}
                        DocumentPart::List { around: _, item, items } => {
                            let items: Vec<Self> = items.iter().map(|node| Self(node, booleans)).collect();
                            object.serialize_entry(item, &items)?;
                        }
                    }
                }
                object.end()
            }
        }
    }
}

fn xml(out: &mut String, name: &str, node: &DocumentNode) {
    out.extend(["<", name]);
    match node {
        DocumentNode::Text(text) => out.extend([">", &escape(text.as_str())]),
        DocumentNode::Flag(flag) => out.extend([">", if *flag { "true" } else { "false" }]),
        DocumentNode::Valued(value, attributes) => {
            attributes.iter().for_each(|(name, text)| attribute(out, name, text));
            out.extend([">", &escape(value.as_str())]);
        }
        DocumentNode::Group(parts) => {
            for part in parts {
                match part {
                    DocumentPart::Count(name, count) => attribute(out, name, &count.to_string()),
                    DocumentPart::Attribute(name, text) => attribute(out, name, text),
                    DocumentPart::Child(..) | DocumentPart::List { .. } => {}
                }
            }
            out.push('>');
            for part in parts {
                match part {
                    DocumentPart::Count(..) | DocumentPart::Attribute(..) => {}
                    DocumentPart::Child(name, node) => xml(out, name, node),
                    DocumentPart::List { around, item, items } => {
                        let around = around.filter(|_| !items.is_empty());
                        around.into_iter().for_each(|around| out.extend(["<", around, ">"]));
                        items.iter().for_each(|node| xml(out, item, node));
                        around.into_iter().for_each(|around| out.extend(["</", around, ">"]));
                    }
                }
            }
        }
    }
    out.extend(["</", name, ">"]);
}

fn attribute(out: &mut String, name: &str, text: &str) {
    out.extend([" ", name, "=\"", &escape(text), "\""]);
}
