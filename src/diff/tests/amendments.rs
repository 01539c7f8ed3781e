//! Amendments change part of a record, independent of its creator, and never the rest.

use crate::diff::diff;
use crate::model::DifferenceType;
use crate::test_notation::{desired, differing, observed, shown};

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
fn missing_parameter_is_added_with_its_operator() {
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
fn existing_parameter_keeps_operator_and_other_values() {
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
fn two_manifests_can_amend_one_list() {
    let two = format!("{}\n---\n{}", rule("{parameter: p, exclude: [X]}"), {
        rule("{parameter: p, exclude: [Y]}").replace("FulfillmentRules r", "FulfillmentRules s")
    });
    assert_eq!(
        differing(&two, "whole FulfillmentRules\nunit=U name=R p.operator=NOTINLIST p=[A]"),
        "~ ALPHA/FulfillmentRules/U|R p=[\"A\"]->[\"A\", \"X\", \"Y\"]\n1 unmanaged in ALPHA/FulfillmentRules\n"
    );
}

#[test]
fn zone_without_matching_record_gets_a_note() {
    assert_eq!(
        differing(&rule(OUT), "whole FulfillmentRules\nunit=U name=S"),
        "note: FulfillmentRules has no record with name \"R\" to amend\n\
         1 unmanaged in ALPHA/FulfillmentRules\n"
    );
}

#[test]
fn unmanaged_records_stay_unchanged_and_are_counted() {
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
fn detached_record_has_its_own_difference_type() {
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
fn rule_with_missing_terms_of_use_is_refused() {
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
        "! ALPHA/FulfillmentRules: Mismatch: `termsOfUse` refers to terms of use `New`, which does not exist in \
         TermsOfUse of the zone; declare it, create it in the zone, or exclude the zone (r.yaml:5:39)\n"
    );
    assert!(zone("S", "Old").starts_with("note: FulfillmentRules has no record"));
}
