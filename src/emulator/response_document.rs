//! Response document, serialized as JSON or XML.
//!
//! One tree for both formats keeps them consistent.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use quick_xml::escape::escape;
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::config::{Booleans, EmptyLists, EmptyValues, EmulatorConfig, OptionalFields};

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

/// Style of a response, from the switches of the zone.
#[derive(Clone, Copy)]
pub(super) struct DocumentStyle {
    booleans: Booleans,
    empty_values: EmptyValues,
    empty_lists: EmptyLists,
}

impl DocumentStyle {
    pub fn from_settings(settings: &EmulatorConfig) -> Self {
        let is_sparse = settings.optional_fields == OptionalFields::Sparse;
        Self {
            booleans: settings.booleans,
            // A member without a value is optional.
            empty_values: if is_sparse { EmptyValues::Absent } else { settings.empty_values },
            empty_lists: if is_sparse { EmptyLists::Absent } else { settings.empty_lists },
        }
    }
}

/// Form of a member that can lack a value.
#[derive(Clone, Copy)]
pub(super) enum UnsetForm {
    Text,
    /// Code with a description.
    Code,
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
    /// Member without a value. A switch selects the form.
    Unset(&'static str, UnsetForm),
    /// Array named after the items in JSON. A switch selects the form of an empty array. Elements in XML, with or without a wrapper
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

    /// Creates a text. An empty text counts as unset.
    pub fn text_if_set(name: &'static str, text: &str) -> Self {
        if text.is_empty() { Self::Unset(name, UnsetForm::Text) } else { Self::text(name, text) }
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
pub(super) fn write(root: &str, node: &DocumentNode, format: BodyFormat, style: DocumentStyle) -> Bytes {
    match format {
        // Serialization cannot fail, because all keys are texts.
        BodyFormat::Json => serde_json::to_vec(&JsonNode(node, style)).unwrap_or_default().into(),
        BodyFormat::Xml => {
            let mut out = String::from(XML_DECLARATION);
            xml(&mut out, root, node, style);
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
struct JsonNode<'a>(&'a DocumentNode, DocumentStyle);

impl Serialize for JsonNode<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(node, style) = *self;
        match node {
            DocumentNode::Text(text) => serializer.serialize_str(text),
            DocumentNode::Flag(flag) => match style.booleans {
                Booleans::Json => serializer.serialize_bool(*flag),
                Booleans::Text => serializer.collect_str(flag),
            },
            DocumentNode::Valued(value, attributes) => {
                let shows_empty = style.empty_values == EmptyValues::Absent;
                let attributes = attributes.iter();
                let attributes = attributes
                    .map(|(name, text)| (*name, Some(text).filter(|text| shows_empty || !text.is_empty())));
                serializer.collect_map(std::iter::once(("value", Some(value))).chain(attributes))
            }
            DocumentNode::Group(parts) => {
                let mut object = serializer.serialize_map(None)?;
                for part in parts {
                    match part {
                        DocumentPart::Count(name, count) => object.serialize_entry(name, count)?,
                        DocumentPart::Attribute(name, text) => object.serialize_entry(name, text)?,
                        DocumentPart::Child(name, node) => {
                            object.serialize_entry(name, &Self(node, style))?
                        }
                        DocumentPart::Unset(name, form) => match (style.empty_values, form) {
                            (EmptyValues::Absent, _) => {}
                            (EmptyValues::Null, _) => object.serialize_entry(name, &())?,
                            (EmptyValues::Empty, UnsetForm::Text) => object.serialize_entry(name, "")?,
                            (EmptyValues::Empty, UnsetForm::Code) => object
                                .serialize_entry(name, &serde_json::json!({"value": "", "desc": null}))?,
                        },
                        DocumentPart::List { item, items, .. } if items.is_empty() => {
                            match style.empty_lists {
                                EmptyLists::Absent => {}
                                EmptyLists::Present => object.serialize_entry(item, &[(); 0])?,
                                EmptyLists::Null => object.serialize_entry(item, &())?,
                            }
                        }
                        DocumentPart::List { around: _, item, items } => {
                            let items: Vec<Self> = items.iter().map(|node| Self(node, style)).collect();
                            object.serialize_entry(item, &items)?;
                        }
                    }
                }
                object.end()
            }
        }
    }
}

fn xml(out: &mut String, name: &str, node: &DocumentNode, style: DocumentStyle) {
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
                    DocumentPart::Child(..) | DocumentPart::Unset(..) | DocumentPart::List { .. } => {}
                }
            }
            out.push('>');
            for part in parts {
                match part {
                    DocumentPart::Count(..) | DocumentPart::Attribute(..) => {}
                    DocumentPart::Child(name, node) => xml(out, name, node, style),
                    DocumentPart::Unset(name, _) => match style.empty_values {
                        EmptyValues::Absent => {}
                        EmptyValues::Null | EmptyValues::Empty => out.extend(["<", name, "/>"]),
                    },
                    DocumentPart::List { around, item, items } => {
                        let shows_empty = style.empty_lists != EmptyLists::Absent;
                        let around = around.filter(|_| shows_empty || !items.is_empty());
                        around.into_iter().for_each(|around| out.extend(["<", around, ">"]));
                        items.iter().for_each(|node| xml(out, item, node, style));
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
