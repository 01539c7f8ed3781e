//! Calendars: past entries, copies, likely duplicates, and the moving end of weekly hours.

#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

use crate::diff::diff;
use crate::model::PruneMode::Delete;
use crate::test_notation::{desired, differing_since_apply, observed, shown};

/// Returns the differences on 2 March 2026.
fn differing(spec: &str, entries: &str) -> String {
    let (_, mut desired) = desired(&["ALPHA"], &format!("OpenHours h\n{spec}"));
    desired.set_calendar_date("2026-03-02T08:00:00Z".parse().unwrap());
    shown(&diff(&desired, &observed(&desired, &format!("whole OpenHours\n{entries}"))))
}

#[test]
fn past_entry_stays_as_it_is() {
    let entry =
        |date: &str| format!("hours: [{{type: EXCEPTION, from: {date}, status: OPEN, description: Day}}]");
    let found =
        |date: &str, more: &str| format!("type=EXCEPTION from={date} to={date} description=Day {more}");
    let note = "note: OpenHours: not changed, because the dates have passed: `EXCEPTION||2026-02-28|2026-02-28|Day`\n";
    assert_eq!(differing(&entry("2026-02-28"), &found("2026-02-28", "status=CLOSED")), note);
    assert_eq!(differing(&entry("2026-02-28"), ""), note, "no past entry is created");
    assert_eq!(differing(&entry("2026-02-28"), &found("2026-02-28", "status=OPEN")), "");
    let absent = "hours: [{type: EXCEPTION, from: 2026-02-28, description: Day, absent: true}]";
    assert_eq!(differing(absent, &found("2026-02-28", "status=CLOSED")), note);
    // Yesterday is today somewhere, and repeated entries do not end.
    let update = "~ ALPHA/OpenHours/EXCEPTION||2026-03-01|2026-03-01|Day status=\"CLOSED\"->\"OPEN\"\n";
    assert_eq!(differing(&entry("2026-03-01"), &found("2026-03-01", "status=CLOSED")), update);
    let unlisted = format!(
        "type=WEEK from=2020-01-01 day=MONDAY status=OPEN\n{}\n{}",
        found("2026-02-28", "status=CLOSED"),
        found("2025-02-28", "status=CLOSED recurrence=YEARLY")
    );
    assert_eq!(
        differing(
            "unlisted: delete\nhours: [{type: EVENT, from: 2026-05-08, description: End, absent: true}]",
            &unlisted
        ),
        "- ALPHA/OpenHours/EXCEPTION||2025-02-28|2025-02-28|Day (because no manifest lists it and OpenHours/h sets \
         `unlisted: delete`)\n\
         - ALPHA/OpenHours/WEEK|MONDAY|2020-01-01|| (because no manifest lists it and OpenHours/h sets `unlisted: \
         delete`)\n\
         note: OpenHours: unlisted entries kept, because the dates have passed: 1\n\
         1 unmanaged in ALPHA/OpenHours\n"
    );
}

#[test]
fn copies_are_reported_and_not_updated() {
    let spec = "hours: [{type: EVENT, from: 2026-05-08, status: OPEN, description: End}]";
    let note = "note: OpenHours has 2 entries `EVENT||2026-05-08||End`: zonal updates none of them; delete the copies in \
                Alma\n";
    let found = |status: &str| format!("type=EVENT from=2026-05-08 description=End status={status} copies=2");
    assert_eq!(differing(spec, &found("OPEN")), note);
    assert_eq!(
        differing(spec, &found("CLOSED")),
        format!(".~ ALPHA/OpenHours/EVENT||2026-05-08||End status=\"CLOSED\"->\"OPEN\"\n{note}")
    );
    let other = "hours: [{type: EVENT, from: 2026-06-08, status: OPEN, description: Other}]";
    let orphan = differing_since_apply(
        Delete,
        &format!("OpenHours h\n{other}"),
        "whole OpenHours type day from to description\nEVENT||2026-05-08||End created type=EVENT from=2026-05-08 description=End",
        "whole OpenHours\ntype=EVENT from=2026-05-08 description=End copies=2",
    );
    assert!(orphan.contains("kept; the zone has copies of the entry"), "{orphan}");
}

#[test]
fn likely_duplicate_is_reported_and_kept() {
    let moved = differing(
        "hours: [{type: EXCEPTION, from: 2026-11-26, to: 2026-11-27, status: CLOSED, description: Thanksgiving}]",
        "type=EXCEPTION from=2026-11-26 to=2026-11-27 status=CLOSED description=Thanksgiving\n\
         type=EXCEPTION from=2026-11-19 to=2026-11-20 status=CLOSED description=Thanksgiving\n\
         type=EXCEPTION from=2027-11-25 to=2027-11-26 status=CLOSED description=Thanksgiving\n\
         type=EXCEPTION from=2026-11-27 to=2026-11-30 status=CLOSED description=Weekend\n\
         type=EVENT from=2026-11-26 status=OPEN description=Thanksgiving",
    );
    assert_eq!(
        moved,
        "note: OpenHours: `EXCEPTION||2026-11-19|2026-11-20|Thanksgiving`, `EXCEPTION||2026-11-27|2026-11-30|Weekend` \
         may duplicate `EXCEPTION||2026-11-26|2026-11-27|Thanksgiving`: declare such an entry with `absent: true` to \
         delete it\n4 unmanaged in ALPHA/OpenHours\n"
    );
    // A declaration without a description means another entry.
    let unnamed = differing(
        "hours: [{type: EVENT, from: 2026-05-08, absent: true}]",
        "type=EVENT from=2026-05-08 description=End status=OPEN",
    );
    assert!(unnamed.contains("`EVENT||2026-05-08||End` may duplicate `EVENT||2026-05-08||`"), "{unnamed}");
}

#[test]
fn two_events_of_one_date_are_compared_apart() {
    assert_eq!(
        differing(
            "hours:\n- {type: EVENT, from: 2026-05-08, to: 2026-05-08, status: CLOSE, description: End}\n\
             - {type: EVENT, from: 2026-05-08, status: OPEN, description: Reserves}",
            "type=EVENT from=2026-05-08 description=End status=CLOSED\n\
             type=EVENT from=2026-05-08 description=Reserves status=CLOSED"
        ),
        "~ ALPHA/OpenHours/EVENT||2026-05-08||Reserves status=\"CLOSED\"->\"OPEN\"\n"
    );
}

#[test]
fn end_of_weekly_hours_is_not_compared() {
    let spec = "hours: [{type: WEEK, day: MONDAY, to: 2026-08-31, opens: '08:00', closes: '12:00', status: OPEN, \
                description: Summer}]";
    assert_eq!(
        differing(spec, "type=WEEK day=MONDAY hours=[08:00-12:00] status=OPEN weekDescription=Standard"),
        "~ ALPHA/OpenHours/WEEK|MONDAY||| weekDescription=\"Standard\"->\"Summer\"\n"
    );
    assert_eq!(
        differing(spec, ""),
        "+ ALPHA/OpenHours/WEEK|MONDAY||| day=\"MONDAY\" endAtCreation=\"2026-08-31\" hours=[\"08:00-12:00\"] \
         status=\"OPEN\" type=\"WEEK\" weekDescription=\"Summer\"\n"
    );
}
