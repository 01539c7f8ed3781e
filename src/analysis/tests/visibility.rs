//! Tests of user group visibility and of dependent rules.

use insta::assert_snapshot;

use super::network::{declared, facts, observed, reasons};
use crate::model::{Question, VisibilityQuestion, ZoneCode};

fn question(member: &str, user_group: &str) -> Question {
    Question::Visibility(VisibilityQuestion { member: ZoneCode::from(member), user_group: user_group.into() })
}

const FACTS: [&str; 4] = ["visible", "restricted", "consistent", "inconsistentTables"];

const HELD: &str = "
    A RestrictedUsers
    userGroup=ALUM
    A RotaAssignmentRules
    name=In; rota=AFN; operator=INLIST; userGroups=[STAFF]
    name=Out; rota=AFN; operator=NOTINLIST; userGroups=[ALUM]
    name=Manual; operator=INLIST; userGroups=[ALUM]
    A DisplayLogicRules
    name=Hide; hides=AFN request; operator=INLIST; userGroups=[ALUM]
    name=Closed; hides=AFN request
    name=Package; hides=61100; operator=INLIST; userGroups=[STAFF]
";

#[test]
fn unrestricted_group_is_visible_and_rules_match() {
    assert_snapshot!(facts(question("A", "STAFF"), &observed(HELD), &FACTS), @r#"
    visible: true
    restricted: false
    consistent: true
    inconsistentTables: null
    "#);
    assert_snapshot!(facts(question("A", "ALUM"), &observed(HELD), &FACTS), @r#"
    visible: false
    restricted: true
    consistent: true
    inconsistentTables: null
    "#);
    assert_snapshot!(reasons(question("A", "ALUM"), &observed(HELD)), @r#"
    partners cannot see ALUM of a College
    - listed in Restricted Users, which decides (A/RestrictedUsers/ALUM, last changed by librarian)
    - RotaAssignmentRules/In blocks the user group, consistent with Restricted Users (A/RotaAssignmentRules/In, last changed by librarian)
    - RotaAssignmentRules/Out blocks the user group, consistent with Restricted Users (A/RotaAssignmentRules/Out, last changed by librarian)
    - DisplayLogicRules/Hide hides the request from the user group, consistent with Restricted Users (A/DisplayLogicRules/Hide, last changed by librarian)
    - DisplayLogicRules/Closed hides the request from the user group, consistent with Restricted Users (A/DisplayLogicRules/Closed, last changed by librarian)
    "#);
}

#[test]
fn contradicting_rules_are_inconsistent() {
    // No rule names the new user group: visible to partners, but blocked by a rule's list.
    assert_snapshot!(facts(question("A", "NEW"), &observed(HELD), &FACTS), @r#"
    visible: true
    restricted: false
    consistent: false
    inconsistentTables: ["RotaAssignmentRules/In"]
    "#);
    let turned = HELD.replace("userGroup=ALUM", "userGroup=STAFF");
    assert_snapshot!(
        facts(question("A", "STAFF"), &observed(&turned), &["inconsistentTables"]),
        @r#"inconsistentTables: ["DisplayLogicRules/Hide", "RotaAssignmentRules/In", "RotaAssignmentRules/Out"]"#
    );
    assert_snapshot!(reasons(question("A", "STAFF"), &observed(&turned)), @r#"
    partners cannot see STAFF of a College, but RotaAssignmentRules/In, RotaAssignmentRules/Out, DisplayLogicRules/Hide contradict this
    - listed in Restricted Users, which decides (A/RestrictedUsers/STAFF, last changed by librarian)
    - RotaAssignmentRules/In allows the user group, which contradicts Restricted Users (A/RotaAssignmentRules/In, last changed by librarian)
    - RotaAssignmentRules/Out allows the user group, which contradicts Restricted Users (A/RotaAssignmentRules/Out, last changed by librarian)
    - DisplayLogicRules/Hide does not hide the request from the user group, which contradicts Restricted Users (A/DisplayLogicRules/Hide, last changed by librarian)
    - DisplayLogicRules/Closed hides the request from the user group, consistent with Restricted Users (A/DisplayLogicRules/Closed, last changed by librarian)
    "#);
    assert_snapshot!(reasons(question("A", "ALUM"), &observed(&turned)), @r#"
    partners can see ALUM of a College, but RotaAssignmentRules/In, RotaAssignmentRules/Out, DisplayLogicRules/Hide contradict this
    - not listed in Restricted Users; unrestricted groups are visible to partners (Alma's behavior)
    - RotaAssignmentRules/In blocks the user group, which contradicts Restricted Users (A/RotaAssignmentRules/In, last changed by librarian)
    - RotaAssignmentRules/Out blocks the user group, which contradicts Restricted Users (A/RotaAssignmentRules/Out, last changed by librarian)
    - DisplayLogicRules/Hide hides the request from the user group, which contradicts Restricted Users (A/DisplayLogicRules/Hide, last changed by librarian)
    - DisplayLogicRules/Closed does not hide the request from this user group specifically, consistent with Restricted Users (A/DisplayLogicRules/Closed, last changed by librarian)
    "#);
}

#[test]
fn rule_without_list_allows_all_groups() {
    let settings = observed(
        "A RestrictedUsers
         userGroup=ALUM
         A RotaAssignmentRules
         name=All; rota=AFN
         A DisplayLogicRules",
    );
    assert_snapshot!(facts(question("A", "STAFF"), &settings, &FACTS), @r#"
    visible: true
    restricted: false
    consistent: true
    inconsistentTables: null
    "#);
    assert_snapshot!(facts(question("A", "ALUM"), &settings, &FACTS), @r#"
    visible: false
    restricted: true
    consistent: false
    inconsistentTables: ["RotaAssignmentRules/All"]
    "#);
}

#[test]
fn unreadable_tables_make_visibility_unknown() {
    assert_snapshot!(facts(question("A", "STAFF"), &observed("A RestrictedUsers\nfails"), &FACTS), @r#"
    visible: unknown (A did not return RestrictedUsers: no response)
    restricted: unknown (A did not return RestrictedUsers: no response)
    consistent: unknown (A did not return RestrictedUsers: no response)
    inconsistentTables: unknown (A did not return RestrictedUsers: no response)
    "#);
    let rota = "A RestrictedUsers\nA RotaAssignmentRules\nfails\nA DisplayLogicRules";
    assert_snapshot!(facts(question("A", "STAFF"), &observed(rota), &FACTS), @r#"
    visible: true
    restricted: false
    consistent: unknown (A did not return RotaAssignmentRules: no response)
    inconsistentTables: unknown (A did not return RotaAssignmentRules: no response)
    "#);
    let wrong = format!("{rota}\nname=Hide; hides=AFN; operator=INLIST; userGroups=[STAFF]");
    assert_snapshot!(facts(question("A", "STAFF"), &observed(&wrong), &FACTS), @r#"
    visible: true
    restricted: false
    consistent: false
    inconsistentTables: unknown (A did not return RotaAssignmentRules: no response)
    "#);
    let operator =
        "A RestrictedUsers\nA RotaAssignmentRules\nname=R; rota=AFN; operator=LIKE\nA DisplayLogicRules";
    assert_snapshot!(facts(question("A", "STAFF"), &observed(operator), &FACTS), @r#"
    visible: true
    restricted: false
    consistent: unknown (RotaAssignmentRules/R has an unknown operator: LIKE)
    inconsistentTables: unknown (RotaAssignmentRules/R has an unknown operator: LIKE)
    "#);
}

const DECLARED: &str = "UserGroups all
groups: [{code: ALUM, visibleToPartners: false}, {code: STAFF, visibleToPartners: true}, {code: OPEN}]
rotaRules: {rota: AFN}
displayLogic: {hiddenService: AFN request}
";

#[test]
fn declared_rules_match_declared_visibility() {
    let settings = declared(DECLARED);
    assert_snapshot!(reasons(question("A", "ALUM"), &settings), @r#"
    partners cannot see ALUM of a College
    - listed in Restricted Users, which decides (all.yaml:5:44)
    - RotaAssignmentRules/rota=AFN blocks the user group, consistent with Restricted Users (all.yaml:5:44)
    - DisplayLogicRules/hides=AFN request hides the request from the user group, consistent with Restricted Users (all.yaml:5:44)
    "#);
    assert_snapshot!(reasons(question("A", "STAFF"), &settings), @r#"
    partners can see STAFF of a College
    - removed from Restricted Users; unrestricted groups are visible to partners (all.yaml:5:85)
    - RotaAssignmentRules/rota=AFN allows the user group, consistent with Restricted Users (all.yaml:5:85)
    - DisplayLogicRules/hides=AFN request,operator=INLIST does not hide the request from this user group specifically, consistent with Restricted Users (all.yaml:5:85)
    - DisplayLogicRules/hides=AFN request,operator=NOTINLIST does not hide the request from this user group specifically, consistent with Restricted Users (all.yaml:5:85)
    "#);
    assert_snapshot!(facts(question("A", "STAFF"), &settings, &FACTS), @r#"
    visible: true
    restricted: false
    consistent: true
    inconsistentTables: null
    "#);
    assert_snapshot!(facts(question("A", "OPEN"), &settings, &FACTS), @r#"
    visible: unknown (no manifest declares whether A restricts OPEN)
    restricted: unknown (no manifest declares whether A restricts OPEN)
    consistent: unknown (no manifest declares whether A restricts OPEN)
    inconsistentTables: unknown (no manifest declares whether A restricts OPEN)
    "#);
}

#[test]
fn undeclared_rules_make_consistency_unknown() {
    let settings = declared("UserGroups all\ngroups: [{code: ALUM, visibleToPartners: false}]\n");
    assert_snapshot!(facts(question("A", "ALUM"), &settings, &FACTS), @r#"
    visible: false
    restricted: true
    consistent: unknown (no manifest declares RotaAssignmentRules at A)
    inconsistentTables: unknown (no manifest declares RotaAssignmentRules at A)
    "#);
}
