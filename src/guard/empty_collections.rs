//! Finds collections that a zone answered without records, where that cannot well be true.

use std::collections::BTreeMap;

use super::{and_more, if_meant};
use crate::model::{CollectionId, Finding, FindingEffect, GuardLimit, Plan, PlanStep, ZoneCode};

/// So many other zones must have the collection before anything can be said.
const OTHERS: usize = 4;
/// So many of a hundred of them must have records of their own in it.
const MOST: usize = 80;

/// Collections that would be written to although their zone's answer looks empty: it held no records, and
/// most other zones have [`Limit::FEW`] or more that no manifest mentions. Such a zone has them too, and
/// whoever writes what it answered takes them away. Where manifests mention all records there are, an
/// empty collection is one of a zone that is new.
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
            "{collection} looks empty in {zone}{more}, and {full} of {others} other zones hold {} or more \
             records there that no manifest mentions",
            GuardLimit::FEW
        ),
        help: Some(format!("look at the zone; {}", if_meant("empty-answer", plan.digest))),
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
