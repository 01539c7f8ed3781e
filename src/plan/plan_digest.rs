//! What a plan's parts are called by their content: SHA-256 of a JSON text that says what would be done.
//!
//! Only what would be done counts, by apply or by people: not what is merely reported, not where it is
//! declared, not who was there last. So a digest survives a rebase, and ends with the content that it
//! names. The network and the environment count everywhere: what was approved for a sandbox says
//! nothing about production.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::model::{
    ApplyMode, Change, ChangeEffect, CollectionDiff, ContentDigest, Network, Plan, PlanStep, ZoneCode,
    ZonePlan,
};

/// What every digest of a plan is bound to.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DigestScope<'a> {
    network: &'a str,
    environment: Option<&'a str>,
}

impl<'a> DigestScope<'a> {
    /// A network, and the environment that was chosen.
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
    /// Of what one change does, and where: two changes with the same digest are the same change.
    pub fn change(&self, change: &Change) -> ContentDigest {
        #[derive(Serialize)]
        struct ChangeDigestInput<'a> {
            scope: &'a DigestScope<'a>,
            zone: &'a ZoneCode,
            change: ChangeEffect<'a>,
        }
        digest_json(&ChangeDigestInput { scope: self, zone: &change.address.zone, change: change.effect() })
    }

    /// Of what is done in a zone, whichever it is: zones with the same are one thing to approve.
    pub fn change_set(&self, steps: &[PlanStep]) -> ContentDigest {
        #[derive(Serialize)]
        struct ChangeSetDigestInput<'a> {
            scope: &'a DigestScope<'a>,
            changes: Vec<ChangeEffect<'a>>,
        }
        let changes = steps.iter().flat_map(|step| effective_changes(&step.diff)).map(Change::effect);
        digest_json(&ChangeSetDigestInput { scope: self, changes: changes.collect() })
    }

    /// Of what is done in a zone, and in which: of the digests of its changes, in whatever order. So it
    /// can be had from a plan file, and of part of a plan.
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

    /// Of everything that is done: of the digests of the zones in which anything is.
    pub fn plan<'z>(&self, zones: impl IntoIterator<Item = (&'z str, ContentDigest)>) -> ContentDigest {
        #[derive(Serialize)]
        struct PlanDigestInput<'a> {
            scope: &'a DigestScope<'a>,
            zones: BTreeMap<&'a str, ContentDigest>,
        }
        digest_json(&PlanDigestInput { scope: self, zones: zones.into_iter().collect() })
    }

    /// The digests of all changes of a zone that are done.
    pub fn changes(&self, steps: &[PlanStep]) -> Vec<ContentDigest> {
        steps
            .iter()
            .flat_map(|step| effective_changes(&step.diff))
            .map(|change| self.change(change))
            .collect()
    }
}

/// Whether anything is done in a zone, by apply or by people.
pub fn is_busy(zone: &ZonePlan) -> bool {
    zone.collections.iter().any(|step| effective_changes(&step.diff).next().is_some())
}

/// The changes of a collection that are done, by apply or by people.
fn effective_changes(diff: &CollectionDiff) -> impl Iterator<Item = &Change> {
    let changes = diff.outcome.iter().flat_map(|found| &found.changes);
    changes.filter(|change| match change.mode {
        ApplyMode::Apply | ApplyMode::Manual => true,
        ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs => false,
    })
}

/// SHA-256 of a value as JSON without spaces.
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
    // Writing to a hash cannot fail, and every key above is a text.
    let _ = serde_json::to_writer(&mut sha, content);
    match sha.into_inner() {
        Ok(Sha256Writer(sha)) => ContentDigest(sha.finalize().into()),
        Err(_) => ContentDigest::default(),
    }
}
