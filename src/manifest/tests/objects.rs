//! Expansion of letters, relations and opening hours into records per zone.

use super::{NETWORK, judge, manifest, shown, source, wanted};

fn wanted_of(kind: &str, spec: &str) -> String {
    let text = manifest(kind, "x", spec);
    let (desired, problems) = judge(&[source("n.yaml", NETWORK), source("m.yaml", &text)], None);
    assert_eq!(shown(&problems), "");
    wanted(&desired)
}

#[test]
fn letter_expands_to_one_record_per_zone() {
    let xsl = "<xsl:stylesheet xmlns:xsl='http://www.w3.org/1999/XSL/Transform'/>";
    assert_eq!(
        wanted_of("Letter", &format!("appliesTo: {{zones: all, except: [BETA]}}\nletter: Slip\nenforcement: report\nenabled: false\nxsl: |\n  {xsl}\n  ")),
        format!("alpha/letter/slip/ report keep: enabled=false xsl={xsl:?}\nnz/letter/slip/ report keep: enabled=false xsl={xsl:?}\n").to_lowercase()
    );
    assert_eq!(
        wanted_of("Letter", "appliesTo: {only: [BETA]}\nletter: Slip\nenabled: true"),
        "beta/letter/slip/ enforce keep: enabled=true\n"
    );
}

#[test]
fn relations_belong_to_one_library() {
    let spec = "appliesTo: {only: [ALPHA]}\nlibrary: {var: lib}\nunlisted: delete\nrelations:\n- {library: MAIN, types: [RETURN, ' ', PICKUP, RETURN]}";
    assert_eq!(
        wanted_of("LibraryRelations", spec),
        "alpha/libraryrelations[library=main]/main enforce delete: library=\"main\" types=[\"pickup\", \"return\"]\n"
    );
    let spec = "appliesTo: {only: [ALPHA]}\nlibrary: MAIN\nrelations:\n- {library: MAIN, absent: true}";
    assert_eq!(
        wanted_of("LibraryRelations", spec),
        "alpha/libraryrelations[library=main]/main absent enforce keep: library=\"main\"\n"
    );
}

#[test]
fn opening_hours_apply_to_institution_library_or_each() {
    let hours =
        "hours: [{type: EVENT, from: 2026-05-08Z, to: 2026-05-09, status: OPEN, description: {var: group}}]";
    let event = "event||2026-05-08|2026-05-09|visitor enforce keep: description=\"visitor\" from=\"2026-05-08\" status=\"open\" to=\"2026-05-09\" type=\"event\"\n";
    let of = |level: &str| wanted_of("OpenHours", &format!("appliesTo: {{only: [ALPHA]}}\n{level}\n{hours}"));
    assert_eq!(of(""), format!("alpha/openhours/{event}"));
    for level in ["library: MAIN", "library: {var: lib}", "libraries: each"] {
        assert_eq!(of(level), format!("alpha/openhours[library=main]/{event}"));
    }
}

#[test]
fn periods_of_one_day_form_one_record() {
    let spec = "\
appliesTo: {only: [BETA]}
hours:
  - {type: WEEK, day: MONDAY, opens: '08:00', closes: '12:00', recurrence: WEEKLY, description: {var: group}}
  - {type: WEEK, day: TUESDAY, absent: true}
  - {type: WEEK, day: MONDAY, opens: '12:00', closes: '16:30', recurrence: WEEKLY, description: {var: group}}";
    assert_eq!(
        wanted_of("OpenHours", spec),
        "\
beta/openhours/week|monday||| enforce keep: day=\"monday\" hours=[\"08:00-12:00\", \"12:00-16:30\"] recurrence=\"weekly\" type=\"week\" weekdescription=\"guest\"
beta/openhours/week|tuesday||| absent enforce keep: day=\"tuesday\" type=\"week\"
"
    );
}
