//! Tests of deciding rules and refusals.

use super::notation::{declared, facts, linked, observed, reasons};

const RULES: &str = "\
B LinkedAccountRules
 name=Default | position=1 | userGroup=ALUM
 name=Late | position=10 | userGroup=LATE
 name=Early | position=9 | sourceInstitutions=[A,C] | sourceUserGroups=[FAC,GRAD] | userGroup=EARLY
 name=Off | position=2 | userGroup=OFF | enabled=false
 name=Of C | position=3 | sourceInstitutions=[C] | sourceUserGroups=null | userGroup=OF_C
";

fn rule(asked: &str, text: &str) -> String {
    let linked = linked(asked, &observed(text));
    linked.split_once(", ").map_or(linked.clone(), |(rule, _)| rule.to_owned())
}

#[test]
fn first_matching_rule_by_numeric_position_decides() {
    assert_eq!(rule("A FAC B", RULES), "Early gives EARLY");
    assert_eq!(rule("A UNDRGRD B", RULES), "Late gives LATE");
    assert_eq!(rule("C FAC B", RULES), "Of C gives OF_C");
    let without_late = RULES.replace("name=Late |", "name=Late | enabled=false |");
    assert_eq!(rule("A UNDRGRD B", &without_late), "Default gives ALUM");
}

#[test]
fn default_rule_cannot_be_disabled() {
    let rules = "B LinkedAccountRules\n name=Default | userGroup=ALUM | enabled=false\n";
    assert_eq!(rule("A FAC B", rules), "Default gives ALUM");
}

#[test]
fn explanation_lists_first_rules_before_deciding_one() {
    let more = format!("{RULES} name=X | position=4 | sourceInstitutions=[C] | userGroup=X\n");
    let more = format!("{more} name=Y | position=5 | sourceUserGroups=[K,L,M,N,O] | userGroup=Y\n");
    let told = reasons("A UNDRGRD B", &observed(&more));
    let told: Vec<&str> = told.lines().skip(1).take(5).collect();
    let expected = [
        "`Off` is disabled",
        "`Of C` applies to patrons of Zone C",
        "`X` applies to patrons of Zone C",
        "the next 2 rules do not match either",
        "`Late` decides: the first rule that matches patrons of Zone A in `UNDRGRD`",
    ];
    assert_eq!(told, expected);
    let told = reasons(
        "A UNDRGRD B",
        &observed(&more.replace("sourceInstitutions=[C] | userGroup=X", "enabled=true")),
    );
    assert!(told.contains("`X` decides"), "{told}");
}

#[test]
fn refused_patron_gets_alma_error_code() {
    assert_eq!(rule("B FAC B", RULES), "error 401651");
    assert_eq!(rule("NZ FAC B", RULES), "error 401651");
    assert_eq!(rule("ELSEWHERE FAC B", RULES), "error 401651");
    let restricted = format!("{RULES}A RestrictedUsers\n userGroup=WALKIN\n");
    assert_eq!(rule("A WALKIN B", &restricted), "error 60226");
    assert_eq!(rule("C WALKIN B", &restricted), "Of C gives OF_C");
    let no_group = "B LinkedAccountRules\n name=Default | userGroup=null\n";
    assert_eq!(rule("A FAC B", no_group), "error 60232");
    assert_eq!(rule("A FAC B", "B LinkedAccountRules\n"), "error 60232");
    let names = ["linked", "error", "rule", "group", "blocks", "sentToSource"];
    let told = facts("A FAC B", &observed(no_group), &names);
    assert_eq!(
        told,
        "linked: false\nerror: \"60232\"\nrule: \"Default\"\ngroup: null\nblocks: null\nsentToSource: false\n"
    );
}

#[test]
fn undeclared_rules_make_linked_account_unknown() {
    let named = "\
B LinkedAccountRules
 name=R | position=1 | sourceUserGroups=[FAC] | userGroup=G
 - name=Gone | userGroup=X
";
    let unknown = "unknown: no declared rule at B matches, and `Default` is not declared";
    assert_eq!(linked("A GRAD B", &declared(named)), unknown);
    assert_eq!(linked("A GRAD B", &declared(&named.replace("Rules\n", "Rules whole\n"))), unknown);
    let told = facts("A GRAD B", &declared(named), &["linked"]);
    assert_eq!(told, "linked: unknown (no declared rule at B matches, and `Default` is not declared)\n");
    assert_eq!(linked("A FAC B", &declared("")), "unknown: no manifest declares LinkedAccountRules at B");
    let ungrouped = named.replace(" | userGroup=G", "");
    let unknown = "unknown: the rule `R` at B does not declare a user group";
    assert_eq!(linked("A FAC B", &declared(&ungrouped)), unknown);
}

#[test]
fn unreadable_restrictions_make_linked_account_unknown() {
    let told = |restricted: &str| {
        let rules = "B LinkedAccountRules\nname=Default; userGroup=G\nA RestrictedUsers\n";
        let settings = crate::analysis::tests::network::observed(&format!("{rules}{restricted}"));
        linked("A FAC B", &settings)
    };
    assert_eq!(told("fails"), "unknown: A did not return RestrictedUsers: no response");
    assert!(told("userGroup=X").starts_with("Default gives G"), "{}", told("userGroup=X"));
}

#[test]
fn undeclared_visibility_still_gives_linked_account() {
    let rules = "B LinkedAccountRules\n name=Default | userGroup=G\n";
    let first = |text: &str| reasons("A FAC B", &declared(text)).lines().next().map(str::to_owned);
    let said = |more: &str| first(&format!("{rules}A RestrictedUsers\n{more}")).unwrap();
    assert_eq!(
        said(""),
        "no manifest declares whether Zone A restricts `FAC`; unrestricted groups are visible to partners"
    );
    assert_eq!(said(" - userGroup=FAC\n"), "partners can see `FAC`: Zone A does not restrict it");
    assert_eq!(said(" userGroup=FAC\n"), "Zone A restricts `FAC`, so partners cannot find its users");
    assert_eq!(
        first(rules).unwrap(),
        "unknown whether Zone A restricts `FAC` (no manifest declares RestrictedUsers at A); unrestricted \
         groups are visible to partners"
    );
    assert_eq!(facts("A FAC B", &declared(rules), &["linked", "group"]), "linked: true\ngroup: \"G\"\n");
}

#[test]
fn missing_groups_add_warnings() {
    let told = |more: &str| {
        let rules = "B LinkedAccountRules\n name=Default | userGroup=G\n";
        let told = reasons("A FAC B", &observed(&format!("{rules}{more}")));
        told.lines().filter(|line| line.starts_with("warning")).map(str::to_owned).collect::<Vec<_>>()
    };
    let nothing: [&str; 0] = [];
    assert_eq!(told("B ExternalUserGroups\n code=FAC | sourceInstitutions=null\n"), nothing);
    assert_eq!(told("B ExternalUserGroups\n code=FAC | sourceInstitutions=[A,C]\n"), nothing);
    let hardly = "so rules there may not match it";
    let elsewhere = told("B ExternalUserGroups\n code=FAC | sourceInstitutions=[C]\n");
    assert_eq!(
        elsewhere,
        [format!("warning: `FAC` is an external user group of Zone B, but not for Zone A, {hardly}")]
    );
    let missing = told("B ExternalUserGroups\n code=GRAD\n");
    assert_eq!(missing, [format!("warning: `FAC` is not an external user group of Zone B, {hardly}")]);
    let then = "Alma does not document the effect on the account";
    let off = told("B UserGroups\n code=G\n code=G | enabled=false\n");
    assert_eq!(off, [format!("warning: `G` is disabled in CodeTable/UserGroups of Zone B; {then}")]);
    let missing = told("B UserGroups\n code=X\n");
    assert_eq!(missing, [format!("warning: `G` does not exist in CodeTable/UserGroups of Zone B; {then}")]);
}
