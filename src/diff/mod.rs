//! Desired and observed to changes. Pure: the same two states always give the same changes.
//!
//! Apply calls [`collection`] again just before each write, so what is planned and what is
//! written come from one piece of code.

mod amend_created_records;
mod amendments;
mod collection;
mod collection_base;
mod field_names;
mod keyed_records;
mod languages;
mod mismatches;
mod notes;
mod orphans;
mod references;
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

/// Everything that the manifests want of one collection of one zone.
#[derive(Debug)]
pub struct DesiredOfCollection<'a> {
    /// What its records' addresses call it.
    pub id: CollectionId,
    /// From each manifest that speaks of it.
    pub collections: Vec<&'a DesiredCollection>,
    /// Records that are mentioned for another language of the collection, or by manifests that a selection left
    /// out: they are not unlisted.
    pub listed_elsewhere: BTreeMap<&'a RecordKey, &'a DesiredRecord>,
    /// The key fields that those go by.
    pub keys_elsewhere: BTreeSet<&'a [FieldName]>,
    /// Records that this very run created in another language: nobody else has had them yet.
    pub just_created: BTreeSet<&'a RecordKey>,
    /// What is known of it since zonal was there last; `None` where only two ways are compared.
    pub since: Option<CollectionBase<'a>>,
}

impl<'a> DesiredOfCollection<'a> {
    /// Picks what is wanted of a collection out of everything that is wanted of its zone.
    pub fn pick(
        id: &CollectionId,
        zone: &'a [DesiredCollection],
        asked: &[CollectionId],
        siblings: &[CollectionId],
        since: Option<CollectionBase<'a>>,
    ) -> Self {
        let is_elsewhere = |wanted: &&DesiredCollection| {
            let in_view = wanted.standing == CollectionRole::ReferenceOnly && asked.contains(&wanted.id);
            in_view || siblings.contains(&wanted.id)
        };
        let elsewhere = || zone.iter().filter(is_elsewhere);
        Self {
            id: id.clone(),
            collections: zone
                .iter()
                .filter(|wanted| {
                    asked.contains(&wanted.id) && wanted.standing != CollectionRole::ReferenceOnly
                })
                .collect(),
            listed_elsewhere: elsewhere()
                .flat_map(|wanted| wanted.records.iter().map(|(key, record)| (key, &**record)))
                .collect(),
            keys_elsewhere: elsewhere()
                .filter(|wanted| !wanted.records.is_empty())
                .map(|wanted| &*wanted.key)
                .collect(),
            just_created: BTreeSet::new(),
            since,
        }
    }
}

/// Compares all zones. A collection that could not be read, or whose manifest does not fit it,
/// carries its failure; the others are compared all the same.
pub fn diff(desired: &DesiredState, observed: &ObservedState) -> Differences {
    three_way(desired, observed, None)
}

/// The same, three ways: `base` says what was last applied, and what becomes of what no manifest names any
/// more. Nothing else is written because of it, and nothing at all without one.
pub fn three_way(
    desired: &DesiredState,
    observed: &ObservedState,
    base: Option<&ComparisonBase>,
) -> Differences {
    let nothing = ObservedZone::default();
    let zones = desired.zones.iter().map(|(code, wanted)| {
        (code.clone(), zone(code, wanted, observed.zones.get(code).unwrap_or(&nothing), base))
    });
    Differences { zones: zones.collect() }
}

/// A zone that was asked for nothing answers nothing: such collections are left out.
fn zone(
    code: &ZoneCode,
    wanted: &[DesiredCollection],
    observed: &ObservedZone,
    base: Option<&ComparisonBase>,
) -> Vec<CollectionDiff> {
    // Two manifests may name one collection differently: by code and by title, with the
    // default language and without. Only the zone's answer shows that they mean the same.
    let mut by_name: BTreeMap<CollectionId, Vec<CollectionId>> = BTreeMap::new();
    for asked in wanted.iter().map(|wanted| &wanted.id).collect::<BTreeSet<_>>() {
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
            // An address names the language where the manifest does, not where the zone happens to tell it.
            let language = language(asked, wanted);
            let id = CollectionId { language, ..id.clone() };
            let since = base.map(|base| CollectionBase::for_collection(base, code, &id));
            let picked = DesiredOfCollection::pick(&id, wanted, asked, &siblings, since);
            let first = picked.collections.first()?;
            let outcome = match observed.collections.get(asked.first()?)? {
                Ok(found) => collection(code, &picked, found)
                    .and_then(|changes| references::check(changes, &picked, wanted, observed)),
                Err(failure) => match since {
                    Some(since) if is_left_over(&picked) && failure.class == FailureClass::Missing => {
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

/// The language that a manifest names; what is only left over counts where no manifest wants anything.
fn language(asked: &[CollectionId], wanted: &[DesiredCollection]) -> Option<Arc<str>> {
    let of = |standing| {
        let of_standing = wanted.iter().filter(move |wanted| wanted.standing == standing);
        of_standing.map(|wanted| &wanted.id).filter(|id| asked.contains(id))
    };
    let mut named = of(CollectionRole::Desired).chain(of(CollectionRole::ReferenceOnly)).peekable();
    match named.peek() {
        Some(_) => named.find_map(|id| id.language.clone()),
        None => asked.iter().find_map(|asked| asked.language.clone()),
    }
}

/// Whether nothing is wanted of a collection any more.
fn is_left_over(wanted: &DesiredOfCollection<'_>) -> bool {
    wanted.collections.iter().all(|collection| collection.standing == CollectionRole::OrphansOnly)
}

/// Whether a name that the zone did not resolve may mean a collection. Then what is wanted under
/// that name must not be taken for unlisted here.
fn could_be(unresolved: &CollectionId, id: &CollectionId) -> bool {
    matches!(unresolved.table, TableName::Title(_))
        && unresolved.kind == id.kind
        && unresolved.library == id.library
}
