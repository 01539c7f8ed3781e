//! Part of a record changes, whoever made it, and the rest of it never does.

use super::notation::{desired, differing, observed, shown};
use crate::diff::diff;
use crate::model::DifferenceType;

fn rule(input: &str) -> String {
    format!("FulfillmentRules r\nrules: [{{name: R, inputs: [{input}]}}]")
}

fn amended(input: &str, record: &str) -> String {
    let told = differing(&rule(input), &format!("whole FulfillmentRules\nunit=U name=R {record}"));
    told.lines().filter(|line| !line.ends_with("unmanaged in ALPHA/FulfillmentRules")).collect()
}

const OUT: &str = "{parameter: p, operator: NOTINLIST, exclude: [X, Y]}";
const IN: &str = "{parameter: p, operator: INLIST, include: [X, Y]}";

#[test]
fn a_parameter_that_a_rule_lacks_comes_with_its_operator() {
    assert_eq!(
        amended(OUT, ""),
        "~ ALPHA/FulfillmentRules/U|R p.operator=null->\"NOTINLIST\" p=null->[\"X\", \"Y\"]"
    );
    assert_eq!(
        amended(IN, "q=[A]"),
        "~ ALPHA/FulfillmentRules/U|R p.operator=null->\"INLIST\" p=null->[\"X\", \"Y\"]"
    );
}

#[test]
fn a_parameter_that_a_rule_has_keeps_its_operator_and_the_other_values_of_its_list() {
    let change = |words: &str| format!("~ ALPHA/FulfillmentRules/U|R {words}");
    assert_eq!(
        amended(OUT, "p.operator=NOTINLIST p=[A,X]"),
        change("p=[\"A\", \"X\"]->[\"A\", \"X\", \"Y\"]")
    );
    assert_eq!(amended(OUT, "p.operator=INLIST p=[A,X,Y]"), change("p=[\"A\", \"X\", \"Y\"]->[\"A\"]"));
    assert_eq!(amended(IN, "p.operator=NOTINLIST p=[A,X]"), change("p=[\"A\", \"X\"]->[\"A\"]"));
    assert_eq!(amended(IN, "p.operator=INLIST p=[A,X,Y]"), "");
    assert_eq!(amended(OUT, "p.operator=INLIST p=[A]"), "");
}

#[test]
fn two_manifests_may_amend_one_list() {
    let two = format!("{}\n---\n{}", rule("{parameter: p, exclude: [X]}"), {
        rule("{parameter: p, exclude: [Y]}").replace("FulfillmentRules r", "FulfillmentRules s")
    });
    assert_eq!(
        differing(&two, "whole FulfillmentRules\nunit=U name=R p.operator=NOTINLIST p=[A]"),
        "~ ALPHA/FulfillmentRules/U|R p=[\"A\"]->[\"A\", \"X\", \"Y\"]\n1 unmanaged in ALPHA/FulfillmentRules\n"
    );
}

#[test]
fn a_zone_without_such_a_record_is_told_and_gets_none() {
    assert_eq!(
        differing(&rule(OUT), "whole FulfillmentRules\nunit=U name=S"),
        "note: FulfillmentRules has no record with name \"R\", so there is nothing to amend\n\
         1 unmanaged in ALPHA/FulfillmentRules\n"
    );
}

#[test]
fn what_is_released_stays_as_it_is_and_is_counted() {
    let released = rule(OUT).replace("rules:", "enforcement: unmanage\nrules:");
    assert_eq!(
        differing(&released, "whole FulfillmentRules\nunit=U name=R"),
        "1 unmanaged in ALPHA/FulfillmentRules\n1 released in ALPHA/FulfillmentRules\n"
    );
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nenforcement: unmanage\nrows: [{code: A, description: One}, {code: B, description: Two}]",
            "code T en\nA Other"
        ),
        "1 released in ALPHA/CodeTable/T\n"
    );
}

#[test]
fn a_record_that_its_zone_has_detached_is_a_drift_of_its_own() {
    let drift = |record: &str| -> Vec<DifferenceType> {
        let manifest = "TermsOfUse t\nterms: [{name: A, type: request, attachedToNetwork: true, policies: {Days: \"14\"}}]";
        let (_, desired) = desired(&["ALPHA"], manifest);
        let found = diff(&desired, &observed(&desired, &format!("whole TermsOfUse\n{record}")));
        let changes = found.zones.values().flatten().flat_map(|diff| &diff.outcome);
        changes.flat_map(|found| found.changes.iter().map(|change| change.difference)).collect()
    };
    assert_eq!(drift("name=A type=request attachedToNetwork=false Days=14"), [DifferenceType::Detached]);
    assert_eq!(drift("name=A type=request attachedToNetwork=false Days=3"), [DifferenceType::Detached]);
    assert_eq!(drift("name=A type=request attachedToNetwork=true Days=3"), [DifferenceType::Value]);
    assert_eq!(drift("name=B"), [DifferenceType::Missing]);
    assert_eq!(drift("name=A type=request attachedToNetwork=true Days=14 Fee=1"), []);
}

#[test]
fn a_rule_is_not_led_to_terms_of_use_that_its_zone_does_not_have() {
    let manifest = "FulfillmentRules r\nrules: [{name: R, set: {termsOfUse: New}}]";
    let zone = |rule: &str, terms: &str| {
        let (_, desired) = desired(&["ALPHA"], manifest);
        let mut observed =
            observed(&desired, &format!("whole FulfillmentRules\nunit=U name={rule} termsOfUse=Old"));
        let text = format!("whole TermsOfUse\nname={terms}");
        let (_, terms) = self::desired(&["ALPHA"], "TermsOfUse t\nterms: [{name: A}]");
        let terms = self::observed(&terms, &text);
        for (code, zone) in terms.zones {
            observed.zones.entry(code).or_default().collections.extend(zone.collections);
        }
        shown(&diff(&desired, &observed))
    };
    assert!(zone("R", "New").starts_with("~ ALPHA/FulfillmentRules/U|R termsOfUse=\"Old\"->\"New\""));
    assert_eq!(
        zone("R", "Old"),
        "! ALPHA/FulfillmentRules: Mismatch: `termsOfUse` refers to terms of use `New`, which is not in the zone's \
         TermsOfUse; declare it, add it in the zone, or leave the zone out (r.yaml:5:39)\n"
    );
    assert!(zone("S", "Old").starts_with("note: FulfillmentRules has no record"));
}
