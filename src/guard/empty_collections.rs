//! Finds implausibly empty collections.

use std::collections::{BTreeMap, BTreeSet};

use super::{GuardInput, and_more, if_meant};
use crate::model::{CollectionId, Finding, FindingEffect, GuardLimit, ZoneCode};

/// Minimum number of other zones with the collection.
const OTHERS: usize = 4;
/// Minimum percentage of the other zones with many unlisted records.
const MOST: usize = 80;

/// Returns a finding for changed collections that are implausibly empty.
///
/// A collection is implausibly empty if most other zones have [`GuardLimit::FEW`] or more unlisted records in
/// it. The response was probably wrong, and a write would delete the real records. If manifests list all
/// records of the other zones, an empty collection is normal for a new zone.
pub fn find(GuardInput { plan, .. }: GuardInput<'_>) -> Vec<Finding> {
    let mut sizes: BTreeMap<CollectionId, BTreeMap<&ZoneCode, CollectionSizes>> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        for step in &zone.collections {
            let Ok(diff) = &step.diff.outcome else { continue };
            if diff.witness.is_people() {
                continue;
            }
            let zones = sizes.entry(step.diff.id.without_language()).or_default();
            let size = zones.entry(code).or_default();
            size.existing = size.existing.max(diff.existing);
            size.unlisted = size.unlisted.max(diff.unlisted);
            size.writes |= step.diff.has_work() && step.deferral.is_none();
        }
    }
    let mut suspects: Vec<(&CollectionId, &ZoneCode, usize, usize)> = Vec::new();
    for (collection, zones) in &sizes {
        for (code, _) in zones.iter().filter(|(_, size)| size.existing == 0 && size.writes) {
            let others = zones.len() - 1;
            let full = zones.values().filter(|size| size.unlisted >= GuardLimit::FEW).count();
            if others >= OTHERS && full * 100 >= others * MOST {
                suspects.push((collection, code, full, others));
            }
        }
    }
    let Some((collection, zone, full, others)) = suspects.first() else { return Vec::new() };
    let more = and_more(suspects.len() - 1, "collection");
    let zones: BTreeSet<&ZoneCode> = suspects.iter().map(|(_, zone, _, _)| *zone).collect();
    vec![Finding {
        effect: FindingEffect::Deny,
        guard: "empty-answer".into(),
        zones: zones.into_iter().cloned().collect(),
        message: format!(
            "{collection} is empty in {zone}{more}, but {full} of {others} other zones have {} or more \
             unlisted records there",
            GuardLimit::FEW
        ),
        help: Some(format!("check the zone; {}", if_meant("empty-answer", plan.digest))),
        span: None,
    }]
}

/// Sizes of a collection in a zone.
#[derive(Default)]
struct CollectionSizes {
    existing: usize,
    unlisted: usize,
    writes: bool,
}
