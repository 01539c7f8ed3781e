//! Finds writes to collections that the network's distribution jobs write too.

use std::collections::BTreeSet;

use super::{GuardInput, and_more, if_meant};
use crate::model::{CollectionId, Finding, FindingEffect, ZoneCode};

/// Returns a finding if a write would reach a collection that shows records managed in the network.
///
/// A whole-object write makes such a collection locally configured, and the Network Zone's changes no longer
/// arrive there (Alma's pages describe this for edits in the user interface).
pub fn find(GuardInput { plan, .. }: GuardInput<'_>) -> Vec<Finding> {
    let mut found: Vec<(&CollectionId, &ZoneCode, usize)> = Vec::new();
    for (code, zone) in &plan.zones {
        for step in zone.collections.iter().filter(|step| step.deferral.is_none() && step.diff.has_work()) {
            let Ok(diff) = &step.diff.outcome else { continue };
            if diff.second_master > 0 {
                found.push((&step.diff.id, code, diff.second_master));
            }
        }
    }
    let Some((collection, zone, rows)) = found.first() else { return Vec::new() };
    let more = and_more(found.len() - 1, "collection");
    let zones: BTreeSet<&ZoneCode> = found.iter().map(|(_, zone, _)| *zone).collect();
    let noun = if *rows == 1 { "record" } else { "records" };
    vec![Finding {
        effect: FindingEffect::Deny,
        guard: "second-master".into(),
        zones: zones.into_iter().cloned().collect(),
        message: format!(
            "{collection} in {zone} has {rows} {noun} managed in the network{more}: a write can detach the \
             collection from the Network Zone's distribution jobs"
        ),
        help: Some(format!(
            "set `owner: zonal` in the manifest to take the collection over, or `owner: network` to report \
             differences only; {}",
            if_meant("second-master", plan.digest)
        )),
        span: None,
    }]
}
