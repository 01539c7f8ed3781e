//! A record that is created gets at once what all records of its collection are amended to.

use super::notation::{desired, observed, shown};
use crate::diff::diff;
use crate::model::{Amendment, AmendmentOperation, AmendmentTarget, Enforcement, FieldAmendment, FieldValue};

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
fn a_record_that_is_created_gets_at_once_what_all_are_amended_to() {
    let created = "+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled";
    let amended_too = "~ ALPHA/CodeTable/T/B enabled=true->false\n";
    assert_eq!(amended(Enforcement::Enforce, &[]), format!("{created}=false\n{amended_too}"));
    assert_eq!(amended(Enforcement::Enforce, &[("code", "A")]), format!("{created}=false\n"));
    assert_eq!(amended(Enforcement::Enforce, &[("code", "B")]), format!("{created}=true\n{amended_too}"));
}

#[test]
fn what_is_only_reported_changes_no_new_record() {
    let told = amended(Enforcement::Report, &[]);
    assert!(
        told.contains("+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled=true"),
        "{told}"
    );
}
