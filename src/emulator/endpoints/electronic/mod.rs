//! E-resources of a Network Zone: e-collections, e-services, portfolios, and their availability to groups.
//! All below `electronic`.
//!
//! A PUT keeps omitted fields, and an empty text clears a field (the vendor's developer pages). A switch
//! controls the effect of omitted groups.

mod documented_members;
mod fields;
mod resource;
mod seed;

use std::collections::BTreeMap;
use std::slice;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::resource::EmulatedResource;

use self::documented_members::{resource_members, stored_form};
use self::fields::{code, known_name, set_field};
use self::resource::{ElectronicResourceType, GroupSettingTexts};
use crate::emulator::config::{EmulatorConfig, GroupCodes, GroupSettings, ResourceDefault};
use crate::emulator::endpoint::{
    DocumentNode, DocumentPart, EditError, EditFormat, EmulatedEndpoint, EmulatedZone, EndpointEdit,
    EndpointEntry, EndpointRequest, EndpointResult, ErrorResponse, SettingsWriter, XmlLayout,
    observed_record, seed_each,
};
use crate::model::network::ZoneRole;
use crate::model::{CollectionId, FieldName, FieldValue, ResourceId};

pub(super) const ENDPOINT: EndpointEntry = EndpointEntry {
    edits: Some(EditFormat {
        target: "e-resource `{}`",
        hint: "`{}` is an e-resource: use set_group, delete_group or set_member",
        ..EditFormat::new::<ElectronicEdit>("electronic", "E-collection, e-service or portfolio.")
    }),
    ..EndpointEntry::new(&["electronic"], |zones| seed_each(zones, ElectronicInventory::seed))
};

const LAYOUT: XmlLayout = XmlLayout {
    coded: &["type", "access_type", "group", "proxy_enabled"],
    lists: &[("group_settings", "group_setting")],
};

/// E-resources and groups of a zone.
#[derive(Default)]
pub(in crate::emulator) struct ElectronicInventory {
    pub resources: BTreeMap<String, EmulatedResource>,
    /// Numbers of all groups by name.
    groups: BTreeMap<String, usize>,
}

/// Librarian edit of an e-resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ElectronicEdit {
    /// Makes an e-resource available to a group, and changes the group's settings.
    SetGroup {
        /// Name of the group.
        group: String,
        /// New texts by name, such as `public_note`. An empty text clears the setting.
        #[serde(default)]
        set: BTreeMap<String, String>,
    },
    /// Removes the availability to a group.
    DeleteGroup {
        /// Name of the group.
        group: String,
    },
    /// Changes another field of an e-resource.
    SetMember {
        /// Name of the field, such as `notes`.
        member: String,
        /// New value. An empty text clears the field.
        value: Value,
    },
    /// Removes the target.
    Remove,
}

/// Number of the first group.
const FIRST_GROUP: usize = 7001;

/// Proxy codes of a zone.
const PROXIES: [&str; 2] = ["DEFAULT", "EZPROXY"];

/// Code of "Resource Default" in `GroupProxyEnabled`.
const RESOURCE_DEFAULT: &str = "2";

/// Fields ignored by a PUT.
const FIXED: [&str; 6] = ["id", "link", "is_local", "is_standalone", "portfolios", "electronic_collection"];

/// Returns the IDs in `e-collections/61/e-services/62/portfolios/53`, or in the beginning of such a path.
fn requested_ids(path: &[String]) -> Result<String, ErrorResponse> {
    let folders = path.iter().step_by(2).zip(ElectronicResourceType::FOLDERS);
    let matching = folders.filter(|(folder, known)| folder == known).count();
    match matching == path.len().div_ceil(2) && !path.is_empty() {
        true => Ok(path.iter().skip(1).step_by(2).map(String::as_str).collect::<Vec<_>>().join(".")),
        false => Err(ErrorResponse::routing_error()),
    }
}

/// Returns true for the path of a list of children.
fn is_list(path: &[String]) -> bool {
    path.len() % 2 == 1
}

impl EmulatedEndpoint for ElectronicInventory {
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        let ids = requested_ids(request.path)?;
        match is_list(request.path) {
            true => self.reply_children(&ids, request),
            false => self.reply_resource(&ids, request),
        }
    }

    /// Merges the fields of a PUT into a resource, or deletes a resource without children.
    fn write(&mut self, request: &EndpointRequest<'_>) -> EndpointResult {
        let ids = requested_ids(request.path)?;
        if is_list(request.path) {
            return Err(ErrorResponse::routing_error());
        }
        if request.call.method == Method::DELETE {
            return self.delete(&ids, request);
        }
        request.require_put()?;
        let kind = ElectronicResourceType::from_ids(&ids);
        let body = request.parse_body(kind.root(), &LAYOUT)?;
        request.language("")?;
        let current = self.resources.get(&ids).ok_or_else(|| self.not_found(&ids))?;
        kind.check_required(&body)?;
        let mut changed = current.clone();
        for (name, value) in &body {
            if !FIXED.contains(&name.as_str()) && known_name(name).is_some() {
                let value = stored_form(name, changed.members.get(name), value);
                set_field(&mut changed.members, name, &value);
            }
        }
        if let Some(sent) = body.get("group_setting") {
            changed.groups = self.merge_groups(kind, &current.groups, sent, request.settings)?;
        }
        self.resources.insert(ids.clone(), changed);
        self.reply_resource(&ids, request)
    }

    fn requested_name(&self, request: &EndpointRequest<'_>) -> Option<String> {
        requested_ids(request.path).ok().filter(|_| !is_list(request.path))
    }

    fn names(&self) -> Vec<&str> {
        self.resources.keys().map(String::as_str).collect()
    }

    fn edit(&mut self, edit: &EndpointEdit<'_>) -> Result<(), EditError> {
        let ids = edit.name;
        let action = edit.parse_action()?;
        if let ElectronicEdit::SetGroup { group, .. } = &action {
            self.add_group(group);
        }
        let Some(resource) = self.resources.get_mut(ids) else { return Ok(()) };
        match action {
            ElectronicEdit::SetGroup { group, set } => {
                let texts = resource.groups.entry(group).or_default();
                texts.extend(set);
                texts.retain(|_, text| !text.is_empty());
            }
            ElectronicEdit::DeleteGroup { group } if resource.groups.remove(&group).is_none() => {
                return Err(format!("`{ids}` is not available to group `{group}`"));
            }
            ElectronicEdit::DeleteGroup { .. } => {}
            ElectronicEdit::SetMember { member, value } if known_name(&member).is_some() => {
                set_field(&mut resource.members, &member, &value);
            }
            ElectronicEdit::SetMember { member, .. } => {
                return Err(format!("an e-resource has no field `{member}`"));
            }
            ElectronicEdit::Remove => drop(self.resources.remove(ids)),
        }
        Ok(())
    }

    fn add_settings(&self, settings: &mut SettingsWriter<'_>) {
        for resource in self.resources.values() {
            let Some(ids) = ResourceId::parse(&resource.ids) else { continue };
            let records = resource.groups.iter().map(|(group, texts)| {
                let value = |name: &str, text: &str| match (name, text.to_lowercase().as_str()) {
                    ("proxy_enabled", "true" | "yes") => true.into(),
                    ("proxy_enabled", "false" | "no") => false.into(),
                    // Any other value leaves the choice to the resource.
                    ("proxy_enabled", _) => FieldValue::Null,
                    (_, _) => FieldValue::from_text(text),
                };
                let fields =
                    texts.iter().map(|(name, text)| (FieldName::from(name.as_str()), value(name, text)));
                let group = ("group".into(), FieldValue::from_text(group));
                observed_record(fields.chain([group]).collect(), None)
            });
            settings.add(&CollectionId::with_code("ElectronicAvailability", &ids.to_string()), records);
        }
    }

    /// Makes a new group usable in e-resources.
    fn follow_gateway_record(&mut self, kind: &str, key: &[String]) {
        if let ("AvailabilityGroups", [name]) = (kind, key) {
            self.add_group(name);
        }
    }
}

impl ElectronicInventory {
    fn seed(zone: &EmulatedZone) -> Self {
        let mut inventory = Self::default();
        if zone.role == ZoneRole::Network {
            seed::resources().into_iter().for_each(|resource| inventory.insert(resource));
        }
        inventory
    }

    /// Adds a resource, or replaces the resource with the same IDs, and adds the resource's groups to the
    /// zone.
    pub fn insert(&mut self, resource: EmulatedResource) {
        resource.groups.keys().for_each(|group| self.add_group(group));
        self.resources.insert(resource.ids.clone(), resource);
    }

    /// Adds a group for use in availability settings.
    pub fn add_group(&mut self, name: &str) {
        let number = FIRST_GROUP + self.groups.len();
        self.groups.entry(name.to_owned()).or_insert(number);
    }

    fn reply_resource(&self, ids: &str, request: &EndpointRequest<'_>) -> EndpointResult {
        request.language("")?;
        let resource = self.resources.get(ids).ok_or_else(|| self.not_found(ids))?;
        let mut parts = self.entry(resource, request);
        let groups = resource.groups.iter().map(|(group, texts)| {
            let number = self.groups.get(group).copied().unwrap_or_default();
            documented_members::setting((group, number), texts, request.settings)
        });
        parts.push(DocumentPart::wrapped_list("group_settings", "group_setting", groups));
        request.reply(ElectronicResourceType::from_ids(ids).root(), &DocumentNode::Group(parts))
    }

    /// Lists the direct children of a resource, in pages as in the vendor's OpenAPI.
    ///
    /// Lists omit groups (measured by client authors, who read every resource).
    fn reply_children(&self, parent: &str, request: &EndpointRequest<'_>) -> EndpointResult {
        if !parent.is_empty() && !self.resources.contains_key(parent) {
            return Err(self.not_found(parent));
        }
        let root = ElectronicResourceType::from_level(request.path.len().div_ceil(2)).root();
        let is_child = |ids: &str| ids.rsplit_once('.').map_or("", |(above, _)| above) == parent;
        let children = self.resources.values().filter(|resource| is_child(&resource.ids)).collect();
        request.reply_page(&format!("{root}s"), root, children, |resource| {
            DocumentNode::Group(self.entry(resource, request))
        })
    }

    fn entry(&self, resource: &EmulatedResource, request: &EndpointRequest<'_>) -> Vec<DocumentPart> {
        let ids = &resource.ids;
        let own_id = ids.rsplit('.').next().unwrap_or_default();
        let mut parts = vec![DocumentPart::text("id", own_id)];
        if request.full() {
            let folders = ElectronicResourceType::FOLDERS.iter().zip(ids.split('.'));
            let path: String = folders.map(|(folder, id)| format!("/{folder}/{id}")).collect();
            let link = format!("{}/almaws/v1/electronic{path}", request.settings.base_url);
            parts.insert(0, DocumentPart::Attribute("link", link.clone()));
            if ElectronicResourceType::from_ids(ids) != ElectronicResourceType::Portfolio {
                let inside = format!("{ids}.");
                let portfolios = |ids: &&String| ids.starts_with(&inside) && ids.split('.').count() == 3;
                let count = self.resources.keys().filter(portfolios).count().to_string();
                parts.push(DocumentPart::Child(
                    "portfolios",
                    DocumentNode::Valued(count, vec![("link", link)]),
                ));
            }
        }
        let kind = ElectronicResourceType::from_ids(ids);
        parts.extend(resource_members(kind, &resource.members, request.settings));
        parts
    }

    fn not_found(&self, ids: &str) -> ErrorResponse {
        let collection = ids.split('.').next().unwrap_or_default();
        ElectronicResourceType::from_ids(ids).not_found(self.resources.contains_key(collection))
    }

    /// Returns the group named by an entry of a list.
    fn find_group(&self, name: &str, codes: GroupCodes) -> Option<&String> {
        let is_named = |(group, number): &(&String, &usize)| match codes {
            GroupCodes::Numbers => number.to_string() == name,
            GroupCodes::Names | GroupCodes::Absent => *group == name,
        };
        self.groups.iter().find(is_named).map(|(group, _)| group)
    }

    fn delete(&mut self, ids: &str, request: &EndpointRequest<'_>) -> EndpointResult {
        if !self.resources.contains_key(ids) {
            return Err(self.not_found(ids));
        }
        let children = format!("{ids}.");
        if self.resources.keys().any(|other| other.starts_with(&children)) {
            return Err(ErrorResponse::business(60_289, "The resource has services or portfolios."));
        }
        self.resources.remove(ids);
        request.reply_empty()
    }

    fn merge_groups(
        &self,
        kind: ElectronicResourceType,
        current: &GroupSettingTexts,
        sent: &Value,
        settings: &EmulatorConfig,
    ) -> Result<GroupSettingTexts, ErrorResponse> {
        let sent = match sent {
            Value::Array(sent) => sent.as_slice(),
            Value::Object(_) => slice::from_ref(sent),
            // Null and texts are no lists: the groups stay unchanged.
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Ok(current.clone()),
        };
        let mut groups = match settings.group_settings {
            GroupSettings::ReplacedUnlessEmpty if sent.is_empty() => current.clone(),
            GroupSettings::Replaced | GroupSettings::ReplacedUnlessEmpty => BTreeMap::new(),
            GroupSettings::Merged => current.clone(),
        };
        for entry in sent {
            let name = entry.get("group").map(code).unwrap_or_default();
            let group = self.find_group(&name, settings.group_codes).ok_or_else(|| {
                ErrorResponse::business(60152, format!("The group is not valid: '{name}'."))
            })?;
            let mut texts = merge_texts(current.get(group).cloned().unwrap_or_default(), entry.as_object());
            if settings.resource_default == ResourceDefault::Empty {
                texts.retain(|name, text| !(name == "proxy_enabled" && text == RESOURCE_DEFAULT));
            }
            if let Some(proxy) = texts.get("proxy").filter(|proxy| !PROXIES.contains(&proxy.as_str())) {
                return Err(kind.invalid_proxy(proxy));
            }
            groups.insert(group.clone(), texts);
        }
        Ok(groups)
    }
}

/// Merges the settings of a group in a PUT into the current settings.
fn merge_texts(
    mut texts: BTreeMap<String, String>,
    entry: Option<&Map<String, Value>>,
) -> BTreeMap<String, String> {
    for (name, value) in entry.into_iter().flatten().filter(|(name, _)| *name != "group") {
        match (value, code(value)) {
            (Value::Null, _) => {}
            (_, text) if text.is_empty() => drop(texts.remove(name)),
            (_, text) => drop(texts.insert(name.clone(), text)),
        }
    }
    texts
}
