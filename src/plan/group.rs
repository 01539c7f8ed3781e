//! The same change set in 38 zones is one thing to review, not 38.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use sha2::{Digest, Sha256};

use crate::model::{Change, Failure, Group, GroupState, ZoneCode, ZonePlan};

/// Zones by what happens to them: changes first, then the unknown, then those in sync; within
/// each the largest group first.
pub fn groups(zones: &BTreeMap<ZoneCode, ZonePlan>) -> Vec<Group> {
    let mut by_digest: BTreeMap<(GroupState, String), Vec<ZoneCode>> = BTreeMap::new();
    for (code, zone) in zones {
        by_digest.entry((state(zone), digest(zone))).or_default().push(code.clone());
    }
    let mut groups: Vec<Group> =
        by_digest.into_iter().map(|((state, digest), zones)| Group { digest, zones, state }).collect();
    groups.sort_by_key(|group| {
        (
            group.state == GroupState::InSync,
            group.state == GroupState::Unknown,
            Reverse(group.zones.len()),
            group.zones.first().cloned(),
        )
    });
    groups
}

fn state(zone: &ZonePlan) -> GroupState {
    let differs = zone.collections.iter().any(|step| match &step.diff.outcome {
        Ok(found) => !found.changes.is_empty(),
        Err(_) => zone.failure.is_none(),
    });
    match (differs, &zone.failure) {
        (true, _) => GroupState::Changes,
        (false, Some(_)) => GroupState::Unknown,
        (false, None) => GroupState::InSync,
    }
}

/// What two zones of one group have in common: everything but the zone.
fn digest(zone: &ZonePlan) -> String {
    let mut hash = Sha256::new();
    let failure_line = |failure: &Failure| {
        let Failure { class, message, help: _, tracking_id: _ } = failure;
        format!("{class:?} {message}\n")
    };
    if let Some(failure) = &zone.failure {
        hash.update(format!("{:?}\n", failure.class));
    }
    for step in &zone.collections {
        match &step.diff.outcome {
            Ok(found) => {
                for change in &found.changes {
                    tell(&mut hash, change);
                }
                for note in &found.notes {
                    hash.update(format!("{note}\n"));
                }
            }
            Err(_) if zone.failure.is_some() => {}
            Err(failure) => hash.update(format!("{} {}", step.diff.id, failure_line(failure))),
        }
    }
    hex(&hash.finalize())
}

/// SHA-256 of what a change does and where, in hexadecimal: two changes with the same digest are
/// the same change.
pub fn change_digest(change: &Change) -> String {
    let mut hash = Sha256::new();
    hash.update(change.address.zone.as_str());
    hash.update("\n");
    tell(&mut hash, change);
    hex(&hash.finalize())
}

fn tell(hash: &mut Sha256, change: &Change) {
    // Writing to a hash cannot fail.
    let _ = writeln!(hash, "{:?}", change.effect());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
