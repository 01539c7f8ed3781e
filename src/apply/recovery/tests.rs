//! Outcomes of interrupted writes, by observed records.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::settle;
use crate::model::{
    AppliedChange, AppliedField, AppliedRecord, ChangeAction, Channel, CollectionId, FieldValue,
    ManagementOrigin, ObservationSource, ObservedCollection, ObservedRecord, Record, WritePhase,
};

fn done(action: ChangeAction, key: &str, before: Option<&str>, after: &str) -> AppliedChange {
    let edits = vec![AppliedField {
        field: "description".into(),
        name: "Description".into(),
        before: before.map(Into::into),
        after: after.into(),
    }];
    AppliedChange {
        action,
        key: vec![("code".into(), key.into())],
        before: Record::default(),
        field_changes: if action == ChangeAction::Delete { Vec::new() } else { edits },
        manifest: "CodeTable/t".into(),
        declared_at: "t.yaml:1:1".to_owned(),
        reason: None,
    }
}

/// Returns a table with these codes and descriptions.
fn table(holds: &[(&str, &str)]) -> ObservedCollection {
    let records = holds.iter().map(|(code, description)| {
        let fields: Record = [
            ("code".into(), FieldValue::from_text(code)),
            ("description".into(), FieldValue::from_text(description)),
        ]
        .into();
        ObservedRecord { fields, ..ObservedRecord::default() }
    });
    ObservedCollection {
        id: CollectionId::with_code("CodeTable", "T"),
        title: None,
        aliases: BTreeMap::new(),
        columns: Vec::new(),
        records: records.collect(),
        references: None,
        channel: Channel::default(),
        witness: ObservationSource::default(),
    }
}

/// Returns the outcome for these observed records: a word and the affected keys.
fn fate(changes: &[AppliedChange], holds: &[(&str, &str)]) -> String {
    let now = table(holds);
    let keys = |changes: &[AppliedChange]| {
        changes.iter().map(|done| done.identity().to_string()).collect::<Vec<_>>().join(" ")
    };
    match settle(&Arc::from(changes.to_vec()), &now) {
        WritePhase::Verified { changes, .. } => format!("verified {}", keys(&changes)),
        WritePhase::Unverified { changes, unexpected_differences: strays } => {
            format!("unverified {}: {}", keys(&changes), strays.join("; "))
        }
        WritePhase::Unchanged { .. } => "unchanged".to_owned(),
        other @ (WritePhase::Intent { .. } | WritePhase::Sent | WritePhase::Responded { .. }) => {
            format!("{other:?}")
        }
    }
}

/// Change, observed records and expected outcome.
type RecoveryCase<'a> = (&'a AppliedChange, &'a [(&'a str, &'a str)], &'a str);

#[test]
fn each_change_is_made_unmade_or_odd() {
    let create = done(ChangeAction::Create, "A", None, "new");
    let update = done(ChangeAction::Update, "A", Some("old"), "new");
    let delete = done(ChangeAction::Delete, "A", None, "");
    let cases: [RecoveryCase<'_>; 10] = [
        (&create, &[], "unchanged"),
        (&create, &[("A", "new")], "verified A"),
        (&create, &[("A", "other")], "unverified A: A has neither the previous nor the sent values"),
        (&create, &[("B", "new")], "unchanged"),
        (&update, &[("A", "old")], "unchanged"),
        (&update, &[("A", "new")], "verified A"),
        (&update, &[("A", "other")], "unverified A: A has neither the previous nor the sent values"),
        (&update, &[], "unverified A: A has neither the previous nor the sent values"),
        (&delete, &[("A", "old")], "unchanged"),
        (&delete, &[("B", "old")], "verified A"),
    ];
    for (change, holds, expected) in cases {
        assert_eq!(fate(std::slice::from_ref(change), holds), expected, "{:?} {holds:?}", change.action);
    }
}

#[test]
fn partly_made_changes_are_verified_in_part() {
    let changes = [
        done(ChangeAction::Create, "A", None, "new"),
        done(ChangeAction::Update, "B", Some("old"), "new"),
        done(ChangeAction::Delete, "C", None, ""),
    ];
    assert_eq!(fate(&changes, &[("A", "new"), ("B", "old"), ("C", "x")]), "verified A");
    assert_eq!(fate(&changes, &[("A", "new"), ("B", "new")]), "verified A B C");
    assert_eq!(
        fate(&changes, &[("A", "new"), ("B", "theirs"), ("C", "x")]),
        "unverified A B: B has neither the previous nor the sent values"
    );
}

#[test]
fn only_created_records_enter_the_state_update() {
    let changes: Arc<[AppliedChange]> =
        vec![done(ChangeAction::Create, "A", None, "new"), done(ChangeAction::Delete, "B", None, "")].into();
    let now = table(&[("A", "new")]);
    let WritePhase::Verified { learned, .. } = settle(&changes, &now) else { panic!("the change was made") };
    let known = AppliedRecord {
        holds: Some([("description".into(), FieldValue::from_text("new"))].into()),
        maker: ManagementOrigin::Created,
        manifest: "CodeTable/t".into(),
    };
    assert_eq!(learned.found, [(changes[0].identity(), known)].into());
}
