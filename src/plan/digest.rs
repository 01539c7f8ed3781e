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

impl<'a> Scope<'a> {
    /// A network, and the environment that was chosen.
    pub fn new(network: &'a str, environment: Option<&'a str>) -> Self {
        Self { network, environment }
    }
}

impl<'a> From<&'a Network> for Scope<'a> {
    fn from(network: &'a Network) -> Self {
        Self::new(&network.name, network.environment.as_deref())
    }
}

impl<'a> From<&'a Plan> for Scope<'a> {
    fn from(plan: &'a Plan) -> Self {
        Self::new(&plan.network, plan.environment.as_deref())
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

    /// Of what is done in a zone, and in which: of the digests of its changes, in whatever order. So it
    /// can be had from a plan file, and of part of a plan.
    pub fn zone(&self, zone: &str, mut changes: Vec<Digest>) -> Digest {
        #[derive(Serialize)]
        struct Content<'a> {
            scope: &'a Scope<'a>,
            zone: &'a str,
            changes: Vec<Digest>,
        }
        changes.sort_unstable();
        of(&Content { scope: self, zone, changes })
    }

    /// Of everything that is done: of the digests of the zones in which anything is.
    pub fn plan<'z>(&self, zones: impl IntoIterator<Item = (&'z str, Digest)>) -> Digest {
        #[derive(Serialize)]
        struct Content<'a> {
            scope: &'a Scope<'a>,
            zones: BTreeMap<&'a str, Digest>,
        }
        of(&Content { scope: self, zones: zones.into_iter().collect() })
    }

    /// The digests of all changes of a zone that are done.
    pub fn changes(&self, steps: &[Step]) -> Vec<Digest> {
        steps.iter().flat_map(|step| done(&step.diff)).map(|change| self.change(change)).collect()
    }
}

/// Whether anything is done in a zone, by apply or by people.
pub fn is_busy(zone: &ZonePlan) -> bool {
    zone.collections.iter().any(|step| done(&step.diff).next().is_some())
}

/// The changes of a collection that are done, by apply or by people.
fn done(diff: &CollectionDiff) -> impl Iterator<Item = &Change> {
    let changes = diff.outcome.iter().flat_map(|found| &found.changes);
    changes.filter(|change| match change.mode {
        Mode::Apply | Mode::ByHand => true,
        Mode::Report | Mode::Later | Mode::Left => false,
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
