//! Opening hours of an institution, and what its libraries have otherwise.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::document::{Node, Part};
use super::edit::{Action, Problem};
use super::put::{code, text};
use super::refusal::Refusal;

/// One entry of a calendar.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OpenHour {
    /// `WEEK`, or what else the institution's code table of calendar records holds.
    #[serde(rename = "type")]
    pub kind: String,
    /// What people call it.
    pub description: String,
    /// `WEEKLY` or `YEARLY`; `""` where it happens once.
    pub recurrence: String,
    /// `YYYY-MM-DDZ`; `""` where it has no beginning.
    pub from_date: String,
    /// `YYYY-MM-DDZ`; `""` where it has no end.
    pub to_date: String,
    /// `HH:MM`.
    pub from_hour: String,
    /// `HH:MM`.
    pub to_hour: String,
    /// `MONDAY`; `""` where it is about dates.
    pub day_of_week: String,
    /// `OPEN` or `CLOSED`.
    pub status: String,
}

/// Whose hours an answer says they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Those of the calendar that was asked for.
    Own,
    /// Those that it has from the institution.
    Inherited,
}

impl OpenHour {
    /// Whether both are about the same days.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let days = |hour: &Self| {
            let Self { kind, day_of_week, from_date, to_date, .. } = hour;
            [kind, day_of_week, from_date, to_date].map(String::clone)
        };
        days(self) == days(other)
    }

    pub(super) fn answer(&self, whose: Whose) -> Node {
        let valued = |code: &String| Node::Valued(code.clone(), vec![("desc", code.to_lowercase())]);
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
            Part::Child("type", valued(&self.kind)),
            Part::Child("inherited", Node::Flag(whose == Whose::Inherited)),
            Part::Child("desc", Node::Text(self.description.clone())),
        ];
        parts.extend(texts.map(|(name, text)| Part::Child(name, Node::Text(text.clone()))));
        parts.extend(codes.map(|(name, code)| Part::Child(name, valued(code))));
        Node::Group(parts)
    }

    fn taken(entry: &Map<String, Value>) -> Result<Self, Refusal> {
        let coded = |name| code(entry.get(name)).unwrap_or_default().to_owned();
        let plain = |name| text(entry, name).map(str::to_owned);
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
            true => Err(Refusal::invalid_request("An open_hour needs a type and a status.")),
            false => Ok(hour),
        }
    }
}

/// The entries that a PUT holds. Those that say that they are inherited become the calendar's own: a
/// client that sends them back has copied the institution's hours, whether it meant to or not.
pub(super) fn taken(body: &Map<String, Value>) -> Result<Vec<OpenHour>, Refusal> {
    let malformed = || Refusal::invalid_request("The element 'open_hour' is not a list.");
    match body.get("open_hour") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(entries)) => {
            entries.iter().map(|entry| OpenHour::taken(entry.as_object().ok_or_else(malformed)?)).collect()
        }
        Some(_) => Err(malformed()),
    }
}

/// What a librarian does to a calendar.
pub(super) fn edit(hours: &mut Vec<OpenHour>, action: &Action) -> Result<(), Problem> {
    if let Action::SetHours(hour) = action {
        match hours.iter_mut().find(|known| known.is_like(hour)) {
            Some(known) => (**hour).clone_into(known),
            None => hours.push((**hour).clone()),
        }
    } else if let Action::DeleteHours { description } = action {
        let before = hours.len();
        hours.retain(|hour| hour.description != *description);
        if hours.len() == before {
            return Err(format!("no opening hours are called `{description}`"));
        }
    } else {
        return Err("opening hours are changed with set_hours and delete_hours".to_owned());
    }
    Ok(())
}
