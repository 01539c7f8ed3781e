//! Run and journal in the store: the write-ahead log of an apply, and its zone leases.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::effects::{RunOrigin, SessionEffects};
use super::live_runs::LiveRun;
use super::network_session::scope;
use super::run_recovery::{RecoverySummary, RunRecovery, failure};
use super::unfinished_runs;
use crate::apply::{ApplyJournal, ZoneLockout};
use crate::model::{
    AppliedState, ApplyEvent, Deferral, FailureClass, JournalEntry, Network, Plan, Run, RunId, RunOperation,
    RunState, WritePhase, ZoneCode, ZoneFailure,
};
use crate::plan::revert;
use crate::provider::channel_routing::RoutingReader;
use crate::store::{
    LeaseHolder, LeaseResult, NewRun, RunDocument, Store, StoreError, StoreScope, StoredJournalEntry,
};

/// Interval between two attempts to acquire a lease.
const ASKS: Duration = Duration::from_secs(1);
/// Maximum age of a lease check before a write.
///
/// The process may have been suspended for longer than the lease lasts.
const SURE: Duration = Duration::from_secs(5);

/// Behavior at a zone with another run's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LeaseWait {
    /// Wait for the lease.
    #[default]
    Wait,
    /// Skip the zone.
    Skip,
}

/// Run that writes a journal.
pub struct RunJournal {
    /// Run as recorded in the store.
    pub run: Run,
    /// True if the run executes the rest of its stored plan.
    pub is_resumed: bool,
    store: Store,
    scope: StoreScope,
    lease_wait: LeaseWait,
    /// Readers that check unfinished writes of other runs.
    readers: BTreeMap<ZoneCode, RoutingReader>,
    /// Applied state before the reverted run, if this run is a revert.
    before: Option<AppliedState>,
    /// Lock for appending journal lines of other runs.
    turns: tokio::sync::Mutex<()>,
    /// Time of the last successful lease check per zone.
    sure: Mutex<BTreeMap<ZoneCode, Instant>>,
    lines: AtomicU64,
    origin: Arc<dyn RunOrigin>,
    clock: fn() -> String,
    /// Marks the run as live, until the journal is dropped.
    _live: LiveRun,
}

/// Settings of a run's journal.
#[derive(Default)]
pub struct JournalOptions {
    /// Behavior at a zone with another run's lease.
    pub lease_wait: LeaseWait,
    /// Readers that check unfinished writes of other runs.
    pub readers: BTreeMap<ZoneCode, RoutingReader>,
    /// Applied state, if the run is a revert.
    pub before: Option<AppliedState>,
}

/// Properties of a run besides its plan.
#[derive(Debug, Clone, Default)]
pub struct RunMetadata {
    /// Shard of the zones.
    pub shard: Option<crate::model::ZoneShard>,
    /// Name of the run group.
    pub group: Option<String>,
}

/// Returns a run that starts now.
///
/// # Errors
/// Returns [`super::error::SessionError::Interrupted`] after a cancel request.
pub async fn new_run(
    plan: &Plan,
    operation: RunOperation,
    metadata: &RunMetadata,
    effects: &SessionEffects,
) -> Result<Run, super::error::SessionError> {
    let author = effects.cancel.before_writing(effects.origin.author()).await?;
    Ok(Run {
        // The store assigns the ID.
        id: RunId(0),
        operation,
        network: plan.network.clone(),
        environment: plan.environment.clone(),
        selection: plan.selection.clone(),
        shard: metadata.shard,
        group: metadata.group.clone(),
        plan: plan.digest,
        author,
        host: effects.origin.host(),
        started_at: (effects.clock)(),
        ended_at: None,
        state: RunState::Running,
        exit_codes: Vec::new(),
        reverts: plan.inputs.reverts,
        zones: plan.zones.keys().map(|code| code.0.clone()).collect(),
    })
}

impl RunJournal {
    /// Starts a run in the store.
    ///
    /// # Errors
    /// Returns any [`crate::store::StoreErrorType`]; in this case, the run has not started.
    pub async fn begin(
        store: &Store,
        network: &Network,
        run: Run,
        plan: RunDocument,
        options: JournalOptions,
        effects: &SessionEffects,
    ) -> Result<Self, StoreError> {
        let id = store.begin(NewRun { run: run.clone(), plan }).await?;
        Ok(Self::for_run(store, network, Run { id, ..run }, 0, options, effects))
    }

    /// Resumes a run after the last line of its journal.
    ///
    /// # Errors
    /// Returns any [`crate::store::StoreErrorType`]; in this case, the run has not started.
    pub async fn take_up(
        store: &Store,
        network: &Network,
        found: Run,
        options: JournalOptions,
        effects: &SessionEffects,
    ) -> Result<Self, StoreError> {
        let host = effects.origin.host();
        let run = Run { state: RunState::Running, host, ended_at: None, ..found.clone() };
        store.take_up(found, run.clone()).await?;
        let lines = store.last_line(run.id).await?;
        let journal = Self::for_run(store, network, run, lines, options, effects);
        Ok(Self { is_resumed: true, ..journal })
    }

    fn for_run(
        store: &Store,
        network: &Network,
        run: Run,
        lines: u64,
        options: JournalOptions,
        effects: &SessionEffects,
    ) -> Self {
        let JournalOptions { lease_wait, readers, before } = options;
        Self {
            _live: LiveRun::new(store, run.id),
            run,
            is_resumed: false,
            store: store.clone(),
            scope: scope(network),
            lease_wait,
            readers,
            before,
            turns: tokio::sync::Mutex::default(),
            sure: Mutex::default(),
            lines: AtomicU64::new(lines),
            origin: Arc::clone(&effects.origin),
            clock: effects.clock,
        }
    }

    /// Replaces the readers, and the applied state before a revert, when the plan of a resumed run is known.
    pub fn set_zones(&mut self, readers: BTreeMap<ZoneCode, RoutingReader>, before: Option<AppliedState>) {
        self.readers = readers;
        self.before = before;
    }

    /// Records the end of the run and returns the updated run. Without a report, the stored one stays.
    ///
    /// # Errors
    /// Returns any [`crate::store::StoreErrorType`]; the zones keep their state.
    pub async fn finish(
        &self,
        state: RunState,
        exits: Vec<u8>,
        report: Option<RunDocument>,
    ) -> Result<Run, StoreError> {
        let ended = Some((self.clock)());
        let run = Run { state, exit_codes: exits, ended_at: ended, ..self.run.clone() };
        self.store.end(run.clone(), report).await.map(|()| run)
    }

    /// Recovers the unfinished writes of this resumed run in a zone leased by it.
    ///
    /// # Errors
    /// Returns [`FailureClass::Store`], or the failure of the readback.
    pub async fn recover_own(&self, zone: &ZoneCode) -> Result<RecoverySummary, ZoneFailure> {
        let summary = self.recover(&[self.run.id], zone).await?;
        // The recovery adds lines to this run's journal.
        let lines = self.store.last_line(self.run.id).await.map_err(|error| failure(&error))?;
        self.lines.fetch_max(lines, Ordering::Relaxed);
        Ok(summary)
    }

    /// Recovers the unfinished writes of dead runs in a zone leased by this run.
    async fn recover(&self, runs: &[RunId], zone: &ZoneCode) -> Result<RecoverySummary, ZoneFailure> {
        let Self { store, scope, readers, turns, clock, .. } = self;
        let recovery = RunRecovery { store, scope, readers, turns, now: *clock };
        let mut summary = RecoverySummary::default();
        for run in runs {
            summary = summary.merge(recovery.recover(*run, zone).await?);
        }
        Ok(summary)
    }

    /// Recovers the unfinished writes of all other runs in a zone, before this run writes to the zone.
    async fn recover_others(&self, zone: &ZoneCode) -> Result<(), ZoneFailure> {
        let open =
            unfinished_runs::open(&self.store, self.scope.clone()).await.map_err(|error| failure(&error))?;
        let others: Vec<RunId> =
            open.iter().rev().map(|each| each.run.id).filter(|run| *run != self.run.id).collect();
        self.recover(&others, zone).await.map(drop)
    }

    /// Recovers the unfinished writes of other runs in a free zone that this run does not write to.
    ///
    /// Skips a zone that does not answer.
    ///
    /// # Errors
    /// Returns any [`crate::store::StoreErrorType`].
    pub async fn recover_free_zone(&self, zone: &ZoneCode) -> Result<(), StoreError> {
        let (scope, run) = (self.scope.clone(), self.run.id);
        loop {
            let holder = self.holder();
            match self.store.lease(scope.clone(), zone.clone(), run, holder).await? {
                LeaseResult::Ours => break,
                LeaseResult::Theirs(theirs) if self.take_from(&theirs, zone).await? => {}
                LeaseResult::Theirs(_) => return Ok(()),
            }
        }
        // The next run recovers the writes that fail here.
        let _ = self.recover_others(zone).await;
        self.store.let_go(scope, zone.clone(), run).await
    }

    /// Adds a line to the journal.
    fn enqueue(&self, mut entry: JournalEntry) -> crate::store::PendingJournalEntry {
        if let (Some(before), WritePhase::Verified { learned, .. }) = (&self.before, &mut entry.phase) {
            let known = before.zones.get(&entry.zone).and_then(|zone| zone.get(&entry.collection));
            *learned = revert::applied_state_after_revert(std::mem::take(learned), known);
        }
        let number = self.lines.fetch_add(1, Ordering::Relaxed) + 1;
        let (scope, run, at) = (self.scope.clone(), self.run.id, (self.clock)());
        self.store.append(StoredJournalEntry { scope, run, number, at, entry })
    }

    /// Waits for the lease of a zone.
    pub async fn wait_for_lease(
        &self,
        zone: &ZoneCode,
        tell: &(dyn Fn(ApplyEvent) + Sync),
    ) -> Result<(), ZoneLockout> {
        let holder = self.holder();
        let mut told = None;
        loop {
            let asked = self.store.lease(self.scope.clone(), zone.clone(), self.run.id, holder.clone());
            let theirs = match asked.await.map_err(|error| ZoneLockout::Failed(failure(&error)))? {
                LeaseResult::Ours => break,
                LeaseResult::Theirs(theirs) => theirs,
            };
            if self.take_from(&theirs, zone).await.map_err(|error| ZoneLockout::Failed(failure(&error)))? {
                continue;
            }
            let by: Arc<str> = format!("{} on {}", theirs.run, theirs.at).into();
            match self.lease_wait {
                LeaseWait::Skip => return Err(ZoneLockout::Held(Deferral::LeaseHeld { by })),
                LeaseWait::Wait => {}
            }
            if told.replace(theirs.run) != Some(theirs.run) {
                tell(ApplyEvent::ZoneWaiting { zone: zone.clone(), by });
            }
            tokio::time::sleep(ASKS).await;
        }
        self.is_ours(zone);
        self.recover_others(zone).await.map_err(ZoneLockout::Failed)
    }

    /// Releases the lease of a zone.
    pub async fn let_go(&self, zone: &ZoneCode) {
        // The lease expires if the store does not answer.
        let _ = self.store.let_go(self.scope.clone(), zone.clone(), self.run.id).await;
    }

    /// Releases the lease of a dead run on this machine.
    async fn take_from(&self, theirs: &LeaseHolder, zone: &ZoneCode) -> Result<bool, StoreError> {
        let found = self.store.run(theirs.run).await?;
        let is_gone = |run: &Run| unfinished_runs::is_gone(run, &self.store, &*self.origin);
        let gone = found.is_some_and(|found| is_gone(&found.run));
        if gone && theirs.run != self.run.id {
            self.store.let_go(self.scope.clone(), zone.clone(), theirs.run).await?;
        }
        Ok(gone)
    }

    /// Returns the name of this run's process, for other runs that wait.
    fn holder(&self) -> String {
        format!("{} (process {})", self.run.host.name, self.run.host.process)
    }

    fn is_ours(&self, zone: &ZoneCode) {
        let mut sure = self.sure.lock().unwrap_or_else(PoisonError::into_inner);
        sure.insert(zone.clone(), Instant::now());
    }

    /// Verifies that the run still owns the lease; after another run's writes, earlier reads are outdated.
    async fn is_still_ours(&self, zone: &ZoneCode) -> Result<(), ZoneFailure> {
        let known = self.sure.lock().unwrap_or_else(PoisonError::into_inner).get(zone).copied();
        if known.is_some_and(|known| known.elapsed() < SURE) {
            return Ok(());
        }
        let holds = self.store.is_held_by(self.scope.clone(), zone.clone(), self.run.id).await;
        match holds.map_err(|error| failure(&error))? {
            true => {
                self.is_ours(zone);
                Ok(())
            }
            false => {
                let lost = "the lease of this run expired and another run acquired the lease of the zone";
                Err(ZoneFailure::new(FailureClass::Store, lost).help("run `zonal apply` again"))
            }
        }
    }
}

/// Null journal for commands without a run: no records, no leases.
impl ApplyJournal for Option<RunJournal> {
    async fn acquire_lease(
        &self,
        zone: &ZoneCode,
        tell: &(dyn Fn(ApplyEvent) + Sync),
    ) -> Result<(), ZoneLockout> {
        match self {
            Some(journal) => journal.wait_for_lease(zone, tell).await,
            None => Ok(()),
        }
    }

    async fn release_lease(&self, zone: &ZoneCode) {
        if let Some(journal) = self {
            journal.let_go(zone).await;
        }
    }

    fn append(&self, entry: JournalEntry) -> impl Future<Output = Result<(), ZoneFailure>> + Send {
        // The sender waits for a `Sent` line, so the lease check can come first. Each line follows all
        // earlier lines.
        let (sends, written) = match (self, &entry.phase) {
            (None, _) => (None, None),
            (Some(journal), WritePhase::Sent) => (Some((journal, entry)), None),
            (Some(journal), _) => (None, Some(journal.enqueue(entry))),
        };
        async move {
            let written = match sends {
                Some((journal, entry)) => {
                    journal.is_still_ours(&entry.zone).await?;
                    Some(journal.enqueue(entry))
                }
                None => written,
            };
            match written {
                Some(written) => written.wait_until_durable().await.map_err(|error| failure(&error)),
                None => Ok(()),
            }
        }
    }
}
