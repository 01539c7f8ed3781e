//! Who reaches an e-resource: groups, places, levels, and what a member hides.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use insta::assert_snapshot;

use super::network::{declared, facts, observed, reasons};
use crate::analysis::NetworkSettings;
use crate::model::{AccessQuestion, ClientLocation, Question, ResourceId, ZoneCode};

/// `A 1.2.3 at 192.0.2.1`, `A 1 library LAW`, `A 1 campus N`, `A 1 elsewhere`, and `as GROUP` behind it.
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

/// One line for each question: whether it is reached, the group and the level, whether the title shows, why not.
fn told(questions: &[&str], settings: &NetworkSettings) -> String {
    let one = |text: &&str| {
        let facts = facts(question(text), settings, &["reach", "group", "level", "titleShown", "why"]);
        let mut values: Vec<&str> = facts.lines().map(|line| line.split_once(": ").unwrap().1).collect();
        // What is not known is not known for the same reason.
        values.dedup_by(|one, other| one == other && one.starts_with("unknown"));
        format!("{text}: {}\n", values.join(", "))
    };
    questions.iter().map(one).collect()
}

/// Groups of the network, to which tests add resources.
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
fn a_resource_without_groups_is_the_whole_network_s() {
    let settings = holding("NZ ElectronicAvailability/1\nNZ ElectronicAvailability/1.2");
    assert_snapshot!(told(&["A 1.2 elsewhere", "C 1 at 8.8.8.8"], &settings), @r#"
    A 1.2 elsewhere: true, null, null, true, null
    C 1 at 8.8.8.8: true, null, null, true, null
    "#);
}

#[test]
fn an_institution_in_a_group_reaches_it_from_anywhere_and_others_do_not() {
    let settings = holding("NZ ElectronicAvailability/1\ngroup=WHOLE");
    assert_snapshot!(told(&["A 1 elsewhere", "A 1 library OLD", "B 1 elsewhere"], &settings), @r#"
    A 1 elsewhere: true, "WHOLE", "e-collection", true, null
    A 1 library OLD: true, "WHOLE", "e-collection", true, null
    B 1 elsewhere: false, null, "e-collection", false, "not-in-group"
    "#);
}

#[test]
fn a_library_in_a_group_reaches_it_by_the_client_s_address() {
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
fn a_campus_in_a_group_reaches_it_with_its_own_addresses_and_those_of_its_libraries() {
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
    // It has no addresses but those of a library, and this user is in none.
    let south = holding("NZ ElectronicAvailability/1\ngroup=SOUTH");
    let asked = ["A 1 campus S", "A 1 library MED", "A 1 at 2001:db8::7"];
    assert_snapshot!(told(&asked, &south), @r#"
    A 1 campus S: false, null, "e-collection", true, "outside-ip-range"
    A 1 library MED: true, "SOUTH", "e-collection", true, null
    A 1 at 2001:db8::7: true, "SOUTH", "e-collection", true, null
    "#);
}

#[test]
fn nobody_is_inside_a_place_without_addresses() {
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
fn the_innermost_level_that_has_groups_decides() {
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
    a user of b College off campus does not reach portfolio 1.2.3: a wider level would let them in, and the one that decides does not
    - the groups of the portfolio decide: it is the innermost level that has any, and the vendor does not say how levels add up (as Alma does it)
    - no group of the portfolio has b College, or a campus or library of it (as Alma does it)
    - the e-collection is available for group OTHERS (NZ/ElectronicAvailability/1/OTHERS, last changed by librarian)
    - group OTHERS would let them in if that decided: b College is in it (NZ/AvailabilityGroups/OTHERS, last changed by librarian)
    "#);
}

#[test]
fn settings_are_those_of_the_first_group_that_lets_them_in() {
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
    a user of a College in library LAW reaches e-collection 1, through group LAW
    - the groups of the e-collection decide (as Alma does it)
    - the e-collection is available for group LAW (NZ/ElectronicAvailability/1/LAW, last changed by librarian)
    - group LAW lets them in: library LAW of a College is in it (NZ/AvailabilityGroups/LAW, last changed by librarian)
    - the e-collection is available for group WHOLE (NZ/ElectronicAvailability/1/WHOLE, last changed by librarian)
    - group WHOLE lets them in: a College is in it (NZ/AvailabilityGroups/WHOLE, last changed by librarian)
    - several groups let them in, and the vendor does not say whose settings count: taken are those of the first by name, LAW (as Alma does it)
    "#);
}

#[test]
fn a_rule_of_the_member_hides_by_the_ids_and_by_the_user_s_group() {
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
    a user of b College off campus does not reach e-service 1.2: b College hides it
    - no level has a group, so that the whole network reaches it (as Alma does it)
    - b College hides it, by display logic: All (B/DisplayLogicRules/All, last changed by librarian)
    "#);
}

#[test]
fn what_is_hidden_and_out_of_reach_does_not_show_either() {
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
fn what_zones_do_not_tell_is_not_known() {
    let groups = "NZ ElectronicAvailability/1\ngroup=G\nNZ AvailabilityGroups\nfails";
    assert_snapshot!(told(&["A 1 elsewhere"], &observed(groups)), @"A 1 elsewhere: unknown (nobody says who is in group G)");
    let level = "NZ ElectronicAvailability/1\ngroup=G\nNZ ElectronicAvailability/1.2\nfails";
    assert_snapshot!(told(&["A 1.2 elsewhere"], &observed(level)), @"A 1.2 elsewhere: unknown (NZ does not tell ElectronicAvailability/1.2: nobody answered)");
    let rules = "NZ ElectronicAvailability/1\nNZ AvailabilityGroups\nA DisplayLogicRules\nfails";
    assert_snapshot!(told(&["A 1 elsewhere"], &observed(rules)), @"A 1 elsewhere: unknown (A does not tell DisplayLogicRules: nobody answered)");
    let operator = "NZ ElectronicAvailability/1\nA DisplayLogicRules\nname=R; hides=1; operator=LIKE";
    assert_snapshot!(told(&["A 1 elsewhere as STAFF"], &observed(operator)), @"A 1 elsewhere as STAFF: unknown (rule R has an operator that zonal does not know: LIKE)");
}

#[test]
fn nobody_is_in_a_group_that_is_not_there() {
    let settings = holding("NZ ElectronicAvailability/1\ngroup=NONE");
    assert_snapshot!(reasons(question("A 1 elsewhere"), &settings), @r#"
    a user of a College off campus does not reach e-collection 1: no group that decides has anything of a College in it
    - the groups of the e-collection decide (as Alma does it)
    - there is no group NONE, so that nobody is in it (as Alma does it)
    - no group of the e-collection has a College, or a campus or library of it (as Alma does it)
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
fn what_is_declared_answers_as_far_as_it_goes() {
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
    A 1 elsewhere: unknown (no group that is declared for the e-collection lets them in, and it may have others that no manifest names: `unlisted: delete` would settle it)
    A 1.2 elsewhere: false, null, "e-service", false, unknown (nobody says whether the e-collection has other groups, which would let them in)
    B 1.2 elsewhere: true, "LAW", "e-service", true, null
    B 1.2.3 elsewhere: unknown (nothing is said of ElectronicAvailability/1.2.3 at NZ)
    A 3 elsewhere: unknown (nobody says who is in group NOWHERE)
    B 3 elsewhere: true, "LAW", "e-collection", true, null
    A 4 elsewhere: true, null, null, true, null
    A 5 elsewhere: unknown (nobody says whether the e-collection has groups: ElectronicAvailability/5)
    A 6 elsewhere: unknown (nothing is said of ElectronicAvailability/6 at NZ)
    "#);
    assert_snapshot!(facts(question("B 1 elsewhere"), &settings, &["proxyEnabled", "proxy"]), @r#"
    proxyEnabled: true
    proxy: unknown (nobody says `proxy` of group LAW)
    "#);
    assert_snapshot!(reasons(question("B 1 elsewhere"), &settings), @r#"
    a user of b College off campus reaches e-collection 1, through group LAW
    - the groups of the e-collection decide (as Alma does it)
    - the e-collection is available for group LAW (some.yaml:6:20)
    - group LAW lets them in: b College is in it (law.yaml:5:9)
    - only declared groups are told: the e-collection may have others (as Alma does it)
    - not asked: what b College hides by display logic rules that no manifest names (as Alma does it)
    "#);
}

#[test]
fn of_rules_that_are_only_amended_nobody_says_that_they_are_there() {
    let settings = declared(&format!(
        "{}---
UserGroups courtesy
groups: [{{code: COURTESY, visibleToPartners: false}}]
displayLogic: {{hides: '4'}}
",
        DECLARED.replace("yes", "'yes'")
    ));
    assert_snapshot!(told(&["A 4 elsewhere as COURTESY", "A 4 elsewhere as STAFF"], &settings), @r#"
    A 4 elsewhere as COURTESY: unknown (UserGroups/courtesy says whom a rule of A for 4 hides it from, and not that there is one)
    A 4 elsewhere as STAFF: true, null, null, true, null
    "#);
}
