//! What is made of what a zone holds after a run was killed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::settle;
use crate::model::{
    AppliedChange, AppliedField, ChangeAction, Channel, CollectionId, FieldValue, ManagementOrigin,
    ObservationSource, ObservedCollection, ObservedRecord, Record, RecordInSync, WritePhase,
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

/// A table with these codes and descriptions.
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
        aliases: BTreeMap::new(),
        columns: Vec::new(),
        records: records.collect(),
        references: None,
        channel: Channel::default(),
        witness: ObservationSource::default(),
    }
}

/// What becomes of changes where the zone holds these records: a word, and the keys that it is about.
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

/// A change, what the zone holds, and what becomes of it.
type RecoveryCase<'a> = (&'a AppliedChange, &'a [(&'a str, &'a str)], &'a str);

#[test]
fn each_change_is_found_to_be_made_or_not_or_neither() {
    let create = done(ChangeAction::Create, "A", None, "new");
    let update = done(ChangeAction::Update, "A", Some("old"), "new");
    let delete = done(ChangeAction::Delete, "A", None, "");
    let cases: [RecoveryCase<'_>; 10] = [
        (&create, &[], "unchanged"),
        (&create, &[("A", "new")], "verified A"),
        (&create, &[("A", "other")], "unverified A: A is neither as before nor as sent"),
        (&create, &[("B", "new")], "unchanged"),
        (&update, &[("A", "old")], "unchanged"),
        (&update, &[("A", "new")], "verified A"),
        (&update, &[("A", "other")], "unverified A: A is neither as before nor as sent"),
        (&update, &[], "unverified A: A is neither as before nor as sent"),
        (&delete, &[("A", "old")], "unchanged"),
        (&delete, &[("B", "old")], "verified A"),
    ];
    for (change, holds, expected) in cases {
        assert_eq!(fate(std::slice::from_ref(change), holds), expected, "{:?} {holds:?}", change.action);
    }
}

#[test]
fn what_was_made_in_part_is_verified_in_part_and_what_is_odd_is_never_taken_for_done() {
    let changes = [
        done(ChangeAction::Create, "A", None, "new"),
        done(ChangeAction::Update, "B", Some("old"), "new"),
        done(ChangeAction::Delete, "C", None, ""),
    ];
    assert_eq!(fate(&changes, &[("A", "new"), ("B", "old"), ("C", "x")]), "verified A");
    assert_eq!(fate(&changes, &[("A", "new"), ("B", "new")]), "verified A B C");
    assert_eq!(
        fate(&changes, &[("A", "new"), ("B", "theirs"), ("C", "x")]),
        "unverified A B: B is neither as before nor as sent"
    );
}

#[test]
fn only_what_was_created_is_learned_to_be_ours() {
    let changes: Arc<[AppliedChange]> =
        vec![done(ChangeAction::Create, "A", None, "new"), done(ChangeAction::Delete, "B", None, "")].into();
    let now = table(&[("A", "new")]);
    let WritePhase::Verified { learned, .. } = settle(&changes, &now) else { panic!("it was made") };
    let known = RecordInSync {
        holds: Some([("description".into(), FieldValue::from_text("new"))].into()),
        maker: ManagementOrigin::Created,
        manifest: "CodeTable/t".into(),
    };
    assert_eq!(learned.found, [(changes[0].identity(), known)].into());
}
