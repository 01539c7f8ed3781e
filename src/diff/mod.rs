//! Compares desired and observed state, and returns changes. Pure: equal inputs give equal changes.
//!
//! Apply calls [`collection`] again just before each write, so planned and written changes come from the same
//! code.

mod amend_created_records;
mod amendments;
mod calendar_entries;
mod change_draft;
mod collection;
mod collection_base;
mod field_comparisons;
mod field_names;
mod keyed_records;
mod languages;
mod mismatches;
mod notes;
mod orphans;
mod references;
mod second_master;
mod unlisted;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{
    CollectionDiff, CollectionId, CollectionRole, ComparisonBase, DesiredCollection, DesiredRecord,
    DesiredState, Differences, FailureClass, FieldName, ObservedState, ObservedZone, RecordKey, TableName,
    ZoneCode,
};

pub use collection::collection;
pub use collection_base::CollectionBase;
pub use field_comparisons::with_stored_values;

/// Desired state of one collection of one zone, from all manifests.
#[derive(Debug)]
pub struct DesiredOfCollection<'a> {
    /// ID of the collection, as used in record addresses.
    pub id: CollectionId,
    /// Desired collections, one per manifest.
    pub collections: Vec<&'a DesiredCollection>,
    /// Records listed for another language of the collection, or by manifests outside the selection. Such
    /// records are not unlisted.
    pub listed_elsewhere: BTreeMap<&'a RecordKey, &'a DesiredRecord>,
    /// Key fields of those records.
    pub keys_elsewhere: BTreeSet<&'a [FieldName]>,
    /// Records created by this run in another language, before any other user could change them.
    pub just_created: BTreeSet<&'a RecordKey>,
    /// Comparison base of the collection; `None` for a two-way comparison.
    pub since: Option<CollectionBase<'a>>,
}

impl<'a> DesiredOfCollection<'a> {
    /// Selects the desired state of one collection from the desired state of its zone.
    pub fn pick(
        id: &CollectionId,
        zone: &'a [DesiredCollection],
        asked: &[CollectionId],
        siblings: &[CollectionId],
        since: Option<CollectionBase<'a>>,
    ) -> Self {
        let is_elsewhere = |collection: &&DesiredCollection| {
            let in_view =
                collection.standing == CollectionRole::ReferenceOnly && asked.contains(&collection.id);
            in_view || siblings.contains(&collection.id)
        };
        let elsewhere = || zone.iter().filter(is_elsewhere);
        Self {
            id: id.clone(),
            collections: zone
                .iter()
                .filter(|collection| {
                    asked.contains(&collection.id) && collection.standing != CollectionRole::ReferenceOnly
                })
                .collect(),
            listed_elsewhere: elsewhere()
                .flat_map(|collection| collection.records.iter().map(|(key, record)| (key, &**record)))
                .collect(),
            keys_elsewhere: elsewhere()
                .filter(|collection| !collection.records.is_empty())
                .map(|collection| &*collection.key)
                .collect(),
            just_created: BTreeSet::new(),
            since,
        }
    }
}

/// Compares all zones.
///
/// A collection that is unreadable or does not match its manifest carries a failure. The other collections
/// are still compared.
pub fn diff(desired: &DesiredState, observed: &ObservedState) -> Differences {
    three_way(desired, observed, None)
}

/// Compares all zones, three-way with a `base`: the applied state and the actions for orphans.
///
/// Only orphan actions cause extra writes because of a base. Without a base there are none.
pub fn three_way(
    desired: &DesiredState,
    observed: &ObservedState,
    base: Option<&ComparisonBase>,
) -> Differences {
    let nothing = ObservedZone::default();
    let zones = desired.zones.iter().map(|(code, collections)| {
        (code.clone(), zone(code, collections, observed.zones.get(code).unwrap_or(&nothing), base))
    });
    Differences { zones: zones.collect() }
}

/// Compares the collections of one zone. Collections without an answer are left out, because none was
/// requested.
fn zone(
    code: &ZoneCode,
    desired: &[DesiredCollection],
    observed: &ObservedZone,
    base: Option<&ComparisonBase>,
) -> Vec<CollectionDiff> {
    // Two manifests can name a collection differently: by code or by title, with or without the default
    // language. Only the response of the zone shows the identity.
    let mut by_name: BTreeMap<CollectionId, Vec<CollectionId>> = BTreeMap::new();
    for asked in desired.iter().map(|collection| &collection.id).collect::<BTreeSet<_>>() {
        let Some(answer) = observed.collections.get(asked) else { continue };
        let real = answer.as_ref().map_or(asked, |found| &found.id);
        by_name.entry(real.clone()).or_default().push(asked.clone());
    }
    let mut found: Vec<CollectionDiff> = by_name
        .iter()
        .filter_map(|(id, asked)| {
            let siblings: Vec<CollectionId> = by_name
                .iter()
                .filter(|(other, _)| *other != id && (other.shares_rows_with(id) || could_be(other, id)))
                .flat_map(|(_, asked)| asked.clone())
                .collect();
            // The language is part of the address only if a manifest names it, even if the response contains
            // one.
            let language = language(asked, desired);
            let id = CollectionId { language, ..id.clone() };
            let since = base.map(|base| CollectionBase::for_collection(base, code, &id));
            let picked = DesiredOfCollection::pick(&id, desired, asked, &siblings, since);
            let first = picked.collections.first()?;
            let outcome = match observed.collections.get(asked.first()?)? {
                Ok(found) => collection(code, &picked, found)
                    .and_then(|changes| references::check(changes, &picked, desired, observed)),
                Err(failure) => match since {
                    Some(since)
                        if is_left_over(&picked)
                            && matches!(failure.class, FailureClass::Missing | FailureClass::UnknownName) =>
                    {
                        Ok(since.missing_collection_changes())
                    }
                    Some(_) | None => Err(failure.clone()),
                },
            };
            Some(CollectionDiff {
                id,
                asked: asked.clone(),
                siblings,
                shape: Arc::clone(&first.shape),
                requires: references::references(&picked).map(|reference| reference.to.clone()).collect(),
                provenance: first.provenance.clone(),
                outcome,
            })
        })
        .collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    languages::share_new_rows(&mut found);
    found
}

/// Returns the language named by the manifests. Orphans-only collections count only if no manifest declares
/// the collection.
fn language(asked: &[CollectionId], desired: &[DesiredCollection]) -> Option<Arc<str>> {
    let of = |standing| {
        let of_standing = desired.iter().filter(move |collection| collection.standing == standing);
        of_standing.map(|collection| &collection.id).filter(|id| asked.contains(id))
    };
    let mut named = of(CollectionRole::Desired).chain(of(CollectionRole::ReferenceOnly)).peekable();
    match named.peek() {
        Some(_) => named.find_map(|id| id.language.clone()),
        None => asked.iter().find_map(|asked| asked.language.clone()),
    }
}

/// Returns true if the collection only has orphans.
fn is_left_over(desired: &DesiredOfCollection<'_>) -> bool {
    desired.collections.iter().all(|collection| collection.standing == CollectionRole::OrphansOnly)
}

/// Returns true if an unresolved title may refer to the collection. Records desired under that title must not
/// be treated as unlisted.
fn could_be(unresolved: &CollectionId, id: &CollectionId) -> bool {
    matches!(unresolved.table, TableName::Title(_))
        && unresolved.kind == id.kind
        && unresolved.library == id.library
}
