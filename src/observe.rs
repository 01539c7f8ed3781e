//! Asks each zone for everything that is desired of it.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use crate::model::{
    CollectionId, Desired, DesiredCollection, Event, Observed, ObservedZone, Standing, ZoneCode,
};
use crate::provider::Read;

/// Reads every collection that `desired` mentions, each once. Zones do not wait for each other,
/// and within a zone the requests overlap as far as its budget allows, so the whole takes as
/// long as the slowest zone.
///
/// A zone for which there is no reader is left out. A failure is part of the answer: it stays with the
/// collection that it befell; one that befalls the whole zone ends the reading of that zone.
pub async fn observe<R: Read>(
    readers: &BTreeMap<ZoneCode, R>,
    desired: &Desired,
    tell: &(dyn Fn(Event) + Sync),
) -> Observed {
    let zones: FuturesUnordered<_> = desired
        .zones
        .iter()
        .filter_map(|(code, wanted)| {
            let ids: BTreeSet<&CollectionId> = wanted.iter().flat_map(asked).collect();
            Some(observe_zone(code, readers.get(code)?, ids, tell))
        })
        .collect();
    Observed { zones: zones.collect().await }
}

/// The collection itself, and those that its records refer to.
fn asked(wanted: &DesiredCollection) -> impl Iterator<Item = &CollectionId> {
    // What is only kept in view is not written, so what it refers to does not matter.
    let whole = Some(wanted).filter(|wanted| wanted.standing == Standing::Wanted);
    let references =
        whole.into_iter().flat_map(|wanted| wanted.records.values()).flat_map(|record| &record.references);
    let amends =
        whole.into_iter().flat_map(|wanted| &wanted.amendments).flat_map(|amendment| &amendment.amends);
    let references = references.chain(amends.filter_map(|amend| amend.reference.as_ref()));
    std::iter::once(&wanted.id).chain(references.map(|reference| &reference.to))
}

async fn observe_zone<R: Read>(
    code: &ZoneCode,
    reader: &R,
    ids: BTreeSet<&CollectionId>,
    tell: &(dyn Fn(Event) + Sync),
) -> (ZoneCode, ObservedZone) {
    tell(Event::ObserveStart { zone: code.clone(), collections: ids.len() });
    let mut answers: FuturesUnordered<_> =
        ids.iter().map(|id| async move { (*id, reader.read(id).await) }).collect();
    let mut zone = ObservedZone::default();
    while let Some((id, answer)) = answers.next().await {
        let failure = answer.as_ref().err().cloned();
        tell(Event::Observed { zone: code.clone(), collection: id.clone(), failure: failure.clone() });
        zone.collections.insert(id.clone(), answer.map(|snapshot| snapshot.observed));
        if let Some(failure) = failure.filter(|failure| failure.class.whole_zone()) {
            // Nothing better is to be expected of the rest; an answer on its way is not waited for.
            answers.clear();
            for id in &ids {
                zone.collections.entry((*id).clone()).or_insert_with(|| Err(failure.clone()));
            }
        }
    }
    let usage = reader.usage();
    zone.requests = usage.requests;
    zone.quota_left = usage.quota_left;
    tell(Event::ObserveComplete { zone: code.clone(), requests: usage.requests });
    (code.clone(), zone)
}
