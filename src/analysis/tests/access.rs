//! Tests of access: groups, places, levels and hiding rules.

#![expect(clippy::unwrap_used, reason = "a failed test should show its location")]

use insta::assert_snapshot;

use super::network::{declared, facts, observed, reasons};
use crate::analysis::NetworkSettings;
use crate::model::{AccessQuestion, ClientLocation, Question, ResourceId, ZoneCode};

/// Parses a question: `A 1.2.3 at 192.0.2.1`, `A 1 library LAW`, `A 1 campus N`, `A 1 elsewhere`.
///
/// An optional `as GROUP` follows.
fn question(text: &str) -> Question {
    let (text, user_group) = match text.split_once(" as ") {
        Some((text, user_group)) => (text, Some(user_group.into())),
        None => (text, None),
    };
    let words: Vec<&str> = text.split(' ').collect();
    let from = match &words[2..] {
        ["at", address] => ClientLocation::Address(address.parse().unwrap()),
        ["library", code] => ClientLocation::Library((*code).into()),
        ["campus", code] => ClientLocation::Campus((*code).into()),
        _ => ClientLocation::Elsewhere,
    };
    let resource = ResourceId::parse(words[1]).unwrap();
    Question::Access(AccessQuestion { member: ZoneCode::from(words[0]), from, resource, user_group })
}

/// Returns one line for each question: access, group, level, title visibility and refusal.
fn told(questions: &[&str], settings: &NetworkSettings) -> String {
    let one = |text: &&str| {
        let facts = facts(question(text), settings, &["reach", "group", "level", "titleShown", "refusal"]);
        let mut values: Vec<&str> = facts.lines().map(|line| line.split_once(": ").unwrap().1).collect();
        // All unknown facts have the same reason.
        values.dedup_by(|one, other| one == other && one.starts_with("unknown"));
        format!("{text}: {}\n", values.join(", "))
    };
    questions.iter().map(one).collect()
}

/// Availability groups of the network; tests add resources.
const GROUPS: &str = "
    NZ AvailabilityGroups
    name=WHOLE; institutions=[A]
    name=LAW; libraries=[A/LAW]
    name=NORTH; campuses=[A/N]
    name=SOUTH; campuses=[A/S]
    name=OLD; libraries=[A/OLD]; campuses=[A/X]
    name=OTHERS; institutions=[B]
";

fn holding(resources: &str) -> NetworkSettings {
    observed(&format!("{GROUPS}{resources}\nA DisplayLogicRules\nB DisplayLogicRules\nC DisplayLogicRules"))
}

#[test]
fn resource_without_groups_is_open_to_whole_network() {
    let settings = holding("NZ ElectronicAvailability/1\nNZ ElectronicAvailability/1.2");
    assert_snapshot!(told(&["A 1.2 elsewhere", "C 1 at 8.8.8.8"], &settings), @r#"
    A 1.2 elsewhere: true, null, null, true, null
    C 1 at 8.8.8.8: true, null, null, true, null
    "#);
}

#[test]
fn institution_in_group_has_access_from_anywhere() {
    let settings = holding("NZ ElectronicAvailability/1\ngroup=WHOLE");
    assert_snapshot!(told(&["A 1 elsewhere", "A 1 library OLD", "B 1 elsewhere"], &settings), @r#"
    A 1 elsewhere: true, "WHOLE", "e-collection", true, null
    A 1 library OLD: true, "WHOLE", "e-collection", true, null
    B 1 elsewhere: false, null, "e-collection", false, "not-in-group"
    "#);
}

#[test]
fn library_in_group_grants_access_by_ip_range() {
    let settings = holding("NZ ElectronicAvailability/1\ngroup=LAW");
    let asked = [
        "A 1 library LAW",
        "A 1 at 198.51.100.7",
        "A 1 at ::ffff:198.51.100.7",
        "A 1 at 198.51.100.128",
        "A 1 library MAIN",
        "A 1 campus N",
        "A 1 elsewhere",
        "B 1 at 198.51.100.7",
    ];
    assert_snapshot!(told(&asked, &settings), @r#"
    A 1 library LAW: true, "LAW", "e-collection", true, null
    A 1 at 198.51.100.7: true, "LAW", "e-collection", true, null
    A 1 at ::ffff:198.51.100.7: true, "LAW", "e-collection", true, null
    A 1 at 198.51.100.128: false, null, "e-collection", true, "outside-ip-range"
    A 1 library MAIN: false, null, "e-collection", true, "outside-ip-range"
    A 1 campus N: false, null, "e-collection", true, "outside-ip-range"
    A 1 elsewhere: false, null, "e-collection", true, "outside-ip-range"
    B 1 at 198.51.100.7: false, null, "e-collection", false, "not-in-group"
    "#);
}

#[test]
fn campus_in_group_includes_ranges_of_its_libraries() {
    let north = holding("NZ ElectronicAvailability/1\ngroup=NORTH");
    let asked = [
        "A 1 campus N",
        "A 1 library LAW",
        "A 1 at 192.0.2.1",
        "A 1 at 198.51.100.7",
        "A 1 at 192.0.2.64",
        "A 1 library MED",
    ];
    assert_snapshot!(told(&asked, &north), @r#"
    A 1 campus N: true, "NORTH", "e-collection", true, null
    A 1 library LAW: true, "NORTH", "e-collection", true, null
    A 1 at 192.0.2.1: true, "NORTH", "e-collection", true, null
    A 1 at 198.51.100.7: true, "NORTH", "e-collection", true, null
    A 1 at 192.0.2.64: false, null, "e-collection", true, "outside-ip-range"
    A 1 library MED: false, null, "e-collection", true, "outside-ip-range"
    "#);
    // The campus has only the addresses of a library, and this user is outside all libraries.
    let south = holding("NZ ElectronicAvailability/1\ngroup=SOUTH");
    let asked = ["A 1 campus S", "A 1 library MED", "A 1 at 2001:db8::7"];
    assert_snapshot!(told(&asked, &south), @r#"
    A 1 campus S: false, null, "e-collection", true, "outside-ip-range"
    A 1 library MED: true, "SOUTH", "e-collection", true, null
    A 1 at 2001:db8::7: true, "SOUTH", "e-collection", true, null
    "#);
}

#[test]
fn place_without_ip_ranges_grants_no_access() {
    let settings = holding("NZ ElectronicAvailability/1\ngroup=OLD");
    assert_snapshot!(told(&["A 1 library OLD", "A 1 campus X", "A 1 elsewhere"], &settings), @r#"
    A 1 library OLD: false, null, "e-collection", true, "no-ip-range"
    A 1 campus X: false, null, "e-collection", true, "no-ip-range"
    A 1 elsewhere: false, null, "e-collection", true, "no-ip-range"
    "#);
    let either = holding("NZ ElectronicAvailability/1\ngroup=OLD\ngroup=LAW");
    assert_snapshot!(told(&["A 1 library OLD", "A 1 library LAW"], &either), @r#"
    A 1 library OLD: false, null, "e-collection", true, "outside-ip-range"
    A 1 library LAW: true, "LAW", "e-collection", true, null
    "#);
}

#[test]
fn innermost_level_with_groups_decides() {
    let settings = holding(
        "NZ ElectronicAvailability/1
         group=WHOLE
         group=OTHERS
         NZ ElectronicAvailability/1.2
         NZ ElectronicAvailability/1.2.3
         group=LAW",
    );
    let asked = [
        "A 1 elsewhere",
        "A 1.2 elsewhere",
        "A 1.2.3 elsewhere",
        "A 1.2.3 library LAW",
        "B 1.2.3 elsewhere",
        "C 1.2.3 elsewhere",
    ];
    assert_snapshot!(told(&asked, &settings), @r#"
    A 1 elsewhere: true, "WHOLE", "e-collection", true, null
    A 1.2 elsewhere: true, "WHOLE", "e-collection", true, null
    A 1.2.3 elsewhere: false, null, "portfolio", true, "narrowed"
    A 1.2.3 library LAW: true, "LAW", "portfolio", true, null
    B 1.2.3 elsewhere: false, null, "portfolio", false, "narrowed"
    C 1.2.3 elsewhere: false, null, "portfolio", false, "not-in-group"
    "#);
    assert_snapshot!(reasons(question("B 1.2.3 elsewhere"), &settings), @r#"
    a user of b College off campus cannot access portfolio 1.2.3: a wider level would grant access, but the deciding level does not
    - the groups of the portfolio decide, as the innermost level with groups; Alma does not document how levels combine (Alma's behavior)
    - no group of the portfolio includes b College, or a campus or library of it (Alma's behavior)
    - the e-collection is available for group OTHERS (NZ/ElectronicAvailability/1/OTHERS, last changed by librarian)
    - group OTHERS would grant access: it includes b College (NZ/AvailabilityGroups/OTHERS, last changed by librarian)
    "#);
}

#[test]
fn settings_come_from_first_granting_group() {
    let settings = holding(
        "NZ ElectronicAvailability/1
         group=WHOLE; proxy_enabled=false; public_note=For all
         group=LAW; proxy_enabled=true; proxy=ezproxy; public_name=Law; authentication_note=Log in
         group=OTHERS; proxy=other",
    );
    let wanted = ["groups", "proxyEnabled", "proxy", "publicName", "authenticationNote", "publicNote"];
    assert_snapshot!(facts(question("A 1 library LAW"), &settings, &wanted), @r#"
    groups: ["LAW", "WHOLE"]
    proxyEnabled: true
    proxy: "ezproxy"
    publicName: "Law"
    authenticationNote: "Log in"
    publicNote: null
    "#);
    assert_snapshot!(facts(question("A 1 elsewhere"), &settings, &wanted), @r#"
    groups: ["WHOLE"]
    proxyEnabled: false
    proxy: null
    publicName: null
    authenticationNote: null
    publicNote: "For all"
    "#);
    assert_snapshot!(facts(question("C 1 elsewhere"), &settings, &wanted), @r#"
    groups: null
    proxyEnabled: null
    proxy: null
    publicName: null
    authenticationNote: null
    publicNote: null
    "#);
    assert_snapshot!(reasons(question("A 1 library LAW"), &settings), @r#"
    a user of a College in library LAW can access e-collection 1 through group LAW
    - the groups of the e-collection decide (Alma's behavior)
    - the e-collection is available for group LAW (NZ/ElectronicAvailability/1/LAW, last changed by librarian)
    - group LAW grants access: it includes library LAW of a College (NZ/AvailabilityGroups/LAW, last changed by librarian)
    - the e-collection is available for group WHOLE (NZ/ElectronicAvailability/1/WHOLE, last changed by librarian)
    - group WHOLE grants access: it includes a College (NZ/AvailabilityGroups/WHOLE, last changed by librarian)
    - several groups grant access; Alma does not document whose settings apply, so zonal uses those of the first by name, LAW (Alma's behavior)
    "#);
}

#[test]
fn hiding_rule_matches_by_ids_and_user_group() {
    let settings = observed(
        "NZ AvailabilityGroups
         NZ ElectronicAvailability/1
         NZ ElectronicAvailability/1.2
         A DisplayLogicRules
         name=Students; hides=1.2; operator=INLIST; userGroups=[STUDENT]
         name=Requests; hides=AFN request
         B DisplayLogicRules
         name=All; hides=1
         C DisplayLogicRules
         name=But staff; hides=1.2; operator=NOTINLIST; userGroups=[STAFF]",
    );
    let asked = [
        "A 1.2 elsewhere as STUDENT",
        "A 1.2 elsewhere as STAFF",
        "A 1.2 elsewhere",
        "A 1 elsewhere as STUDENT",
        "B 1.2 elsewhere",
        "C 1.2 elsewhere as STAFF",
        "C 1.2 elsewhere as STUDENT",
    ];
    assert_snapshot!(told(&asked, &settings), @r#"
    A 1.2 elsewhere as STUDENT: false, null, null, false, "hidden-locally"
    A 1.2 elsewhere as STAFF: true, null, null, true, null
    A 1.2 elsewhere: true, null, null, true, null
    A 1 elsewhere as STUDENT: true, null, null, true, null
    B 1.2 elsewhere: false, null, null, false, "hidden-locally"
    C 1.2 elsewhere as STAFF: true, null, null, true, null
    C 1.2 elsewhere as STUDENT: false, null, null, false, "hidden-locally"
    "#);
    assert_snapshot!(reasons(question("B 1.2 elsewhere"), &settings), @r#"
    a user of b College off campus cannot access e-service 1.2: b College hides the resource
    - no level has groups, so the whole network has access (Alma's behavior)
    - b College hides the resource by display logic rule All (B/DisplayLogicRules/All, last changed by librarian)
    "#);
}

#[test]
fn hidden_resource_without_access_hides_its_title() {
    let settings = observed(&format!(
        "{GROUPS}
         NZ ElectronicAvailability/1
         group=LAW
         A DisplayLogicRules
         name=All; hides=1"
    ));
    assert_snapshot!(told(&["A 1 elsewhere", "A 1 library LAW", "B 1 elsewhere"], &settings), @r#"
    A 1 elsewhere: false, null, "e-collection", false, "outside-ip-range"
    A 1 library LAW: false, "LAW", "e-collection", false, "hidden-locally"
    B 1 elsewhere: false, null, "e-collection", false, "not-in-group"
    "#);
}

#[test]
fn unreadable_tables_make_access_unknown() {
    let groups = "NZ ElectronicAvailability/1\ngroup=G\nNZ AvailabilityGroups\nfails";
    assert_snapshot!(told(&["A 1 elsewhere"], &observed(groups)), @"A 1 elsewhere: unknown (no manifest declares the members of group G)");
    let level = "NZ ElectronicAvailability/1\ngroup=G\nNZ ElectronicAvailability/1.2\nfails";
    assert_snapshot!(told(&["A 1.2 elsewhere"], &observed(level)), @"A 1.2 elsewhere: unknown (NZ did not return ElectronicAvailability/1.2: no response)");
    let rules = "NZ ElectronicAvailability/1\nNZ AvailabilityGroups\nA DisplayLogicRules\nfails";
    assert_snapshot!(told(&["A 1 elsewhere"], &observed(rules)), @"A 1 elsewhere: unknown (A did not return DisplayLogicRules: no response)");
    let operator = "NZ ElectronicAvailability/1\nA DisplayLogicRules\nname=R; hides=1; operator=LIKE";
    assert_snapshot!(told(&["A 1 elsewhere as STAFF"], &observed(operator)), @"A 1 elsewhere as STAFF: unknown (rule R has an unknown operator: LIKE)");
}

#[test]
fn nonexistent_group_has_no_members() {
    let settings = holding("NZ ElectronicAvailability/1\ngroup=NONE");
    assert_snapshot!(reasons(question("A 1 elsewhere"), &settings), @r#"
    a user of a College off campus cannot access e-collection 1: no deciding group includes any part of a College
    - the groups of the e-collection decide (Alma's behavior)
    - group NONE does not exist, so it has no members (Alma's behavior)
    - no group of the e-collection includes a College, or a campus or library of it (Alma's behavior)
    "#);
}

const DECLARED: &str = "AvailabilityGroup law
name: LAW
members: {institutions: {only: [B]}}
---
AvailabilityGroup gone
name: GONE
absent: true
---
ElectronicAvailability some
collection: '1'
groups: [{group: LAW, proxyEnabled: yes}]
---
ElectronicAvailability all
service: {collection: '1', id: '2'}
unlisted: delete
groups: [{group: LAW}, {group: GONE}]
---
ElectronicAvailability strange
collection: '3'
unlisted: delete
groups: [{group: LAW}, {group: NOWHERE}]
---
ElectronicAvailability open
collection: '4'
unlisted: delete
---
ElectronicAvailability closing
collection: '5'
groups: [{group: LAW, absent: true}]
";

#[test]
fn declared_groups_answer_within_their_limits() {
    let settings = declared(&DECLARED.replace("yes", "'yes'"));
    let asked = [
        "B 1 elsewhere",
        "A 1 elsewhere",
        "A 1.2 elsewhere",
        "B 1.2 elsewhere",
        "B 1.2.3 elsewhere",
        "A 3 elsewhere",
        "B 3 elsewhere",
        "A 4 elsewhere",
        "A 5 elsewhere",
        "A 6 elsewhere",
    ];
    assert_snapshot!(told(&asked, &settings), @r#"
    B 1 elsewhere: true, "LAW", "e-collection", true, null
    A 1 elsewhere: unknown (no declared group of the e-collection grants access, and undeclared groups may exist; set `unlisted: delete` to exclude them)
    A 1.2 elsewhere: false, null, "e-service", false, unknown (undeclared groups of the e-collection may grant access)
    B 1.2 elsewhere: true, "LAW", "e-service", true, null
    B 1.2.3 elsewhere: unknown (no manifest declares ElectronicAvailability/1.2.3 at NZ)
    A 3 elsewhere: unknown (no manifest declares the members of group NOWHERE)
    B 3 elsewhere: true, "LAW", "e-collection", true, null
    A 4 elsewhere: true, null, null, true, null
    A 5 elsewhere: unknown (no manifest declares whether the e-collection has groups: ElectronicAvailability/5)
    A 6 elsewhere: unknown (no manifest declares ElectronicAvailability/6 at NZ)
    "#);
    assert_snapshot!(facts(question("B 1 elsewhere"), &settings, &["proxyEnabled", "proxy"]), @r#"
    proxyEnabled: true
    proxy: unknown (no manifest declares `proxy` of group LAW)
    "#);
    assert_snapshot!(reasons(question("B 1 elsewhere"), &settings), @r#"
    a user of b College off campus can access e-collection 1 through group LAW
    - the groups of the e-collection decide (Alma's behavior)
    - the e-collection is available for group LAW (some.yaml:6:20)
    - group LAW grants access: it includes b College (law.yaml:5:9)
    - undeclared groups of the e-collection may also grant access; run with --observed to include them (Alma's behavior)
    - not evaluated: undeclared display logic rules of b College (Alma's behavior)
    "#);
}

#[test]
fn rules_that_are_only_amended_may_not_exist() {
    let settings = declared(&format!(
        "{}---
UserGroups courtesy
groups: [{{code: COURTESY, visibleToPartners: false}}]
displayLogic: {{hiddenService: '4'}}
",
        DECLARED.replace("yes", "'yes'")
    ));
    assert_snapshot!(told(&["A 4 elsewhere as COURTESY", "A 4 elsewhere as STAFF"], &settings), @r#"
    A 4 elsewhere as COURTESY: unknown (UserGroups/courtesy amends a display logic rule of A that hides 4, but the rule may not exist)
    A 4 elsewhere as STAFF: true, null, null, true, null
    "#);
}
