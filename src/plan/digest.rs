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

use crate::model::{Change, CollectionDiff, Digest, Effect, Mode, Network, Plan, Step, ZoneCode, ZonePlan};

/// What every digest of a plan is bound to.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Scope<'a> {
    network: &'a str,
    environment: Option<&'a str>,
}

impl<'a> From<&'a Network> for Scope<'a> {
    fn from(network: &'a Network) -> Self {
        Self { network: &network.name, environment: network.environment.as_deref() }
    }
}

impl<'a> From<&'a Plan> for Scope<'a> {
    fn from(plan: &'a Plan) -> Self {
        Self { network: &plan.network, environment: plan.environment.as_deref() }
    }
}

impl Scope<'_> {
    /// Of what one change does, and where: two changes with the same digest are the same change.
    pub fn change(&self, change: &Change) -> Digest {
        #[derive(Serialize)]
        struct Content<'a> {
            scope: &'a Scope<'a>,
            zone: &'a ZoneCode,
            change: Effect<'a>,
        }
        of(&Content { scope: self, zone: &change.address.zone, change: change.effect() })
    }

    /// Of what is done in a zone, whichever it is: zones with the same are one thing to approve.
    pub fn change_set(&self, steps: &[Step]) -> Digest {
        #[derive(Serialize)]
        struct Content<'a> {
            scope: &'a Scope<'a>,
            changes: Vec<Effect<'a>>,
        }
        let changes = steps.iter().flat_map(|step| done(&step.diff)).map(Change::effect);
        of(&Content { scope: self, changes: changes.collect() })
    }

    /// Of what is done in a zone, and in which.
    pub fn zone(&self, zone: &ZoneCode, change_set: Digest) -> Digest {
        #[derive(Serialize)]
        struct Content<'a> {
            scope: &'a Scope<'a>,
            zone: &'a ZoneCode,
            changes: Digest,
        }
        of(&Content { scope: self, zone, changes: change_set })
    }

    /// Of everything that is done. A zone in which nothing is done does not count.
    pub fn plan(&self, zones: &BTreeMap<ZoneCode, ZonePlan>) -> Digest {
        #[derive(Serialize)]
        struct Content<'a> {
            scope: &'a Scope<'a>,
            zones: BTreeMap<&'a ZoneCode, Digest>,
        }
        let busy = |zone: &ZonePlan| zone.collections.iter().any(|step| done(&step.diff).next().is_some());
        let zones = zones.iter().filter(|(_, zone)| busy(zone)).map(|(code, zone)| (code, zone.digest));
        of(&Content { scope: self, zones: zones.collect() })
    }
}

/// The changes of a collection that are done, by apply or by people.
fn done(diff: &CollectionDiff) -> impl Iterator<Item = &Change> {
    let changes = diff.outcome.iter().flat_map(|found| &found.changes);
    changes.filter(|change| match change.mode {
        Mode::Apply | Mode::ByHand => true,
        Mode::Report | Mode::Later => false,
    })
}

/// SHA-256 of a value as JSON without spaces.
pub fn of(content: &impl Serialize) -> Digest {
    struct Sha(Sha256);
    impl io::Write for Sha {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut sha = io::BufWriter::with_capacity(4096, Sha(Sha256::new()));
    // Writing to a hash cannot fail, and every key above is a text.
    let _ = serde_json::to_writer(&mut sha, content);
    match sha.into_inner() {
        Ok(Sha(sha)) => Digest(sha.finalize().into()),
        Err(_) => Digest::default(),
    }
}
