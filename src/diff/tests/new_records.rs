//! Amendments apply immediately to new records of the collection.

use crate::diff::diff;
use crate::model::{Amendment, AmendmentOperation, AmendmentTarget, Enforcement, FieldAmendment, FieldValue};
use crate::test_notation::{desired, observed, shown};

fn amended(enforcement: Enforcement, select: &[(&str, &str)]) -> String {
    let (_, mut desired) = desired(
        &["ALPHA"],
        "CodeTable t\ntable: T\nrows: [{code: A, description: One}, {code: B, description: Two}]",
    );
    for collection in desired.zones.values_mut().flatten() {
        let provenance = collection.provenance.clone();
        let to = AmendmentOperation::Set(FieldValue::Bool(false));
        collection.amendments.push(Amendment {
            select: select.iter().map(|(field, value)| ((*field).into(), FieldValue::from(*value))).collect(),
            expected: AmendmentTarget::Optional,
            amends: vec![FieldAmendment {
                field: "enabled".into(),
                to,
                reference: None,
                provenance: provenance.clone(),
            }],
            enforcement,
            provenance,
        });
    }
    shown(&diff(&desired, &observed(&desired, "code T en\nB Two")))
}

#[test]
fn new_record_includes_amendments_of_all_records() {
    let created = "+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled";
    let amended_too = "~ ALPHA/CodeTable/T/B enabled=true->false\n";
    assert_eq!(amended(Enforcement::Enforce, &[]), format!("{created}=false\n{amended_too}"));
    assert_eq!(amended(Enforcement::Enforce, &[("code", "A")]), format!("{created}=false\n"));
    assert_eq!(amended(Enforcement::Enforce, &[("code", "B")]), format!("{created}=true\n{amended_too}"));
}

#[test]
fn report_only_amendment_changes_no_new_record() {
    let told = amended(Enforcement::Report, &[]);
    assert!(
        told.contains("+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled=true"),
        "{told}"
    );
}
