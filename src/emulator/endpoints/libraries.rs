//! Libraries of an institution, read-only, with their locations and computed hours: `conf/libraries`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::open_hours::EmulatedCalendars;
use super::stored_objects::{ListForm, ObjectFormat, ObjectWrites, StoredObjects};
use crate::emulator::endpoint::{
    DocumentNode, DocumentPart, EmulatedEndpoint, EmulatedZone, EndpointEntry, EndpointRequest,
    EndpointResult, ErrorResponse, UnsetForm, XmlLayout, seed_each,
};
use crate::model::network::Library;

pub(super) const ENDPOINT: EndpointEntry =
    EndpointEntry::new(&["conf", "libraries"], |zones| seed_each(zones, EmulatedLibraries::seed));

/// Locations by library. The zone itself holds the libraries.
struct EmulatedLibraries(BTreeMap<String, StoredObjects>);

/// Location of a library. The vendor's OpenAPI has no paging for the list.
static LOCATION: ObjectFormat = ObjectFormat {
    root: "locations",
    item: "location",
    id: "code",
    members: &[
        "code",
        "name",
        "external_name",
        "type",
        "remote_storage",
        "map",
        "suppress_from_publishing",
        "fulfillment_unit",
        "circ_desk",
        "accession_placement",
        "call_number_type",
        "circ_desk_code",
        "circ_desk_name",
        "circulation_desk_link",
        "check_in",
        "check_out",
        "reshelve",
    ],
    required: &["code", "name"],
    read_only: &[],
    layout: XmlLayout {
        coded: &["type", "fulfillment_unit", "accession_placement", "call_number_type"],
        lists: &[("circ_desks", "circ_desk")],
    },
    unknown: |id| ErrorResponse::business(402_119, format!("General error: no location {id}.")),
    is_listed: |_, _| true,
    list: ListForm::Whole,
    writes: ObjectWrites::All,
};

impl EmulatedLibraries {
    /// Returns two locations for each library.
    fn seed(zone: &EmulatedZone) -> Self {
        let location = |code: &str, name: &str, kind: &str| -> Value {
            json!({
                "code": code, "name": name, "external_name": name, "type": {"value": kind, "desc": kind.to_lowercase()},
                "suppress_from_publishing": "false", "fulfillment_unit": {"value": "GENERAL", "desc": "General"},
                "circ_desk": [{"circ_desk_code": "DEFAULT_CIRC_DESK", "circ_desk_name": "Circulation Desk",
                               "circulation_desk_link": "", "check_in": true, "check_out": true, "reshelve": true}],
            })
        };
        let locations = |library: String| {
            let seed = vec![location("stacks", "Stacks", "OPEN"), location("reserve", "Reserve", "CLOSED")];
            let folder = format!("conf/libraries/{library}/locations");
            (library, StoredObjects::new(&LOCATION, folder, seed))
        };
        Self(zone.library_codes().into_iter().map(locations).collect())
    }
}

impl EmulatedEndpoint for EmulatedLibraries {
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        let libraries = &request.zone.libraries;
        let node = |library| DocumentNode::Group(library_parts(library, request));
        match request.path {
            [] => {
                request.reply_list("libraries", "library", Some(libraries.len()), libraries.iter().map(node))
            }
            [code] => {
                let library = libraries.iter().find(|library| library.code == *code);
                request.reply("library", &node(library.ok_or_else(|| no_library(code))?))
            }
            [code, folder, path @ ..] if folder == "locations" => {
                self.0.get(code).ok_or_else(|| no_library(code))?.get(&EndpointRequest { path, ..*request })
            }
            [code, hours] if hours == "open-hours" && self.0.contains_key(code) => reply_days(code, request),
            _ => Err(ErrorResponse::routing_error()),
        }
    }

    fn write(&mut self, request: &EndpointRequest<'_>) -> EndpointResult {
        match request.path {
            [code, folder, path @ ..] if folder == "locations" => {
                let locations = self.0.get_mut(code).ok_or_else(|| no_library(code))?;
                locations.write(&EndpointRequest { path, ..*request })
            }
            _ => Err(ErrorResponse::routing_error()),
        }
    }
}

/// Returns the name of a campus, or its code without a name.
fn campus_name<'a>(code: &'a str, request: &EndpointRequest<'a>) -> &'a str {
    let campus = request.zone.campuses.iter().find(|campus| campus.code == code);
    campus.map(|campus| campus.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(code)
}

fn no_library(code: &str) -> ErrorResponse {
    ErrorResponse::business(402_119, format!("General error: no library {code}."))
}

/// Maximum number of computed days in a response (the vendor's OpenAPI: one month).
const MOST_DAYS: usize = 31;

/// Returns the computed hours of each day from `from` to `to`, a week later by default.
fn reply_days(library: &str, request: &EndpointRequest<'_>) -> EndpointResult {
    let day = |name: &str| {
        let text = request.call.parameter(name).map(|text| text.trim_end_matches('Z'));
        let parsed = text.map(str::parse::<Date>).transpose();
        parsed.map_err(|_| ErrorResponse::business(402_119, "General error: invalid date."))
    };
    let from = day("from")?.unwrap_or_else(|| request.today());
    let to = day("to")?.unwrap_or_else(|| from.saturating_add(jiff::ToSpan::days(7)));
    let calendars = request.neighbor::<EmulatedCalendars>().ok_or_else(ErrorResponse::routing_error)?;
    let days = from.series(jiff::ToSpan::days(1)).take_while(|day| *day <= to).take(MOST_DAYS);
    let node = |day: Date| {
        let hours = calendars.hours_of_day(library, day).into_iter().map(|(from, to)| {
            DocumentNode::Group(vec![DocumentPart::text("from", from), DocumentPart::text("to", to)])
        });
        // The number of a day begins with 1 for Sunday (client authors).
        let number = day.weekday().to_sunday_one_offset().to_string();
        DocumentNode::Group(vec![
            DocumentPart::text("date", format!("{day}Z")),
            DocumentPart::described("day_of_week", number, format!("{:?}", day.weekday())),
            DocumentPart::wrapped_list("hours", "hour", hours),
        ])
    };
    request.reply("days", &DocumentNode::Group(vec![DocumentPart::list("day", days.map(node))]))
}

fn library_parts(library: &Library, request: &EndpointRequest<'_>) -> Vec<DocumentPart> {
    let Library { code, name, campus, .. } = library;
    let mut parts = Vec::from_iter(request.link_part("conf/libraries", code));
    parts.extend([
        DocumentPart::text("code", code),
        DocumentPart::text("id", format!("{code}-ID")),
        DocumentPart::text("name", name),
    ]);
    if request.full() {
        parts.extend([
            DocumentPart::text("path", format!("{}.{code}", request.zone.code)),
            DocumentPart::Unset("description", UnsetForm::Text),
            DocumentPart::flag("resource_sharing", false),
            match campus {
                Some(campus) => DocumentPart::described("campus", campus, campus_name(campus, request)),
                None => DocumentPart::Unset("campus", UnsetForm::Code),
            },
            DocumentPart::Unset("proxy", UnsetForm::Text),
            DocumentPart::Unset("default_location", UnsetForm::Code),
        ]);
    }
    parts
}
