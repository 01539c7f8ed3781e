//! Finds implausibly empty collections.

use std::collections::BTreeMap;

use super::{and_more, if_meant};
use crate::model::{CollectionId, Finding, FindingEffect, GuardLimit, Plan, PlanStep, ZoneCode};

/// Minimum number of other zones with the collection.
const OTHERS: usize = 4;
/// Minimum percentage of the other zones with many unlisted records.
const MOST: usize = 80;

/// Returns a finding for changed collections that are implausibly empty.
///
/// A collection is implausibly empty if most other zones have [`GuardLimit::FEW`] or more unlisted records in
/// it. The response was probably wrong, and a write would delete the real records. If manifests list all
/// records of the other zones, an empty collection is normal for a new zone.
pub fn find(plan: &Plan) -> Option<Finding> {
    let mut held: BTreeMap<CollectionId, BTreeMap<&ZoneCode, CollectionSizes>> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        for step in &zone.collections {
            let Ok(found) = &step.diff.outcome else { continue };
            if found.witness.is_people() {
                continue;
            }
            let zones = held.entry(step.diff.id.without_language()).or_default();
            let held = zones.entry(code).or_default();
            held.existing = held.existing.max(found.existing);
            held.unmanaged = held.unmanaged.max(found.unlisted);
            held.writes |= writes(step);
        }
    }
    let mut suspects: Vec<(&CollectionId, &ZoneCode, usize, usize)> = Vec::new();
    for (collection, zones) in &held {
        for (code, _) in zones.iter().filter(|(_, held)| held.existing == 0 && held.writes) {
            let others = zones.len() - 1;
            let full = zones.values().filter(|held| held.unmanaged >= GuardLimit::FEW).count();
            if others >= OTHERS && full * 100 >= others * MOST {
                suspects.push((collection, code, full, others));
            }
        }
    }
    let (collection, zone, full, others) = suspects.first()?;
    let more = and_more(suspects.len() - 1, "collection");
    let mut zones: Vec<ZoneCode> = suspects.iter().map(|(_, zone, _, _)| (*zone).clone()).collect();
    zones.sort();
    zones.dedup();
    Some(Finding {
        effect: FindingEffect::Deny,
        guard: "empty-answer".into(),
        zones,
        message: format!(
            "{collection} is empty in {zone}{more}, but {full} of {others} other zones have {} or more \
             unlisted records there",
            GuardLimit::FEW
        ),
        help: Some(format!("check the zone; {}", if_meant("empty-answer", plan.digest))),
        span: None,
    })
}

#[derive(Default)]
struct CollectionSizes {
    existing: usize,
    unmanaged: usize,
    writes: bool,
}

fn writes(step: &PlanStep) -> bool {
    step.diff.has_work() && step.deferral.is_none()
}
