//! What amendments make of records.

use super::notation::{desired, observed, shown};
use crate::diff::diff;
use crate::model::{Amend, AmendTo, Amendment, Enforcement, Expected, Value};

fn amended(enforcement: Enforcement, select: &[(&str, &str)]) -> String {
    let (_, mut desired) = desired(
        &["ALPHA"],
        "CodeTable t\ntable: T\nrows: [{code: A, description: One}, {code: B, description: Two}]",
    );
    for collection in desired.zones.values_mut().flatten() {
        let provenance = collection.provenance.clone();
        let to = AmendTo::Value(Value::Bool(false));
        collection.amendments.push(Amendment {
            select: select.iter().map(|(field, value)| ((*field).into(), Value::from(*value))).collect(),
            expected: Expected::Perhaps,
            amends: vec![Amend { field: "enabled".into(), to, provenance: provenance.clone() }],
            enforcement,
            provenance,
        });
    }
    shown(&diff(&desired, &observed(&desired, "code T en\nB Two")))
}

#[test]
fn a_record_that_is_created_gets_at_once_what_all_are_amended_to() {
    let created = "+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled";
    let amended_too = "~ ALPHA/CodeTable/T/B enabled=true->false\n";
    assert_eq!(amended(Enforcement::Enforce, &[]), format!("{created}=false\n{amended_too}"));
    assert_eq!(amended(Enforcement::Enforce, &[("code", "A")]), format!("{created}=false\n"));
    assert_eq!(amended(Enforcement::Enforce, &[("code", "B")]), format!("{created}=true\n{amended_too}"));
}

#[test]
fn what_is_only_reported_changes_no_new_record() {
    let told = amended(Enforcement::Observe, &[]);
    assert!(
        told.contains("+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled=true"),
        "{told}"
    );
}
