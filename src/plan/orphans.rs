//! Finds orphans, which zonal applied and no manifest declares any more, and chooses their action.
//!
//! The comparison decides about the actual change: the record must still match the applied state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::selection::DeclarationScope;
use crate::model::{
    AppliedCollection, AppliedRecord, AppliedState, CollectionId, CollectionOwner, CollectionRole,
    CollectionShape, ComparisonBase, ComparisonOptions, ConflictPolicy, DesiredCollection, DesiredState,
    Enforcement, FieldValue, ManagementOrigin, ObservedCollection, ObservedState, OrphanAction,
    OrphanedRecords, Provenance, PruneConfig, PruneMode, Record, RecordKey, SourceSpan, TableName,
    UnlistedPolicy, ZoneCode, ZoneFailure, manifest_kind,
};

/// Scope of a run.
#[derive(Debug, Clone, Copy)]
pub struct RunScope<'a> {
    /// Zones of the run.
    pub zones: &'a BTreeSet<ZoneCode>,
    /// Selected manifests and records.
    pub declarations: &'a DeclarationScope,
}

/// Returns the comparison base with the orphans.
///
/// `everything` is the desired state of all manifests in all zones, before any selection. A record declared
/// there is no orphan.
pub fn base(
    ledger: AppliedState,
    everything: &DesiredState,
    prune: &PruneConfig,
    covered: RunScope<'_>,
) -> ComparisonBase {
    let mut base = ComparisonBase { prune: prune.span.clone(), ..ComparisonBase::default() };
    for (zone, collections) in ledger.zones.iter().filter(|(zone, _)| covered.zones.contains(zone)) {
        let desired = everything.zones.get(zone).map(Vec::as_slice).unwrap_or_default();
        for (id, collection) in collections {
            let same: Vec<&DesiredCollection> =
                desired.iter().filter(|desired| desired.id.may_share_rows_with(id)).collect();
            let orphans: OrphanedRecords = (collection.entries.iter())
                .filter(|(key, entry)| covered.declarations.covers_record(zone, id, key, &entry.manifest))
                .filter(|(key, entry)| !is_named(key, entry, &same))
                .filter(|(key, entry)| {
                    entry.maker == ManagementOrigin::Created || !created_in_another(key, id, collections)
                })
                .map(|(key, entry)| (key.clone(), farewell(entry, prune, enforcement_of(entry, &same))))
                .collect();
            if !orphans.is_empty() {
                base.orphans.entry(zone.clone()).or_default().insert(id.clone(), orphans);
            }
        }
    }
    base.applied_state = ledger;
    base
}

/// Returns the kind of the manifest that declared a record.
fn kind_of(entry: &AppliedRecord) -> &str {
    manifest_kind(&entry.manifest)
}

/// Returns true if a manifest declares the record. An amended record counts as declared if the collection has
/// any amendment, because amendments do not name their records.
fn is_named(key: &RecordKey, entry: &AppliedRecord, same: &[&DesiredCollection]) -> bool {
    let amended = entry.maker == ManagementOrigin::Amended;
    same.iter()
        .any(|desired| desired.records.contains_key(key) || (amended && !desired.amendments.is_empty()))
}

/// Returns true if the row was created in another language of its table. The action is then decided for that
/// language.
fn created_in_another(
    key: &RecordKey,
    id: &CollectionId,
    zone: &BTreeMap<CollectionId, AppliedCollection>,
) -> bool {
    let others = zone.iter().filter(|(other, _)| *other != id && other.shares_rows_with(id));
    let mut entries = others.filter_map(|(_, collection)| collection.entries.get(key));
    entries.any(|entry| entry.maker == ManagementOrigin::Created && entry.holds.is_some())
}

/// Returns the enforcement of the record's manifest for the rest of the collection.
fn enforcement_of(entry: &AppliedRecord, same: &[&DesiredCollection]) -> Enforcement {
    let own = same.iter().filter(|desired| desired.provenance.manifest == entry.manifest);
    own.map(|desired| desired.enforcement).max().unwrap_or_default()
}

/// Returns the action for an orphan.
fn farewell(entry: &AppliedRecord, prune: &PruneConfig, meant: Enforcement) -> OrphanAction {
    match (entry.maker, prune.mode_for_kind(kind_of(entry))) {
        // An applied absence needs no further tracking.
        _ if entry.holds.is_none() => OrphanAction::Unmanage,
        _ if meant == Enforcement::Unmanage => OrphanAction::Unmanage,
        // A manifest that is not enforced prunes nothing.
        (ManagementOrigin::Created, _) if meant != Enforcement::Enforce => OrphanAction::Report,
        (ManagementOrigin::Adopted | ManagementOrigin::Amended, _) => OrphanAction::Unmanage,
        (ManagementOrigin::Created, PruneMode::Keep) => OrphanAction::Report,
        (ManagementOrigin::Created, PruneMode::Delete) => OrphanAction::Delete,
        (ManagementOrigin::Created, PruneMode::Disable) => OrphanAction::Disable,
    }
}

/// Adds collections that are compared because of orphans only.
///
/// `shape` returns the behavior of a collection. Unknown types are left out. Without `prune`, the place of
/// such a collection is the `location` of its zone.
pub fn look_at(
    desired: &mut DesiredState,
    base: &ComparisonBase,
    shape: impl Fn(&CollectionId) -> Option<Arc<CollectionShape>>,
    location: impl Fn(&ZoneCode) -> Option<SourceSpan>,
) {
    for (zone, collections) in &base.orphans {
        let known = base.applied_state.zones.get(zone);
        let Some(place) = base.prune.clone().or_else(|| location(zone)) else { continue };
        for (id, orphans) in collections {
            let going = orphans.iter().find(|(_, farewell)| match farewell {
                OrphanAction::Delete | OrphanAction::Disable | OrphanAction::Report => true,
                OrphanAction::Unmanage | OrphanAction::Keep => false,
            });
            let Some(collection) = known.and_then(|known| known.get(id)) else { continue };
            let Some(entry) = going.and_then(|(key, _)| collection.entries.get(key)) else { continue };
            let Some(shape) = shape(id) else { continue };
            // Changes in another language also belong to other users.
            let languages = known.into_iter().flatten().filter(|(other, collection)| {
                other.shares_rows_with(id) && orphans.keys().any(|key| collection.entries.contains_key(key))
            });
            for (id, collection) in languages {
                let is_left_over =
                    |each: &DesiredCollection| each.standing == CollectionRole::OrphansOnly && each.id == *id;
                let collections = desired.zones.get(zone).map(Vec::as_slice).unwrap_or_default();
                if collections
                    .iter()
                    .any(|collection| is_left_over(collection) || is_asked_for(id, collection))
                {
                    continue;
                }
                let leftover = DesiredCollection {
                    id: id.clone(),
                    shape: Arc::clone(&shape),
                    key: collection.key.as_slice().into(),
                    unlisted: UnlistedPolicy::Keep,
                    enforcement: Enforcement::Enforce,
                    records: BTreeMap::new(),
                    amendments: Vec::new(),
                    on_conflict: ConflictPolicy::default(),
                    owner: CollectionOwner::default(),
                    options: ComparisonOptions::default(),
                    standing: CollectionRole::OrphansOnly,
                    provenance: Provenance {
                        span: place.clone(),
                        manifest: entry.manifest.clone(),
                        override_index: None,
                    },
                };
                desired.zones.entry(zone.clone()).or_default().push(leftover);
            }
        }
    }
}

/// Keeps orphans that changed in another language, or whose other languages are unreadable, because all
/// languages share the row.
pub fn spare(base: &mut ComparisonBase, observed: &ObservedState) {
    for (zone, collections) in &mut base.orphans {
        let Some(known) = base.applied_state.zones.get(zone) else { continue };
        let Some(seen) = observed.zones.get(zone) else { continue };
        for (id, orphans) in collections {
            let others = known.iter().filter(|(other, _)| *other != id && other.shares_rows_with(id));
            for (other, collection) in others {
                let Some(answer) = seen.find(other) else { continue };
                for (key, farewell) in orphans.iter_mut() {
                    let Some(entry) = collection.entries.get(key) else { continue };
                    match farewell {
                        OrphanAction::Delete | OrphanAction::Disable
                            if !is_as_left(key, entry, collection, answer) =>
                        {
                            *farewell = OrphanAction::Keep;
                        }
                        OrphanAction::Delete
                        | OrphanAction::Disable
                        | OrphanAction::Unmanage
                        | OrphanAction::Keep
                        | OrphanAction::Report => {}
                    }
                }
            }
        }
    }
}

/// Returns true if the record equals its applied state in one language. A missing record counts as equal.
fn is_as_left(
    key: &RecordKey,
    entry: &AppliedRecord,
    known: &AppliedCollection,
    answer: &Result<ObservedCollection, ZoneFailure>,
) -> bool {
    let (Ok(found), Some(holds)) = (answer, &entry.holds) else { return answer.is_ok() };
    let means = |record: &Record| {
        let mut parts = known.key.iter().zip(&key.0);
        parts.all(|(field, part)| {
            record.get(field).unwrap_or(&FieldValue::Null).as_text().unwrap_or_default() == &**part
        })
    };
    let value = |record: &Record, field| record.get(field).cloned().unwrap_or_default();
    let mut records = found.records.iter().map(|record| &record.fields).filter(|record| means(record));
    records.all(|record| holds.iter().all(|(field, was)| value(record, field) == *was))
}

/// Returns true if the collection is compared anyway. If a manifest now names another language or none, the
/// zone may return the same texts twice; the applied state of the old name is then left out.
fn is_asked_for(id: &CollectionId, collection: &DesiredCollection) -> bool {
    let language = |id: &CollectionId| id.language.clone();
    let titled = matches!(collection.id.table, TableName::Title(_));
    collection.standing != CollectionRole::ReferenceOnly
        && !titled
        && collection.id.shares_rows_with(id)
        && (language(&collection.id) == language(id)
            || language(&collection.id).is_none()
            || language(id).is_none())
}

#[cfg(test)]
mod tests {
    use super::{DeclarationScope, RunScope, base};
    use crate::model::{PruneMode, ZoneCode};
    use crate::test_notation::{desired, ledger, prune};

    /// Returns the orphans of ALPHA with their actions.
    fn orphans(zones: &[&str], kinds: &[&str], pruning: PruneMode) -> String {
        let manifests = "CodeTable t\ntable: T\nrows: [{code: N, description: Named}]";
        let known = ledger(
            "code T code\nN created code=N\nA created code=A from CodeTable/old\nB created code=B from UserGroups/old\n\
             C adopted code=C from CodeTable/old\nD gone from CodeTable/old\n\
             code U code\nE created code=E from CodeTable/u",
        );
        let zones = zones.iter().map(|zone| ZoneCode::from(*zone)).collect();
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let declarations = &DeclarationScope { kinds, ..DeclarationScope::default() };
        let covered = RunScope { zones: &zones, declarations };
        let base = base(known, &desired(&["ALPHA"], manifests).1, &prune(pruning), covered);
        let all = base.orphans.values().flatten().flat_map(|(_, orphans)| orphans);
        all.map(|(key, farewell)| format!("{key} {farewell:?}")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn only_created_records_in_scope_are_pruned() {
        let all = orphans(&["ALPHA"], &[], PruneMode::Delete);
        assert_eq!(all, "A Delete, B Delete, C Unmanage, D Unmanage, E Delete");
        assert_eq!(
            orphans(&["ALPHA"], &["CodeTable"], PruneMode::Delete),
            "A Delete, C Unmanage, D Unmanage, E Delete"
        );
        assert_eq!(orphans(&["ALPHA"], &["UserGroups"], PruneMode::Disable), "B Disable");
        let kept = "A Report, B Report, C Unmanage, D Unmanage, E Report";
        assert_eq!(orphans(&["ALPHA"], &[], PruneMode::Keep), kept);
        assert_eq!(orphans(&["BETA"], &[], PruneMode::Delete), "");
    }
}
