//! Opening hours of an institution, and different hours of libraries: `conf/open-hours`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::emulator::config::InstitutionHours;
use crate::emulator::endpoint::{
    DocumentNode, DocumentPart, EditError, EditFormat, EmulatedEndpoint, EmulatedZone, EndpointEdit,
    EndpointEntry, EndpointRequest, EndpointResult, ErrorResponse, TargetField, XmlLayout, seed_each,
};
use crate::emulator::put_fields::{code, object_list, required_text};

pub(super) const ENDPOINT: EndpointEntry = EndpointEntry {
    edits: Some(EditFormat {
        target: "opening hours of `{}`",
        hint: "invalid action for opening hours: use set_hours or delete_hours",
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
    /// `OPEN` or `CLOSED`.
    pub status: String,
}

/// Librarian edit of the hours of a library or the institution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OpenHoursEdit {
    /// Replaces the entry for the same days, or adds an entry.
    SetHours(Box<EmulatedOpenHour>),
    /// Deletes all entries with this description.
    DeleteHours {
        /// Description of the entries.
        description: String,
    },
}

/// Opening hours by library, the institution's under `""`, with an entry for every library.
struct EmulatedCalendars(BTreeMap<String, Vec<EmulatedOpenHour>>);

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

    /// Returns a calendar. A library inherits the institution's hours for days without own hours.
    fn to_document(&self, library: &str, switch: InstitutionHours) -> DocumentNode {
        let hours = |library: &str| self.0.get(library).map_or(&[][..], Vec::as_slice);
        let own_inherited = library.is_empty() && switch == InstitutionHours::Inherited;
        let own = hours(library);
        let inherited =
            hours("").iter().filter(|hour| !library.is_empty() && !own.iter().any(|own| own.is_like(hour)));
        let own = own.iter().map(|hour| hour.to_document(own_inherited));
        let items = own.chain(inherited.map(|hour| hour.to_document(true)));
        DocumentNode::Group(vec![DocumentPart::list("open_hour", items)])
    }
}

impl EmulatedEndpoint for EmulatedCalendars {
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        let library = requested_library(request)?;
        if !self.0.contains_key(library) {
            return Err(ErrorResponse::invalid_parameter("scope", library));
        }
        request.reply("open_hours", &self.to_document(library, request.settings.institution_hours))
    }

    /// Replaces a calendar.
    ///
    /// Inherited entries become the calendar's own: a client that sends them back has copied the
    /// institution's hours, on purpose or not.
    fn write(&mut self, request: &EndpointRequest<'_>) -> EndpointResult {
        request.require_put()?;
        let library = requested_library(request)?;
        let hours =
            self.0.get_mut(library).ok_or_else(|| ErrorResponse::invalid_parameter("scope", library))?;
        let body = request.parse_body("open_hours", &LAYOUT)?;
        let malformed = || ErrorResponse::invalid_request("The element 'open_hour' is not a list.");
        let entries = object_list(&body, "open_hour", malformed)?;
        *hours = entries.into_iter().map(EmulatedOpenHour::parse_entry).collect::<Result<_, _>>()?;
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
    /// Returns true if both entries apply to the same days.
    fn is_like(&self, other: &Self) -> bool {
        let days = |hour: &Self| {
            let Self { kind, day_of_week, from_date, to_date, .. } = hour;
            [kind, day_of_week, from_date, to_date].map(String::clone)
        };
        days(self) == days(other)
    }

    fn to_document(&self, inherited: bool) -> DocumentNode {
        let code = |name, code: &String| DocumentPart::described(name, code, code.to_lowercase());
        let texts = [
            ("from_date", &self.from_date),
            ("to_date", &self.to_date),
            ("from_hour", &self.from_hour),
            ("to_hour", &self.to_hour),
        ];
        let codes = [
            ("recurrence_type", &self.recurrence),
            ("day_of_week", &self.day_of_week),
            ("status", &self.status),
        ];
        let mut parts = vec![
            code("type", &self.kind),
            DocumentPart::flag("inherited", inherited),
            DocumentPart::text("desc", &self.description),
        ];
        let has_text = |(_, text): &(&str, &String)| !text.is_empty();
        parts.extend(texts.into_iter().filter(has_text).map(|(name, text)| DocumentPart::text(name, text)));
        parts.extend(codes.into_iter().filter(has_text).map(|(name, text)| code(name, text)));
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

/// Returns the library of the calendar, `""` for the institution.
fn requested_library<'a>(request: &EndpointRequest<'a>) -> Result<&'a str, ErrorResponse> {
    request.language("")?;
    match (request.path, request.call.parameter("scope")) {
        ([], Some(scope)) if *scope != request.zone.code => Ok(scope),
        ([], _) => Ok(""),
        (_, _) => Err(ErrorResponse::routing_error()),
    }
}
