//! The way back of calendars: entries that zones share, also those whose date is a variable of the zones.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::times::{date, time};
use super::{OpenHoursSpec, Weekday};
use crate::kinds::KindSpec as _;
use crate::kinds::shared_forms::{VariableFields, ZoneSettings, by_zones, shared_forms};
use crate::kinds::way_back::{ObservedSettings, ZoneRecord, items, manifest, numbered, object};
use crate::manifest::write_yaml::{ManifestText, YamlPart};
use crate::model::calendar::{CLOSED, EXCEPTION, WEEK, WEEK_DESCRIPTION, copies};
use crate::model::{FieldValue, ObservedRecord};

/// Fields that can be variables. A date of a variable may end with Alma's `Z`.
const VARIABLE: VariableFields = VariableFields {
    names: &["from", "to", "opens", "closes", "description"],
    text: |text| text.strip_suffix('Z').filter(|text| date(text).is_some()).unwrap_or(text),
};

/// Calendar that a manifest declares.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum DeclaredCalendar {
    Institution,
    /// Calendars of all libraries of a zone.
    EachLibrary,
    Library(String),
}

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let mut calendars: BTreeMap<DeclaredCalendar, ZoneSettings> = BTreeMap::new();
    let mut libraries: BTreeMap<usize, BTreeMap<&str, Vec<Json>>> = BTreeMap::new();
    for (id, answers) in settings.of_type(OpenHoursSpec::NAME) {
        for (zone, observed) in answers {
            let entries: Vec<Json> =
                observed.records.iter().filter_map(|record| entry(record, settings).ok()).collect();
            match &id.library {
                None => {
                    drop(calendars.entry(DeclaredCalendar::Institution).or_default().insert(*zone, entries))
                }
                Some(library) => drop(libraries.entry(*zone).or_default().insert(library, entries)),
            }
        }
    }
    for (zone, libraries) in libraries {
        // `each` means all libraries in the Network manifest.
        let is_complete = libraries.len() == settings.network.zones[zone].libraries.len();
        let is_everywhere =
            |entry: &&Json| is_complete && libraries.values().all(|entries| entries.contains(entry));
        let common: Vec<Json> =
            libraries.values().next().into_iter().flatten().filter(is_everywhere).cloned().collect();
        for (library, entries) in &libraries {
            let own = entries.iter().filter(|entry| !common.contains(entry)).cloned().collect();
            let calendar = DeclaredCalendar::Library((*library).to_owned());
            calendars.entry(calendar).or_default().insert(zone, own);
        }
        calendars.entry(DeclaredCalendar::EachLibrary).or_default().insert(zone, common);
    }
    let mut manifests = Vec::new();
    for (calendar, entries) in calendars {
        let (name, field) = match &calendar {
            DeclaredCalendar::Institution => ("open-hours".to_owned(), None),
            DeclaredCalendar::EachLibrary => {
                ("open-hours-each-library".to_owned(), Some(("libraries", json!("each"))))
            }
            DeclaredCalendar::Library(code) => {
                (format!("open-hours-library-{}", code.to_lowercase()), Some(("library", json!(code))))
            }
        };
        let forms = shared_forms(&entries, VARIABLE, settings.network);
        for (index, (zones, mut entries)) in by_zones(forms).into_iter().enumerate() {
            // Zones list their entries in any order.
            entries.sort_by_cached_key(calendar_order);
            let mut spec: Vec<(&'static str, YamlPart)> = settings.applies_to(&zones).into_iter().collect();
            spec.extend(field.clone().map(|(name, value)| (name, YamlPart::Value(value))));
            let periods = entries.into_iter().flat_map(|entry| match entry {
                Json::Array(periods) => periods,
                other => vec![other],
            });
            spec.push(("hours", items(periods)));
            manifests.push(manifest(OpenHoursSpec::NAME, numbered(&name, index), spec));
        }
    }
    manifests
}

/// Returns the place of an entry in a manifest: the week by day, then single entries by date.
fn calendar_order(entry: &Json) -> (bool, Option<usize>, String) {
    let first = entry.get(0).unwrap_or(entry);
    let day = first.get("day").and_then(Json::as_str);
    let day = Weekday::ALL.iter().position(|known| Some(known.code()) == day);
    let dates = ["from", "to", "description"].map(|field| first.get(field).map(Json::to_string));
    let rest = dates.into_iter().flatten().chain([entry.to_string()]);
    (first.get("type") != Some(&json!(WEEK)), day, rest.collect::<Vec<_>>().join(" "))
}

/// Returns the reason why no manifest can declare an entry.
pub(super) fn explain_omission(settings: &ObservedSettings<'_>, record: ZoneRecord<'_>) -> Option<String> {
    entry(record.record, settings).err()
}

/// Returns the periods of an entry, as a list of entries in a manifest.
///
/// # Errors
/// Returns the reason why no manifest can declare the entry.
fn entry(record: &ObservedRecord, settings: &ObservedSettings<'_>) -> Result<Json, String> {
    if settings.calendar.is_past(&record.fields) {
        return Err("zonal does not change entries whose dates have passed".to_owned());
    }
    if let Some(copies) = copies(&record.fields) {
        return Err(format!("the calendar has {copies} equal entries"));
    }
    let text = |field: &str| match record.fields.get(field) {
        None | Some(FieldValue::Null) => Ok(None),
        Some(FieldValue::Text(text)) => Ok(Some(&**text)),
        Some(FieldValue::Bool(_) | FieldValue::List(_)) => {
            Err(format!("the periods of one day differ in `{field}`"))
        }
    };
    let entry_type = text("type")?.filter(|text| !text.trim().is_empty()).ok_or("the entry has no type")?;
    let day = text("day")?;
    if let Some(day) = day.filter(|day| !Weekday::ALL.iter().any(|known| known.code() == *day)) {
        return Err(format!("`{day}` is not a day of the week"));
    }
    let (from, to) = (text("from")?, text("to")?);
    if let Some(wrong) = [from, to].into_iter().flatten().find(|text| date(text).as_deref() != Some(text)) {
        return Err(format!("`{wrong}` is not a date"));
    }
    match (from, to) {
        (Some(from), Some(to)) if from > to => return Err("the end date is before the start date".to_owned()),
        (Some(from), Some(to)) if from < to && day.is_some() && entry_type == EXCEPTION => {
            return Err("an exception with a day covers several dates".to_owned());
        }
        (None, Some(_)) => return Err("the entry has an end date only".to_owned()),
        (_, _) => {}
    }
    let status = text("status")?;
    if let Some(status) = status.filter(|status| !["OPEN", CLOSED].contains(status)) {
        return Err(format!("a manifest cannot contain the status `{status}`"));
    }
    let description = text(if entry_type == WEEK { WEEK_DESCRIPTION } else { "description" })?;
    let recurrence = text("recurrence")?;
    let period = |hours: Option<(&str, &str)>| {
        object([
            ("type", Some(json!(entry_type))),
            ("day", day.map(|day| json!(day))),
            ("from", from.map(|from| json!(from))),
            ("to", to.filter(|to| Some(*to) != from).map(|to| json!(to))),
            ("opens", hours.map(|(opens, _)| json!(opens))),
            ("closes", hours.map(|(_, closes)| json!(closes))),
            ("status", status.map(|status| json!(status))),
            ("description", description.map(|text| json!(text))),
            ("recurrence", recurrence.map(|text| json!(text))),
        ])
    };
    let hours = record.fields.get("hours").unwrap_or(&FieldValue::Null).texts();
    if hours.is_empty() {
        return Ok(Json::Array(vec![period(None)]));
    }
    let mut periods = Vec::new();
    let mut last_close = "";
    for text in hours {
        let unclear = || format!("the hours `{text}` are not a period of one day");
        let (opens, closes) = text.split_once('-').ok_or_else(unclear)?;
        let is_period = time(opens).is_some() && time(closes).is_some() && opens < closes;
        if !is_period || opens < last_close {
            return Err(unclear());
        }
        last_close = closes;
        periods.push(period(Some((opens, closes))));
    }
    Ok(Json::Array(periods))
}
