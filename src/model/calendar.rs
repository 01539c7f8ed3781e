//! Calendar entries: identity, spellings of a status, past entries, copies.
//!
//! Entries have no ID. Type, day, dates and description identify an entry; weekly hours have neither an end
//! nor a description in their identity.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

use super::value::{FieldName, FieldValue, Record};

/// Type of weekly hours.
pub const WEEK: &str = "WEEK";
/// Type of an event.
pub const EVENT: &str = "EVENT";
/// Type of days with other hours, such as holidays.
pub const EXCEPTION: &str = "EXCEPTION";

/// Fields that identify an entry.
pub const CALENDAR_KEY: [&str; 5] = ["type", "day", "from", "to", "description"];
/// Description of weekly hours, outside their identity.
pub const WEEK_DESCRIPTION: &str = "weekDescription";
/// Last date of weekly hours. Zones move the date at every save, so only a new entry carries it.
pub const WEEK_END: &str = "endAtCreation";
/// Number of equal entries, if more than one.
pub const COPIES: &str = "copies";

/// Status of closed days in records, manifests and the vendor's schema.
pub const CLOSED: &str = "CLOSED";
/// Status of closed days in the responses of all known zones.
pub const CLOSE: &str = "CLOSE";

/// Returns the status for a comparison: both spellings of a closed day are equal, others stay as they are.
pub fn comparable_status(status: &str) -> &str {
    if status == CLOSE { CLOSED } else { status }
}

/// Returns the last date that identifies an entry.
///
/// An event of one day has no end in most zones. Any other entry without an end lasts one day.
pub fn identifying_end<'t>(entry_type: &str, from: &'t str, to: &'t str) -> &'t str {
    match entry_type {
        WEEK => "",
        EVENT if to == from => "",
        EVENT => to,
        _ if to.is_empty() => from,
        _ => to,
    }
}

/// Rules of a calendar, in addition to those of any collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CalendarRules {
    /// Start of the days that have not passed in any time zone; `None` if the date is unknown.
    pub first_day: Option<Arc<str>>,
}

impl CalendarRules {
    /// Returns the rules at a time.
    pub fn at(now: Timestamp) -> Self {
        let today = TimeZone::UTC.to_datetime(now).date();
        let first_day = today.checked_sub(1.day()).unwrap_or(Date::MIN);
        Self { first_day: Some(first_day.to_string().into()) }
    }

    /// Returns true if the last date of an entry has passed. Weekly and repeated entries do not end.
    pub fn is_past(&self, entry: &Record) -> bool {
        let text = |field| text_of(entry, field);
        let last = if text("to").is_empty() { text("from") } else { text("to") };
        let repeats = text("type") == WEEK || !text("recurrence").is_empty();
        let Some(first_day) = &self.first_day else { return false };
        !repeats && !last.is_empty() && last < &**first_day
    }
}

/// Returns true for fields that only a new entry carries, because zones change them.
pub fn is_creation_only(field: &FieldName) -> bool {
    **field == *WEEK_END
}

/// Returns the number of copies as text, if an entry exists more than once.
pub fn copies(entry: &Record) -> Option<&str> {
    entry.get(COPIES)?.as_text()
}

/// Returns true if both entries look like the same holiday or event: the same description in one year,
/// exceptions for the same dates, or the same dates with one description missing.
///
/// A distribution of the Network Zone adds entries, and never removes the entry of a moved holiday.
pub fn is_similar(one: &Record, other: &Record) -> bool {
    let [[from, to, name], [other_from, other_to, other_name]] = [one, other].map(|entry| {
        let [from, to, name] = ["from", "to", "description"].map(|field| text_of(entry, field));
        [from, if to.is_empty() { from } else { to }, name]
    });
    let same = |field| text_of(one, field) == text_of(other, field);
    let same_holiday = !name.is_empty() && name == other_name && from.get(..4) == other_from.get(..4);
    let overlap = !from.is_empty() && from <= other_to && other_from <= to;
    let unnamed = name.is_empty() != other_name.is_empty() && from == other_from && to == other_to;
    let kind = text_of(one, "type");
    same("type")
        && kind != WEEK
        && (same_holiday || (same("day") && (unnamed || (kind == EXCEPTION && overlap))))
}

fn text_of<'r>(entry: &'r Record, field: &str) -> &'r str {
    entry.get(field).and_then(FieldValue::as_text).unwrap_or_default()
}
