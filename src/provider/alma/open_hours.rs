//! Reads and writes the calendar of an institution or library: opening hours, events and exceptions.
//!
//! Entries have no ID: see [`crate::model::calendar`]. Entries with the same key form one record. The field
//! `hours` lists the periods of a day, so changed hours do not create another record. A PUT replaces the
//! calendar (the vendor's OpenAPI), so entries without a change stay as read, field by field.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::object_layout::ObjectLayout;
use super::put_client::PutBody;
use super::table_layout::{JsonObject as Members, flag, inner, non_empty_text};
use crate::model::calendar::{
    CALENDAR_KEY, CLOSE, CLOSED, COPIES, WEEK, WEEK_DESCRIPTION, WEEK_END, comparable_status, identifying_end,
};
use crate::model::{
    Change, Channel, CollectionId, FailureClass, FieldValue, ObservationSource, ObservedCollection,
    ObservedRecord, Record, ZoneCode, ZoneFailure,
};
use crate::provider::http::request_path::RequestPath;
use crate::provider::{CollectionSnapshot, record_changes};

/// Calendars as a collection type.
pub static OPEN_HOURS: ObjectLayout =
    ObjectLayout { kind: "OpenHours", path, snapshot, payload, rest: remaining_content };

/// Text fields of a record, with their names in an entry.
const MEMBERS: [(&str, &str); 9] = [
    ("type", "type"),
    ("day", "day_of_week"),
    ("from", "from_date"),
    ("to", "to_date"),
    ("description", "desc"),
    ("status", "status"),
    ("recurrence", "recurrence_type"),
    (WEEK_DESCRIPTION, "desc"),
    (WEEK_END, "to_date"),
];

/// Returns the path. The scope names the library. Without a scope, the API returns the calendar of the
/// institution; all known clients omit the scope there.
fn path(_: &ZoneCode, id: &CollectionId) -> Result<RequestPath, ZoneFailure> {
    Ok(RequestPath::new(&["conf", "open-hours"])?.query("scope", id.library.as_deref()))
}

fn snapshot(_: &ZoneCode, id: &CollectionId, body: Json) -> Result<CollectionSnapshot, ZoneFailure> {
    let records = grouped_entries(&body, id)?
        .into_iter()
        .map(|(fields, _)| ObservedRecord { fields, ..ObservedRecord::default() });
    let observed = ObservedCollection {
        id: id.clone(),
        title: None,
        aliases: BTreeMap::new(),
        columns: MEMBERS.iter().map(|(field, _)| (*field).into()).chain(["hours".into()]).collect(),
        records: records.collect(),
        references: None,
        channel: Channel::Api,
        witness: ObservationSource::Zone,
    };
    Ok(CollectionSnapshot { observed, raw: body })
}

/// Returns the own entries of a calendar, grouped by record.
fn grouped_entries(body: &Json, id: &CollectionId) -> Result<Vec<(Record, Vec<Members>)>, ZoneFailure> {
    let malformed = |what| ZoneFailure::new(FailureClass::Malformed, format!("opening hours: {what}"));
    let mut groups: Vec<(Record, Vec<Members>)> = Vec::new();
    for entry in own_entries(body, id).map_err(malformed)? {
        let key = key(entry);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, entries)) => entries.push(entry.clone()),
            None => groups.push((key, vec![entry.clone()])),
        }
    }
    for (fields, entries) in &mut groups {
        let is_week = fields.get("type") == Some(&WEEK.into());
        let all = |read: &dyn Fn(&Members) -> Option<String>| -> Vec<String> {
            entries.iter().filter_map(read).collect()
        };
        fields.insert("hours".into(), FieldValue::list(all(&hours)));
        let description = is_week.then_some(WEEK_DESCRIPTION);
        for field in ["status", "recurrence"].into_iter().chain(description) {
            let texts = all(&|entry| current_text(entry, field));
            // If the periods of a day differ, the record contains all values.
            let differ = texts.iter().any(|text| Some(text) != texts.first());
            let one = texts.first().map(FieldValue::from_text).unwrap_or_default();
            fields.insert(field.into(), if differ { FieldValue::list(texts) } else { one });
        }
        let periods: Vec<Option<String>> = entries.iter().map(hours).collect();
        let count = |period| periods.iter().filter(|other| *other == period).count();
        if let Some(copies @ 2..) = periods.iter().map(count).max() {
            fields.insert(COPIES.into(), copies.to_string().as_str().into());
        }
        fields.retain(|_, value| *value != FieldValue::Null);
    }
    Ok(groups)
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
/// flag `inherited` is unknown: flagged entries count as own, unless another entry is explicitly not inherited.
fn own_entries<'a>(body: &'a Json, id: &CollectionId) -> Result<Vec<&'a Members>, String> {
    let mut own = Vec::new();
    for entry in entries(body)? {
        let inherited = |default| flag(entry.get("inherited"), default);
        let flags = inherited(false).and_then(|flag| Ok((flag, !inherited(true)?)));
        own.push((entry, flags.map_err(|what| format!("`inherited`: {what}"))?));
    }
    let told_apart = id.library.is_some() || own.iter().any(|(_, (_, is_own))| *is_own);
    own.retain(|(_, (is_inherited, _))| !(*is_inherited && told_apart));
    Ok(own.into_iter().map(|(entry, _)| entry).collect())
}

/// Returns the key of an entry, with an empty value for each missing part.
fn key(entry: &Members) -> Record {
    let [kind, day, from, to, description] =
        CALENDAR_KEY.map(|field| current_text(entry, field).unwrap_or_default());
    let to = identifying_end(&kind, &from, &to).to_owned();
    let description = if kind == WEEK { String::new() } else { description };
    let parts = [kind, day, from, to, description].map(FieldValue::from_text);
    CALENDAR_KEY.iter().map(|field| (*field).into()).zip(parts).collect()
}

/// Returns the text of an entry for a field of a record.
fn current_text(entry: &Members, field: &str) -> Option<String> {
    let (_, member) = MEMBERS.iter().find(|(name, _)| *name == field)?;
    let text = non_empty_text(entry.get(*member))?;
    Some(match *member {
        "from_date" | "to_date" => date(&text).to_owned(),
        "status" => comparable_status(&text).to_owned(),
        _ => text,
    })
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
    let spelling = CalendarFormat::from_entries(&entries(&fresh.raw).map_err(malformed)?);
    let create = |change: &Change| {
        let mut entry = Members::new();
        if id.library.is_some() {
            entry.insert("inherited".to_owned(), json!(false));
        }
        let mut created = vec![entry];
        spelling.edit(&mut created, &change.key.iter().cloned().collect());
        spelling.edit(&mut created, &edited_fields(change));
        Ok(created)
    };
    let update = |entries: &mut Vec<Members>, change: &Change| {
        spelling.edit(entries, &edited_fields(change));
        Ok(())
    };
    let current = grouped_entries(&fresh.raw, id)?;
    let records = record_changes::apply_changes("record", current, changes, create, update)?;
    let put = records.into_iter().flat_map(|(_, entries)| entries).map(Json::Object);
    let mut body = fresh.raw.as_object().cloned().unwrap_or_default();
    body.shift_remove("additional_info");
    body.insert("open_hour".to_owned(), put.collect());
    Ok(PutBody::Json(Json::Object(body)))
}

fn edited_fields(change: &Change) -> Record {
    change.field_changes.iter().map(|edit| (edit.field.clone(), edit.after.clone())).collect()
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

/// Format of codes, dates and closed days in a zone. Without entries, the format of the vendor's schema
/// applies, and the spelling of closed days in all known zones.
struct CalendarFormat {
    plain_codes: bool,
    bare_dates: bool,
    closed: String,
}

impl CalendarFormat {
    fn from_entries(entries: &[&Members]) -> Self {
        let all = |members: &[&str]| -> Vec<&Json> {
            entries.iter().flat_map(|entry| members.iter().filter_map(|member| entry.get(*member))).collect()
        };
        let texts = |members: &[&str]| -> Vec<String> {
            all(members).into_iter().filter_map(|value| non_empty_text(Some(value))).collect()
        };
        let codes = all(&["type", "status"]);
        let dates = texts(&["from_date", "to_date"]);
        let closed = texts(&["status"]).into_iter().find(|status| comparable_status(status) == CLOSED);
        Self {
            plain_codes: !codes.is_empty() && codes.iter().all(|code| std::ptr::eq(inner(code), *code)),
            bare_dates: !dates.is_empty() && dates.iter().all(|date| !date.ends_with('Z')),
            closed: closed.unwrap_or_else(|| CLOSE.to_owned()),
        }
    }

    /// Sets fields in the entries of one record. Equal values keep their spelling.
    fn edit(&self, entries: &mut Vec<Members>, fields: &Record) {
        for (field, member) in MEMBERS {
            let Some(value) = fields.get(field) else { continue };
            for entry in entries.iter_mut() {
                if current_text(entry, field).as_deref() != value.as_text() {
                    self.set(entry, member, value);
                }
            }
        }
        if let Some(hours) = fields.get("hours") {
            *entries = split_into_periods(std::mem::take(entries), hours);
        }
    }

    fn set(&self, entry: &mut Members, member: &str, value: &FieldValue) {
        let Some(text) = value.as_text() else {
            entry.shift_remove(member);
            return;
        };
        let text = if member == "status" && text == CLOSED { &*self.closed } else { text };
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
