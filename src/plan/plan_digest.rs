//! Digests of a plan and its parts: SHA-256 of a JSON text with the changes.
//!
//! Only applied and manual changes count. Reported changes, source locations and last editors do not. So a
//! digest survives a rebase, and any changed content gives another digest. The network and the environment
//! are part of every digest: an approval for a sandbox is not valid for production.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::model::{
    ApplyMode, Change, ChangeEffect, CollectionDiff, ContentDigest, Network, Plan, PlanStep, ZoneCode,
    ZonePlan,
};

/// Scope of every digest of a plan.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DigestScope<'a> {
    network: &'a str,
    environment: Option<&'a str>,
}

impl<'a> DigestScope<'a> {
    /// Creates the scope of a network and the selected environment.
    pub fn new(network: &'a str, environment: Option<&'a str>) -> Self {
        Self { network, environment }
    }
}

impl<'a> From<&'a Network> for DigestScope<'a> {
    fn from(network: &'a Network) -> Self {
        Self::new(&network.name, network.environment.as_deref())
    }
}

impl<'a> From<&'a Plan> for DigestScope<'a> {
    fn from(plan: &'a Plan) -> Self {
        Self::new(&plan.network, plan.environment.as_deref())
    }
}

impl DigestScope<'_> {
    /// Returns the digest of one change with its address. Equal changes have equal digests.
    pub fn change(&self, change: &Change) -> ContentDigest {
        #[derive(Serialize)]
        struct ChangeDigestInput<'a> {
            scope: &'a DigestScope<'a>,
            zone: &'a ZoneCode,
            change: ChangeEffect<'a>,
        }
        digest_json(&ChangeDigestInput { scope: self, zone: &change.address.zone, change: change.effect() })
    }

    /// Returns the digest of the changes in a zone, without the zone code. Zones with equal digests form one
    /// approval unit.
    pub fn change_set(&self, steps: &[PlanStep]) -> ContentDigest {
        #[derive(Serialize)]
        struct ChangeSetDigestInput<'a> {
            scope: &'a DigestScope<'a>,
            changes: Vec<ChangeEffect<'a>>,
        }
        let changes = steps.iter().flat_map(|step| effective_changes(&step.diff)).map(Change::effect);
        digest_json(&ChangeSetDigestInput { scope: self, changes: changes.collect() })
    }

    /// Returns the digest of a zone from the digests of its changes, in any order. So a plan file or a part
    /// of a plan is sufficient.
    pub fn zone(&self, zone: &str, mut changes: Vec<ContentDigest>) -> ContentDigest {
        #[derive(Serialize)]
        struct ZoneDigestInput<'a> {
            scope: &'a DigestScope<'a>,
            zone: &'a str,
            changes: Vec<ContentDigest>,
        }
        changes.sort_unstable();
        digest_json(&ZoneDigestInput { scope: self, zone, changes })
    }

    /// Returns the digest of the plan from the digests of the zones with changes.
    pub fn plan<'z>(&self, zones: impl IntoIterator<Item = (&'z str, ContentDigest)>) -> ContentDigest {
        #[derive(Serialize)]
        struct PlanDigestInput<'a> {
            scope: &'a DigestScope<'a>,
            zones: BTreeMap<&'a str, ContentDigest>,
        }
        digest_json(&PlanDigestInput { scope: self, zones: zones.into_iter().collect() })
    }

    /// Returns the digests of all effective changes of a zone.
    pub fn changes(&self, steps: &[PlanStep]) -> Vec<ContentDigest> {
        steps
            .iter()
            .flat_map(|step| effective_changes(&step.diff))
            .map(|change| self.change(change))
            .collect()
    }
}

/// Returns true if a zone has effective changes: applied or manual.
pub fn is_busy(zone: &ZonePlan) -> bool {
    zone.collections.iter().any(|step| effective_changes(&step.diff).next().is_some())
}

/// Returns the effective changes of a collection: applied and manual.
pub fn effective_changes(diff: &CollectionDiff) -> impl Iterator<Item = &Change> {
    diff.outcome.iter().flat_map(|found| &found.changes).filter(|change| is_effective(change))
}

/// Returns true for a change that digests and approvals count: applied or manual.
pub fn is_effective(change: &Change) -> bool {
    match change.mode {
        ApplyMode::Apply | ApplyMode::Manual => true,
        ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs => false,
    }
}

/// Returns the digest of a decision or a manifest: of the digests of its changes, in any order.
pub fn change_set(mut changes: Vec<ContentDigest>) -> ContentDigest {
    changes.sort_unstable();
    digest_json(&changes)
}

/// Returns the SHA-256 of a value as JSON without spaces.
pub fn digest_json(content: &impl Serialize) -> ContentDigest {
    struct Sha256Writer(Sha256);
    impl io::Write for Sha256Writer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut sha = io::BufWriter::with_capacity(4096, Sha256Writer(Sha256::new()));
    // Writing to a hash cannot fail, and all map keys are text.
    let _ = serde_json::to_writer(&mut sha, content);
    match sha.into_inner() {
        Ok(Sha256Writer(sha)) => ContentDigest(sha.finalize().into()),
        Err(_) => ContentDigest::default(),
    }
}
