//! Initial opening hours and library relations of every zone.

use crate::emulator::library_relations::EmulatedLibraryRelation;
use crate::emulator::open_hours::EmulatedOpenHour;

/// Returns the institution's week, and a closed day every year.
pub(super) fn hours() -> Vec<EmulatedOpenHour> {
    let week = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"].map(|day| EmulatedOpenHour {
        kind: "WEEK".to_owned(),
        recurrence: "WEEKLY".to_owned(),
        day_of_week: day.to_owned(),
        from_hour: "08:00".to_owned(),
        to_hour: "22:00".to_owned(),
        status: "OPEN".to_owned(),
        ..EmulatedOpenHour::default()
    });
    let closed = EmulatedOpenHour {
        kind: "EXCEPTION".to_owned(),
        description: "New Year".to_owned(),
        from_date: "2026-01-01Z".to_owned(),
        to_date: "2026-01-01Z".to_owned(),
        status: "CLOSED".to_owned(),
        ..EmulatedOpenHour::default()
    };
    week.into_iter().chain([closed]).collect()
}

/// Returns the hours in which a library differs from the institution: Saturday morning and evening.
pub(super) fn library_hours() -> Vec<EmulatedOpenHour> {
    let saturday = |from: &str, to: &str| EmulatedOpenHour {
        kind: "WEEK".to_owned(),
        recurrence: "WEEKLY".to_owned(),
        day_of_week: "SATURDAY".to_owned(),
        from_hour: from.to_owned(),
        to_hour: to.to_owned(),
        status: "OPEN".to_owned(),
        ..EmulatedOpenHour::default()
    };
    vec![saturday("09:00", "12:00"), saturday("17:00", "20:00")]
}

/// Returns the relations: the first library delivers for all other libraries.
pub(super) fn relations(libraries: &[String]) -> Vec<(String, Vec<EmulatedLibraryRelation>)> {
    let Some((first, others)) = libraries.split_first() else { return Vec::new() };
    let deliver = |library: &String| EmulatedLibraryRelation {
        library: library.clone(),
        types: vec!["CHECKOUT".to_owned(), "RETURN".to_owned()],
        remark: Some("since the merger".to_owned()),
    };
    vec![(first.clone(), others.iter().map(deliver).collect())]
}
