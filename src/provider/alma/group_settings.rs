//! Reads and writes group settings of e-resources in the Network Zone.
//!
//! The `group_setting` list of an e-collection, e-service or portfolio determines the groups with access.
//!
//! Only in this API of Alma, a field missing from a PUT keeps its value. An empty text clears the field (the
//! vendor's developer pages). Whether a PUT deletes a group missing from the list is unknown, so zonal reads
//! the list back.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::object_layout::ObjectLayout;
use super::put_client::PutBody;
use super::table_layout::{JsonObject as Map, cell, inner, non_empty_text};
use super::write_verification::normalize_value;
use crate::model::{
    ApplyMode, Change, ChangeAction, Channel, CollectionId, FailureClass, FieldChange, FieldName, FieldValue,
    ObservedCollection, ObservedRecord, Record, TableName, ZoneCode, ZoneFailure,
};
use crate::provider::CollectionSnapshot;
use crate::provider::http::request_path::RequestPath;
use crate::provider::record_changes::{apply_changes, mismatch};

/// E-collection, e-service or portfolio. The collection code consists of its IDs: `61.62.53`.
pub static ELECTRONIC: ObjectLayout =
    ObjectLayout { kind: "ElectronicAvailability", path, snapshot, payload, rest: remaining_content };

const LIST: &str = "group_setting";
const GROUP: &str = "group";
const PROXY_ENABLED: &str = "proxy_enabled";

/// Settings of a group, equal for all three resource types (a client library's models).
const SETTINGS: [&str; 5] = [PROXY_ENABLED, "proxy", "public_name", "authentication_note", "public_note"];

/// Fields that the zone sets itself. The exact set of date fields is unknown.
const OUTPUT: [&str; 9] = [
    "link",
    "portfolios",
    "created_by",
    "created_date",
    "creation_date",
    "modified_by",
    "modified_date",
    "modification_date",
    "last_modified_date",
];

/// IDs and type of a resource.
struct ElectronicResourceIds<'a> {
    ids: Vec<&'a str>,
    noun: &'static str,
}

impl<'a> ElectronicResourceIds<'a> {
    fn from_collection_id(id: &'a CollectionId) -> Result<Self, ZoneFailure> {
        let ids: Vec<&str> = match &id.table {
            TableName::Code(code) => code.split('.').collect(),
            TableName::Title(_) | TableName::Whole => Vec::new(),
        };
        let noun = match ids.len() {
            1 => "e-collection",
            2 => "e-service",
            3 => "portfolio",
            _ => {
                let message =
                    format!("`{}` does not identify an e-collection, e-service or portfolio", id.table);
                return Err(ZoneFailure::new(FailureClass::Mismatch, message));
            }
        };
        Ok(Self { ids, noun })
    }

    /// Returns the resource's own ID, the last of the IDs.
    fn own_id(&self) -> &'a str {
        self.ids.last().copied().unwrap_or_default()
    }
}

/// Returns `/electronic/e-collections/{id}[/e-services/{id}[/portfolios/{id}]]` (the vendor's OpenAPI).
fn path(_: &ZoneCode, id: &CollectionId) -> Result<RequestPath, ZoneFailure> {
    let folders = ["e-collections", "e-services", "portfolios"];
    let target = ElectronicResourceIds::from_collection_id(id)?;
    let below = folders.iter().zip(&target.ids).flat_map(|(folder, id)| [*folder, *id]);
    RequestPath::new(&std::iter::once("electronic").chain(below).collect::<Vec<_>>())
}

fn snapshot(_: &ZoneCode, id: &CollectionId, body: Json) -> Result<CollectionSnapshot, ZoneFailure> {
    let target = ElectronicResourceIds::from_collection_id(id)?;
    let malformed = |what: String| ZoneFailure::new(FailureClass::Malformed, what);
    let (noun, own) = (target.noun, target.own_id());
    match non_empty_text(body.get("id")) {
        Some(found) if found == own => {}
        Some(found) => {
            return Err(malformed(format!("requested the {noun} `{own}`, the zone returned `{found}`")));
        }
        None => return Err(malformed(format!("the response for the {noun} `{own}` has no `id`"))),
    }
    let records = entries(&body)
        .map_err(|what| malformed(format!("{noun} `{own}`: {what}")))?
        .into_iter()
        .map(|(fields, json)| ObservedRecord {
            fields,
            numbered: json.get(GROUP).is_some_and(has_number),
            ..ObservedRecord::default()
        })
        .collect();
    let observed = ObservedCollection {
        id: id.clone(),
        title: title(&body),
        aliases: std::collections::BTreeMap::new(),
        columns: std::iter::once(GROUP).chain(SETTINGS).map(FieldName::from).collect(),
        records,
        references: None,
        channel: Channel::Api,
        witness: Default::default(),
    };
    Ok(CollectionSnapshot { observed, raw: body })
}

/// Returns the title: a public name, a service's public description, or the title of a portfolio's record.
fn title(body: &Json) -> Option<String> {
    const MEMBERS: [&str; 5] = [
        "/public_name_override",
        "/public_name",
        "/resource_metadata/title",
        "/public_description_override",
        "/public_description",
    ];
    MEMBERS.iter().find_map(|member| non_empty_text(body.pointer(member)))
}

/// Entry of the list, as a record and as read.
type GroupSetting<'a> = (Record, &'a Map);

/// Returns the entries of the list.
///
/// An empty list is absent. Bodies converted from XML contain a single entry without a list.
fn entries(body: &Json) -> Result<Vec<GroupSetting<'_>>, String> {
    let entries = match body.get(LIST) {
        None | Some(Json::Null) if body.get("group_settings").is_some_and(|list| !list.is_null()) => {
            return Err(format!("the groups are under `group_settings`, expected `{LIST}`"));
        }
        None | Some(Json::Null) => Vec::new(),
        Some(Json::String(text)) if text.is_empty() => Vec::new(),
        Some(Json::Array(entries)) => entries.iter().collect(),
        Some(entry) => vec![entry],
    };
    entries
        .into_iter()
        .enumerate()
        .map(|(index, entry)| {
            parse_entry(entry).map_err(|what| format!("entry {} of `{LIST}`: {what}", index + 1))
        })
        .collect()
}

fn parse_entry(entry: &Json) -> Result<GroupSetting<'_>, String> {
    let json = entry.as_object().ok_or("not an object")?;
    let group = json.get(GROUP).and_then(name).ok_or("missing group")?;
    let mut record = Record::from([(GROUP.into(), FieldValue::from_text(group))]);
    for field in SETTINGS {
        let Some(value) = json.get(field) else { continue };
        let value = setting(field, value).map_err(|what| format!("`{field}`: {what}"))?;
        // Answers differ in the form of empty settings: absent, null or empty. Records and digests do not.
        if value != FieldValue::Null {
            record.insert(field.into(), value);
        }
    }
    Ok((record, json))
}

fn setting(field: &str, value: &Json) -> Result<FieldValue, String> {
    match field {
        PROXY_ENABLED => proxy_enabled(value),
        _ => cell(value),
    }
}

/// Returns the name of a group.
///
/// The relation between `value` and `desc` is unknown, and one live response contained only `desc`. A number
/// is not a group name.
fn name(group: &Json) -> Option<String> {
    let desc = || non_empty_text(group.get("desc"));
    match non_empty_text(Some(group)) {
        value if has_number(group) => desc().or(value),
        value => value.or_else(desc),
    }
}

/// Returns true for a group with a number as its value, and its name only as a description.
fn has_number(group: &Json) -> bool {
    let is_number = |value: String| value.bytes().all(|byte| byte.is_ascii_digit());
    non_empty_text(Some(group)).is_some_and(is_number) && non_empty_text(group.get("desc")).is_some()
}

/// Returns `true`, `false`, or null if the resource's own setting applies.
///
/// A zone expresses the last case as absent, as empty (the vendor's schema), as a text, or as the code `2` of
/// `GroupProxyEnabled`.
fn proxy_enabled(value: &Json) -> Result<FieldValue, String> {
    let value = cell(value)?;
    Ok(match value.as_text().map(str::to_lowercase).as_deref() {
        Some("true" | "yes") => "true".into(),
        Some("false" | "no") => "false".into(),
        Some(text) if text.contains("default") || text == "2" => FieldValue::Null,
        Some(_) | None => value,
    })
}

/// Returns the whole resource as read, with the new list. An empty list is sent as an empty list.
fn payload(fresh: &CollectionSnapshot, changes: &[Change]) -> Result<PutBody, ZoneFailure> {
    let current = entries(&fresh.raw).map_err(mismatch)?;
    let current = current.into_iter().map(|(record, json)| (record, json.clone())).collect();
    let create = |change: &Change| {
        let group = change.key.iter().find(|(field, _)| **field == *GROUP).map(|(_, value)| value);
        let mut entry = Map::from_iter([(GROUP.to_owned(), json!({"value": text(group)}))]);
        edit_entry(&mut entry, change);
        Ok(entry)
    };
    let update = |entry: &mut Map, change: &Change| {
        edit_entry(entry, change);
        Ok(())
    };
    let list = apply_changes("group", current, changes, create, update)?;
    let list = list.into_iter().map(|(_, entry)| Json::Object(entry)).collect();
    let mut body = fresh.raw.clone();
    let members = body.as_object_mut().ok_or_else(|| mismatch("the resource is not an object"))?;
    members.insert(LIST.to_owned(), Json::Array(list));
    Ok(PutBody::Json(body))
}

/// Changes the settings of an entry. Unchanged settings keep their form.
fn edit_entry(entry: &mut Map, change: &Change) {
    for FieldChange { field, after, .. } in &change.field_changes {
        let current = entry.get(&**field).and_then(|value| setting(field, value).ok()).unwrap_or_default();
        if SETTINGS.contains(&&**field) && current != *after {
            let json = text_json(field, entry.get(&**field), text(Some(after)));
            entry.insert(field.to_string(), json);
        }
    }
}

/// Returns a text in the zone's form, if known. A cleared value is sent as an empty text.
fn text_json(field: &str, before: Option<&Json>, text: &str) -> Json {
    match (before, text) {
        (Some(Json::Bool(_)), "true" | "false") => Json::Bool(text == "true"),
        (Some(Json::Object(_)), _) => json!({"value": text}),
        (None | Some(Json::Null), _) if field == PROXY_ENABLED => json!({"value": text}),
        (_, _) => json!(text),
    }
}

fn text(value: Option<&FieldValue>) -> &str {
    value.and_then(FieldValue::as_text).unwrap_or_default()
}

/// Returns everything except the groups and the zone's own fields, normalized.
fn remaining_content(body: &Json) -> Json {
    let mut rest = body.clone();
    if let Some(members) = rest.as_object_mut() {
        members.retain(|name, _| name != LIST && !OUTPUT.contains(&name.as_str()));
    }
    normalize_value(&rest).unwrap_or_else(|| json!({}))
}

/// Returns specific messages for two differences: kept groups, and changed content outside the settings.
///
/// Such content, for example linking parameters, is unknown to zonal.
pub fn strays(before: &CollectionSnapshot, changes: &[Change], after: &CollectionSnapshot) -> Vec<String> {
    let (Ok(was), Ok(is)) = (entries(&before.raw), entries(&after.raw)) else { return Vec::new() };
    let there: BTreeSet<&str> = is.iter().map(|(record, _)| text(record.get(GROUP))).collect();
    let gone = changes
        .iter()
        .filter(|change| change.mode == ApplyMode::Apply && change.action == ChangeAction::Delete);
    let kept: Vec<String> = gone
        .flat_map(|change| &change.key)
        .map(|(_, value)| text(Some(value)))
        .filter(|group| there.contains(group))
        .map(|group| format!("`{group}`"))
        .collect();
    let mut strays = Vec::new();
    if !kept.is_empty() {
        strays.push(format!(
            "the zone kept groups missing from `{LIST}`: delete {} in Alma, under Group Settings of the resource",
            kept.join(", ")
        ));
    }
    for (record, entry) in &was {
        let group = text(record.get(GROUP));
        let Some((_, other)) = is.iter().find(|(other, _)| text(other.get(GROUP)) == group) else { continue };
        let (was, is) = (unknown_fields(entry), unknown_fields(other));
        if was != is {
            strays.push(format!("group `{group}`: other content is {is}, was {was}"));
        }
    }
    strays
}

/// Returns the content of an entry outside the settings known to zonal.
fn unknown_fields(entry: &Map) -> Json {
    let known = |name: &str| name == GROUP || SETTINGS.contains(&name);
    let others = entry.iter().filter(|(name, _)| !known(name));
    let others: Map = others.map(|(name, value)| (name.clone(), inner(value).clone())).collect();
    normalize_value(&Json::Object(others)).unwrap_or_else(|| json!({}))
}
