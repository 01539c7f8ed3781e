//! Finds new records beside a record of the zone with a similar key.

use std::collections::BTreeSet;

use super::{GuardInput, and_more, if_meant};
use crate::model::{CollectionId, Finding, FindingEffect, SimilarKey, ZoneCode};

/// Returns a finding if a write would create a record whose key differs from the key of an undeclared record only in
/// case or spaces.
///
/// Most likely both are the same record, and the manifest or the zone has a typing error.
pub fn find(GuardInput { plan, .. }: GuardInput<'_>) -> Vec<Finding> {
    let mut found: Vec<(&CollectionId, &ZoneCode, &SimilarKey)> = Vec::new();
    for (code, zone) in &plan.zones {
        for step in zone.collections.iter().filter(|step| step.deferral.is_none()) {
            let similar_keys = step.diff.outcome.iter().flat_map(|changes| &changes.similar_keys);
            // A plan can postpone changes.
            let is_written = |similar: &&SimilarKey| {
                step.diff.to_apply().any(|change| change.address.key.to_string() == similar.new)
            };
            found.extend(similar_keys.filter(is_written).map(|similar| (&step.diff.id, code, similar)));
        }
    }
    let Some((collection, zone, SimilarKey { new, existing })) = found.first() else { return Vec::new() };
    let more = and_more(found.len() - 1, "record");
    let zones: BTreeSet<&ZoneCode> = found.iter().map(|(_, zone, _)| *zone).collect();
    vec![Finding {
        effect: FindingEffect::Defer,
        guard: "similar-key".into(),
        zones: zones.into_iter().cloned().collect(),
        message: format!(
            "`{new}` would become a second row of {collection} in {zone}, beside `{existing}`{more}"
        ),
        help: Some(format!(
            "if both are the same, write the zone's key in the manifest, or declare the zone's row with \
             `absent: true`; if not, declare both rows; {}",
            if_meant("similar-key", plan.digest)
        )),
        span: None,
    }]
}
