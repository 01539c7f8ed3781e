//! The same change set in 38 zones is one thing to review, not 38.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::model::{Change, Edit, Failure, Group, GroupState, ZoneCode, ZonePlan};

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
    let mut text = String::new();
    let failure_line = |Failure { class, message, help: _ }: &Failure| format!("{class:?} {message}\n");
    if let Some(failure) = &zone.failure {
        hash.update(format!("{:?}\n", failure.class));
    }
    for step in &zone.collections {
        match &step.diff.outcome {
            Ok(found) => {
                for change in &found.changes {
                    text.clear();
                    tell(change, &mut text);
                    hash.update(&text);
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
    let mut text = String::new();
    tell(change, &mut text);
    hash.update(text);
    hex(&hash.finalize())
}

/// Everything that counts of a change, in a form that cannot be read in two ways. Who declared
/// it, why, and who edited the row last do not count; nor does what an update leaves alone.
fn tell(change: &Change, text: &mut String) {
    let Change {
        address,
        action,
        key,
        before,
        edits,
        mode,
        reason: _,
        provenance: _,
        updated_by: _,
        update_date: _,
    } = change;
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{:?} {action:?} {mode:?} {key:?}", address.collection.to_string());
    for Edit { field, name: _, before, after, provenance: _ } in edits {
        let _ = writeln!(text, "{field:?} {before:?} {after:?}");
    }
    if edits.is_empty() {
        let _ = writeln!(text, "{before:?}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
