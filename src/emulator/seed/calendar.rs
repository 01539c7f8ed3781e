//! The opening hours and the relations that every zone starts with.

use crate::emulator::open_hours::OpenHour;
use crate::emulator::relations::Relation;

/// The institution's week, and a day on which it is closed every year.
pub(super) fn hours() -> Vec<OpenHour> {
    let week = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"].map(|day| OpenHour {
        kind: "WEEK".to_owned(),
        recurrence: "WEEKLY".to_owned(),
        day_of_week: day.to_owned(),
        from_hour: "08:00".to_owned(),
        to_hour: "22:00".to_owned(),
        status: "OPEN".to_owned(),
        ..OpenHour::default()
    });
    let closed = OpenHour {
        kind: "EXCEPTION".to_owned(),
        description: "New Year".to_owned(),
        from_date: "2026-01-01Z".to_owned(),
        to_date: "2026-01-01Z".to_owned(),
        status: "CLOSED".to_owned(),
        ..OpenHour::default()
    };
    week.into_iter().chain([closed]).collect()
}

/// What a library has otherwise than its institution: it opens on Saturdays, in the morning and in the evening.
pub(super) fn library_hours() -> Vec<OpenHour> {
    let saturday = |from: &str, to: &str| OpenHour {
        kind: "WEEK".to_owned(),
        recurrence: "WEEKLY".to_owned(),
        day_of_week: "SATURDAY".to_owned(),
        from_hour: from.to_owned(),
        to_hour: to.to_owned(),
        status: "OPEN".to_owned(),
        ..OpenHour::default()
    };
    vec![saturday("09:00", "12:00"), saturday("17:00", "20:00")]
}

/// The first library delivers for all others.
pub(super) fn relations(libraries: &[String]) -> Vec<(String, Vec<Relation>)> {
    let Some((first, others)) = libraries.split_first() else { return Vec::new() };
    let deliver = |library: &String| Relation {
        library: library.clone(),
        types: vec!["CHECKOUT".to_owned(), "RETURN".to_owned()],
        remark: Some("since the merger".to_owned()),
    };
    vec![(first.clone(), others.iter().map(deliver).collect())]
}
