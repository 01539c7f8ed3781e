//! Tests of undeclared and attested settings.

use insta::assert_snapshot;

use super::network::{declared, facts, observed, reasons};
use crate::model::{
    AccessQuestion, ClientLocation, ImportQuestion, PatronQuestion, Question, RecordType, ResourceId,
};

fn import(record: RecordType) -> Question {
    Question::Import(ImportQuestion { member: "A".into(), record })
}

#[test]
fn attested_settings_leave_other_fields_unknown() {
    let settings = observed("NZ ImportPermissions\nattested\ninstitution=A; authority=deny; linking=allow");
    assert_snapshot!(facts(import(RecordType::Bibliographic), &settings, &["allowed"]), @"allowed: unknown (no manifest declares whether A may contribute bibliographic records)");
    let told = reasons(import(RecordType::Authority), &settings);
    let whose = "- contributing is denied (NZ/ImportPermissions/A, attested, not verified, by librarian)";
    assert!(told.contains(whose), "{told}");
}

#[test]
fn invalid_permission_value_is_unknown() {
    let settings = observed("NZ ImportPermissions\ninstitution=A; authority=DENY");
    assert_snapshot!(facts(import(RecordType::Authority), &settings, &["allowed"]), @"allowed: unknown (the permission of A for authority records must be allow or deny: DENY)");
}

#[test]
fn create_only_settings_do_not_count_as_declared() {
    for (enforcement, allowed) in [("enforce", "allowed: false"), ("createOnly", "allowed: unknown")] {
        let settings = declared(&format!(
            "ImportPermissions i\nenforcement: {enforcement}\ndefault: {{bibliographic: deny, authority: deny, linking: allow}}"
        ));
        let told = facts(import(RecordType::Authority), &settings, &["allowed"]);
        assert!(told.starts_with(allowed), "{enforcement}: {told}");
    }
}

#[test]
fn columns_named_by_number_are_unknown_without_zone() {
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
    assert_snapshot!(facts(question, &settings, &["linked", "sentToSource"]), @r#"
    linked: true
    sentToSource: unknown (MappingTable/definitions omits `ID` in a record of MappingTable/"User Block Definitions" at A; use the header names of the columns)
    "#);
}

#[test]
fn rule_for_some_user_groups_adds_reason() {
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
    let says = "- not evaluated: rule R hides it from some user groups; the question has none (A/DisplayLogicRules/R";
    assert!(told.as_deref().is_some_and(|told| told.contains(says)), "{told:?}");
}
