//! Compares written calendar entries with the days that the zone computes from its calendars.
//!
//! The computed days prove the effect of an entry, which the calendar itself does not show.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::Value as Json;

use super::table_layout::non_empty_text;
use crate::model::calendar::{CLOSED, EXCEPTION, comparable_status};
use crate::model::{ApplyMode, Change, ChangeAction, FieldValue, ObservedCollection, Record};
use crate::provider::http::get_client::GetClient;
use crate::provider::http::request_path::RequestPath;

/// Maximum number of entries to prove after one write, because each costs a request.
const MOST_ENTRIES: usize = 10;

/// Returns one line for each first day of a written exception whose computed hours contradict the entry.
///
/// Only libraries have computed days. Weekly hours, events and repeated entries do not decide a day alone, and neither
/// does an exception that shares its first day with another one.
pub async fn contradictions(
    getter: &GetClient,
    before: &ObservedCollection,
    changes: &[Change],
) -> Vec<String> {
    let Some(library) = &before.id.library else { return Vec::new() };
    let written: Vec<Record> = changes.iter().filter_map(written_entry).collect();
    let kept = before.records.iter().map(|record| &record.fields);
    let kept: Vec<&Record> =
        kept.filter(|entry| !changes.iter().any(|change| is_entry(change, entry))).collect();
    let mut lines = Vec::new();
    for (index, entry) in written.iter().enumerate() {
        let others = written.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, other)| other);
        let Some(day) = decided_day(entry, others.chain(kept.iter().copied())) else { continue };
        if lines.len() == MOST_ENTRIES {
            break;
        }
        let Some(computed) = computed_periods(getter, library, day).await else { continue };
        let expected = periods(entry);
        if computed != expected {
            lines.push(format!(
                "the zone computes {} for {library} on {day}, expected {}",
                periods_text(&computed),
                periods_text(&expected)
            ));
        }
    }
    lines
}

/// Returns the entry after a change that creates or updates it.
fn written_entry(change: &Change) -> Option<Record> {
    if change.mode != ApplyMode::Apply || change.action == ChangeAction::Delete {
        return None;
    }
    let mut entry = change.before.clone();
    entry.extend(change.key.iter().cloned());
    entry.extend(change.field_changes.iter().map(|edit| (edit.field.clone(), edit.after.clone())));
    Some(entry)
}

fn is_entry(change: &Change, entry: &Record) -> bool {
    change.key.iter().all(|(field, value)| entry.get(field).unwrap_or(&FieldValue::Null) == value)
}

/// Returns the first day of an exception, if no other exception can apply on this day.
fn decided_day<'a>(entry: &Record, mut others: impl Iterator<Item = &'a Record>) -> Option<Date> {
    let repeats = |entry: &Record| !text(entry, "recurrence").is_empty();
    if text(entry, "type") != EXCEPTION || !text(entry, "day").is_empty() || repeats(entry) {
        return None;
    }
    let day = text(entry, "from").parse::<Date>().ok()?;
    let may_apply = |other: &Record| {
        let (from, to) = (text(other, "from"), text(other, "to"));
        let to = if to.is_empty() { from } else { to };
        let day = day.to_string();
        text(other, "type") == EXCEPTION
            && (repeats(other) || from.is_empty() || (from <= day.as_str() && day.as_str() <= to))
    };
    (!others.any(may_apply)).then_some(day)
}

/// Returns the opening periods of an entry; none for a closed day.
fn periods(entry: &Record) -> BTreeSet<String> {
    match comparable_status(text(entry, "status")) == CLOSED {
        true => BTreeSet::new(),
        false => entry.get("hours").iter().flat_map(|hours| hours.texts()).map(ToString::to_string).collect(),
    }
}

/// Returns the computed periods of one day; `None` if the zone does not report them.
async fn computed_periods(getter: &GetClient, library: &str, day: Date) -> Option<BTreeSet<String>> {
    let day = day.to_string();
    let path = RequestPath::new(&["conf", "libraries", library, "open-hours"]).ok()?;
    let body = getter.json(&path.query("from", Some(&day)).query("to", Some(&day))).await.ok()?;
    let days = body.get("day")?.as_array()?;
    let found = days
        .iter()
        .find(|found| non_empty_text(found.get("date")).is_some_and(|date| date.starts_with(&day)))?;
    let period = |hour: &Json| {
        let [from, to] = ["from", "to"].map(|member| non_empty_text(hour.get(member)));
        Some(format!("{}-{}", from?, to?))
    };
    Some(match found.get("hour") {
        Some(Json::Array(hours)) => hours.iter().filter_map(period).collect(),
        Some(hour @ Json::Object(_)) => period(hour).into_iter().collect(),
        _ => BTreeSet::new(),
    })
}

fn periods_text(periods: &BTreeSet<String>) -> String {
    match periods.is_empty() {
        true => "a closed day".to_owned(),
        false => periods.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
    }
}

fn text<'r>(entry: &'r Record, field: &str) -> &'r str {
    entry.get(field).and_then(FieldValue::as_text).unwrap_or_default()
}
