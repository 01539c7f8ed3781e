//! Reads and writes the calendar of an institution or library: opening hours, events and exceptions.
//!
//! Entries have no ID. Entries with the same type, day and dates form one record. The field `hours` lists the
//! periods of a day, so changed hours do not create another record. A PUT replaces the calendar (the vendor's
//! OpenAPI).

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::object_layout::ObjectLayout;
use super::put_client::PutBody;
use super::table_layout::{JsonObject as Members, flag, inner, non_empty_text};
use crate::model::{
    Change, Channel, CollectionId, FailureClass, FieldValue, ObservationSource, ObservedCollection,
    ObservedRecord, Record, ZoneCode, ZoneFailure,
};
use crate::provider::http::request_path::RequestPath;
use crate::provider::{CollectionSnapshot, record_changes};

/// Calendars as a collection type.
pub static OPEN_HOURS: ObjectLayout =
    ObjectLayout { kind: "OpenHours", path, snapshot, payload, rest: remaining_content };

/// Key fields of a record, with their names in an entry.
const KEY: [(&str, &str); 4] =
    [("type", "type"), ("day", "day_of_week"), ("from", "from_date"), ("to", "to_date")];
/// Fields outside the key except the hours, with their names in an entry.
const OTHERS: [(&str, &str); 3] =
    [("status", "status"), ("description", "desc"), ("recurrence", "recurrence_type")];

/// Returns the path. The scope names the library, or else the institution.
fn path(zone: &ZoneCode, id: &CollectionId) -> Result<RequestPath, ZoneFailure> {
    let scope = id.library.as_deref().unwrap_or(zone.as_str());
    Ok(RequestPath::new(&["conf", "open-hours"])?.query("scope", Some(scope)))
}

fn snapshot(_: &ZoneCode, id: &CollectionId, body: Json) -> Result<CollectionSnapshot, ZoneFailure> {
    let malformed = |what| ZoneFailure::new(FailureClass::Malformed, format!("opening hours: {what}"));
    let mut records: Vec<(Record, Vec<&Members>)> = Vec::new();
    for entry in own_entries(&body, id).map_err(malformed)? {
        let key = key(entry);
        match records.iter_mut().find(|(known, _)| *known == key) {
            Some((_, entries)) => entries.push(entry),
            None => records.push((key, vec![entry])),
        }
    }
    let records = records.into_iter().map(|(mut fields, entries)| {
        let all = |read: &dyn Fn(&Members) -> Option<String>| -> Vec<String> {
            entries.iter().filter_map(|entry| read(entry)).collect()
        };
        fields.insert("hours".into(), FieldValue::list(all(&hours)));
        for (field, member) in OTHERS {
            let texts = all(&|entry| non_empty_text(entry.get(member)));
            // If the periods of a day differ, the record contains all values.
            let differ = texts.iter().any(|text| Some(text) != texts.first());
            let one = texts.first().map(FieldValue::from_text).unwrap_or_default();
            fields.insert(field.into(), if differ { FieldValue::list(texts) } else { one });
        }
        fields.retain(|_, value| *value != FieldValue::Null);
        ObservedRecord { fields, updated_by: None, update_date: None }
    });
    let observed = ObservedCollection {
        id: id.clone(),
        aliases: BTreeMap::new(),
        columns: KEY
            .iter()
            .chain(&OTHERS)
            .map(|(field, _)| (*field).into())
            .chain(["hours".into()])
            .collect(),
        records: records.collect(),
        references: None,
        channel: Channel::Api,
        witness: ObservationSource::Zone,
    };
    Ok(CollectionSnapshot { observed, raw: body })
}

/// Returns the entries of a response.
fn entries(body: &Json) -> Result<Vec<&Members>, String> {
    let Json::Object(members) = body else { return Err(format!("{body} is not a calendar")) };
    let items = match members.get("open_hour") {
        None | Some(Json::Null) if members.get("open_hours").is_some_and(|hours| !hours.is_null()) => {
            return Err("the entries are under `open_hours`, expected `open_hour`".to_owned());
        }
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::String(text)) if text.is_empty() => return Ok(Vec::new()),
        Some(Json::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
    };
    items.into_iter().map(|item| item.as_object().ok_or_else(|| format!("{item} is not an entry"))).collect()
}

/// Returns the calendar's own entries.
///
/// Inherited entries of a library belong to its institution. Whether the institution's own entries carry the
/// flag `inherited` is unknown; they always count as own entries.
fn own_entries<'a>(body: &'a Json, id: &CollectionId) -> Result<Vec<&'a Members>, String> {
    let mut own = Vec::new();
    for entry in entries(body)? {
        let inherited = flag(entry.get("inherited"), false).map_err(|what| format!("`inherited`: {what}"))?;
        if !inherited || id.library.is_none() {
            own.push(entry);
        }
    }
    Ok(own)
}

fn key(entry: &Members) -> Record {
    let fields = KEY.iter().map(|(field, member)| {
        let text = non_empty_text(entry.get(*member)).unwrap_or_default();
        ((*field).into(), FieldValue::from_text(if member.ends_with("_date") { date(&text) } else { &text }))
    });
    fields.collect()
}

/// Returns `2026-05-08` for `2026-05-08Z` and for a time on that day.
fn date(text: &str) -> &str {
    text.get(..10).filter(|date| date.parse::<jiff::civil::Date>().is_ok()).unwrap_or(text)
}

/// Returns `08:00-22:00`; `None` if the entry has no hours.
fn hours(entry: &Members) -> Option<String> {
    let [from, to] = ["from_hour", "to_hour"].map(|member| non_empty_text(entry.get(member)));
    (from.is_some() || to.is_some())
        .then(|| format!("{}-{}", time(&from.unwrap_or_default()), time(&to.unwrap_or_default())))
}

/// Returns `08:00` for `8:00` and `08:00:00`.
fn time(text: &str) -> String {
    let mut parts = text.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(hour), Some(minute), None | Some("00")) => format!("{hour:0>2}:{minute}"),
        (_, _, _) => text.to_owned(),
    }
}

fn payload(fresh: &CollectionSnapshot, changes: &[Change]) -> Result<PutBody, ZoneFailure> {
    let id = &fresh.observed.id;
    let malformed = |what| ZoneFailure::new(FailureClass::Malformed, what);
    let current = own_entries(&fresh.raw, id).map_err(malformed)?;
    let spelling = CalendarFormat::from_entries(&entries(&fresh.raw).map_err(malformed)?);
    let mut put: Vec<Json> = Vec::new();
    for record in record_changes::records(fresh, changes)? {
        let is_it = |key: &Record| {
            key.iter().all(|(field, value)| record.get(field).unwrap_or(&FieldValue::Null) == value)
        };
        let found = current.iter().filter(|entry| is_it(&key(entry)));
        let mut found: Vec<Members> = found.map(|entry| (*entry).clone()).collect();
        let before = fresh.observed.records.iter().find(|observed| is_it(&key_fields(&observed.fields)));
        let nothing = Record::new();
        let before = before.map_or(&nothing, |observed| &observed.fields);
        if found.is_empty() {
            found.push(spelling.new_entry(&record, id));
        }
        for (field, member) in OTHERS {
            let value = record.get(field).unwrap_or(&FieldValue::Null);
            if value != before.get(field).unwrap_or(&FieldValue::Null) {
                found.iter_mut().for_each(|entry| spelling.set(entry, member, value));
            }
        }
        let desired = record.get("hours").unwrap_or(&FieldValue::Null);
        if desired != before.get("hours").unwrap_or(&FieldValue::Null) {
            found = split_into_periods(found, desired);
        }
        put.extend(found.into_iter().map(Json::Object));
    }
    let mut body = fresh.raw.as_object().cloned().unwrap_or_default();
    body.shift_remove("additional_info");
    body.insert("open_hour".to_owned(), Json::Array(put));
    Ok(PutBody::Json(Json::Object(body)))
}

fn key_fields(fields: &Record) -> Record {
    fields
        .iter()
        .filter(|(name, _)| KEY.iter().any(|(field, _)| *field == &***name))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect()
}

/// Returns the entries of one day, one per period. Entries with a matching period stay unchanged.
fn split_into_periods(mut found: Vec<Members>, desired: &FieldValue) -> Vec<Members> {
    let first = found.first().cloned().unwrap_or_default();
    if desired.texts().is_empty() {
        let mut first = first;
        first.shift_remove("from_hour");
        first.shift_remove("to_hour");
        return vec![first];
    }
    let kept: Vec<Option<Members>> = desired
        .texts()
        .iter()
        .map(|period| {
            let index = found.iter().position(|entry| hours(entry).as_deref() == Some(&**period))?;
            Some(found.remove(index))
        })
        .collect();
    let mut spare = found.into_iter();
    let periods = desired.texts().iter().zip(kept).map(|(period, kept)| {
        kept.unwrap_or_else(|| {
            let mut entry = spare.next().unwrap_or_else(|| first.clone());
            let (from, to) = period.split_once('-').unwrap_or((period, ""));
            entry.insert("from_hour".to_owned(), json!(from));
            entry.insert("to_hour".to_owned(), json!(to));
            entry
        })
    });
    periods.collect()
}

/// Format of codes and dates in a zone. Without entries, the format of the vendor's schema applies.
struct CalendarFormat {
    plain_codes: bool,
    bare_dates: bool,
}

impl CalendarFormat {
    fn from_entries(entries: &[&Members]) -> Self {
        let all = |members: &[&str]| -> Vec<&Json> {
            entries.iter().flat_map(|entry| members.iter().filter_map(|member| entry.get(*member))).collect()
        };
        let codes = all(&["type", "status"]);
        let dates: Vec<String> = all(&["from_date", "to_date"])
            .into_iter()
            .filter_map(|each| non_empty_text(Some(each)))
            .collect();
        Self {
            plain_codes: !codes.is_empty() && codes.iter().all(|code| std::ptr::eq(inner(code), *code)),
            bare_dates: !dates.is_empty() && dates.iter().all(|date| !date.ends_with('Z')),
        }
    }

    fn new_entry(&self, record: &Record, id: &CollectionId) -> Members {
        let mut entry = Members::new();
        for (field, member) in KEY {
            self.set(&mut entry, member, record.get(field).unwrap_or(&FieldValue::Null));
        }
        if id.library.is_some() {
            entry.insert("inherited".to_owned(), json!(false));
        }
        entry
    }

    fn set(&self, entry: &mut Members, member: &str, value: &FieldValue) {
        let Some(text) = value.as_text() else {
            entry.shift_remove(member);
            return;
        };
        let written = match member {
            "desc" => json!(text),
            "from_date" | "to_date" if self.bare_dates => json!(text),
            "from_date" | "to_date" => json!(format!("{text}Z")),
            _ if self.plain_codes => json!(text),
            _ => json!({"value": text}),
        };
        entry.insert(member.to_owned(), written);
    }
}

/// Returns everything except the entries.
///
/// Own entries are compared as records. Inherited entries may change as soon as a calendar has own entries.
fn remaining_content(body: &Json) -> Json {
    let mut rest = body.as_object().cloned().unwrap_or_default();
    rest.retain(|name, _| {
        !matches!(name.as_str(), "open_hour" | "link" | "additional_info" | "total_record_count")
    });
    Json::Object(rest)
}
