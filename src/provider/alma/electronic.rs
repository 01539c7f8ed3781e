//! For whom an e-resource of the network zone is available: the `group_setting` list of an e-collection,
//! an e-service or a portfolio.
//!
//! This API is the one in which a field that a PUT leaves out keeps its value, and an empty text clears it
//! (the vendor's developer pages). Whether a group that the list leaves out goes is not known, so that the
//! zone is asked afterwards; see [`strays`].

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::layout::{Object as Map, cell, filled, inner};
use super::object::Object;
use super::putter::Payload;
use super::strays::spelled;
use crate::model::{
    Action, Change, Channel, CollectionId, Failure, FailureClass, Field, Mode, ObservedCollection,
    ObservedRecord, Record, Table, Value, ZoneCode,
};
use crate::provider::http::path::Path;
use crate::provider::{Snapshot, laid};

/// An e-collection, an e-service or a portfolio; its ids are the code of the collection, `61.62.53`.
pub static ELECTRONIC: Object = Object { kind: "ElectronicAvailability", path, snapshot, payload, rest };

const LIST: &str = "group_setting";
const GROUP: &str = "group";
const PROXY_ENABLED: &str = "proxy_enabled";

/// What is said of a group, the same for all three types of resource (a client library's models).
const SETTINGS: [&str; 5] = [PROXY_ENABLED, "proxy", "public_name", "authentication_note", "public_note"];

/// What the zone sets itself. Which of the dates there are is not known.
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

/// The ids of a resource, and what it is.
struct Target<'a> {
    ids: Vec<&'a str>,
    noun: &'static str,
}

impl<'a> Target<'a> {
    fn of(id: &'a CollectionId) -> Result<Self, Failure> {
        let ids: Vec<&str> = match &id.table {
            Table::Code(code) => code.split('.').collect(),
            Table::Title(_) | Table::Whole => Vec::new(),
        };
        let noun = match ids.len() {
            1 => "e-collection",
            2 => "e-service",
            3 => "portfolio",
            _ => {
                let message = format!("`{}` is no e-collection, e-service or portfolio", id.table);
                return Err(Failure::new(FailureClass::Mismatch, message));
            }
        };
        Ok(Self { ids, noun })
    }

    /// Its own id, which is the last one.
    fn own(&self) -> &'a str {
        self.ids.last().copied().unwrap_or_default()
    }
}

/// `/electronic/e-collections/{id}[/e-services/{id}[/portfolios/{id}]]` (the vendor's OpenAPI).
fn path(_: &ZoneCode, id: &CollectionId) -> Result<Path, Failure> {
    let folders = ["e-collections", "e-services", "portfolios"];
    let target = Target::of(id)?;
    let below = folders.iter().zip(&target.ids).flat_map(|(folder, id)| [*folder, *id]);
    Path::new(&std::iter::once("electronic").chain(below).collect::<Vec<_>>())
}

fn snapshot(_: &ZoneCode, id: &CollectionId, body: Json) -> Result<Snapshot, Failure> {
    let target = Target::of(id)?;
    let malformed = |what: String| Failure::new(FailureClass::Malformed, what);
    let (noun, own) = (target.noun, target.own());
    match filled(body.get("id")) {
        Some(found) if found == own => {}
        Some(found) => {
            return Err(malformed(format!("asked for the {noun} `{own}`, the zone answered with `{found}`")));
        }
        None => return Err(malformed(format!("the answer for the {noun} `{own}` has no `id`"))),
    }
    let records = entries(&body)
        .map_err(|what| malformed(format!("{noun} `{own}`: {what}")))?
        .into_iter()
        .map(|entry| ObservedRecord { fields: entry.record, ..ObservedRecord::default() })
        .collect();
    let observed = ObservedCollection {
        id: id.clone(),
        aliases: std::collections::BTreeMap::new(),
        columns: std::iter::once(GROUP).chain(SETTINGS).map(Field::from).collect(),
        records,
        references: None,
        channel: Channel::Api,
        witness: Default::default(),
    };
    Ok(Snapshot { observed, raw: body })
}

/// One entry of the list.
struct Entry<'a> {
    record: Record,
    json: &'a Map,
}

/// The entries of the list, which is left out where it is empty; bodies that were XML once hold a single
/// entry without its list.
fn entries(body: &Json) -> Result<Vec<Entry<'_>>, String> {
    let entries = match body.get(LIST) {
        None | Some(Json::Null) if body.get("group_settings").is_some_and(|list| !list.is_null()) => {
            return Err(format!("its groups are under `group_settings`, not under `{LIST}`"));
        }
        None | Some(Json::Null) => Vec::new(),
        Some(Json::String(text)) if text.is_empty() => Vec::new(),
        Some(Json::Array(entries)) => entries.iter().collect(),
        Some(entry) => vec![entry],
    };
    entries
        .into_iter()
        .enumerate()
        .map(|(index, entry)| read(entry).map_err(|what| format!("entry {} of `{LIST}`: {what}", index + 1)))
        .collect()
}

fn read(entry: &Json) -> Result<Entry<'_>, String> {
    let json = entry.as_object().ok_or("it is not an object")?;
    let group = json.get(GROUP).and_then(name).ok_or("it names no group")?;
    let mut record = Record::from([(GROUP.into(), Value::text(group))]);
    for field in SETTINGS {
        let Some(value) = json.get(field) else { continue };
        let value = match field {
            PROXY_ENABLED => proxy_enabled(value),
            _ => cell(value),
        };
        record.insert(field.into(), value.map_err(|what| format!("`{field}`: {what}"))?);
    }
    Ok(Entry { record, json })
}

/// The name of a group. What its `value` is beside its `desc` is not known, and one live answer was seen to
/// hold `desc` alone: a number is not what people call a group.
fn name(group: &Json) -> Option<String> {
    let desc = || filled(group.get("desc"));
    match filled(Some(group)) {
        Some(value) if value.bytes().all(|byte| byte.is_ascii_digit()) => desc().or(Some(value)),
        value => value.or_else(desc),
    }
}

/// `true`, `false`, or nothing where the resource's own setting counts. How a zone spells the latter is not
/// known: left out, empty, or in words.
fn proxy_enabled(value: &Json) -> Result<Value, String> {
    let value = cell(value)?;
    Ok(match value.as_text().map(str::to_lowercase).as_deref() {
        Some("true" | "yes") => "true".into(),
        Some("false" | "no") => "false".into(),
        Some(text) if text.contains("default") => Value::Null,
        Some(_) | None => value,
    })
}

/// The whole resource as it was read, with another list. An empty list is sent as such.
fn payload(fresh: &Snapshot, changes: &[Change]) -> Result<Payload, Failure> {
    let mismatch = |what: String| Failure::new(FailureClass::Mismatch, what);
    let wanted = laid::records(fresh, changes)?;
    let mut held: Vec<Entry<'_>> = entries(&fresh.raw).map_err(mismatch)?;
    let list = wanted.iter().map(|record| {
        match held.iter().position(|entry| entry.record.get(GROUP) == record.get(GROUP)) {
            Some(index) => {
                let entry = held.remove(index);
                edited(entry.json.clone(), &entry.record, record)
            }
            None => edited(Map::from_iter([(GROUP.to_owned(), made(record))]), &Record::new(), record),
        }
    });
    let list: Vec<Json> = list.map(Json::Object).collect();
    let mut body = fresh.raw.clone();
    let members = body.as_object_mut().ok_or_else(|| mismatch("the resource is not an object".into()))?;
    members.insert(LIST.to_owned(), Json::Array(list));
    Ok(Payload::Json(body))
}

fn made(record: &Record) -> Json {
    json!({"value": text(record.get(GROUP))})
}

/// An entry with the settings of a record, those that are the same as before as they came.
fn edited(mut entry: Map, was: &Record, is: &Record) -> Map {
    let value = |record: &Record, field: &str| record.get(field).cloned().unwrap_or_default();
    for field in SETTINGS {
        if value(was, field) != value(is, field) {
            let json = written(field, entry.get(field), text(is.get(field)));
            entry.insert(field.to_owned(), json);
        }
    }
    entry
}

/// A text in the form that the zone uses, where it is known. What is cleared is sent as an empty text.
fn written(field: &str, before: Option<&Json>, text: &str) -> Json {
    match (before, text) {
        (Some(Json::Bool(_)), "true" | "false") => Json::Bool(text == "true"),
        (Some(Json::Object(_)), _) => json!({"value": text}),
        (None | Some(Json::Null), _) if field == PROXY_ENABLED => json!({"value": text}),
        (_, _) => json!(text),
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_text).unwrap_or_default()
}

/// Everything but the groups and what the zone sets itself, in one spelling.
fn rest(body: &Json) -> Json {
    let mut rest = body.clone();
    if let Some(members) = rest.as_object_mut() {
        members.retain(|name, _| name != LIST && !OUTPUT.contains(&name.as_str()));
    }
    spelled(&rest).unwrap_or_else(|| json!({}))
}

/// What a zone did otherwise than asked, in words that help: groups that it kept, and what of a group is
/// no setting that zonal knows, such as linking parameters.
pub fn strays(before: &Snapshot, changes: &[Change], after: &Snapshot) -> Vec<String> {
    let (Ok(was), Ok(is)) = (entries(&before.raw), entries(&after.raw)) else { return Vec::new() };
    let there: BTreeSet<&str> = is.iter().map(|entry| text(entry.record.get(GROUP))).collect();
    let gone = changes.iter().filter(|change| change.mode == Mode::Apply && change.action == Action::Delete);
    let kept: Vec<String> = gone
        .flat_map(|change| &change.key)
        .map(|(_, value)| text(Some(value)))
        .filter(|group| there.contains(group))
        .map(|group| format!("`{group}`"))
        .collect();
    let mut strays = Vec::new();
    if !kept.is_empty() {
        strays.push(format!(
            "the zone keeps a group that `{LIST}` leaves out: take {} away in Alma, under Group Settings of the resource",
            kept.join(", ")
        ));
    }
    let group = |entry: &Entry<'_>| Arc::<str>::from(text(entry.record.get(GROUP)));
    for entry in &was {
        let Some(other) = is.iter().find(|other| group(other) == group(entry)) else { continue };
        let (was, is) = (others(entry.json), others(other.json));
        if was != is {
            strays.push(format!("group `{}`: {is} beside its settings, was {was}", group(entry)));
        }
    }
    strays
}

/// What an entry holds beside the settings that zonal knows.
fn others(entry: &Map) -> Json {
    let known = |name: &str| name == GROUP || SETTINGS.contains(&name);
    let others = entry.iter().filter(|(name, _)| !known(name));
    let others: Map = others.map(|(name, value)| (name.clone(), inner(value).clone())).collect();
    spelled(&Json::Object(others)).unwrap_or_else(|| json!({}))
}
