//! Reads and writes the relations of one library with other libraries of its institution.
//!
//! The vendor publishes no schema. The OpenAPI only says that `GET` and `PUT /conf/relations?scope=` use "a
//! Relations object". It also says that a PUT replaces all relations of the library.
//!
//! Therefore zonal accepts entries under `relation` or `relations` at any level. An entry names another
//! library and optionally types, single or as a list. Unknown content goes back as read, and new entries copy
//! the form of existing entries.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::object_layout::ObjectLayout;
use super::put_client::PutBody;
use super::table_layout::{JsonObject as Members, inner, non_empty_text};
use crate::model::{
    Change, Channel, CollectionId, FailureClass, FieldValue, ObservationSource, ObservedCollection,
    ObservedRecord, ZoneCode, ZoneFailure,
};
use crate::provider::http::request_path::RequestPath;
use crate::provider::{CollectionSnapshot, record_changes};

/// Relations of one library as a collection type.
pub static RELATIONS: ObjectLayout =
    ObjectLayout { kind: "LibraryRelations", path, snapshot, payload, rest: remaining_content };

/// Possible names of the list.
const LISTS: [&str; 2] = ["relation", "relations"];
/// Possible names of the other library. Names that could mean either library come last.
const TARGETS: [&str; 7] = [
    "target_library",
    "target_library_code",
    "related_library",
    "to_library",
    "library_code",
    "library",
    "code",
];
/// Possible names of the types.
const TYPES: [&str; 5] = ["types", "type", "relation_types", "relation_type", "relationship_type"];

fn source(id: &CollectionId) -> Result<&str, ZoneFailure> {
    let lacks = || ZoneFailure::new(FailureClass::Mismatch, "relations require a library");
    id.library.as_deref().ok_or_else(lacks)
}

fn path(_: &ZoneCode, id: &CollectionId) -> Result<RequestPath, ZoneFailure> {
    Ok(RequestPath::new(&["conf", "relations"])?.query("scope", Some(source(id)?)))
}

fn snapshot(_: &ZoneCode, id: &CollectionId, body: Json) -> Result<CollectionSnapshot, ZoneFailure> {
    let source = source(id)?;
    let malformed = |what: String| {
        ZoneFailure::new(FailureClass::Malformed, format!("relations of `{source}`: {what}"))
            .help("report the zone's response to the project; the vendor publishes no schema for relations")
    };
    let mut records: Vec<(String, Vec<String>)> = Vec::new();
    for entry in entries(&body).map_err(malformed)? {
        let name = target(entry, source)
            .ok_or_else(|| malformed(format!("{entry:?} does not name another library")))?;
        let library = non_empty_text(entry.get(name)).unwrap_or_default();
        match records.iter_mut().find(|(known, _)| *known == library) {
            Some((_, types)) => types.extend(types_of(entry)),
            None => records.push((library, types_of(entry))),
        }
    }
    let records = records.into_iter().map(|(library, types)| {
        let fields =
            [("library".into(), FieldValue::from_text(library)), ("types".into(), FieldValue::list(types))];
        let fields = fields.into_iter().filter(|(_, value)| *value != FieldValue::Null).collect();
        ObservedRecord { fields, ..ObservedRecord::default() }
    });
    let observed = ObservedCollection {
        id: id.clone(),
        title: None,
        aliases: BTreeMap::new(),
        columns: vec!["library".into(), "types".into()],
        records: records.collect(),
        references: None,
        channel: Channel::Api,
        witness: ObservationSource::Zone,
    };
    Ok(CollectionSnapshot { observed, raw: body })
}

/// Returns the entries, at any level.
fn entries(body: &Json) -> Result<Vec<&Members>, String> {
    match body {
        Json::Array(items) => items.iter().map(object).collect(),
        Json::Object(members) => match LISTS.iter().find_map(|name| list(members.get(*name))) {
            Some(inside @ Json::Object(within)) if LISTS.iter().any(|name| within.contains_key(*name)) => {
                entries(inside)
            }
            Some(Json::Array(items)) => items.iter().map(object).collect(),
            Some(one) => object(one).map(|one| vec![one]),
            None => match members.iter().find(|(_, value)| value.is_array() || value.is_object()) {
                Some((name, _)) => Err(format!("expected entries under `relation`, found `{name}`")),
                None => Ok(Vec::new()),
            },
        },
        other => Err(format!("{other} is not a list of relations")),
    }
}

fn object(item: &Json) -> Result<&Members, String> {
    item.as_object().ok_or_else(|| format!("{item} is not a relation"))
}

/// Returns a possible list, unless null or empty.
fn list(value: Option<&Json>) -> Option<&Json> {
    value.filter(|value| !value.is_null() && value.as_str() != Some(""))
}

/// Returns the name of the field with the other library's code.
fn target(entry: &Members, source: &str) -> Option<&'static str> {
    let mut named = TARGETS.into_iter().filter(|name| non_empty_text(entry.get(*name)).is_some());
    let first = named.clone().next();
    named.find(|name| non_empty_text(entry.get(*name)).is_some_and(|code| code != source)).or(first)
}

/// Returns the name of the field with the types.
fn types_name(entry: &Members) -> Option<&'static str> {
    TYPES.into_iter().find(|name| entry.get(*name).is_some_and(|value| !value.is_null()))
}

fn types_of(entry: &Members) -> Vec<String> {
    let texts = |value: &Json| match unwrap_list(value) {
        Json::Array(items) => items.iter().filter_map(|item| non_empty_text(Some(item))).collect(),
        one => non_empty_text(Some(one)).into_iter().collect(),
    };
    types_name(entry).and_then(|name| entry.get(name)).map(texts).unwrap_or_default()
}

/// Returns the list inside an object such as `{"type": [..]}`.
fn unwrap_list(value: &Json) -> &Json {
    let mut members = value.as_object().into_iter().flat_map(Members::values);
    match (members.next(), members.next()) {
        (Some(only @ Json::Array(_)), None) => only,
        (_, _) => value,
    }
}

fn payload(fresh: &CollectionSnapshot, changes: &[Change]) -> Result<PutBody, ZoneFailure> {
    let source = source(&fresh.observed.id)?;
    let current = entries(&fresh.raw).map_err(|what| ZoneFailure::new(FailureClass::Malformed, what))?;
    let new = RelationTemplate::of(&current, source);
    let mut put: Vec<Json> = Vec::new();
    for record in record_changes::records(fresh, changes)? {
        let value = |field: &str| record.get(field).unwrap_or(&FieldValue::Null);
        let library = value("library").as_text().unwrap_or_default();
        let own: Vec<&Members> = (current.iter().copied())
            .filter(|entry| {
                target(entry, source)
                    .is_some_and(|name| non_empty_text(entry.get(name)).as_deref() == Some(library))
            })
            .collect();
        let unchanged = fresh.observed.records.iter().any(|observed| observed.fields == record);
        match own.first() {
            Some(_) if unchanged => put.extend(own.into_iter().cloned().map(Json::Object)),
            Some(first) => put.extend(new.entries_with_types(first, &own, value("types"))),
            None => put.extend(new.entries_with_types(&new.entry(library), &[], value("types"))),
        }
    }
    Ok(PutBody::Json(replace_entries(&fresh.raw, Json::Array(put))))
}

/// Returns the response with other entries at the same level, or under `relation` if there were none.
fn replace_entries(body: &Json, put: Json) -> Json {
    let Json::Object(members) = body else { return put };
    let mut members = members.clone();
    members.shift_remove("total_record_count");
    let list_name = LISTS.into_iter().find(|name| list(members.get(*name)).is_some());
    let inside = list_name.and_then(|name| members.get(name)).filter(|inside| {
        inside.as_object().is_some_and(|within| LISTS.iter().any(|name| within.contains_key(*name)))
    });
    let put = match inside {
        Some(inside) => replace_entries(inside, put),
        None => put,
    };
    members.insert(list_name.unwrap_or("relation").to_owned(), put);
    Json::Object(members)
}

/// Template for new entries, from existing entries.
///
/// Without existing entries, the form is a guess. The read-back confirms or refutes the guess, and no data
/// can be lost.
struct RelationTemplate {
    target: &'static str,
    target_is_wrapped: bool,
    types: &'static str,
    form: RelationTypesForm,
    /// Fields that name the library of the collection.
    source: Members,
}

/// Form of the types in an entry.
enum RelationTypesForm {
    /// Single type: a relation with several types has several entries.
    One(ValueWrapping),
    /// List of types, optionally inside an object.
    Several(ValueWrapping, Option<String>),
}

/// Form of a text: `{"value": ..}` or plain.
#[derive(Clone, Copy)]
enum ValueWrapping {
    Wrapped,
    Plain,
}

impl ValueWrapping {
    fn of(value: &Json) -> Self {
        if std::ptr::eq(inner(value), value) { Self::Plain } else { Self::Wrapped }
    }

    fn wrap(self, text: &str) -> Json {
        match self {
            Self::Wrapped => json!({"value": text}),
            Self::Plain => json!(text),
        }
    }
}

impl RelationTemplate {
    fn of(current: &[&Members], source: &str) -> Self {
        let typed = current.iter().find(|entry| types_name(entry).is_some());
        let example = typed.or_else(|| current.first());
        let target = example.and_then(|entry| target(entry, source));
        let wrapped = |entry: &Members, name: &str| entry.get(name).is_some_and(|value| value.is_object());
        let types = typed.and_then(|entry| types_name(entry));
        let naming = |(name, value): &(&String, &Json)| {
            Some(name.as_str()) != target && non_empty_text(Some(value)).as_deref() == Some(source)
        };
        Self {
            target_is_wrapped: target.is_none_or(|name| example.is_some_and(|entry| wrapped(entry, name))),
            target: target.unwrap_or("library"),
            form: typed
                .and_then(|entry| entry.get(types?))
                .map_or(RelationTypesForm::One(ValueWrapping::Wrapped), RelationTypesForm::of),
            types: types.unwrap_or("type"),
            source: example
                .map(|entry| entry.iter().filter(naming).map(|(name, value)| (name.clone(), value.clone())))
                .map(Iterator::collect)
                .unwrap_or_default(),
        }
    }

    fn entry(&self, library: &str) -> Members {
        let wrapping = if self.target_is_wrapped { ValueWrapping::Wrapped } else { ValueWrapping::Plain };
        let mut entry = self.source.clone();
        entry.insert(self.target.to_owned(), wrapping.wrap(library));
        entry
    }

    /// Returns one or more entries with these types. Entries in `own` with a matching type stay unchanged.
    fn entries_with_types(&self, first: &Members, own: &[&Members], types: &FieldValue) -> Vec<Json> {
        let name = types_name(first).unwrap_or(self.types);
        let with = |value: Option<Json>| {
            let mut entry = first.clone();
            match value {
                Some(value) => drop(entry.insert(name.to_owned(), value)),
                None => drop(entry.shift_remove(name)),
            }
            Json::Object(entry)
        };
        let own_form = first.get(name).map(RelationTypesForm::of);
        match own_form.as_ref().unwrap_or(&self.form) {
            RelationTypesForm::Several(wrapping, around) => {
                let list: Json = types.texts().iter().map(|text| wrapping.wrap(text)).collect();
                vec![with(Some(match around {
                    Some(around) => json!({around: list}),
                    None => list,
                }))]
            }
            RelationTypesForm::One(_) if types.texts().is_empty() => vec![with(None)],
            RelationTypesForm::One(wrapping) => (types.texts().iter())
                .map(|text| match own.iter().find(|entry| types_of(entry) == [&**text]) {
                    Some(entry) => Json::Object((*entry).clone()),
                    None => with(Some(wrapping.wrap(text))),
                })
                .collect(),
        }
    }
}

impl RelationTypesForm {
    fn of(value: &Json) -> Self {
        let list = unwrap_list(value);
        match list {
            Json::Array(items) => {
                let around = value.as_object().and_then(|object| object.keys().next().cloned());
                Self::Several(items.first().map_or(ValueWrapping::Plain, ValueWrapping::of), around)
            }
            one => Self::One(ValueWrapping::of(one)),
        }
    }
}

/// Returns everything except the entries.
fn remaining_content(body: &Json) -> Json {
    match body {
        Json::Object(members) => {
            let mut rest = members.clone();
            let own = |name: &String| LISTS.contains(&name.as_str());
            rest.retain(|name, _| !own(name) && !matches!(name.as_str(), "link" | "total_record_count"));
            Json::Object(rest)
        }
        _ => json!({}),
    }
}
