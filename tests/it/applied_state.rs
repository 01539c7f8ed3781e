//! Properties of the applied state: except for pruning, apply writes nothing more with it than without it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use zonal::model::{
    Amendment, AmendmentOperation, AmendmentTarget, AppliedCollection, AppliedRecord, AppliedState, Change,
    ChangeAction, Channel, CollectionId, CollectionOwner, CollectionRole, ComparisonBase, ComparisonOptions,
    ConflictPolicy, DesiredCollection, DesiredRecord, DesiredState, DesiredValue, Differences, Enforcement,
    FailureClass, FieldAmendment, FieldName, FieldValue, ManagementOrigin, ObservationSource,
    ObservedCollection, ObservedRecord, ObservedState, ObservedZone, OrphanAction, Provenance, PruneConfig,
    PruneMode, Record, RecordKey, SourceSpan, UnlistedPolicy, ZoneCode, ZoneFailure,
};
use zonal::plan::change_origin;
use zonal::plan::orphans::{RunScope, base, look_at};
use zonal::plan::selection::DeclarationScope;
use zonal::{diff, kinds};

use crate::simulated_network::runner;

const ZONE: &str = "ALPHA";
const CODES: [&str; 5] = ["A", "B", "C", "D", "E"];
const MANIFESTS: [&str; 4] = ["CodeTable/one", "CodeTable/two", "UserGroups/three", "nonsense"];
const FIELDS: [&str; 5] = ["code", "description", "enabled", "default", "unheard"];

fn table(name: &str, language: Option<&str>) -> CollectionId {
    CollectionId { language: language.map(Into::into), ..CollectionId::with_code("CodeTable", name) }
}

fn ids() -> impl Strategy<Value = CollectionId> {
    select(vec![table("T", None), table("T", Some("en")), table("T", Some("fr")), table("U", None)])
}

fn provenance(manifest: &str) -> Provenance {
    Provenance { span: SourceSpan::file(manifest), manifest: manifest.into(), override_index: None }
}

fn text() -> impl Strategy<Value = FieldValue> {
    select(vec![FieldValue::Null, FieldValue::from("x"), FieldValue::from("y"), FieldValue::from("z")])
}

fn key(code: &str) -> RecordKey {
    RecordKey(vec![code.into()])
}

/// Returns a generator of a manifest's desired record.
fn row(code: &'static str, manifest: &'static str) -> impl Strategy<Value = DesiredRecord> {
    let enforcement = prop_oneof![
        4 => Just(Enforcement::Enforce),
        1 => select(vec![Enforcement::CreateOnly, Enforcement::Report, Enforcement::Unmanage]),
    ];
    let flags = (option::of(any::<bool>()), option::weighted(0.2, any::<bool>()));
    (text(), flags, any::<u8>(), enforcement).prop_map(
        move |(description, (enabled, default), die, enforcement)| {
            let said = |value| DesiredValue::new(value, provenance(manifest));
            let mut fields: BTreeMap<FieldName, DesiredValue> = [("code".into(), said(code.into()))].into();
            fields.insert("description".into(), said(description));
            fields.extend(enabled.map(|flag| ("enabled".into(), said(flag.into()))));
            fields.extend(default.map(|flag| ("default".into(), said(flag.into()))));
            DesiredRecord {
                fields,
                absent: die < 40,
                enforcement,
                provenance: provenance(manifest),
                references: Vec::new(),
                notes: Vec::new(),
            }
        },
    )
}

/// Returns a generator of a manifest's desired collection. Manifests have separate `codes`, so no row has two
/// manifests.
fn wanted(manifest: &'static str, codes: [&'static str; 2]) -> impl Strategy<Value = DesiredCollection> {
    let rows = codes.map(|code| option::weighted(0.6, row(code, manifest)));
    let unlisted = select(vec![
        UnlistedPolicy::Keep,
        UnlistedPolicy::Keep,
        UnlistedPolicy::Disable,
        UnlistedPolicy::Delete,
    ]);
    let on_conflict = select(vec![ConflictPolicy::Defer, ConflictPolicy::Ours, ConflictPolicy::Theirs]);
    let standing = select(vec![
        CollectionRole::Desired,
        CollectionRole::Desired,
        CollectionRole::Desired,
        CollectionRole::ReferenceOnly,
    ]);
    let amend = option::weighted(0.2, text());
    (ids(), rows, unlisted, on_conflict, standing, amend).prop_map(
        move |(id, rows, unlisted, on_conflict, standing, amend)| {
            let rows = codes.into_iter().zip(rows);
            let amendment = amend.map(|value| Amendment {
                select: Vec::new(),
                expected: AmendmentTarget::Optional,
                amends: vec![FieldAmendment {
                    field: "description".into(),
                    to: AmendmentOperation::Set(value),
                    reference: None,
                    provenance: provenance(manifest),
                }],
                enforcement: Enforcement::Enforce,
                provenance: provenance(manifest),
            });
            DesiredCollection {
                shape: kinds::shape(&id).expect("kind should exist"),
                id,
                key: ["code".into()].into(),
                unlisted,
                enforcement: Enforcement::Enforce,
                on_conflict,
                owner: CollectionOwner::default(),
                options: ComparisonOptions::default(),
                records: rows.filter_map(|(code, row)| Some((key(code), Arc::new(row?)))).collect(),
                amendments: amendment.into_iter().collect(),
                standing,
                provenance: provenance(manifest),
            }
        },
    )
}

fn desired() -> impl Strategy<Value = Vec<DesiredCollection>> {
    let (one, two) = (wanted("CodeTable/one", ["A", "B"]), wanted("CodeTable/two", ["C", "D"]));
    (one, two, option::of(wanted("UserGroups/three", ["D", "E"]))).prop_map(|(one, two, three)| {
        let mut all = vec![one, two];
        // Validation rejects two manifests for one row before any comparison.
        all.extend(three.filter(|three| !all[1].id.shares_rows_with(&three.id)));
        all
    })
}

/// Returns a generator of a table's rows or of a failure, for example a missing table.
fn answer() -> impl Strategy<Value = Result<Vec<Record>, FailureClass>> {
    let rows = btree_map(select(CODES.to_vec()), (text(), any::<bool>(), any::<bool>()), 0..5);
    let rows = rows.prop_map(|rows| {
        let row = |(code, (description, enabled, default)): (&str, (FieldValue, bool, bool))| {
            let [code_, description_, enabled_, default_] =
                ["code", "description", "enabled", "default"].map(FieldName::from);
            let row = [(code_, code.into()), (description_, description)];
            let flags = [(enabled_, FieldValue::Bool(enabled)), (default_, FieldValue::Bool(default))];
            row.into_iter().chain(flags).collect::<Record>()
        };
        rows.into_iter().map(row).collect()
    });
    prop_oneof![
        8 => rows.prop_map(Ok),
        1 => Just(Err(FailureClass::Missing)),
        1 => Just(Err(FailureClass::Unreachable)),
    ]
}

/// Returns a generator of applied records: current, old, partial, or inconsistent.
fn entry() -> impl Strategy<Value = AppliedRecord> {
    let values = prop_oneof![3 => text(), 1 => any::<bool>().prop_map(FieldValue::Bool)];
    let holds = option::weighted(0.85, btree_map(select(FIELDS.to_vec()), values, 0..4));
    let maker = select(vec![
        ManagementOrigin::Created,
        ManagementOrigin::Created,
        ManagementOrigin::Adopted,
        ManagementOrigin::Amended,
    ]);
    (holds, maker, select(MANIFESTS.to_vec())).prop_map(|(holds, maker, manifest)| AppliedRecord {
        holds: holds.map(|fields| fields.into_iter().map(|(field, value)| (field.into(), value)).collect()),
        maker,
        manifest: manifest.into(),
    })
}

fn remembered() -> impl Strategy<Value = BTreeMap<CollectionId, AppliedCollection>> {
    let ids = select(vec![
        table("T", None),
        table("T", Some("en")),
        table("T", Some("fr")),
        table("U", None),
        table("V", None),
        CollectionId::of_institution("NoSuchThing"),
    ]);
    let fields = prop_oneof![
        6 => Just(vec!["code"]),
        1 => select(vec![vec!["description"], Vec::new(), vec!["code", "description"], vec!["unheard"]]),
    ];
    let keys = select([&CODES[..], &["F", ""]].concat());
    let collection =
        (fields, btree_map(keys, entry(), 0..6)).prop_map(|(fields, entries)| AppliedCollection {
            accepted_rows: Some(entries.len()),
            key: fields.into_iter().map(Into::into).collect(),
            entries: entries.into_iter().map(|(code, entry)| (key(code), entry)).collect(),
        });
    btree_map(ids, collection, 0..4)
}

/// Desired, observed and applied state of one zone.
#[derive(Debug, Clone)]
struct AppliedStateScenario {
    desired: Vec<DesiredCollection>,
    answers: BTreeMap<&'static str, Result<Vec<Record>, FailureClass>>,
    ledger: BTreeMap<CollectionId, AppliedCollection>,
    /// Applied records that match the zone, in addition to inconsistent ones.
    right: Vec<(usize, ManagementOrigin)>,
    pruning: PruneMode,
}

fn worlds() -> impl Strategy<Value = AppliedStateScenario> {
    let answers = (answer(), answer(), answer()).prop_map(|(t, u, v)| [("T", t), ("U", u), ("V", v)].into());
    let right = vec(
        (
            any::<usize>(),
            select(vec![ManagementOrigin::Created, ManagementOrigin::Created, ManagementOrigin::Adopted]),
        ),
        0..6,
    );
    let pruning = select(vec![PruneMode::Delete, PruneMode::Disable]);
    (desired(), answers, remembered(), right, pruning).prop_map(
        |(desired, answers, ledger, right, pruning)| AppliedStateScenario {
            desired,
            answers,
            ledger,
            right,
            pruning,
        },
    )
}

impl AppliedStateScenario {
    fn desired(&self) -> DesiredState {
        DesiredState { zones: [(ZONE.into(), self.desired.clone())].into(), ..DesiredState::default() }
    }

    fn ledger(&self) -> AppliedState {
        let mut collections = self.ledger.clone();
        let mut rows = Vec::new();
        for (name, answer) in &self.answers {
            rows.extend(answer.iter().flatten().map(|row| (table(name, None), row)));
        }
        for (index, maker) in self.right.iter().filter(|_| !rows.is_empty()) {
            let (id, row) = &rows[index % rows.len()];
            let Some(code) = row.get("code").and_then(FieldValue::as_text) else { continue };
            let collection = collections.entry(id.clone()).or_default();
            collection.key = vec!["code".into()];
            let manifest = "CodeTable/one".into();
            let entry = AppliedRecord { holds: Some((*row).clone()), maker: *maker, manifest };
            collection.entries.insert(key(code), entry);
        }
        AppliedState { zones: [(ZONE.into(), collections)].into() }
    }

    /// Returns the observed state of the desired collections. All languages of a table have the same rows.
    fn observed(&self, desired: &DesiredState) -> ObservedState {
        let asked: BTreeSet<&CollectionId> =
            desired.zones.values().flatten().map(|wanted| &wanted.id).collect();
        let collections = asked.into_iter().map(|id| {
            let found = self.answers.get(&*id.name()).cloned().unwrap_or(Err(FailureClass::Missing));
            let answer =
                found.map_err(|class| ZoneFailure::new(class, "no answer")).map(|rows| ObservedCollection {
                    id: id.clone(),
                    title: None,
                    aliases: BTreeMap::new(),
                    columns: ["code", "description", "enabled", "default"].map(FieldName::from).to_vec(),
                    records: rows
                        .into_iter()
                        .map(|fields| ObservedRecord { fields, ..ObservedRecord::default() })
                        .collect(),
                    references: None,
                    channel: Channel::Api,
                    witness: ObservationSource::Zone,
                });
            (id.clone(), answer)
        });
        let zone = ObservedZone { collections: collections.collect(), ..ObservedZone::default() };
        ObservedState { zones: [(ZONE.into(), zone)].into() }
    }

    /// Returns the changes to write without applied state.
    fn plainly(&self) -> Vec<Change> {
        let desired = self.desired();
        written(diff::diff(&desired, &self.observed(&desired)))
    }

    /// Returns the changes to write with applied state, and the base of the comparison.
    fn with_ledger(&self, prune: &PruneConfig) -> (Vec<Change>, ComparisonBase) {
        let mut desired = self.desired();
        let zones: BTreeSet<ZoneCode> = [ZONE.into()].into();
        let base = base(
            self.ledger(),
            &desired,
            prune,
            RunScope { zones: &zones, declarations: &DeclarationScope::default() },
        );
        look_at(&mut desired, &base, kinds::shape, |_| Some(SourceSpan::file("network.yaml")));
        let observed = self.observed(&desired);
        let mut found = diff::three_way(&desired, &observed, Some(&base));
        change_origin::by_ledger(&mut found, &desired, &observed, &base);
        change_origin::settle(&mut found, &desired);
        (written(found), base)
    }
}

/// Returns the changes to write, without those of a deferred collection.
fn written(found: Differences) -> Vec<Change> {
    let waits = |change: &&Change| {
        change.conflict.as_ref().is_some_and(|conflict| conflict.then == ConflictPolicy::Defer)
    };
    let steps = found.zones.into_values().flatten();
    let free = steps.filter(|diff| diff.to_apply().find(waits).is_none());
    free.flat_map(|diff| diff.to_apply().cloned().collect::<Vec<_>>()).collect()
}

/// Returns the changes of `with` that are not in `without`.
fn beyond<'a>(with: &'a [Change], without: &[Change]) -> Vec<&'a Change> {
    let is_same =
        |one: &Change, other: &Change| one.address == other.address && one.effect() == other.effect();
    with.iter().filter(|change| !without.iter().any(|other| is_same(change, other))).collect()
}

#[test]
fn applied_state_adds_no_writes_without_prune() {
    let tried = runner(400).run(&worlds(), |world| {
        let (with, _) = world.with_ledger(&PruneConfig::default());
        let without = world.plainly();
        let more = beyond(&with, &without);
        assert!(more.is_empty(), "{more:#?}");
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn prune_deletes_only_unchanged_orphans_created_by_zonal() {
    let (seen, pruned) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let tried = runner(600).run(&worlds(), |world| {
        let prune = PruneConfig {
            otherwise: world.pruning,
            span: Some(SourceSpan::file("network.yaml")),
            ..PruneConfig::default()
        };
        let (with, base) = world.with_ledger(&prune);
        let without = world.plainly();
        seen.set(seen.get() + 1);
        for change in beyond(&with, &without) {
            pruned.set(pruned.get() + 1);
            check(&world, change, &without, &base);
        }
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(pruned.get() * 20 > seen.get(), "only {} of {} scenarios prune", pruned.get(), seen.get());
}

fn check(world: &AppliedStateScenario, change: &Change, without: &[Change], base: &ComparisonBase) {
    let (id, key) = (&change.address.collection, &change.address.key);
    let known =
        base.applied_state.zones[&ZONE.into()].get(id).expect("applied state should have the collection");
    assert_eq!(known.key, [FieldName::from("code")], "{change:#?}");
    let entry = known.entries.get(key).expect("applied state should have the record");
    assert_eq!(entry.maker, ManagementOrigin::Created, "{change:#?}");
    let is_named = |wanted: &&DesiredCollection| {
        wanted.id.without_language() == id.without_language() && wanted.records.contains_key(key)
    };
    assert!(world.desired.iter().find(is_named).is_none(), "a manifest declares the record: {change:#?}");
    let rows = world.answers[&*id.name()].as_ref().expect("should be read");
    let is_it = |row: &&Record| row.get("code") == Some(&FieldValue::from(&*key.0[0]));
    let row = rows.iter().find(is_it).expect("zone should have the record");
    for (field, was) in entry.holds.as_ref().expect("record should have been present") {
        assert_eq!(
            row.get(field).unwrap_or(&FieldValue::Null),
            was,
            "the record has changed since: {change:#?}"
        );
    }
    match (world.pruning, change.action) {
        (PruneMode::Delete, ChangeAction::Delete) => {}
        (PruneMode::Disable, ChangeAction::Update) => {
            let plain = without.iter().find(|plain| plain.address == change.address);
            let plainly = |edit: &zonal::model::FieldChange| {
                plain.is_some_and(|plain| {
                    plain
                        .field_changes
                        .iter()
                        .any(|other| other.field == edit.field && other.after == edit.after)
                })
            };
            let cleared = change
                .field_changes
                .iter()
                .any(|edit| &*edit.field == "enabled" && edit.after == FieldValue::Bool(false));
            assert!(cleared, "{change:#?}");
            assert!(
                change.field_changes.iter().all(|edit| &*edit.field == "enabled" || plainly(edit)),
                "{change:#?}"
            );
        }
        (_, _) => panic!("neither deleted nor disabled: {change:#?}"),
    }
    let farewell = base.orphans[&ZONE.into()][id][key];
    assert_ne!(farewell, OrphanAction::Unmanage, "{change:#?}");
}
