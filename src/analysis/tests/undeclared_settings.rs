//! What nobody has said is not answered, and who has only said so is named.

use insta::assert_snapshot;

use super::network::{declared, facts, observed, reasons};
use crate::model::{
    AccessQuestion, ClientLocation, ImportQuestion, PatronQuestion, Question, RecordType, ResourceId,
};

fn import(record: RecordType) -> Question {
    Question::Import(ImportQuestion { member: "A".into(), record })
}

#[test]
fn what_people_attest_is_told_as_attested_and_says_nothing_of_the_rest() {
    let settings = observed("NZ ImportPermissions\nattested\ninstitution=A; authority=deny; linking=allow");
    assert_snapshot!(facts(import(RecordType::Bibliographic), &settings, &["allowed"]), @"allowed: unknown (nobody says whether A may bring in bibliographic records)");
    let told = reasons(import(RecordType::Authority), &settings);
    let whose = "- it is denied (NZ/ImportPermissions/A, attested, not verified, by librarian)";
    assert!(told.contains(whose), "{told}");
}

#[test]
fn a_permission_that_neither_allows_nor_denies_is_not_taken_for_one() {
    let settings = observed("NZ ImportPermissions\ninstitution=A; authority=DENY");
    assert_snapshot!(facts(import(RecordType::Authority), &settings, &["allowed"]), @"allowed: unknown (the permissions of A for authority records are neither allow nor deny: DENY)");
}

#[test]
fn what_a_zone_may_keep_is_not_declared() {
    for (enforcement, allowed) in [("enforce", "allowed: false"), ("createOnly", "allowed: unknown")] {
        let settings = declared(&format!(
            "ImportPermissions i\nenforcement: {enforcement}\ndefault: {{bibliographic: deny, authority: deny, linking: allow}}"
        ));
        let told = facts(import(RecordType::Authority), &settings, &["allowed"]);
        assert!(told.starts_with(allowed), "{enforcement}: {told}");
    }
}

#[test]
fn columns_that_are_named_by_number_tell_nothing_without_the_zone() {
    let settings = declared(
        "LinkingRules rules
default: {group: G}
---
MappingTable definitions
table: UserBlockDefinitions
key: [column0]
unlisted: delete
rows: [{columns: {column0: FROM_TARGET, column5: 'true'}}]",
    );
    let question = Question::Patron(PatronQuestion {
        source: "A".into(),
        user_group: "FAC".into(),
        target: "B".into(),
        expires: None,
        next_target: None,
    });
    assert_snapshot!(facts(question, &settings, &["linked", "sentHome"]), @r#"
    linked: true
    sentHome: unknown (MappingTable/definitions says no `ID` of a record of MappingTable/"User Block Definitions" at A: name the columns as their headers do)
    "#);
}

#[test]
fn a_rule_for_some_user_groups_is_told_where_no_group_is_asked_about() {
    let settings = observed(
        "NZ AvailabilityGroups
        NZ ElectronicAvailability/1
        A DisplayLogicRules
        name=R; hides=1; operator=NOTINLIST; userGroups=[STAFF]",
    );
    let (from, resource) = (ClientLocation::Elsewhere, ResourceId::parse("1"));
    let told = resource.map(|resource| {
        let member = "A".into();
        reasons(Question::Access(AccessQuestion { member, from, resource, user_group: None }), &settings)
    });
    let says = "- not counted: rule R hides it from some user groups, and the question names none (A/DisplayLogicRules/R";
    assert!(told.as_deref().is_some_and(|told| told.contains(says)), "{told:?}");
}
