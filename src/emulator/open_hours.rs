//! Opening hours of an institution, and different hours of libraries.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error_response::ErrorResponse;
use super::librarian_edit::{EditAction, EditError};
use super::response_document::{DocumentNode, DocumentPart};
use super::table_put::{code, required_text};

/// Entry of a calendar.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EmulatedOpenHour {
    /// `WEEK`, or another code in the institution's code table of calendar records.
    #[serde(rename = "type")]
    pub kind: String,
    /// Description.
    pub description: String,
    /// `WEEKLY` or `YEARLY`. `""` for a single occurrence.
    pub recurrence: String,
    /// `YYYY-MM-DDZ`. `""` for an entry without a start.
    pub from_date: String,
    /// `YYYY-MM-DDZ`. `""` for an entry without an end.
    pub to_date: String,
    /// `HH:MM`.
    pub from_hour: String,
    /// `HH:MM`.
    pub to_hour: String,
    /// `MONDAY`. `""` for an entry with dates.
    pub day_of_week: String,
    /// `OPEN` or `CLOSED`.
    pub status: String,
}

/// Owner of the hours in a response.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum HoursOwner {
    /// Hours of the requested calendar.
    Own,
    /// Hours inherited from the institution.
    Inherited,
}

impl EmulatedOpenHour {
    /// Returns true if both entries apply to the same days.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let days = |hour: &Self| {
            let Self { kind, day_of_week, from_date, to_date, .. } = hour;
            [kind, day_of_week, from_date, to_date].map(String::clone)
        };
        days(self) == days(other)
    }

    pub(super) fn to_document(&self, whose: HoursOwner) -> DocumentNode {
        let valued = |code: &String| DocumentNode::Valued(code.clone(), vec![("desc", code.to_lowercase())]);
        let texts = [
            ("from_date", &self.from_date),
            ("to_date", &self.to_date),
            ("from_hour", &self.from_hour),
            ("to_hour", &self.to_hour),
        ];
        let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
        let codes = [
            ("recurrence_type", &self.recurrence),
            ("day_of_week", &self.day_of_week),
            ("status", &self.status),
        ];
        let codes = codes.into_iter().filter(|(_, code)| !code.is_empty());
        let mut parts = vec![
            DocumentPart::Child("type", valued(&self.kind)),
            DocumentPart::Child("inherited", DocumentNode::Flag(whose == HoursOwner::Inherited)),
            DocumentPart::Child("desc", DocumentNode::Text(self.description.clone())),
        ];
        parts.extend(texts.map(|(name, text)| DocumentPart::Child(name, DocumentNode::Text(text.clone()))));
        parts.extend(codes.map(|(name, code)| DocumentPart::Child(name, valued(code))));
        DocumentNode::Group(parts)
    }

    fn parse_entry(entry: &Map<String, Value>) -> Result<Self, ErrorResponse> {
        let coded = |name| code(entry.get(name)).unwrap_or_default().to_owned();
        let plain = |name| required_text(entry, name).map(str::to_owned);
        let hour = Self {
            kind: coded("type"),
            description: plain("desc")?,
            recurrence: coded("recurrence_type"),
            from_date: plain("from_date")?,
            to_date: plain("to_date")?,
            from_hour: plain("from_hour")?,
            to_hour: plain("to_hour")?,
            day_of_week: coded("day_of_week"),
            status: coded("status"),
        };
        match hour.kind.is_empty() || hour.status.is_empty() {
            true => Err(ErrorResponse::invalid_request("An open_hour needs a type and a status.")),
            false => Ok(hour),
        }
    }
}

/// Parses the entries of a PUT.
///
/// Inherited entries become the calendar's own: a client that sends them back has copied the institution's
/// hours, on purpose or not.
pub(super) fn parse_entry(body: &Map<String, Value>) -> Result<Vec<EmulatedOpenHour>, ErrorResponse> {
    let malformed = || ErrorResponse::invalid_request("The element 'open_hour' is not a list.");
    match body.get("open_hour") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(entries)) => entries
            .iter()
            .map(|entry| EmulatedOpenHour::parse_entry(entry.as_object().ok_or_else(malformed)?))
            .collect(),
        Some(_) => Err(malformed()),
    }
}

/// Applies a librarian edit to a calendar.
pub(super) fn edit(hours: &mut Vec<EmulatedOpenHour>, action: &EditAction) -> Result<(), EditError> {
    if let EditAction::SetHours(hour) = action {
        match hours.iter_mut().find(|known| known.is_like(hour)) {
            Some(known) => (**hour).clone_into(known),
            None => hours.push((**hour).clone()),
        }
    } else if let EditAction::DeleteHours { description } = action {
        let before = hours.len();
        hours.retain(|hour| hour.description != *description);
        if hours.len() == before {
            return Err(format!("no opening hours with the description `{description}`"));
        }
    } else {
        return Err("invalid action for opening hours: use set_hours or delete_hours".to_owned());
    }
    Ok(())
}
