//! Which groups partners see, and whether all tables say the same.

use insta::assert_snapshot;

use super::network::{declared, facts, observed, reasons};
use crate::analysis::visibility::wrong;
use crate::model::{MaybeKnown, Question, VisibilityQuestion, ZoneCode};

fn question(member: &str, user_group: &str) -> Question {
    Question::Visibility(VisibilityQuestion { member: ZoneCode::from(member), user_group: user_group.into() })
}

const FACTS: [&str; 4] = ["visible", "restricted", "agree", "wrong"];

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
fn a_group_that_is_not_restricted_is_visible_and_rules_follow() {
    assert_snapshot!(facts(question("A", "STAFF"), &observed(HELD), &FACTS), @r#"
    visible: true
    restricted: false
    agree: true
    wrong: null
    "#);
    assert_snapshot!(facts(question("A", "ALUM"), &observed(HELD), &FACTS), @r#"
    visible: false
    restricted: true
    agree: true
    wrong: null
    "#);
    assert_snapshot!(reasons(question("A", "ALUM"), &observed(HELD)), @r#"
    partners do not see ALUM of a College
    - it is among the Restricted Users, which decides (A/RestrictedUsers/ALUM, last changed by librarian)
    - RotaAssignmentRules/In stops the group, as it should (A/RotaAssignmentRules/In, last changed by librarian)
    - RotaAssignmentRules/Out stops the group, as it should (A/RotaAssignmentRules/Out, last changed by librarian)
    - DisplayLogicRules/Hide hides from the group, as it should (A/DisplayLogicRules/Hide, last changed by librarian)
    - DisplayLogicRules/Closed hides from the group, as it should (A/DisplayLogicRules/Closed, last changed by librarian)
    "#);
}

#[test]
fn rules_that_say_something_else_are_wrong() {
    // Nobody has thought of it: it is visible, the list of a rule stops it.
    assert_snapshot!(facts(question("A", "NEW"), &observed(HELD), &FACTS), @r#"
    visible: true
    restricted: false
    agree: false
    wrong: ["RotaAssignmentRules/In"]
    "#);
    let turned = HELD.replace("userGroup=ALUM", "userGroup=STAFF");
    let staff = VisibilityQuestion { member: ZoneCode::from("A"), user_group: "STAFF".into() };
    let typed = wrong(&staff, &observed(&turned));
    let names = ["RotaAssignmentRules/In", "RotaAssignmentRules/Out", "DisplayLogicRules/Hide"];
    assert_eq!(typed, MaybeKnown::Known(names.map(str::to_owned).to_vec()));
    assert_snapshot!(reasons(question("A", "STAFF"), &observed(&turned)), @r#"
    partners do not see STAFF of a College, and RotaAssignmentRules/In, RotaAssignmentRules/Out, DisplayLogicRules/Hide disagree
    - it is among the Restricted Users, which decides (A/RestrictedUsers/STAFF, last changed by librarian)
    - RotaAssignmentRules/In lets the group pass; it is wrong, since Restricted Users decides (A/RotaAssignmentRules/In, last changed by librarian)
    - RotaAssignmentRules/Out lets the group pass; it is wrong, since Restricted Users decides (A/RotaAssignmentRules/Out, last changed by librarian)
    - DisplayLogicRules/Hide does not hide from the group; it is wrong, since Restricted Users decides (A/DisplayLogicRules/Hide, last changed by librarian)
    - DisplayLogicRules/Closed hides from the group, as it should (A/DisplayLogicRules/Closed, last changed by librarian)
    "#);
    assert_snapshot!(reasons(question("A", "ALUM"), &observed(&turned)), @r#"
    partners see ALUM of a College, and RotaAssignmentRules/In, RotaAssignmentRules/Out, DisplayLogicRules/Hide disagree
    - it is not among the Restricted Users, and partners see every group that nobody restricts (as Alma does it)
    - RotaAssignmentRules/In stops the group; it is wrong, since Restricted Users decides (A/RotaAssignmentRules/In, last changed by librarian)
    - RotaAssignmentRules/Out stops the group; it is wrong, since Restricted Users decides (A/RotaAssignmentRules/Out, last changed by librarian)
    - DisplayLogicRules/Hide hides from the group; it is wrong, since Restricted Users decides (A/DisplayLogicRules/Hide, last changed by librarian)
    - DisplayLogicRules/Closed does not hide from the group in particular, as it should (A/DisplayLogicRules/Closed, last changed by librarian)
    "#);
}

#[test]
fn a_rule_without_a_list_lets_everybody_pass() {
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
    agree: true
    wrong: null
    "#);
    assert_snapshot!(facts(question("A", "ALUM"), &settings, &FACTS), @r#"
    visible: false
    restricted: true
    agree: false
    wrong: ["RotaAssignmentRules/All"]
    "#);
}

#[test]
fn what_zones_do_not_tell_is_not_known() {
    assert_snapshot!(facts(question("A", "STAFF"), &observed("A RestrictedUsers\nfails"), &FACTS), @r#"
    visible: unknown (A does not tell RestrictedUsers: nobody answered)
    restricted: unknown (A does not tell RestrictedUsers: nobody answered)
    agree: unknown (A does not tell RestrictedUsers: nobody answered)
    wrong: unknown (A does not tell RestrictedUsers: nobody answered)
    "#);
    let rota = "A RestrictedUsers\nA RotaAssignmentRules\nfails\nA DisplayLogicRules";
    assert_snapshot!(facts(question("A", "STAFF"), &observed(rota), &FACTS), @r#"
    visible: true
    restricted: false
    agree: unknown (A does not tell RotaAssignmentRules: nobody answered)
    wrong: unknown (A does not tell RotaAssignmentRules: nobody answered)
    "#);
    let wrong = format!("{rota}\nname=Hide; hides=AFN; operator=INLIST; userGroups=[STAFF]");
    assert_snapshot!(facts(question("A", "STAFF"), &observed(&wrong), &FACTS), @r#"
    visible: true
    restricted: false
    agree: false
    wrong: unknown (A does not tell RotaAssignmentRules: nobody answered)
    "#);
    let operator =
        "A RestrictedUsers\nA RotaAssignmentRules\nname=R; rota=AFN; operator=LIKE\nA DisplayLogicRules";
    assert_snapshot!(facts(question("A", "STAFF"), &observed(operator), &FACTS), @r#"
    visible: true
    restricted: false
    agree: unknown (RotaAssignmentRules/R has an operator that zonal does not know: LIKE)
    wrong: unknown (RotaAssignmentRules/R has an operator that zonal does not know: LIKE)
    "#);
}

const DECLARED: &str = "UserGroups all
groups: [{code: ALUM, visibleToPartners: false}, {code: STAFF, visibleToPartners: true}, {code: OPEN}]
rotaRules: {rota: AFN}
displayLogic: {hides: AFN request}
";

#[test]
fn what_manifests_want_of_rules_agrees_with_what_they_want_of_the_group() {
    let settings = declared(DECLARED);
    assert_snapshot!(reasons(question("A", "ALUM"), &settings), @r#"
    partners do not see ALUM of a College
    - it is among the Restricted Users, which decides (all.yaml:5:44)
    - RotaAssignmentRules/rota=AFN stops the group, as it should (all.yaml:5:44)
    - DisplayLogicRules/hides=AFN request hides from the group, as it should (all.yaml:5:44)
    "#);
    assert_snapshot!(reasons(question("A", "STAFF"), &settings), @r#"
    partners see STAFF of a College
    - it is taken out of the Restricted Users, and partners see every group that nobody restricts (all.yaml:5:85)
    - RotaAssignmentRules/rota=AFN lets the group pass, as it should (all.yaml:5:85)
    - DisplayLogicRules/hides=AFN request,operator=INLIST does not hide from the group in particular, as it should (all.yaml:5:85)
    - DisplayLogicRules/hides=AFN request,operator=NOTINLIST does not hide from the group in particular, as it should (all.yaml:5:85)
    "#);
    assert_snapshot!(facts(question("A", "STAFF"), &settings, &FACTS), @r#"
    visible: true
    restricted: false
    agree: true
    wrong: null
    "#);
    assert_snapshot!(facts(question("A", "OPEN"), &settings, &FACTS), @r#"
    visible: unknown (nobody says whether OPEN is restricted at A)
    restricted: unknown (nobody says whether OPEN is restricted at A)
    agree: unknown (nobody says whether OPEN is restricted at A)
    wrong: unknown (nobody says whether OPEN is restricted at A)
    "#);
}

#[test]
fn rules_that_no_manifest_speaks_of_are_not_known() {
    let settings = declared("UserGroups all\ngroups: [{code: ALUM, visibleToPartners: false}]\n");
    assert_snapshot!(facts(question("A", "ALUM"), &settings, &FACTS), @r#"
    visible: false
    restricted: true
    agree: unknown (nothing is said of RotaAssignmentRules at A)
    wrong: unknown (nothing is said of RotaAssignmentRules at A)
    "#);
}
