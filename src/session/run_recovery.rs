//! Recovers the outcome of a dead run's writes by reading the zones, and records it in the store.
//!
//! Completes the applied state and the history. The run that holds a zone's lease recovers any run's writes
//! there: no other run writes to the zone. A suspended run that continues cannot append to its journal,
//! because the next line number is already used.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::apply::{settle, with_damage};
use crate::model::{
    AppliedChange, CollectionImage, FailureClass, ImageMoment, JournalEntry, RunId, WritePhase, ZoneCode,
    ZoneFailure, error_chain_text,
};
use crate::provider::ZoneReader as _;
use crate::provider::channel_routing::RoutingReader;
use crate::store::{
    Store, StoreError, StoreScope, StoredImage, StoredJournalEntry, UnfinishedWrite, WriteProgress,
};

/// Counts of recovered collections, by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecoverySummary {
    /// Collections with all or part of the sent values.
    pub arrived: usize,
    /// Collections with the values from before the write.
    pub missing: usize,
    /// Collections with other values.
    pub moved: usize,
}

impl RecoverySummary {
    /// Adds the counts of two zones or runs.
    pub fn merge(self, other: Self) -> Self {
        Self {
            arrived: self.arrived + other.arrived,
            missing: self.missing + other.missing,
            moved: self.moved + other.moved,
        }
    }

    fn add(&mut self, phase: &WritePhase) {
        match phase {
            WritePhase::Verified { .. } => self.arrived += 1,
            WritePhase::Unverified { .. } => self.moved += 1,
            WritePhase::Unchanged { .. }
            | WritePhase::Intent { .. }
            | WritePhase::Sent
            | WritePhase::Responded { .. } => {
                self.missing += 1;
            }
        }
    }
}

/// Recovery of unfinished writes.
pub struct RunRecovery<'a> {
    /// Store that records the outcome.
    pub store: &'a Store,
    /// Network and environment of the runs.
    pub scope: &'a StoreScope,
    /// Readers by zone.
    pub readers: &'a BTreeMap<ZoneCode, RoutingReader>,
    /// Lock for appending journal lines.
    pub turns: &'a Mutex<()>,
    /// Clock, in RFC 3339.
    pub now: fn() -> String,
}

impl RunRecovery<'_> {
    /// Recovers a run's unfinished writes in a zone; the caller must hold the zone's lease.
    ///
    /// # Errors
    /// Returns [`FailureClass::Store`], or the failure of the readback; in this case, nothing is recorded.
    pub async fn recover(&self, run: RunId, zone: &ZoneCode) -> Result<RecoverySummary, ZoneFailure> {
        let mut entries = Vec::new();
        let mut steps = self.store.open_steps(run).await.map_err(|error| failure(&error))?;
        steps.retain(|step| step.zone == *zone);
        let images = match steps.iter().all(|step| step.reach == WriteProgress::NotSent) {
            true => Vec::new(),
            false => self.store.images(run, Some(zone.clone())).await.map_err(|error| failure(&error))?,
        };
        for step in steps {
            let is_of_step = |image: &&StoredImage| {
                image.collection == step.collection && image.image.moment == ImageMoment::Before
            };
            let before = images.iter().rev().find(is_of_step).map(|image| &image.image);
            let (phase, image) = self.reached_phase(run, &step, before).await?;
            let UnfinishedWrite { zone, collection, .. } = step;
            entries.push(JournalEntry { zone, collection, phase, image: image.map(Arc::new) });
        }
        let mut settled = RecoverySummary::default();
        if entries.is_empty() {
            return Ok(settled);
        }
        // Other zones of the run are recovered concurrently; each line needs its own number.
        let _turn = self.turns.lock().await;
        let last = self.store.last_line(run).await.map_err(|error| failure(&error))?;
        for (entry, number) in entries.into_iter().zip(last + 1..) {
            settled.add(&entry.phase);
            let (scope, at) = (self.scope.clone(), (self.now)());
            let written = self.store.append(StoredJournalEntry { scope, run, number, at, entry });
            written.wait_until_durable().await.map_err(|error| failure(&error))?;
        }
        Ok(settled)
    }

    /// Returns the phase of a write, and the image of what it left if it also changed rows that nobody owns.
    async fn reached_phase(
        &self,
        run: RunId,
        step: &UnfinishedWrite,
        before: Option<&CollectionImage>,
    ) -> Result<(WritePhase, Option<CollectionImage>), ZoneFailure> {
        match step.reach {
            // The journal always records a send in advance. Without this line, the zone's values come from
            // others.
            WriteProgress::NotSent => {
                let why = "the run ended before the write was sent".to_owned();
                Ok((WritePhase::Unchanged { why }, None))
            }
            WriteProgress::MaybeSent | WriteProgress::Responded(_) => {
                let unread = |failure: ZoneFailure| ZoneFailure {
                    message: format!("cannot read back {}: {}", step.collection, failure.message),
                    ..failure
                };
                let unknown = || ZoneFailure::new(FailureClass::Unreachable, "no reader for the zone");
                let reader = self.readers.get(&step.zone).ok_or_else(|| unread(unknown()))?;
                let changes = self.store.planned_changes(run, step.intent).await;
                let changes: Arc<[AppliedChange]> = changes.map_err(|error| failure(&error))?.into();
                let now = reader.read_collection(&step.collection).await.map_err(unread)?;
                let phase = settle(&changes, &now.observed);
                Ok(match before {
                    Some(before) => with_damage(phase, before, &now),
                    None => (phase, None),
                })
            }
        }
    }
}

/// Converts a store error to a failure of an apply.
pub fn failure(error: &StoreError) -> ZoneFailure {
    ZoneFailure::new(FailureClass::Store, error_chain_text(error)).help(error.class.help())
}
