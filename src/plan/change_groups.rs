//! Groups zones with identical changes, so that a change set for 38 zones is reviewed once.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::plan_digest::{self, DigestScope};
use crate::model::{
    ChangeEffect, ChangeGroup, ChangeGroupState, ChangeOrigin, CollectionId, ContentDigest, Deferral,
    FailureClass, ZoneCode, ZoneFailure, ZonePlan,
};

/// Groups zones by their changes. Order: changed, unknown, in sync; within each state, larger groups first.
pub fn groups(scope: DigestScope<'_>, zones: &BTreeMap<ZoneCode, ZonePlan>) -> Vec<ChangeGroup> {
    let mut by_content: BTreeMap<(ChangeGroupState, ContentDigest), Vec<ZoneCode>> = BTreeMap::new();
    for (code, zone) in zones {
        by_content.entry((state(zone), group_digest(zone))).or_default().push(code.clone());
    }
    let change_set = |codes: &[ZoneCode]| {
        let first = codes.first().and_then(|code| zones.get(code));
        scope.change_set(first.map_or(&[], |zone| &zone.collections))
    };
    let mut groups: Vec<ChangeGroup> = by_content
        .into_iter()
        .map(|((state, _), zones)| ChangeGroup { digest: change_set(&zones), zones, state })
        .collect();
    groups.sort_by_key(|group| {
        (
            group.state == ChangeGroupState::InSync,
            group.state == ChangeGroupState::Unknown,
            Reverse(group.zones.len()),
            group.zones.first().cloned(),
        )
    });
    groups
}

fn state(zone: &ZonePlan) -> ChangeGroupState {
    let differs = zone.collections.iter().any(|step| match &step.diff.outcome {
        Ok(found) => !found.changes.is_empty(),
        Err(_) => zone.failure.is_none(),
    });
    match (differs, &zone.failure) {
        (true, _) => ChangeGroupState::Changes,
        (false, Some(_)) => ChangeGroupState::Unknown,
        (false, None) => ChangeGroupState::InSync,
    }
}

/// Returns a digest of the displayed content of a zone, without its name. Zones of one group share this
/// digest.
fn group_digest(zone: &ZonePlan) -> ContentDigest {
    #[derive(Serialize)]
    struct GroupDigestInput<'a> {
        failure: Option<FailureClass>,
        hold: Option<&'a Deferral>,
        holds: Vec<(&'a CollectionId, &'a Deferral)>,
        changes: Vec<(ChangeEffect<'a>, Option<ChangeOrigin>)>,
        notes: Vec<&'a str>,
        failures: Vec<(&'a CollectionId, FailureClass, &'a str)>,
    }
    let found = || zone.collections.iter().flat_map(|step| &step.diff.outcome);
    let failed = zone.collections.iter().filter_map(|step| {
        let ZoneFailure { class, message, help: _, tracking_id: _ } = step.diff.outcome.as_ref().err()?;
        Some((&step.diff.id, *class, message.as_str()))
    });
    let holds = zone.collections.iter().filter_map(|step| Some((&step.diff.id, step.deferral.as_ref()?)));
    plan_digest::digest_json(&GroupDigestInput {
        failure: zone.failure.as_ref().map(|failure| failure.class),
        hold: zone.deferral.as_ref(),
        holds: holds.collect(),
        changes: found()
            .flat_map(|found| &found.changes)
            .map(|change| (change.effect(), change.origin))
            .collect(),
        notes: found().flat_map(|found| &found.notes).map(String::as_str).collect(),
        failures: failed.filter(|_| zone.failure.is_none()).collect(),
    })
}
