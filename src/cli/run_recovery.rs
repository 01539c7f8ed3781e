//! Asks zones what became of what a run that is gone had begun to write, and writes the answers down, so that ledger
//! and history lack nothing.
//!
//! Whoever holds the lease of a zone may do so for any run: nobody else writes to the zone then, and a run that wakes
//! up finds the place of its next line taken.

use std::collections::BTreeMap;

use tokio::sync::Mutex;

use crate::apply::settle;
use crate::model::{FailureClass, JournalEntry, RunId, WritePhase, ZoneCode, ZoneFailure};
use crate::provider::ZoneReader as _;
use crate::provider::channel_routing::RoutingReader;
use crate::render::text::count;
use crate::store::{Store, StoreError, StoreScope, StoredJournalEntry, UnfinishedWrite, WriteProgress};

/// What became of collections that nobody knew the fate of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecoverySummary {
    /// The zone holds what was sent, or part of it.
    arrived: usize,
    /// The zone holds what it held before.
    missing: usize,
    /// The zone holds something else.
    moved: usize,
}

impl RecoverySummary {
    /// Both together.
    pub fn merge(self, other: Self) -> Self {
        Self {
            arrived: self.arrived + other.arrived,
            missing: self.missing + other.missing,
            moved: self.moved + other.moved,
        }
    }

    /// In words: `2 had arrived, 1 had not`. `None` where there were none.
    pub fn description(&self) -> Option<String> {
        let Self { arrived, missing, moved } = *self;
        let parts = [(arrived, "had arrived"), (missing, "had not"), (moved, "had moved since")];
        let parts: Vec<String> = (parts.iter())
            .filter(|(number, _)| *number > 0)
            .map(|(number, words)| format!("{number} {words}"))
            .collect();
        let number = count(arrived + missing + moved, "collection");
        (!parts.is_empty()).then(|| format!("{number} not known to have ended: {}", parts.join(", ")))
    }

    fn add(&mut self, moment: &WritePhase) {
        match moment {
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

/// Whoever settles.
pub struct RunRecovery<'a> {
    /// Where it is written down.
    pub store: &'a Store,
    /// Whose network.
    pub scope: &'a StoreScope,
    /// How the zones are asked.
    pub readers: &'a BTreeMap<ZoneCode, RoutingReader>,
    /// Whose turn it is to write down.
    pub turns: &'a Mutex<()>,
    /// When it is, in RFC 3339.
    pub now: fn() -> String,
}

impl RunRecovery<'_> {
    /// Settles what a run left open in a zone. The lease of the zone is the caller's.
    ///
    /// # Errors
    /// [`FailureClass::Store`], or why the zone could not be read back; nothing is written down then.
    pub async fn settle(&self, run: RunId, zone: &ZoneCode) -> Result<RecoverySummary, ZoneFailure> {
        let mut entries = Vec::new();
        let (steps, _) = self.open(run).await?;
        for step in steps.into_iter().filter(|step| step.zone == *zone) {
            let moment = self.moment(&step).await?;
            let UnfinishedWrite { zone, collection, .. } = step;
            entries.push(JournalEntry { zone, collection, moment });
        }
        let mut settled = RecoverySummary::default();
        if entries.is_empty() {
            return Ok(settled);
        }
        // Other zones of the run are settled at the same time, and each line needs a place of its own.
        let _turn = self.turns.lock().await;
        let (_, last) = self.open(run).await?;
        for (entry, number) in entries.into_iter().zip(last + 1..) {
            settled.add(&entry.moment);
            let (scope, at) = (self.scope.clone(), (self.now)());
            let written = self.store.append(StoredJournalEntry { scope, run, number, at, entry });
            written.wait_until_durable().await.map_err(|error| failure(&error))?;
        }
        Ok(settled)
    }

    async fn open(&self, run: RunId) -> Result<(Vec<UnfinishedWrite>, u64), ZoneFailure> {
        self.store.open_steps(run).await.map_err(|error| failure(&error))
    }

    async fn moment(&self, step: &UnfinishedWrite) -> Result<WritePhase, ZoneFailure> {
        match step.reach {
            // That something is sent is always known before. What the zone holds by now is somebody else's doing.
            WriteProgress::NotSent => {
                Ok(WritePhase::Unchanged { why: "the run ended before anything was sent".to_owned() })
            }
            WriteProgress::MaybeSent | WriteProgress::Responded(_) => {
                let unread = |failure: ZoneFailure| ZoneFailure {
                    message: format!("{} could not be read back: {}", step.collection, failure.message),
                    ..failure
                };
                let unknown = || ZoneFailure::new(FailureClass::Unreachable, "there is no way to the zone");
                let reader = self.readers.get(&step.zone).ok_or_else(|| unread(unknown()))?;
                let now = reader.read_collection(&step.collection).await.map_err(unread)?;
                Ok(settle(&step.changes, &now.observed))
            }
        }
    }
}

/// What an apply makes of a store that failed.
pub fn failure(error: &StoreError) -> ZoneFailure {
    ZoneFailure::new(FailureClass::Store, error.to_string()).help(error.class.help())
}
