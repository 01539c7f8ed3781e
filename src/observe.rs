//! Reads the observed state of all zones.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use crate::model::{
    ApplyEvent, CollectionId, CollectionRole, DesiredCollection, DesiredState, ObservedState, ObservedZone,
    ZoneCode,
};
use crate::provider::ZoneReader;

/// Reads every collection in `desired` once.
///
/// Zones are read concurrently. Within a zone, requests overlap within the limits of the zone's request
/// budget. The total time is the time of the slowest zone.
///
/// Zones without a reader are skipped. A failure is part of the result of its collection. A failure of the
/// whole zone ends the reads of this zone.
pub async fn observe<R: ZoneReader>(
    readers: &BTreeMap<ZoneCode, R>,
    desired: &DesiredState,
    tell: &(dyn Fn(ApplyEvent) + Sync),
) -> ObservedState {
    let zones: FuturesUnordered<_> = desired
        .zones
        .iter()
        .filter_map(|(code, wanted)| {
            let ids: BTreeSet<&CollectionId> = wanted.iter().flat_map(collections_to_read).collect();
            Some(observe_zone(code, readers.get(code)?, ids, tell))
        })
        .collect();
    ObservedState { zones: zones.collect().await }
}

/// Returns the collection and the collections that its records refer to.
fn collections_to_read(wanted: &DesiredCollection) -> impl Iterator<Item = &CollectionId> {
    // A reference-only collection is not written, so its own references are irrelevant.
    let whole = Some(wanted).filter(|wanted| wanted.standing == CollectionRole::Desired);
    let references =
        whole.into_iter().flat_map(|wanted| wanted.records.values()).flat_map(|record| &record.references);
    let amends =
        whole.into_iter().flat_map(|wanted| &wanted.amendments).flat_map(|amendment| &amendment.amends);
    let references = references.chain(amends.filter_map(|amend| amend.reference.as_ref()));
    std::iter::once(&wanted.id).chain(references.map(|reference| &reference.to))
}

async fn observe_zone<R: ZoneReader>(
    code: &ZoneCode,
    reader: &R,
    ids: BTreeSet<&CollectionId>,
    tell: &(dyn Fn(ApplyEvent) + Sync),
) -> (ZoneCode, ObservedZone) {
    tell(ApplyEvent::ObserveStart { zone: code.clone(), collections: ids.len() });
    let mut answers: FuturesUnordered<_> =
        ids.iter().map(|id| async move { (*id, reader.read_collection(id).await) }).collect();
    let mut zone = ObservedZone::default();
    while let Some((id, answer)) = answers.next().await {
        let failure = answer.as_ref().err().cloned();
        tell(ApplyEvent::Observed { zone: code.clone(), collection: id.clone(), failure: failure.clone() });
        zone.collections.insert(id.clone(), answer.map(|snapshot| snapshot.observed));
        if let Some(failure) = failure.filter(|failure| failure.class.whole_zone()) {
            // The remaining requests would fail too; do not wait for responses in flight.
            answers.clear();
            for id in &ids {
                zone.collections.entry((*id).clone()).or_insert_with(|| Err(failure.clone()));
            }
        }
    }
    let usage = reader.request_usage();
    zone.requests = usage.requests;
    zone.quota_left = usage.quota_left;
    tell(ApplyEvent::ObserveComplete { zone: code.clone(), requests: usage.requests });
    (code.clone(), zone)
}
