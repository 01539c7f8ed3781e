//! Objects that the emulator stores as sent, with one of their members as ID.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value};

use crate::emulator::endpoint::{
    DocumentNode, DocumentPart, EmulatedEndpoint, EndpointRequest, EndpointResult, ErrorResponse, XmlLayout,
};
use crate::emulator::put_fields::code;

/// Object, member by member.
pub(super) type ObjectMembers = Map<String, Value>;

/// Type of stored objects, from the vendor's OpenAPI and schemas.
pub(super) struct ObjectFormat {
    /// Element of a list.
    pub root: &'static str,
    /// Element of an object.
    pub item: &'static str,
    /// Member with the ID.
    pub id: &'static str,
    /// Names of all members, nested ones included. Other members of a body are ignored.
    pub members: &'static [&'static str],
    /// Required members of a body.
    pub required: &'static [&'static str],
    /// Members that a PUT keeps as they are.
    pub read_only: &'static [&'static str],
    /// Layout of the members in XML.
    pub layout: XmlLayout,
    /// Returns the error for an unknown ID.
    pub unknown: fn(&str) -> ErrorResponse,
    /// Returns true if the list with these parameters contains the object.
    pub is_listed: fn(&EndpointRequest<'_>, &ObjectMembers) -> bool,
    /// Form of the list.
    pub list: ListForm,
    /// Methods other than GET.
    pub writes: ObjectWrites,
}

/// Form of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ListForm {
    /// Pages, with `limit` and `offset`.
    Paged,
    /// All objects.
    Whole,
}

/// Methods other than GET that objects accept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectWrites {
    /// POST, PUT and DELETE.
    All,
    /// None.
    Refused,
}

/// Objects of one type by ID.
pub(super) struct StoredObjects {
    format: &'static ObjectFormat,
    /// Folder of the links, such as `conf/sets`.
    folder: String,
    objects: BTreeMap<String, ObjectMembers>,
}

impl StoredObjects {
    /// Stores the initial objects.
    pub fn new(format: &'static ObjectFormat, folder: impl Into<String>, seed: Vec<Value>) -> Self {
        let mut objects = BTreeMap::new();
        for value in seed {
            let Value::Object(object) = value else { continue };
            let id = code(object.get(format.id)).unwrap_or_default().to_owned();
            objects.insert(id, object);
        }
        Self { format, folder: folder.into(), objects }
    }

    /// Returns an object by ID.
    pub fn find(&self, id: &str) -> Result<&ObjectMembers, ErrorResponse> {
        self.objects.get(id).ok_or_else(|| (self.format.unknown)(id))
    }

    fn to_document(&self, id: &str, object: &ObjectMembers, request: &EndpointRequest<'_>) -> DocumentNode {
        let link = request.link_part(&self.folder, id);
        let members = members(object, self.format.members, request.full());
        DocumentNode::Group(link.into_iter().chain(members).collect())
    }

    fn reply_object(&self, id: &str, request: &EndpointRequest<'_>) -> EndpointResult {
        request.reply(self.format.item, &self.to_document(id, self.find(id)?, request))
    }

    fn reply_objects(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        let ObjectFormat { root, item, is_listed, list, .. } = self.format;
        let objects = self.objects.iter().filter(|(_, object)| is_listed(request, object));
        let to_node = |(id, object): (&String, &ObjectMembers)| self.to_document(id, object, request);
        match list {
            ListForm::Paged => request.reply_page(root, item, objects.collect(), to_node),
            ListForm::Whole => {
                request.reply_list(root, item, Some(objects.clone().count()), objects.map(to_node))
            }
        }
    }

    /// Returns the members of a body, checked.
    fn parse_object(&self, request: &EndpointRequest<'_>) -> Result<ObjectMembers, ErrorResponse> {
        let ObjectFormat { item, members, required, layout, .. } = self.format;
        let mut body = request.parse_body(item, layout)?;
        body.retain(|name, _| members.contains(&name.as_str()));
        match required.iter().find(|name| code(body.get(**name)).unwrap_or_default().is_empty()) {
            Some(missing) => {
                Err(ErrorResponse::business(401_664, format!("Mandatory field is missing: {missing}")))
            }
            None => Ok(body),
        }
    }

    fn create(&mut self, request: &EndpointRequest<'_>) -> EndpointResult {
        let mut object = self.parse_object(request)?;
        let id = match code(object.get(self.format.id)) {
            Some(id) if !id.is_empty() => id.to_owned(),
            Some(_) | None => format!("{}", 90_001 + self.objects.len()),
        };
        if self.objects.contains_key(&id) {
            return Err(ErrorResponse::business(402_119, format!("General error: {id} exists.")));
        }
        object.insert(self.format.id.to_owned(), Value::from(id.as_str()));
        self.objects.insert(id.clone(), object);
        self.reply_object(&id, request)
    }

    /// Replaces an object. Members that the zone sets itself stay.
    fn replace(&mut self, id: &str, request: &EndpointRequest<'_>) -> EndpointResult {
        let mut object = self.parse_object(request)?;
        let current = self.find(id)?;
        for name in self.format.read_only.iter().chain([&self.format.id]) {
            object.remove(*name);
            if let Some(value) = current.get(*name) {
                object.insert((*name).to_owned(), value.clone());
            }
        }
        self.objects.insert(id.to_owned(), object);
        self.reply_object(id, request)
    }
}

impl EmulatedEndpoint for StoredObjects {
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        match request.path {
            [] => self.reply_objects(request),
            [id] => self.reply_object(id, request),
            _ => Err(ErrorResponse::routing_error()),
        }
    }

    fn write(&mut self, request: &EndpointRequest<'_>) -> EndpointResult {
        match (self.format.writes, request.path, &request.call.method) {
            (ObjectWrites::All, [], &Method::POST) => self.create(request),
            (ObjectWrites::All, [id], &Method::PUT) => self.replace(id, request),
            (ObjectWrites::All, [id], &Method::DELETE) => {
                self.find(id)?;
                self.objects.remove(id);
                request.reply_empty()
            }
            (_, _, _) => Err(ErrorResponse::routing_error()),
        }
    }
}

/// Returns the known members of an object, in their order.
pub(super) fn members<'a>(
    object: &'a ObjectMembers,
    names: &'static [&'static str],
    full: bool,
) -> impl Iterator<Item = DocumentPart> + use<'a> {
    object.iter().filter_map(move |(name, value)| {
        let name = names.iter().find(|known| **known == name.as_str())?;
        Some(match value {
            Value::Array(items) => {
                DocumentPart::list(name, items.iter().filter_map(|item| node(item, names, full)))
            }
            value => DocumentPart::Child(name, node(value, names, full)?),
        })
    })
}

fn node(value: &Value, names: &'static [&'static str], full: bool) -> Option<DocumentNode> {
    match value {
        Value::Null | Value::Array(_) => None,
        Value::Bool(flag) => Some(DocumentNode::Flag(*flag)),
        Value::Number(number) => Some(DocumentNode::text(number.to_string())),
        Value::String(text) => Some(DocumentNode::text(text)),
        Value::Object(object) => Some(match object.get("value").and_then(Value::as_str) {
            Some(value) if object.keys().all(|name| matches!(name.as_str(), "value" | "desc")) => {
                let label = object.get("desc").and_then(Value::as_str).filter(|_| full);
                DocumentNode::labelled(value, label)
            }
            Some(_) | None => DocumentNode::Group(members(object, names, full).collect()),
        }),
    }
}
