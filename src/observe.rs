//! Reads the observed state of all zones.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use crate::model::{
    AppliedCollection, AppliedState, ApplyEvent, CollectionId, CollectionRole, DesiredCollection,
    DesiredState, FailureClass, ObservationSource, ObservedCollection, ObservedState, ObservedZone, ZoneCode,
    ZoneFailure, looks_truncated,
};
use crate::provider::ZoneReader;

/// Pause before a short answer is read again.
const SECOND_READING: Duration = Duration::from_secs(2);

/// Reads every collection in `desired` once, and a short answer twice.
///
/// Zones are read concurrently. Within a zone, requests overlap within the limits of the zone's request
/// budget. The total time is the time of the slowest zone.
///
/// Zones without a reader are skipped. A failure is part of the result of its collection. A failure of the
/// whole zone ends the reads of this zone.
///
/// An answer with at most half of the rows of the last accepted reading looks cut off, because a write would
/// delete the rows that it lacks. `accepted` contains the numbers of rows; without one, nothing is compared.
pub async fn observe<R: ZoneReader>(
    readers: &BTreeMap<ZoneCode, R>,
    desired: &DesiredState,
    accepted: Option<&AppliedState>,
    tell: &(dyn Fn(ApplyEvent) + Sync),
) -> ObservedState {
    let zones = desired.zones.iter();
    let collections = zones
        .map(|(code, wanted)| (code.clone(), wanted.iter().flat_map(collections_to_read).cloned().collect()))
        .collect();
    observe_collections(readers, &collections, accepted, tell).await
}

/// Reads the given collections of each zone, as [`observe`] does.
pub async fn observe_collections<R: ZoneReader>(
    readers: &BTreeMap<ZoneCode, R>,
    collections: &BTreeMap<ZoneCode, BTreeSet<CollectionId>>,
    accepted: Option<&AppliedState>,
    tell: &(dyn Fn(ApplyEvent) + Sync),
) -> ObservedState {
    let zones: FuturesUnordered<_> = collections
        .iter()
        .filter_map(|(code, ids)| {
            let accepted = accepted.and_then(|accepted| accepted.zones.get(code));
            Some(observe_zone(code, readers.get(code)?, ids, accepted, tell))
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
    ids: &BTreeSet<CollectionId>,
    accepted: Option<&BTreeMap<CollectionId, AppliedCollection>>,
    tell: &(dyn Fn(ApplyEvent) + Sync),
) -> (ZoneCode, ObservedZone) {
    tell(ApplyEvent::ObserveStart { zone: code.clone(), collections: ids.len() });
    let mut answers: FuturesUnordered<_> =
        ids.iter().map(|id| async move { (id, read_twice_if_short(reader, id, accepted).await) }).collect();
    let mut zone = ObservedZone::default();
    while let Some((id, answer)) = answers.next().await {
        let answer = answer.map_err(|refusal| match refusal {
            ReadingRefusal::Failed(failure) => failure,
            ReadingRefusal::Short(observed, failure) => {
                zone.short_answers.insert(id.clone(), *observed);
                failure
            }
        });
        let failure = answer.as_ref().err().cloned();
        tell(ApplyEvent::Observed { zone: code.clone(), collection: id.clone(), failure: failure.clone() });
        zone.collections.insert(id.clone(), answer);
        if let Some(failure) = failure.filter(|failure| failure.class.whole_zone()) {
            // The remaining requests would fail too; do not wait for responses in flight.
            answers.clear();
            for id in ids {
                zone.collections.entry(id.clone()).or_insert_with(|| Err(failure.clone()));
            }
        }
    }
    let usage = reader.request_usage();
    zone.requests = usage.requests;
    zone.quota_left = usage.quota_left;
    tell(ApplyEvent::ObserveComplete { zone: code.clone(), requests: usage.requests });
    (code.clone(), zone)
}

/// Reading that no plan may rest on.
enum ReadingRefusal {
    Failed(ZoneFailure),
    /// Looks cut off, also in a second reading.
    Short(Box<ObservedCollection>, ZoneFailure),
}

/// Reads a collection, and reads it again if the answer looks cut off.
async fn read_twice_if_short<R: ZoneReader>(
    reader: &R,
    id: &CollectionId,
    accepted: Option<&BTreeMap<CollectionId, AppliedCollection>>,
) -> Result<ObservedCollection, ReadingRefusal> {
    let read = async || reader.read_collection(id).await.map(|snapshot| snapshot.observed);
    // Returns the number of rows in the last accepted reading, if the answer is short.
    let lacks_rows = |observed: &ObservedCollection| {
        // Addresses name a table by its code, and the language only if the manifest does.
        let by_code = CollectionId { table: observed.id.table.clone(), ..id.clone() };
        let known = accepted?.get(&by_code).or_else(|| accepted?.get(&observed.id))?.accepted_rows?;
        let is_short =
            observed.witness == ObservationSource::Zone && looks_truncated(known, observed.records.len());
        is_short.then_some(known)
    };
    let first = read().await.map_err(ReadingRefusal::Failed)?;
    if lacks_rows(&first).is_none() {
        return Ok(first);
    }
    tokio::time::sleep(SECOND_READING).await;
    let second = read().await.map_err(ReadingRefusal::Failed)?;
    let Some(rows) = lacks_rows(&second) else { return Ok(second) };
    let message = format!(
        "looks cut off: the zone returned {} of the {rows} rows of the last accepted reading, twice",
        second.records.len()
    );
    let failure = ZoneFailure::new(FailureClass::Truncated, message).help(
        "check the collection in Alma; if its content is correct, apply with \
         `--override short-answer --reason TEXT --plan-digest` and the digest of this plan",
    );
    Err(ReadingRefusal::Short(Box::new(second), failure))
}
