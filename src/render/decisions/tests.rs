//! Tests of the fold: nothing is lost, and equal records are put together.

#![expect(clippy::unwrap_used, reason = "a failed unwrap in a test shows its line")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::substitution::{RecordContext, Substitutions};
use super::{DecisionVariant, FieldChangeContent, FoldedText, FoldedValue, PlanDecision, decisions};
use crate::model::network::ZoneRole;
use crate::model::{
    ApplyMode, Change, ChangeAction, CollectionId, DifferenceType, FieldChange, FieldName, FieldValue,
    ManifestReach, Plan, PlanPopulation, PopulationZone, Provenance, RecordAddress, RecordKey,
    SourcePosition, SourceSpan, ZoneCode,
};
use crate::test_notation::{desired, observed};

const CODES: [&str; 6] = ["N_NZ", "N_A", "N_AB", "N_B", "N_C", "N_D"];
const MANIFEST: &str = "CodeTable/t";

/// Network Zone and five members, with a label and a variable that differ.
fn population() -> PlanPopulation {
    let zone = |(index, code): (usize, &&str)| PopulationZone {
        code: ZoneCode::from(*code),
        name: format!("Zone {index}"),
        role: if index == 0 { ZoneRole::Network } else { ZoneRole::Member },
        production: false,
        labels: BTreeMap::from([("size".into(), if index < 4 { "large" } else { "small" }.into())]),
        vars: BTreeMap::from([("group".into(), if index % 2 == 0 { "GUEST" } else { "VISITOR" }.into())]),
    };
    let zones: Vec<PopulationZone> = CODES.iter().enumerate().map(zone).collect();
    let reach = ManifestReach {
        declared_at: SourceSpan::file("t.yaml"),
        zones: zones.iter().map(|zone| zone.code.clone()).collect(),
        labels: vec!["size".into()],
    };
    PlanPopulation { zones, manifests: [(MANIFEST.into(), reach)].into(), rows: Vec::new() }
}

/// Returns a plan with these changes, by zone.
fn plan_of(changes: Vec<Change>) -> Plan {
    let (network, empty) = desired(&["X"], "CodeTable t\ntable: T\nrows: []");
    let seen = observed(&empty, "code T en");
    let mut plan = crate::plan::plan(&network, crate::diff::diff(&empty, &seen), &seen, None);
    plan.population = population();
    let template = plan.zones.values().next().unwrap().clone();
    plan.zones.clear();
    for change in changes {
        let zone = plan.zones.entry(change.address.zone.clone()).or_insert_with(|| template.clone());
        zone.collections[0].diff.outcome.as_mut().unwrap().changes.push(change);
    }
    plan
}

fn collection() -> CollectionId {
    CollectionId::with_code("CodeTable", "T")
}

fn provenance(line: u32) -> Provenance {
    let start = SourcePosition { line, column: 3, byte: 0 };
    let span = SourceSpan { file: "t.yaml".into(), start, end: start };
    Provenance { span, manifest: MANIFEST.into(), override_index: None }
}

/// Returns a change of a row.
fn change(
    line: u32,
    zone: &str,
    key: &str,
    action: ChangeAction,
    before: &FieldValue,
    after: &FieldValue,
) -> Change {
    let field: FieldName = "value".into();
    let edit = FieldChange {
        field: field.clone(),
        name: field.clone(),
        before: (action == ChangeAction::Update).then(|| before.clone()),
        after: after.clone(),
        provenance: provenance(line),
    };
    Change {
        address: RecordAddress {
            zone: zone.into(),
            collection: collection(),
            key: RecordKey(vec![key.into()]),
        },
        action,
        key: vec![("code".into(), key.into())],
        matches: None,
        before: match action {
            ChangeAction::Delete => BTreeMap::from([(field, before.clone())]),
            ChangeAction::Create | ChangeAction::Update => BTreeMap::new(),
        },
        field_changes: if action == ChangeAction::Delete { Vec::new() } else { vec![edit] },
        mode: ApplyMode::Apply,
        difference: DifferenceType::Value,
        origin: None,
        conflict: None,
        reason: None,
        notes: Vec::new(),
        provenance: provenance(line),
        updated_by: None,
        update_date: None,
    }
}

/// Content of a record that a reader must be able to tell from the decisions.
type ToldRecord = (ZoneCode, Vec<FieldValue>, ChangeAction, Option<FieldValue>, Option<FieldValue>);

/// Returns what the decisions say of each record, from the folded values, the zones and the subjects alone.
fn told(plan: &Plan, decisions: &[PlanDecision<'_>]) -> BTreeSet<ToldRecord> {
    let substitutions = Substitutions::new(&plan.population);
    let mut records = BTreeSet::new();
    for variant in decisions.iter().flat_map(|decision| &decision.variants) {
        for (index, record) in variant.records.iter().enumerate() {
            let zone = |code: &ZoneCode| plan.population.zone(code);
            let context = RecordContext { zone: zone(record.zone()), subject: record.subject.and_then(zone) };
            let unfold = |value: &FoldedValue| substitutions.unfold(value, context);
            let key = variant.key.iter().map(|(_, value)| unfold(value)).collect();
            let (before, after) = told_field(variant, index, &unfold);
            records.insert((record.zone().clone(), key, variant.action(), before, after));
        }
    }
    records
}

fn told_field(
    variant: &DecisionVariant<'_>,
    index: usize,
    unfold: &dyn Fn(&FoldedValue) -> FieldValue,
) -> (Option<FieldValue>, Option<FieldValue>) {
    let Some(field) = variant.fields.first() else { return (None, None) };
    let mut former = field.former.iter().filter(|(_, records)| records.contains(&index));
    let before = former.next().map(|(value, _)| unfold(value));
    match &field.change {
        FieldChangeContent::Set(value) => (before, Some(unfold(value))),
        FieldChangeContent::Removed(value) => (Some(unfold(value)), None),
        FieldChangeContent::Edit { added, removed } => {
            let list = |texts: &[FoldedText]| unfold(&FoldedValue::List(texts.to_vec())).texts().to_vec();
            let (added, removed) = (list(added), list(removed));
            let kept = before.iter().flat_map(|before| before.texts().to_vec());
            let after = FieldValue::list(kept.filter(|text| !removed.contains(text)).chain(added));
            (before, Some(after))
        }
    }
}

/// Returns what the changes of a plan say.
fn actual(plan: &Plan) -> BTreeSet<ToldRecord> {
    let steps = plan.zones.values().flat_map(|zone| &zone.collections);
    let changes = steps.flat_map(|step| &step.diff.outcome).flat_map(|found| &found.changes);
    let record = |change: &Change| {
        let edit = change.field_changes.first();
        let (before, after) = match change.action {
            ChangeAction::Delete => {
                (change.before.values().find(|value| **value != FieldValue::Null).cloned(), None)
            }
            ChangeAction::Create => (None, edit.map(|edit| edit.after.clone())),
            ChangeAction::Update => (
                edit.map(|edit| edit.before.clone().unwrap_or_default()),
                edit.map(|edit| edit.after.clone()),
            ),
        };
        let key = change.key.iter().map(|(_, value)| value.clone()).collect();
        (change.address.zone.clone(), key, change.action, before, after)
    };
    changes.map(record).collect()
}

fn some_text() -> impl Strategy<Value = String> {
    let word =
        prop::sample::select(vec!["N_A", "N_AB", "N_D", "N_NZ", "GUEST", "VISITOR", "x", "é", "{code}"]);
    prop::collection::vec(word, 1..3).prop_map(|words| words.join("-"))
}

fn some_value() -> impl Strategy<Value = FieldValue> {
    let codes = prop::sample::subsequence(CODES[1..].to_vec(), 0..=5);
    prop_oneof![
        Just(FieldValue::Null),
        any::<bool>().prop_map(FieldValue::Bool),
        some_text().prop_map(|text| FieldValue::from_text(&text)),
        codes.prop_map(FieldValue::list),
        prop::collection::vec(some_text(), 0..3).prop_map(FieldValue::list),
    ]
}

fn some_change() -> impl Strategy<Value = Change> {
    let action = prop::sample::select(vec![ChangeAction::Create, ChangeAction::Update, ChangeAction::Delete]);
    let zone = prop::sample::select(CODES.to_vec());
    (1..4_u32, zone, some_text(), action, some_value(), some_value()).prop_map(
        |(line, zone, key, action, before, after)| change(line, zone, &key, action, &before, &after),
    )
}

/// Random plans of up to 30 changes.
pub(in crate::render) fn random_plan() -> impl Strategy<Value = Plan> {
    prop::collection::vec(some_change(), 0..30).prop_map(plan_of)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn decisions_tell_each_record(plan in random_plan()) {
        let found = decisions(&plan, |_| true);
        prop_assert_eq!(told(&plan, &found), actual(&plan));
        let records: usize = found.iter().map(|decision| decision.records().count()).sum();
        let steps = plan.zones.values().flat_map(|zone| &zone.collections);
        let changes = steps.flat_map(|step| &step.diff.outcome).flat_map(|found| &found.changes);
        prop_assert_eq!(records, changes.count());
    }
}

/// Returns one line for each variant: key, value and zones.
fn shown(plan: &Plan) -> Vec<String> {
    let variant = |variant: &DecisionVariant<'_>| {
        let key: Vec<String> = variant.key.iter().map(|(_, value)| format!("{value:?}")).collect();
        let value = variant.fields.first().map(|field| format!("{:?}", field.change));
        let zones: Vec<&str> = variant.records.iter().map(|record| record.zone().as_str()).collect();
        format!("{} {} {}", key.join(""), value.unwrap_or_default(), zones.join(","))
    };
    decisions(plan, |_| true).iter().flat_map(|decision| decision.variants.iter().map(variant)).collect()
}

#[test]
fn rules_replace_lists_of_members() {
    let create = |zone: &str, members: &[&str]| {
        let list = FieldValue::list(members.iter().copied());
        change(1, zone, "K", ChangeAction::Create, &FieldValue::Null, &list)
    };
    // All others but N_D; at N_D itself all others.
    let plan = plan_of(vec![
        create("N_A", &["N_AB", "N_B", "N_C"]),
        create("N_B", &["N_A", "N_AB", "N_C"]),
        create("N_D", &["N_A", "N_AB", "N_B", "N_C"]),
    ]);
    let lines = shown(&plan);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("others: true") && lines[0].contains("N_D"), "{lines:#?}");
}

#[test]
fn variables_are_named_only_if_they_unite_variants() {
    let create = |zone: &str, value: &str| {
        change(1, zone, "K", ChangeAction::Create, &FieldValue::Null, &value.into())
    };
    let different = plan_of(vec![create("N_A", "VISITOR"), create("N_AB", "GUEST"), create("N_C", "GUEST")]);
    let lines = shown(&different);
    assert!(lines.len() == 1 && lines[0].contains("Variable(\"group\")"), "{lines:#?}");
    let equal = plan_of(vec![create("N_A", "VISITOR"), create("N_B", "VISITOR")]);
    let lines = shown(&equal);
    assert!(lines.len() == 1 && !lines[0].contains("Variable"), "{lines:#?}");
}
