//! Tests of revert on generated networks, with a paused clock.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::sync::Mutex;

use zonal::apply::{ApplyJournal, ZoneLockout};
use zonal::emulator::{EmulatedCodeRow, EmulatorConfig};
use zonal::model::{
    ApplyEvent, ChangeAction, CollectionId, ContentDigest, DesiredState, FieldName, FieldValue, HistoryEntry,
    JournalEntry, ObservedState, Plan, Record, RecordAddress, RecordKey, RunId, VerificationStatus,
    WritePhase, ZoneCode, ZoneFailure,
};
use zonal::plan::revert::RunRevert;
use zonal::{diff, kinds, plan};

use crate::case_runner::paused;
use crate::generated_networks::{GeneratedScenario, scenarios};
use crate::simulated_network::{SimulatedNetwork, failures, runner, trouble};

const RUN: RunId = RunId(1);

/// Test double of a store that records the history of a run.
#[derive(Default)]
struct HistoryRecorder(Mutex<Vec<HistoryEntry>>);

impl HistoryRecorder {
    fn entries(&self) -> Vec<HistoryEntry> {
        self.0.lock().expect("lock should not be poisoned").clone()
    }
}

impl ApplyJournal for HistoryRecorder {
    fn acquire_lease(
        &self,
        _: &ZoneCode,
        _: &(dyn Fn(ApplyEvent) + Sync),
    ) -> impl Future<Output = Result<(), ZoneLockout>> + Send {
        ready(Ok(()))
    }

    fn release_lease(&self, _: &ZoneCode) -> impl Future<Output = ()> + Send {
        ready(())
    }

    fn append(&self, entry: JournalEntry) -> impl Future<Output = Result<(), ZoneFailure>> + Send {
        let mut entries = self.0.lock().expect("lock should not be poisoned");
        if let WritePhase::Verified { changes, .. } = &entry.phase {
            for done in changes.iter() {
                let (zone, collection, key) = (entry.zone.clone(), entry.collection.clone(), done.identity());
                let number = entries.len() as u64 + 1;
                entries.push(HistoryEntry {
                    number,
                    run: RUN,
                    at: String::new(),
                    network: "p".to_owned(),
                    environment: None,
                    address: RecordAddress { zone, collection, key },
                    done: done.clone(),
                    verification: VerificationStatus::Verified,
                    hash: ContentDigest::default(),
                });
            }
        }
        ready(Ok(()))
    }
}

/// Applies the desired state of a scenario, and returns the changes.
async fn applied(rehearsal: &SimulatedNetwork) -> Vec<HistoryEntry> {
    let recorder = HistoryRecorder::default();
    let plan = rehearsal.plan().await;
    let report = rehearsal.carry_out(&rehearsal.desired, &plan, &recorder, &|_| {}).await;
    assert_eq!(trouble(&report), Vec::<String>::new(), "every collection should be applied");
    recorder.entries()
}

/// Returns the revert plan, its desired state, and the number of records that changed since.
async fn way_back(rehearsal: &SimulatedNetwork, entries: &[HistoryEntry]) -> (Plan, DesiredState, usize) {
    let backwards = RunRevert::from_history(RUN, entries, kinds::shape);
    let all = backwards.to_desired_state();
    let observed = rehearsal.observe(&all).await;
    let (desired, kept) = backwards.split_by_record_state(&all, &observed);
    let plan = plan::plan(&rehearsal.network, diff::diff(&desired, &observed), &observed, None);
    assert_eq!(failures(&plan), Vec::<String>::new());
    (plan, desired, kept.count())
}

async fn take_back(rehearsal: &SimulatedNetwork, entries: &[HistoryEntry]) -> usize {
    let (plan, desired, kept) = way_back(rehearsal, entries).await;
    let report = rehearsal.carry_out(&desired, &plan, &zonal::apply::NullJournal, &|_| {}).await;
    assert_eq!(trouble(&report), Vec::<String>::new(), "every change should be reverted");
    kept
}

type HistoryRow = (ZoneCode, CollectionId, String);

/// Returns every observed record, keyed by its first column.
fn records(observed: &ObservedState) -> BTreeMap<HistoryRow, Record> {
    let collections = observed.zones.iter().flat_map(|(zone, answers)| {
        answers.collections.values().filter_map(move |answer| Some((zone, answer.as_ref().ok()?)))
    });
    let mut records = BTreeMap::new();
    for (zone, found) in collections {
        for record in &found.records {
            let name: &str = if record.fields.contains_key("code") { "code" } else { "column0" };
            let key = record.fields.get(name).and_then(FieldValue::as_text).unwrap_or_default().to_owned();
            let held = record.fields.iter().filter(|(_, value)| **value != FieldValue::Null);
            let held: Record = held.map(|(name, value)| (name.clone(), value.clone())).collect();
            records.insert((zone.clone(), found.id.clone(), key), held);
        }
    }
    records
}

/// Returns the rows deleted by the run, with unknown texts in other languages.
fn taken(entries: &[HistoryEntry]) -> BTreeSet<(ZoneCode, CollectionId, String)> {
    let deleted = entries.iter().filter(|entry| entry.done.action == ChangeAction::Delete);
    let row = |entry: &HistoryEntry| {
        let RecordAddress { zone, collection, key: RecordKey(parts) } = &entry.address;
        (zone.clone(), collection.without_language(), parts[0].to_string())
    };
    deleted.map(row).collect()
}

#[test]
fn revert_restores_every_zone() {
    let (tried, done) = (Mutex::new(0_usize), Mutex::new(BTreeMap::<ChangeAction, usize>::new()));
    let result = runner(60).run(&scenarios(), |scenario: GeneratedScenario| {
        paused(async {
            let rehearsal = SimulatedNetwork::new(&scenario, EmulatorConfig::without_thresholds());
            let before = records(&rehearsal.observe(&rehearsal.desired).await);
            let entries = applied(&rehearsal).await;
            let kept = take_back(&rehearsal, &entries).await;
            assert_eq!(kept, 0, "no record should have changed since");
            let after = records(&rehearsal.observe(&rehearsal.desired).await);
            let taken = taken(&entries);
            let text: FieldName = "description".into();
            let comparable = |records: &BTreeMap<HistoryRow, Record>| -> BTreeMap<HistoryRow, Record> {
                let rows = records.iter().map(|(row, record)| {
                    let (zone, collection, key) = row;
                    let mut record = record.clone();
                    // Revert restores only the fields that the run observed.
                    if taken.contains(&(zone.clone(), collection.without_language(), key.clone())) {
                        let seen = entries.iter().any(|entry| {
                            entry.done.action == ChangeAction::Delete
                                && entry.address.zone == *zone
                                && entry.address.key.0[0].as_ref() == key
                                && entry.address.collection == *collection
                        });
                        // Columns without a name cannot be restored, because writes need their name.
                        record.retain(|name, _| {
                            !matches!(&**name, "column3" | "column4" | "column5" | "column6")
                        });
                        if !seen {
                            record.remove(&text);
                        }
                    }
                    (row.clone(), record)
                });
                rows.collect()
            };
            assert_eq!(comparable(&after), comparable(&before), "{scenario:?}");
            *tried.lock().expect("lock should not be poisoned") += usize::from(!entries.is_empty());
            for entry in &entries {
                *done.lock().expect("lock should not be poisoned").entry(entry.done.action).or_default() += 1;
            }
            // A second revert finds no change.
            let (again, _, kept) = way_back(&rehearsal, &entries).await;
            assert!(!again.has_work() && kept == 0, "{scenario:?}");
        });
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(*tried.lock().expect("lock should not be poisoned") > 20, "too few networks had changes");
    let done = done.lock().expect("lock should not be poisoned");
    for action in [ChangeAction::Create, ChangeAction::Update, ChangeAction::Delete] {
        assert!(done.get(&action).copied().unwrap_or(0) > 20, "too few: {done:?}");
    }
}

#[test]
fn revert_keeps_records_changed_since_the_run() {
    let touched = Mutex::new(0_usize);
    let result = runner(40).run(&scenarios(), |scenario: GeneratedScenario| {
        paused(async {
            let rehearsal = SimulatedNetwork::new(&scenario, EmulatorConfig::without_thresholds());
            let entries = applied(&rehearsal).await;
            let text = |entry: &&HistoryEntry| {
                &*entry.address.collection.kind == "CodeTable"
                    && entry.done.action == ChangeAction::Update
                    && entry.done.field_changes.iter().any(|edit| &*edit.field == "description")
            };
            let Some(entry) = entries.iter().find(text) else { return };
            let RecordAddress { zone, collection, key } = &entry.address;
            let table = collection.name();
            let language = collection.language.as_deref().unwrap_or("en");
            let edit = serde_json::json!({
                "zone": zone.as_str(), "kind": "code", "table": table, "by": "bob",
                "action": {"set_code": {"code": &*key.0[0], "description": "Theirs", "language": language}},
            });
            let edit = serde_json::from_value(edit).expect("edit should be valid");
            rehearsal.control().edit(edit).expect("row should exist");
            let theirs = |rows: Vec<EmulatedCodeRow>| rows.into_iter().find(|row| row.code == *key.0[0]);
            let now = || {
                let table =
                    rehearsal.control().code_table(zone.as_str(), &table).expect("table should exist");
                theirs(table.rows.get("").cloned().unwrap_or_default())
            };
            let before = now().map(|row| (row.descriptions, row.enabled, row.default));
            let kept = take_back(&rehearsal, &entries).await;
            let after = now().map(|row| (row.descriptions, row.enabled, row.default));
            // If the zone does not answer in this language, the edit cannot be observed.
            if kept > 0 {
                assert_eq!(after, before, "{scenario:?}");
                *touched.lock().expect("lock should not be poisoned") += 1;
            }
        });
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(*touched.lock().expect("lock should not be poisoned") > 3, "too few networks had an edit");
}
