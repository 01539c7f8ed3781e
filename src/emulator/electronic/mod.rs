//! E-resources of a Network Zone: e-collections, e-services, portfolios, and their availability to groups.
//!
//! A PUT keeps omitted fields, and an empty text clears a field (the vendor's developer pages). A switch
//! controls the effect of omitted groups.

mod fields;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::fields::{NAMES, code, set_field};
use super::config::{GroupCodes, GroupSettings, OptionalFields, ZoneConfig};
use super::error_response::ErrorResponse;
use super::librarian_edit::{EditAction, EditError};
use super::response_document::{DocumentNode, DocumentPart};

/// E-collection, e-service or portfolio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedResource {
    /// IDs from the e-collection down, joined by dots: `61`, `61.62` or `61.62.53`.
    pub ids: String,
    /// Fields in the API, except ID, links and groups.
    #[serde(default)]
    pub members: BTreeMap<String, Value>,
    /// Settings by group with access. Empty means available to everyone.
    #[serde(default)]
    pub groups: BTreeMap<String, BTreeMap<String, String>>,
}

/// E-resources and groups of a zone.
#[derive(Debug, Default)]
pub(super) struct ElectronicInventory {
    pub resources: BTreeMap<String, EmulatedResource>,
    /// Numbers of all groups by name.
    groups: BTreeMap<String, usize>,
}

/// Type of an e-resource.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ElectronicResourceType {
    Collection,
    Service,
    Portfolio,
}

/// Number of the first group.
const FIRST_GROUP: usize = 7001;

/// Proxy codes of a zone.
const PROXIES: [&str; 2] = ["DEFAULT", "EZPROXY"];

/// Fields ignored by a PUT.
const FIXED: [&str; 6] = ["id", "link", "is_local", "is_standalone", "portfolios", "electronic_collection"];

impl ElectronicResourceType {
    /// Returns the type for the IDs. `None` if there are too many IDs.
    fn from_ids(ids: &str) -> Option<Self> {
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

/// Returns the XML root element of a resource.
pub(super) fn root(ids: &str) -> &'static str {
    ElectronicResourceType::from_ids(ids).map_or("electronic_collection", ElectronicResourceType::root)
}

impl ElectronicInventory {
    /// Adds a resource, or replaces the resource with the same IDs, and adds the resource's groups to the
    /// zone.
    pub fn insert_or_replace(&mut self, resource: EmulatedResource) {
        resource.groups.keys().for_each(|group| self.add_group(group));
        self.resources.insert(resource.ids.clone(), resource);
    }

    /// Adds a group for use in availability settings.
    pub fn add_group(&mut self, name: &str) {
        let number = FIRST_GROUP + self.groups.len();
        self.groups.entry(name.to_owned()).or_insert(number);
    }

    /// Returns the group named by an entry of a list.
    fn group_of_entry(&self, entry: &Value, codes: GroupCodes) -> Option<&String> {
        let said = entry.get("group").map(code).unwrap_or_default();
        let number = |held: &usize| codes == GroupCodes::Numbers && held.to_string() == said;
        let name = |held: &String| codes != GroupCodes::Numbers && *held == said;
        self.groups.iter().find(|(held, index)| name(held) || number(index)).map(|(held, _)| held)
    }

    /// Returns the resource with these IDs. Error codes follow the vendor's OpenAPI.
    pub fn answer(&self, ids: &str, settings: &ZoneConfig) -> Result<DocumentNode, ErrorResponse> {
        let resource = self.resources.get(ids).ok_or_else(|| self.resource_not_found(ids))?;
        let mut parts = self.entry(resource, settings);
        let groups = resource.groups.iter().map(|(group, said)| {
            let number = self.groups.get(group).copied().unwrap_or_default();
            fields::setting((group, number), said, settings)
        });
        parts.push(DocumentPart::List {
            around: Some("group_settings"),
            item: "group_setting",
            items: groups.collect(),
        });
        Ok(DocumentNode::Group(parts))
    }

    /// Returns the direct children of a resource, e-collections for `""`.
    ///
    /// Lists omit groups (measured by client authors, who read every resource).
    pub fn list(
        &self,
        parent: &str,
        settings: &ZoneConfig,
    ) -> Result<(&'static str, Vec<DocumentNode>), ErrorResponse> {
        if !parent.is_empty() && !self.resources.contains_key(parent) {
            return Err(self.resource_not_found(parent));
        }
        let below = |ids: &str| match ids.rsplit_once('.') {
            Some((above, _)) => above == parent,
            None => parent.is_empty(),
        };
        let item = match ElectronicResourceType::from_ids(parent).filter(|_| !parent.is_empty()) {
            None => "electronic_collection",
            Some(ElectronicResourceType::Collection) => "electronic_service",
            Some(ElectronicResourceType::Service | ElectronicResourceType::Portfolio) => "portfolio",
        };
        let found = self.resources.values().filter(|resource| below(&resource.ids));
        Ok((item, found.map(|resource| DocumentNode::Group(self.entry(resource, settings))).collect()))
    }

    fn entry(&self, resource: &EmulatedResource, settings: &ZoneConfig) -> Vec<DocumentPart> {
        let own = resource.ids.rsplit('.').next().unwrap_or_default();
        let mut parts = vec![DocumentPart::Child("id", DocumentNode::Text(own.to_owned()))];
        let full = settings.optional_fields == OptionalFields::Answered;
        if full {
            parts.insert(0, DocumentPart::Attribute("link", link(&resource.ids, settings)));
            if ElectronicResourceType::from_ids(&resource.ids) != Some(ElectronicResourceType::Portfolio) {
                let inside = format!("{}.", resource.ids);
                let portfolios = |ids: &&String| ids.starts_with(&inside) && ids.split('.').count() == 3;
                let count = self.resources.keys().filter(portfolios).count();
                let attributes = vec![("link", link(&resource.ids, settings))];
                parts.push(DocumentPart::Child(
                    "portfolios",
                    DocumentNode::Valued(count.to_string(), attributes),
                ));
            }
        }
        parts.extend(fields::members(resource.members.iter(), settings));
        parts
    }

    fn resource_not_found(&self, ids: &str) -> ErrorResponse {
        let collection = ids.split('.').next().unwrap_or_default();
        match ElectronicResourceType::from_ids(ids) {
            Some(ElectronicResourceType::Portfolio) => {
                ErrorResponse::business(60123, "Failed to find the Portfolio ID.")
            }
            Some(ElectronicResourceType::Service) if self.resources.contains_key(collection) => {
                ErrorResponse::business(60122, "The Service ID was not found.")
            }
            Some(ElectronicResourceType::Collection | ElectronicResourceType::Service) | None => {
                ErrorResponse::business(60121, "The Collection ID was not found.")
            }
        }
    }

    /// Merges the fields of a PUT into a resource.
    pub fn replace(
        &mut self,
        ids: &str,
        body: &Map<String, Value>,
        settings: &ZoneConfig,
    ) -> Result<(), ErrorResponse> {
        let Some((held, level)) = self.resources.get(ids).zip(ElectronicResourceType::from_ids(ids)) else {
            return Err(self.resource_not_found(ids));
        };
        require(level, body)?;
        let mut changed = held.clone();
        for (name, value) in body {
            if !FIXED.contains(&name.as_str()) && NAMES.contains(&name.as_str()) {
                set_field(&mut changed.members, name, value);
            }
        }
        if let Some(sent) = body.get("group_setting") {
            changed.groups = self.groups(level, &held.groups, sent, settings)?;
        }
        self.resources.insert(ids.to_owned(), changed);
        Ok(())
    }

    fn groups(
        &self,
        level: ElectronicResourceType,
        held: &BTreeMap<String, BTreeMap<String, String>>,
        sent: &Value,
        settings: &ZoneConfig,
    ) -> Result<BTreeMap<String, BTreeMap<String, String>>, ErrorResponse> {
        let sent = match sent {
            Value::Array(sent) => sent.as_slice(),
            Value::Object(_) => std::slice::from_ref(sent),
            // Null and texts are no lists: the groups stay unchanged.
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Ok(held.clone()),
        };
        let mut groups = match settings.group_settings {
            GroupSettings::ReplacedUnlessEmpty if sent.is_empty() => held.clone(),
            GroupSettings::Replaced | GroupSettings::ReplacedUnlessEmpty => BTreeMap::new(),
            GroupSettings::Merged => held.clone(),
        };
        for entry in sent {
            let Some(group) = self.group_of_entry(entry, settings.group_codes).cloned() else {
                let said = entry.get("group").map(code).unwrap_or_default();
                return Err(ErrorResponse::business(60152, format!("The group is not valid: '{said}'.")));
            };
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
                let number = if level == ElectronicResourceType::Portfolio { 60168 } else { 60135 };
                return Err(ErrorResponse::business(
                    number,
                    format!("The group proxy is not valid: '{proxy}'."),
                ));
            }
            groups.insert(group, said);
        }
        Ok(groups)
    }

    /// Applies a librarian edit to a resource.
    pub fn edit(&mut self, ids: &str, action: &EditAction) -> Result<(), EditError> {
        if let EditAction::SetGroup { group, set: _ } = action {
            self.add_group(group);
        }
        let Some(resource) = self.resources.get_mut(ids) else { return Ok(()) };
        if let EditAction::SetGroup { group, set } = action {
            let said = resource.groups.entry(group.clone()).or_default();
            said.extend(set.clone());
            said.retain(|_, text| !text.is_empty());
        } else if let EditAction::DeleteGroup { group } = action {
            if resource.groups.remove(group).is_none() {
                return Err(format!("`{ids}` is not available to group `{group}`"));
            }
        } else if let EditAction::SetMember { member, value } = action {
            if !NAMES.contains(&member.as_str()) {
                return Err(format!("an e-resource has no field `{member}`"));
            }
            set_field(&mut resource.members, member, value);
        } else if *action == EditAction::Remove {
            self.resources.remove(ids);
        } else {
            return Err(format!("`{ids}` is an e-resource: use set_group, delete_group or set_member"));
        }
        Ok(())
    }
}

/// Checks required fields, as far as the vendor's OpenAPI has an error code for the missing field.
fn require(level: ElectronicResourceType, body: &Map<String, Value>) -> Result<(), ErrorResponse> {
    let required: &[(&str, u32, &str)] = match level {
        ElectronicResourceType::Collection => &[
            ("public_name", 60126, "The name is missing."),
            ("type", 60127, "The type is missing or not valid."),
            ("access_type", 60128, "The access type is missing or not valid."),
        ],
        ElectronicResourceType::Service => &[("type", 60127, "The type is missing or not valid.")],
        ElectronicResourceType::Portfolio => &[],
    };
    let missing = |name: &str| body.get(name).map(code).unwrap_or_default().is_empty();
    match required.iter().find(|(name, _, _)| missing(name)) {
        Some((_, number, message)) => Err(ErrorResponse::business(*number, *message)),
        None => Ok(()),
    }
}

fn link(ids: &str, settings: &ZoneConfig) -> String {
    let folders = ["e-collections", "e-services", "portfolios"];
    let below = folders.iter().zip(ids.split('.')).map(|(folder, id)| format!("/{folder}/{id}"));
    format!("{}/almaws/v1/electronic{}", settings.base_url, below.collect::<String>())
}
