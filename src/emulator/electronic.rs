//! The e-resources of a network zone: e-collections, their e-services and the portfolios in those, with the
//! groups that each is available for.
//!
//! In this API a member that a PUT leaves out keeps its value, and an empty text clears it (the vendor's
//! developer pages). What the list of groups does is a switch.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::behaviour::{GroupSettings, OptionalFields, Settings};
use super::document::{Node, Part};
use super::edit::{Action, Problem};
use super::refusal::Refusal;

/// An e-collection, an e-service or a portfolio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Its ids from the e-collection's on, joined by dots: `61` or `61.62` or `61.62.53`.
    pub ids: String,
    /// What the API says of it beside its id, links and groups.
    #[serde(default)]
    pub members: BTreeMap<String, Value>,
    /// The settings of each group that it is available for; available for everybody where there is none.
    #[serde(default)]
    pub groups: BTreeMap<String, BTreeMap<String, String>>,
}

/// What a zone holds of them.
#[derive(Debug, Default)]
pub(super) struct Electronic {
    pub resources: BTreeMap<String, Resource>,
    /// Names of the groups that there are.
    groups: BTreeSet<String>,
}

/// The three types of resource.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Collection,
    Service,
    Portfolio,
}

/// Codes of the proxies that a zone has.
const PROXIES: [&str; 2] = ["DEFAULT", "EZPROXY"];

/// What a PUT does not change.
const FIXED: [&str; 6] = ["id", "link", "is_local", "is_standalone", "portfolios", "electronic_collection"];

/// What can be said of a resource and of a group, parts of parts included (names that client authors use).
const NAMES: &[&str] = &[
    "access_type",
    "activation_date",
    "activation_status",
    "authentication_note",
    "availability",
    "available_until_date",
    "coverage_details",
    "description",
    "free",
    "interface",
    "internal_description",
    "is_local",
    "is_standalone",
    "library",
    "license",
    "linking_details",
    "linking_level",
    "linking_parameters",
    "material_type",
    "mms_id",
    "name",
    "notes",
    "number",
    "parser_parameters",
    "po_line",
    "proxy",
    "proxy_enabled",
    "public_access_model",
    "public_description",
    "public_name",
    "public_note",
    "resource_metadata",
    "static_url",
    "title",
    "type",
    "url",
    "url_type",
    "vendor",
];

impl Level {
    /// `None` where there are too many ids.
    fn of(ids: &str) -> Option<Self> {
        match ids.split('.').count() {
            1 => Some(Self::Collection),
            2 => Some(Self::Service),
            3 => Some(Self::Portfolio),
            _ => None,
        }
    }

    fn root(self) -> &'static str {
        match self {
            Self::Collection => "electronic_collection",
            Self::Service => "electronic_service",
            Self::Portfolio => "portfolio",
        }
    }
}

/// What the root of a resource is called in XML.
pub(super) fn root(ids: &str) -> &'static str {
    Level::of(ids).map_or("electronic_collection", Level::root)
}

impl Electronic {
    /// Adds a resource, or replaces the one with its ids. Its groups are groups of the zone from now on.
    pub fn put(&mut self, resource: Resource) {
        self.groups.extend(resource.groups.keys().cloned());
        self.resources.insert(resource.ids.clone(), resource);
    }

    /// Lets resources be available for one more group.
    pub fn add_group(&mut self, name: &str) {
        self.groups.insert(name.to_owned());
    }

    /// The resource with these ids. The codes of the refusals are the vendor's OpenAPI's.
    pub fn answer(&self, ids: &str, settings: &Settings) -> Result<Node, Refusal> {
        let resource = self.resources.get(ids).ok_or_else(|| self.missing(ids))?;
        let mut parts = self.entry(resource, settings);
        let groups = resource.groups.iter().map(|(group, said)| setting(group, said, settings));
        parts.push(Part::List {
            around: Some("group_settings"),
            item: "group_setting",
            items: groups.collect(),
        });
        Ok(Node::Group(parts))
    }

    /// What is directly below these ids: e-collections below `""`. Lists do not tell groups (measured by
    /// client authors, who ask for each resource).
    pub fn list(&self, parent: &str, settings: &Settings) -> Result<(&'static str, Vec<Node>), Refusal> {
        if !parent.is_empty() && !self.resources.contains_key(parent) {
            return Err(self.missing(parent));
        }
        let below = |ids: &str| match ids.rsplit_once('.') {
            Some((above, _)) => above == parent,
            None => parent.is_empty(),
        };
        let item = match Level::of(parent).filter(|_| !parent.is_empty()) {
            None => "electronic_collection",
            Some(Level::Collection) => "electronic_service",
            Some(Level::Service | Level::Portfolio) => "portfolio",
        };
        let found = self.resources.values().filter(|resource| below(&resource.ids));
        Ok((item, found.map(|resource| Node::Group(self.entry(resource, settings))).collect()))
    }

    fn entry(&self, resource: &Resource, settings: &Settings) -> Vec<Part> {
        let own = resource.ids.rsplit('.').next().unwrap_or_default();
        let mut parts = vec![Part::Child("id", Node::Text(own.to_owned()))];
        let full = settings.optional_fields == OptionalFields::Answered;
        if full {
            parts.insert(0, Part::Attribute("link", link(&resource.ids, settings)));
            if Level::of(&resource.ids) != Some(Level::Portfolio) {
                let inside = format!("{}.", resource.ids);
                let portfolios = |ids: &&String| ids.starts_with(&inside) && ids.split('.').count() == 3;
                let count = self.resources.keys().filter(portfolios).count();
                let attributes = vec![("link", link(&resource.ids, settings))];
                parts.push(Part::Child("portfolios", Node::Valued(count.to_string(), attributes)));
            }
        }
        parts.extend(members(resource.members.iter(), settings));
        parts
    }

    fn missing(&self, ids: &str) -> Refusal {
        let collection = ids.split('.').next().unwrap_or_default();
        match Level::of(ids) {
            Some(Level::Portfolio) => Refusal::business(60123, "Failed to find the Portfolio ID."),
            Some(Level::Service) if self.resources.contains_key(collection) => {
                Refusal::business(60122, "The Service ID was not found.")
            }
            Some(Level::Collection | Level::Service) | None => {
                Refusal::business(60121, "The Collection ID was not found.")
            }
        }
    }

    /// Lays the members of a PUT over a resource.
    pub fn replace(
        &mut self,
        ids: &str,
        body: &Map<String, Value>,
        settings: &Settings,
    ) -> Result<(), Refusal> {
        let Some((held, level)) = self.resources.get(ids).zip(Level::of(ids)) else {
            return Err(self.missing(ids));
        };
        require(level, body)?;
        let mut changed = held.clone();
        for (name, value) in body {
            if !FIXED.contains(&name.as_str()) && NAMES.contains(&name.as_str()) {
                lay(&mut changed.members, name, value);
            }
        }
        if let Some(sent) = body.get("group_setting") {
            changed.groups = self.groups(level, &held.groups, sent, settings.group_settings)?;
        }
        self.resources.insert(ids.to_owned(), changed);
        Ok(())
    }

    fn groups(
        &self,
        level: Level,
        held: &BTreeMap<String, BTreeMap<String, String>>,
        sent: &Value,
        list: GroupSettings,
    ) -> Result<BTreeMap<String, BTreeMap<String, String>>, Refusal> {
        let sent = match sent {
            Value::Array(sent) => sent.as_slice(),
            Value::Object(_) => std::slice::from_ref(sent),
            // Neither null nor an empty text is a list: as if nothing were said.
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Ok(held.clone()),
        };
        let mut groups = match list {
            GroupSettings::Replaced => BTreeMap::new(),
            GroupSettings::Merged => held.clone(),
        };
        for entry in sent {
            let group = entry.get("group").map(code).unwrap_or_default();
            if !self.groups.contains(&group) {
                return Err(Refusal::business(60152, format!("The group is not valid: '{group}'.")));
            }
            let mut said = held.get(&group).cloned().unwrap_or_default();
            for (name, value) in entry.as_object().into_iter().flatten().filter(|(name, _)| *name != "group")
            {
                match (value, code(value)) {
                    (Value::Null, _) => {}
                    (_, text) if text.is_empty() => drop(said.remove(name)),
                    (_, text) => drop(said.insert(name.clone(), text)),
                }
            }
            if let Some(proxy) = said.get("proxy").filter(|proxy| !PROXIES.contains(&proxy.as_str())) {
                let number = if level == Level::Portfolio { 60168 } else { 60135 };
                return Err(Refusal::business(number, format!("The group proxy is not valid: '{proxy}'.")));
            }
            groups.insert(group, said);
        }
        Ok(groups)
    }

    /// What a librarian does to a resource.
    pub fn edit(&mut self, ids: &str, action: &Action) -> Result<(), Problem> {
        let Some(resource) = self.resources.get_mut(ids) else { return Ok(()) };
        match action {
            Action::SetGroup { group, set } => {
                self.groups.insert(group.clone());
                let said = resource.groups.entry(group.clone()).or_default();
                said.extend(set.clone());
                said.retain(|_, text| !text.is_empty());
            }
            Action::DeleteGroup { group } => {
                if resource.groups.remove(group).is_none() {
                    return Err(format!("`{ids}` is not available for a group `{group}`"));
                }
            }
            Action::SetMember { member, value } if NAMES.contains(&member.as_str()) => {
                lay(&mut resource.members, member, value);
            }
            Action::SetMember { member, value: _ } => {
                return Err(format!("an e-resource has no `{member}`"));
            }
            Action::Remove => drop(self.resources.remove(ids)),
            Action::SetCode { .. }
            | Action::DeleteCode { .. }
            | Action::SetRow { .. }
            | Action::AddRow { .. }
            | Action::DeleteRow { .. }
            | Action::Access(_) => {
                return Err(format!("`{ids}` is an e-resource: use set_group, delete_group, set_member"));
            }
        }
        Ok(())
    }
}

/// What the vendor's OpenAPI has codes for the lack of.
fn require(level: Level, body: &Map<String, Value>) -> Result<(), Refusal> {
    let required: &[(&str, u32, &str)] = match level {
        Level::Collection => &[
            ("public_name", 60126, "The name is missing."),
            ("type", 60127, "The type is missing or not valid."),
            ("access_type", 60128, "The access type is missing or not valid."),
        ],
        Level::Service => &[("type", 60127, "The type is missing or not valid.")],
        Level::Portfolio => &[],
    };
    let missing = |name: &str| body.get(name).map(code).unwrap_or_default().is_empty();
    match required.iter().find(|(name, _, _)| missing(name)) {
        Some((_, number, message)) => Err(Refusal::business(*number, *message)),
        None => Ok(()),
    }
}

fn lay(members: &mut BTreeMap<String, Value>, name: &str, value: &Value) {
    match laid(name, members.get(name), value) {
        Some(value) => drop(members.insert(name.to_owned(), value)),
        None => drop(members.remove(name)),
    }
}

/// What a member becomes: an empty text clears it, null clears dates as well (the vendor's own app does so),
/// and what people call a code is not for a client to say.
fn laid(name: &str, held: Option<&Value>, value: &Value) -> Option<Value> {
    let dated = name.ends_with("_date") || name == "public_access_model";
    match (held, value) {
        (held, Value::Null) => held.filter(|_| !dated).cloned(),
        (_, Value::String(text)) if text.is_empty() => None,
        (_, Value::Object(new)) if new.get("value").is_some_and(|value| value == "") => None,
        (Some(Value::Object(old)), value) if old.contains_key("value") => {
            Some(match (old.get("value").map(code) == Some(code(value)), value) {
                (true, _) => Value::Object(old.clone()),
                (false, Value::String(text)) => json!({"value": text}),
                (false, value) => value.clone(),
            })
        }
        (Some(Value::Object(old)), Value::Object(new)) => {
            let mut merged = old.clone();
            for (name, value) in new {
                match laid(name, old.get(name), value) {
                    Some(value) => drop(merged.insert(name.clone(), value)),
                    None => drop(merged.remove(name)),
                }
            }
            Some(Value::Object(merged))
        }
        // In XML a flag is a text.
        (Some(Value::Bool(_)), Value::String(text)) if text == "true" || text == "false" => {
            Some(Value::Bool(text == "true"))
        }
        (_, value) => Some(value.clone()),
    }
}

/// The text of a member: `{"value": ..}`, `{"desc": ..}`, or the text itself.
fn code(value: &Value) -> String {
    match value {
        Value::Object(object) => match object.get("value").map(code).filter(|text| !text.is_empty()) {
            Some(text) => text,
            None => object.get("desc").map(code).unwrap_or_default(),
        },
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null | Value::Array(_) => String::new(),
    }
}

fn setting(group: &str, said: &BTreeMap<String, String>, settings: &Settings) -> Node {
    let group = json!({"value": group, "desc": group});
    let said = said.iter().map(|(name, text)| match name.as_str() {
        "proxy_enabled" => (name, json!({"value": text})),
        _ => (name, json!(text)),
    });
    let said: Vec<(&String, Value)> = said.collect();
    let mut parts: Vec<Part> =
        node(&group, settings).map(|group| Part::Child("group", group)).into_iter().collect();
    parts.extend(members(said.iter().map(|(name, value)| (*name, value)), settings));
    Node::Group(parts)
}

fn members<'a>(members: impl Iterator<Item = (&'a String, &'a Value)>, settings: &Settings) -> Vec<Part> {
    let known = |name: &str| NAMES.iter().find(|known| **known == name).copied();
    members
        .filter_map(|(name, value)| {
            let name = known(name)?;
            match value {
                Value::Array(items) => {
                    let items = items.iter().filter_map(|item| node(item, settings)).collect();
                    Some(Part::List { around: None, item: name, items })
                }
                value => Some(Part::Child(name, node(value, settings)?)),
            }
        })
        .collect()
}

fn node(value: &Value, settings: &Settings) -> Option<Node> {
    match value {
        Value::Null | Value::Array(_) => None,
        Value::Bool(flag) => Some(Node::Flag(*flag)),
        Value::Number(number) => Some(Node::Text(number.to_string())),
        Value::String(text) => Some(Node::Text(text.clone())),
        Value::Object(object) => Some(match object.get("value") {
            Some(value) => {
                let full = settings.optional_fields == OptionalFields::Answered;
                let desc = object.get("desc").and_then(Value::as_str).filter(|_| full);
                Node::Valued(code(value), desc.map(|desc| ("desc", desc.to_owned())).into_iter().collect())
            }
            None => Node::Group(members(object.iter(), settings)),
        }),
    }
}

fn link(ids: &str, settings: &Settings) -> String {
    let folders = ["e-collections", "e-services", "portfolios"];
    let below = folders.iter().zip(ids.split('.')).map(|(folder, id)| format!("/{folder}/{id}"));
    format!("{}/almaws/v1/electronic{}", settings.base_url, below.collect::<String>())
}
