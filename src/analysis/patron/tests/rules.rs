//! Which rule decides, and who is refused.

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
fn positions_are_numbers_and_the_first_rule_that_fits_decides() {
    assert_eq!(rule("A FAC B", RULES), "Early gives EARLY");
    assert_eq!(rule("A UNDRGRD B", RULES), "Late gives LATE");
    assert_eq!(rule("C FAC B", RULES), "Of C gives OF_C");
    let without_late = RULES.replace("name=Late |", "name=Late | enabled=false |");
    assert_eq!(rule("A UNDRGRD B", &without_late), "Default gives ALUM");
}

#[test]
fn alma_s_own_rule_cannot_be_switched_off() {
    let rules = "B LinkedAccountRules\n name=Default | userGroup=ALUM | enabled=false\n";
    assert_eq!(rule("A FAC B", rules), "Default gives ALUM");
}

#[test]
fn the_rules_before_the_one_that_decides_are_told_briefly_and_only_the_first() {
    let more = format!("{RULES} name=X | position=4 | sourceInstitutions=[C] | userGroup=X\n");
    let more = format!("{more} name=Y | position=5 | sourceUserGroups=[K,L,M,N,O] | userGroup=Y\n");
    let told = reasons("A UNDRGRD B", &observed(&more));
    let told: Vec<&str> = told.lines().skip(1).take(5).collect();
    let expected = [
        "`Off` is switched off",
        "`Of C` is for patrons of Zone C",
        "`X` is for patrons of Zone C",
        "nor do the next 2 rules fit",
        "`Late` decides: it is the first that takes patrons of Zone A in `UNDRGRD`",
    ];
    assert_eq!(told, expected);
    let told = reasons(
        "A UNDRGRD B",
        &observed(&more.replace("sourceInstitutions=[C] | userGroup=X", "enabled=true")),
    );
    assert!(told.contains("`X` decides"), "{told}");
}

#[test]
fn who_is_not_linked_gets_alma_s_error() {
    assert_eq!(rule("B FAC B", RULES), "error 401651");
    assert_eq!(rule("NZ FAC B", RULES), "error 401651");
    assert_eq!(rule("ELSEWHERE FAC B", RULES), "error 401651");
    let restricted = format!("{RULES}A RestrictedUsers\n userGroup=WALKIN\n");
    assert_eq!(rule("A WALKIN B", &restricted), "error 60226");
    assert_eq!(rule("C WALKIN B", &restricted), "Of C gives OF_C");
    let no_group = "B LinkedAccountRules\n name=Default | userGroup=null\n";
    assert_eq!(rule("A FAC B", no_group), "error 60232");
    assert_eq!(rule("A FAC B", "B LinkedAccountRules\n"), "error 60232");
    let names = ["linked", "error", "rule", "group", "blocks", "sentHome"];
    let told = facts("A FAC B", &observed(no_group), &names);
    assert_eq!(
        told,
        "linked: false\nerror: \"60232\"\nrule: \"Default\"\ngroup: null\nblocks: null\nsentHome: false\n"
    );
}

#[test]
fn what_no_manifest_says_is_not_known() {
    let named = "\
B LinkedAccountRules
 name=R | position=1 | sourceUserGroups=[FAC] | userGroup=G
 - name=Gone | userGroup=X
";
    let unknown = "unknown: no rule that is declared at B fits, and `Default` is not declared";
    assert_eq!(linked("A GRAD B", &declared(named)), unknown);
    assert_eq!(linked("A GRAD B", &declared(&named.replace("Rules\n", "Rules whole\n"))), unknown);
    let told = facts("A GRAD B", &declared(named), &["linked"]);
    assert_eq!(told, "linked: unknown (no rule that is declared at B fits, and `Default` is not declared)\n");
    assert_eq!(linked("A FAC B", &declared("")), "unknown: nothing is said of LinkedAccountRules at B");
    let ungrouped = named.replace(" | userGroup=G", "");
    let unknown = "unknown: the rule `R` at B does not say which group it gives";
    assert_eq!(linked("A FAC B", &declared(&ungrouped)), unknown);
}

#[test]
fn a_member_that_does_not_tell_what_it_restricts_is_not_taken_to_restrict_nothing() {
    let told = |restricted: &str| {
        let rules = "B LinkedAccountRules\nname=Default; userGroup=G\nA RestrictedUsers\n";
        let settings = crate::analysis::tests::network::observed(&format!("{rules}{restricted}"));
        linked("A FAC B", &settings)
    };
    assert_eq!(told("fails"), "unknown: A does not tell RestrictedUsers: nobody answered");
    assert!(told("userGroup=X").starts_with("Default gives G"), "{}", told("userGroup=X"));
}

#[test]
fn whether_partners_see_a_group_may_be_unsaid_and_does_not_hide_the_rest() {
    let rules = "B LinkedAccountRules\n name=Default | userGroup=G\n";
    let first = |text: &str| reasons("A FAC B", &declared(text)).lines().next().map(str::to_owned);
    let said = |more: &str| first(&format!("{rules}A RestrictedUsers\n{more}")).unwrap();
    assert_eq!(said(""), "it is not declared whether Zone A restricts `FAC`: partners see it otherwise");
    assert_eq!(said(" - userGroup=FAC\n"), "partners see `FAC`: Zone A does not restrict it");
    assert_eq!(said(" userGroup=FAC\n"), "Zone A restricts `FAC`, so that partners do not find its users");
    assert_eq!(
        first(rules).unwrap(),
        "it is not known whether Zone A restricts `FAC` (nothing is said of RestrictedUsers at A): partners see it \
         otherwise"
    );
    assert_eq!(facts("A FAC B", &declared(rules), &["linked", "group"]), "linked: true\ngroup: \"G\"\n");
}

#[test]
fn groups_that_are_not_there_are_warned_of() {
    let told = |more: &str| {
        let rules = "B LinkedAccountRules\n name=Default | userGroup=G\n";
        let told = reasons("A FAC B", &observed(&format!("{rules}{more}")));
        told.lines().filter(|line| line.starts_with("beware")).map(str::to_owned).collect::<Vec<_>>()
    };
    let nothing: [&str; 0] = [];
    assert_eq!(told("B ExternalUserGroups\n code=FAC | sourceInstitutions=null\n"), nothing);
    assert_eq!(told("B ExternalUserGroups\n code=FAC | sourceInstitutions=[A,C]\n"), nothing);
    let hardly = "so that rules there can hardly choose by it";
    let elsewhere = told("B ExternalUserGroups\n code=FAC | sourceInstitutions=[C]\n");
    assert_eq!(
        elsewhere,
        [format!("beware: `FAC` is an external user group of Zone B, and not for Zone A, {hardly}")]
    );
    let missing = told("B ExternalUserGroups\n code=GRAD\n");
    assert_eq!(missing, [format!("beware: `FAC` is not among the external user groups of Zone B, {hardly}")]);
    let then = "what Alma does with the account then is not documented";
    let off = told("B UserGroups\n code=G\n code=G | enabled=false\n");
    assert_eq!(off, [format!("beware: `G` is switched off in CodeTable/UserGroups of Zone B; {then}")]);
    let missing = told("B UserGroups\n code=X\n");
    assert_eq!(missing, [format!("beware: `G` is not there in CodeTable/UserGroups of Zone B; {then}")]);
}
