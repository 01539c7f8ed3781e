//! Opening hours of an institution, and different hours of libraries: `conf/open-hours`.

use std::collections::BTreeMap;

use http::Method;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::emulator::config::{
    ClosedStatus, EmulatorConfig, EventEnd, InstitutionHours, InstitutionScope, PastHours, WeekDescription,
    WeekEnd,
};
use crate::emulator::endpoint::{
    DocumentNode, DocumentPart, EditError, EditFormat, EmulatedEndpoint, EmulatedZone, EndpointEdit,
    EndpointEntry, EndpointRequest, EndpointResult, ErrorResponse, TargetField, UnsetForm, XmlLayout,
    seed_each,
};
use crate::emulator::put_fields::{code, object_list, required_text};

pub(super) const ENDPOINT: EndpointEntry = EndpointEntry {
    edits: Some(EditFormat {
        target: "opening hours of `{}`",
        hint: "invalid action for opening hours: use set_hours, add_hours or delete_hours",
        named_by: TargetField::Library,
        ..EditFormat::new::<OpenHoursEdit>("open_hours", "Opening hours of `library`, or of the institution.")
    }),
    ..EndpointEntry::new(&["conf", "open-hours"], |zones| seed_each(zones, EmulatedCalendars::seed))
};

const LAYOUT: XmlLayout = XmlLayout { coded: &["type"], lists: &[("open_hours", "open_hour")] };

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
    /// `OPEN`, `CLOSED` or `CLOSE`, or another code of the institution.
    pub status: String,
}

/// Librarian edit of the hours of a library or the institution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OpenHoursEdit {
    /// Replaces the entry for the same days with the same description, or adds an entry.
    SetHours(Box<EmulatedOpenHour>),
    /// Adds an entry, even beside an equal one, like a distribution of the Network Zone.
    AddHours(Box<EmulatedOpenHour>),
    /// Deletes all entries with this description.
    DeleteHours {
        /// Description of the entries.
        description: String,
    },
}

/// Opening hours by library, the institution's under `""`, with an entry for every library.
pub(super) struct EmulatedCalendars(BTreeMap<String, Vec<EmulatedOpenHour>>);

impl EmulatedCalendars {
    /// Returns the institution's week and a closed day every year; libraries differ on Saturday.
    fn seed(zone: &EmulatedZone) -> Self {
        let weekly = |day: &str, from: &str, to: &str| EmulatedOpenHour {
            kind: "WEEK".to_owned(),
            recurrence: "WEEKLY".to_owned(),
            day_of_week: day.to_owned(),
            from_hour: from.to_owned(),
            to_hour: to.to_owned(),
            status: "OPEN".to_owned(),
            ..EmulatedOpenHour::default()
        };
        let days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"];
        let mut institution = days.map(|day| weekly(day, "08:00", "22:00")).to_vec();
        institution.push(EmulatedOpenHour {
            kind: "EXCEPTION".to_owned(),
            description: "New Year".to_owned(),
            from_date: "2026-01-01Z".to_owned(),
            to_date: "2026-01-01Z".to_owned(),
            status: "CLOSED".to_owned(),
            ..EmulatedOpenHour::default()
        });
        let library = [("09:00", "12:00"), ("17:00", "20:00")].map(|(from, to)| weekly("SATURDAY", from, to));
        let libraries = zone.library_codes().into_iter().map(|code| (code, library.to_vec()));
        Self(libraries.chain([(String::new(), institution)]).collect())
    }

    /// Returns the opening hours of a library on one day. Exceptions replace the weekly hours; events change none.
    pub(super) fn hours_of_day(&self, library: &str, day: Date) -> Vec<(String, String)> {
        let hours = |library: &str| self.0.get(library).map_or(&[][..], Vec::as_slice);
        let own = hours(library);
        let inherited = hours("").iter().filter(|hour| !own.iter().any(|own| own.is_like(hour)));
        let applying: Vec<&EmulatedOpenHour> =
            own.iter().chain(inherited).filter(|hour| hour.applies_on(day)).collect();
        let of_kind = |kind: &str| -> Vec<&EmulatedOpenHour> {
            applying.iter().copied().filter(|hour| hour.kind == kind).collect()
        };
        let exceptions = of_kind("EXCEPTION");
        let deciding = if exceptions.is_empty() { of_kind("WEEK") } else { exceptions };
        if deciding.iter().any(|hour| hour.status.starts_with("CLOSE")) {
            return Vec::new();
        }
        let periods = deciding.into_iter().filter(|hour| !hour.from_hour.is_empty());
        periods.map(|hour| (hour.from_hour.clone(), hour.to_hour.clone())).collect()
    }

    /// Returns a calendar. A library inherits the institution's hours for days without own hours.
    fn to_document(&self, library: &str, settings: &EmulatorConfig) -> DocumentNode {
        let hours = |library: &str| self.0.get(library).map_or(&[][..], Vec::as_slice);
        let own_inherited = library.is_empty() && settings.institution_hours == InstitutionHours::Inherited;
        let own = hours(library);
        let inherited =
            hours("").iter().filter(|hour| !library.is_empty() && !own.iter().any(|own| own.is_like(hour)));
        let own = own.iter().map(|hour| hour.to_document(own_inherited, settings));
        let items = own.chain(inherited.map(|hour| hour.to_document(true, settings)));
        DocumentNode::Group(vec![DocumentPart::list("open_hour", items)])
    }
}

impl EmulatedEndpoint for EmulatedCalendars {
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        let library = requested_library(request)?;
        if !self.0.contains_key(library) {
            return Err(ErrorResponse::invalid_parameter("scope", library));
        }
        request.reply("open_hours", &self.to_document(library, request.settings))
    }

    /// Replaces or deletes a calendar.
    ///
    /// Inherited entries become the calendar's own: a client that sends them back has copied the
    /// institution's hours, on purpose or not.
    fn write(&mut self, request: &EndpointRequest<'_>) -> EndpointResult {
        let library = requested_library(request)?;
        let hours =
            self.0.get_mut(library).ok_or_else(|| ErrorResponse::invalid_parameter("scope", library))?;
        if request.call.method == Method::DELETE {
            hours.clear();
            return request.reply_empty();
        }
        request.require_put()?;
        let body = request.parse_body("open_hours", &LAYOUT)?;
        let malformed = || ErrorResponse::invalid_request("The element 'open_hour' is not a list.");
        let entries = object_list(&body, "open_hour", malformed)?;
        let sent: Vec<EmulatedOpenHour> =
            entries.into_iter().map(EmulatedOpenHour::parse_entry).collect::<Result<_, _>>()?;
        check_calendar(hours, &sent, request.settings)?;
        *hours = sent;
        if request.settings.week_end == WeekEnd::Moved {
            let end = three_years_after(&request.settings.today);
            hours
                .iter_mut()
                .filter(|hour| hour.kind == "WEEK")
                .for_each(|hour| hour.to_date.clone_from(&end));
        }
        self.get(request)
    }

    fn requested_name(&self, request: &EndpointRequest<'_>) -> Option<String> {
        requested_library(request).ok().map(str::to_owned)
    }

    fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn edit(&mut self, edit: &EndpointEdit<'_>) -> Result<(), EditError> {
        let hours = self.0.entry(edit.name.to_owned()).or_default();
        match edit.parse_action()? {
            OpenHoursEdit::SetHours(hour) => match hours.iter_mut().find(|known| known.is_like(&hour)) {
                Some(known) => *known = *hour,
                None => hours.push(*hour),
            },
            OpenHoursEdit::AddHours(hour) => hours.push(*hour),
            OpenHoursEdit::DeleteHours { description } => {
                if hours.extract_if(.., |hour| hour.description == description).count() == 0 {
                    return Err(format!("no opening hours with the description `{description}`"));
                }
            }
        }
        Ok(())
    }
}

impl EmulatedOpenHour {
    /// Returns true if both entries apply to the same days, with the same description if any dates.
    fn is_like(&self, other: &Self) -> bool {
        let days = |hour: &Self| {
            let Self { kind, day_of_week, from_date, to_date, description, .. } = hour;
            let (to_date, description) = match kind.as_str() {
                "WEEK" => ("", ""),
                _ if to_date.is_empty() => (from_date.as_str(), description.as_str()),
                _ => (to_date.as_str(), description.as_str()),
            };
            [kind, day_of_week, from_date, to_date, description].map(str::to_owned)
        };
        days(self) == days(other)
    }

    /// Returns true if the last date is before today. Weekly and repeated entries do not end.
    fn is_past(&self, today: &str) -> bool {
        let last = if self.to_date.is_empty() { &self.from_date } else { &self.to_date };
        let ends = self.kind != "WEEK" && self.recurrence.is_empty() && !last.is_empty();
        ends && last.trim_end_matches('Z') < today.trim_end_matches('Z')
    }

    /// Returns true if the entry includes the day.
    fn applies_on(&self, day: Date) -> bool {
        let weekday = format!("{:?}", day.weekday()).to_uppercase();
        if !self.day_of_week.is_empty() && self.day_of_week != weekday {
            return false;
        }
        let date = |text: &str| text.trim_end_matches('Z').parse::<Date>().ok();
        let from = date(&self.from_date);
        match (self.recurrence.as_str(), from) {
            ("YEARLY", Some(from)) => (from.month(), from.day()) == (day.month(), day.day()),
            ("WEEKLY", from) => from.is_none_or(|from| from <= day),
            (_, Some(from)) => from <= day && day <= date(&self.to_date).unwrap_or(from),
            (_, None) => !self.day_of_week.is_empty(),
        }
    }

    /// Returns the entry as the zone answers.
    fn answered(&self, settings: &EmulatorConfig) -> Self {
        let mut hour = self.clone();
        if settings.closed_status == ClosedStatus::Close && hour.status == "CLOSED" {
            "CLOSE".clone_into(&mut hour.status);
        }
        let lacks_description = hour.kind == "WEEK" && hour.description.is_empty();
        if settings.week_description == WeekDescription::Standard && lacks_description {
            "Standard operating hours".clone_into(&mut hour.description);
        }
        if settings.event_end == EventEnd::Dropped && hour.kind == "EVENT" && hour.to_date == hour.from_date {
            hour.to_date.clear();
        }
        hour
    }

    fn to_document(&self, inherited: bool, settings: &EmulatorConfig) -> DocumentNode {
        let Self {
            kind,
            description,
            recurrence,
            from_date,
            to_date,
            from_hour,
            to_hour,
            day_of_week,
            status,
        } = &self.answered(settings);
        let code = |name, code: &String| DocumentPart::described(name, code, code.to_lowercase());
        let texts =
            [("from_date", from_date), ("to_date", to_date), ("from_hour", from_hour), ("to_hour", to_hour)];
        let codes = [("recurrence_type", recurrence), ("day_of_week", day_of_week), ("status", status)];
        let mut parts = vec![
            code("type", kind),
            DocumentPart::flag("inherited", inherited),
            DocumentPart::text("desc", description),
        ];
        parts.extend(texts.into_iter().map(|(name, text)| DocumentPart::text_if_set(name, text)));
        parts.extend(codes.into_iter().map(|(name, text)| match text.is_empty() {
            true => DocumentPart::Unset(name, UnsetForm::Code),
            false => code(name, text),
        }));
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

/// Checks a new calendar.
fn check_calendar(
    before: &[EmulatedOpenHour],
    sent: &[EmulatedOpenHour],
    settings: &EmulatorConfig,
) -> Result<(), ErrorResponse> {
    for hour in sent {
        let EmulatedOpenHour { kind, day_of_week, from_date, to_date, .. } = hour;
        if kind == "EXCEPTION" && !day_of_week.is_empty() && !to_date.is_empty() && from_date != to_date {
            let message = "An exception for a day of the week needs equal from and to dates.";
            return Err(ErrorResponse::invalid_request(message));
        }
        if settings.closed_status == ClosedStatus::Close && hour.status == "CLOSED" {
            return Err(ErrorResponse::invalid_request("'CLOSED' is not a calendar record status."));
        }
    }
    let past = |hours: &[EmulatedOpenHour]| {
        let past = hours.iter().filter(|hour| hour.is_past(&settings.today));
        let mut past: Vec<String> = past.map(|hour| format!("{:?}", hour.answered(settings))).collect();
        past.sort();
        past
    };
    match settings.past_hours {
        PastHours::Refused if past(before) != past(sent) => {
            Err(ErrorResponse::invalid_request("A calendar record in the past cannot be changed."))
        }
        PastHours::Refused | PastHours::Accepted => Ok(()),
    }
}

/// Returns the date three years after a date, both as `YYYY-MM-DDZ`.
fn three_years_after(today: &str) -> String {
    let (year, rest) = today.split_once('-').unwrap_or((today, ""));
    format!("{}-{rest}", year.parse::<u32>().map_or(0, |year| year + 3))
}

/// Returns the library of the calendar, `""` for the institution.
fn requested_library<'a>(request: &EndpointRequest<'a>) -> Result<&'a str, ErrorResponse> {
    request.language("")?;
    match (request.path, request.call.parameter("scope")) {
        ([], Some(scope)) if *scope != request.zone.code => Ok(scope),
        ([], Some(scope)) if request.settings.institution_scope == InstitutionScope::Refused => {
            Err(ErrorResponse::invalid_parameter("scope", scope))
        }
        ([], _) => Ok(""),
        (_, _) => Err(ErrorResponse::routing_error()),
    }
}
