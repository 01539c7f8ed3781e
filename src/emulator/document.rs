//! An answer before it is JSON or XML: both are written from one tree, so that they cannot disagree.

use bytes::Bytes;
use quick_xml::escape::escape;
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::behaviour::Booleans;

/// The two formats of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Format {
    Json,
    Xml,
}

impl Format {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json;charset=UTF-8",
            Self::Xml => "application/xml;charset=UTF-8",
        }
    }
}

/// What stands at one place of an answer.
pub(super) enum Node {
    Text(String),
    Flag(bool),
    /// In JSON `{"value": ..}` with the attributes beside it, in XML a text with attributes.
    Valued(String, Vec<(&'static str, String)>),
    Group(Vec<Part>),
}

/// A part of a group.
pub(super) enum Part {
    /// A number that is an attribute in XML.
    Count(&'static str, usize),
    /// A text that is an attribute in XML.
    Attribute(&'static str, String),
    Child(&'static str, Node),
    /// In JSON an array under the name of its items; left out when empty. In XML elements, with or
    /// without an element around them.
    List {
        around: Option<&'static str>,
        item: &'static str,
        items: Vec<Node>,
    },
}

/// The bytes of an answer.
pub(super) fn write(root: &str, node: &Node, format: Format, booleans: Booleans) -> Bytes {
    match format {
        // All keys are texts, so that nothing can fail.
        Format::Json => serde_json::to_vec(&Json(node, booleans)).unwrap_or_default().into(),
        Format::Xml => {
            let mut out = String::from(XML_DECLARATION);
            xml(&mut out, root, node);
            out.into()
        }
    }
}

/// How every XML answer begins.
pub(super) const XML_DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

/// A node as JSON, written without a copy of the tree.
struct Json<'a>(&'a Node, Booleans);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(node, booleans) = *self;
        match node {
            Node::Text(text) => serializer.serialize_str(text),
            Node::Flag(flag) => match booleans {
                Booleans::Json => serializer.serialize_bool(*flag),
                Booleans::Text => serializer.collect_str(flag),
            },
            Node::Valued(value, attributes) => {
                let attributes = attributes.iter().map(|(name, text)| (*name, text));
                serializer.collect_map(std::iter::once(("value", value)).chain(attributes))
            }
            Node::Group(parts) => {
                let mut object = serializer.serialize_map(None)?;
                for part in parts {
                    match part {
                        Part::Count(name, count) => object.serialize_entry(name, count)?,
                        Part::Attribute(name, text) => object.serialize_entry(name, text)?,
                        Part::Child(name, node) => object.serialize_entry(name, &Self(node, booleans))?,
                        Part::List { items, .. } if items.is_empty() => {}
                        Part::List { around: _, item, items } => {
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

fn xml(out: &mut String, name: &str, node: &Node) {
    out.push('<');
    out.push_str(name);
    match node {
        Node::Text(text) => {
            out.push('>');
            out.push_str(&escape(text.as_str()));
        }
        Node::Flag(flag) => {
            out.push('>');
            out.push_str(if *flag { "true" } else { "false" });
        }
        Node::Valued(value, attributes) => {
            for (name, text) in attributes {
                attribute(out, name, text);
            }
            out.push('>');
            out.push_str(&escape(value.as_str()));
        }
        Node::Group(parts) => {
            for part in parts {
                match part {
                    Part::Count(name, count) => attribute(out, name, &count.to_string()),
                    Part::Attribute(name, text) => attribute(out, name, text),
                    Part::Child(..) | Part::List { .. } => {}
                }
            }
            out.push('>');
            for part in parts {
                match part {
                    Part::Count(..) | Part::Attribute(..) => {}
                    Part::Child(name, node) => xml(out, name, node),
                    Part::List { around, item, items } => list(out, *around, item, items),
                }
            }
        }
    }
    close(out, name);
}

fn list(out: &mut String, around: Option<&str>, item: &str, items: &[Node]) {
    if let Some(around) = around.filter(|_| !items.is_empty()) {
        out.push('<');
        out.push_str(around);
        out.push('>');
    }
    for node in items {
        xml(out, item, node);
    }
    if let Some(around) = around.filter(|_| !items.is_empty()) {
        close(out, around);
    }
}

fn attribute(out: &mut String, name: &str, text: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    out.push_str(&escape(text));
    out.push('"');
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}
