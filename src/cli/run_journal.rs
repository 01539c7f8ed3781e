//! A run and its journal in the store: what an apply writes down as it goes, and whose turn it is in a zone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use super::context::CommandContext;
use super::run_author;
use super::run_recovery::{RecoverySummary, RunRecovery, failure};
use super::store::scope;
use super::unfinished_runs;
use crate::apply::{ApplyJournal, ZoneLockout};
use crate::model::{
    AppliedState, ApplyEvent, Deferral, FailureClass, JournalEntry, Network, Plan, Run, RunId, RunOperation,
    RunState, WritePhase, ZoneCode, ZoneFailure,
};
use crate::plan::revert;
use crate::provider::channel_routing::RoutingReader;
use crate::store::{LeaseHolder, LeaseResult, NewRun, Store, StoreError, StoreScope, StoredJournalEntry};

/// How often a run that waits for a zone asks whether it is free.
const ASKS: Duration = Duration::from_secs(1);
/// After so long a run makes sure, before it sends something, that the zone is still its own: its process may have
/// been stopped for longer than its lease lasts.
const SURE: Duration = Duration::from_secs(5);

/// Whether a run waits where another one writes to a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LeaseWait {
    /// It does.
    #[default]
    Wait,
    /// It leaves the zone alone.
    Skip,
}

/// What is said on the command line about zones that another run writes to.
#[derive(Debug, Clone, Default, Args)]
pub struct LeaseArgs {
    /// Leave a zone alone that another run writes to, instead of waiting for it
    #[arg(long)]
    no_wait: bool,
}

impl LeaseArgs {
    /// Whether the run waits.
    pub fn patience(&self) -> LeaseWait {
        if self.no_wait { LeaseWait::Skip } else { LeaseWait::Wait }
    }
}

/// A run that writes down what it does.
pub struct RunJournal {
    /// The run, as the store knows it.
    pub run: Run,
    store: Store,
    scope: StoreScope,
    patience: LeaseWait,
    /// Ways to the zones, to ask what others left open in them.
    readers: BTreeMap<ZoneCode, RoutingReader>,
    /// What the ledger said when the run set out to take another one back.
    before: Option<AppliedState>,
    /// Whose turn it is to write down what others left open.
    turns: tokio::sync::Mutex<()>,
    /// When each zone was last known to be ours.
    sure: Mutex<BTreeMap<ZoneCode, Instant>>,
    lines: AtomicU64,
    now: fn() -> String,
}

/// How a run goes about its zones.
#[derive(Default)]
pub struct JournalOptions {
    /// Whether it waits where another run writes to a zone.
    pub patience: LeaseWait,
    /// How the zones are asked what others left open in them.
    pub readers: BTreeMap<ZoneCode, RoutingReader>,
    /// What the ledger says, where the run takes another one back.
    pub before: Option<AppliedState>,
}

/// What a run is about, beside its plan.
#[derive(Debug, Clone, Default)]
pub struct RunMetadata {
    /// The run that it takes back.
    pub reverts: Option<RunId>,
    /// The part of the zones that it takes.
    pub shard: Option<crate::model::ZoneShard>,
    /// What runs that belong together are called by.
    pub group: Option<String>,
}

/// A run that begins now.
pub fn new(
    plan: &Plan,
    deed: RunOperation,
    about: &RunMetadata,
    author: crate::model::RunAuthor,
    world: &CommandContext,
) -> Run {
    Run {
        // The store gives it one.
        id: RunId(0),
        operation: deed,
        network: plan.network.clone(),
        environment: plan.environment.clone(),
        selection: plan.selection.clone(),
        shard: about.shard,
        group: about.group.clone(),
        plan: plan.digest,
        author,
        host: run_author::host(world),
        started_at: (world.now)(),
        ended_at: None,
        state: RunState::Running,
        exit_codes: Vec::new(),
        reverts: about.reverts,
        zones: plan.zones.keys().map(|code| code.0.clone()).collect(),
    }
}

impl RunJournal {
    /// Begins a run in the store. `plan` is the plan in its published JSON.
    ///
    /// # Errors
    /// Every [`crate::store::StoreTrouble`]; nothing has begun then.
    pub async fn begin(
        store: &Store,
        network: &Network,
        run: Run,
        plan: String,
        ways: JournalOptions,
        world: &CommandContext,
    ) -> Result<Self, StoreError> {
        let id = store.begin(NewRun { run: run.clone(), plan }).await?;
        Ok(Self::for_run(store, network, Run { id, ..run }, 0, ways, world))
    }

    /// Takes a run up again, behind the last line of its journal.
    ///
    /// # Errors
    /// Every [`crate::store::StoreTrouble`]; nothing has begun then.
    pub async fn take_up(
        store: &Store,
        network: &Network,
        run: Run,
        ways: JournalOptions,
        world: &CommandContext,
    ) -> Result<Self, StoreError> {
        let found = run;
        let run =
            Run { state: RunState::Running, host: run_author::host(world), ended_at: None, ..found.clone() };
        store.take_up(found, run.clone()).await?;
        let (_, lines) = store.open_steps(run.id).await?;
        Ok(Self::for_run(store, network, run, lines, ways, world))
    }

    fn for_run(
        store: &Store,
        network: &Network,
        run: Run,
        lines: u64,
        ways: JournalOptions,
        world: &CommandContext,
    ) -> Self {
        let JournalOptions { patience, readers, before } = ways;
        let (store, scope, lines) = (store.clone(), scope(network), AtomicU64::new(lines));
        let (turns, sure) = (tokio::sync::Mutex::default(), Mutex::default());
        Self { run, store, scope, patience, readers, before, turns, sure, lines, now: world.now }
    }

    /// Writes down how the run ended. Comes back with the run as it stands then.
    ///
    /// # Errors
    /// Every [`crate::store::StoreTrouble`]; what the zones hold is as it is.
    pub async fn finish(&self, state: RunState, exits: Vec<u8>, report: String) -> Result<Run, StoreError> {
        let ended = Some((self.now)());
        let run = Run { state, exit_codes: exits, ended_at: ended, ..self.run.clone() };
        self.store.end(run.clone(), report).await.map(|()| run)
    }

    /// Settles what runs that are gone left open in a zone whose turn is this run's.
    ///
    /// # Errors
    /// [`FailureClass::Store`], or why the zone could not be read back.
    pub async fn settle(&self, runs: &[RunId], zone: &ZoneCode) -> Result<RecoverySummary, ZoneFailure> {
        let Self { store, scope, readers, turns, now, .. } = self;
        let settling = RunRecovery { store, scope, readers, turns, now: *now };
        let mut settled = RecoverySummary::default();
        for run in runs {
            settled = settled.merge(settling.settle(*run, zone).await?);
        }
        Ok(settled)
    }

    /// Settles what all others left open in a zone, so that what this run does to it comes after.
    async fn settle_others(&self, zone: &ZoneCode) -> Result<(), ZoneFailure> {
        let open =
            unfinished_runs::open(&self.store, self.scope.clone()).await.map_err(|error| failure(&error))?;
        let others: Vec<RunId> =
            open.iter().rev().map(|each| each.run.id).filter(|run| *run != self.run.id).collect();
        self.settle(&others, zone).await.map(drop)
    }

    /// Settles what others left open in a zone that this run does not write to, where it is free. A zone that does
    /// not answer is left as it is.
    ///
    /// # Errors
    /// Every [`crate::store::StoreTrouble`].
    pub async fn look_in(&self, zone: &ZoneCode) -> Result<(), StoreError> {
        let (scope, run) = (self.scope.clone(), self.run.id);
        loop {
            let holder = run_author::place(&self.run.host);
            match self.store.lease(scope.clone(), zone.clone(), run, holder).await? {
                LeaseResult::Ours => break,
                LeaseResult::Theirs(theirs) if self.take_from(&theirs, zone).await? => {}
                LeaseResult::Theirs(_) => return Ok(()),
            }
        }
        // What is not settled now is settled by whoever comes next.
        let _ = self.settle_others(zone).await;
        self.store.let_go(scope, zone.clone(), run).await
    }

    /// Puts a line in its place.
    fn enqueue(&self, mut entry: JournalEntry) -> crate::store::PendingJournalEntry {
        if let (Some(before), WritePhase::Verified { learned, .. }) = (&self.before, &mut entry.moment) {
            let known = before.zones.get(&entry.zone).and_then(|zone| zone.get(&entry.collection));
            *learned = revert::applied_state_after_revert(std::mem::take(learned), known);
        }
        let number = self.lines.fetch_add(1, Ordering::Relaxed) + 1;
        let (scope, run, at) = (self.scope.clone(), self.run.id, (self.now)());
        self.store.append(StoredJournalEntry { scope, run, number, at, entry })
    }

    /// Waits for the turn of the run in a zone.
    async fn turn(&self, zone: &ZoneCode, tell: &(dyn Fn(ApplyEvent) + Sync)) -> Result<(), ZoneLockout> {
        let holder = run_author::place(&self.run.host);
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
            match self.patience {
                LeaseWait::Skip => return Err(ZoneLockout::Held(Deferral::LeaseHeld { by })),
                LeaseWait::Wait => {}
            }
            if told.replace(theirs.run) != Some(theirs.run) {
                tell(ApplyEvent::ZoneWaiting { zone: zone.clone(), by });
            }
            tokio::time::sleep(ASKS).await;
        }
        self.is_ours(zone);
        self.settle_others(zone).await.map_err(ZoneLockout::Failed)
    }

    /// Takes the zone from a run that cannot let go of it any more: one of this machine whose process is gone.
    async fn take_from(&self, theirs: &LeaseHolder, zone: &ZoneCode) -> Result<bool, StoreError> {
        let found = self.store.run(theirs.run).await?;
        let gone = found.is_some_and(|found| run_author::is_gone(&found.run.host, &self.run.host));
        if gone && theirs.run != self.run.id {
            self.store.let_go(self.scope.clone(), zone.clone(), theirs.run).await?;
        }
        Ok(gone)
    }

    fn is_ours(&self, zone: &ZoneCode) {
        let mut sure = self.sure.lock().unwrap_or_else(PoisonError::into_inner);
        sure.insert(zone.clone(), Instant::now());
    }

    /// Makes sure that nobody else took the zone meanwhile: what was read of it before would be out of date.
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
                let lost =
                    "nothing was heard of this run for so long that another one took its turn in the zone";
                Err(ZoneFailure::new(FailureClass::Store, lost).help("run `zonal apply` again"))
            }
        }
    }
}

/// Without a run nothing is remembered, and nobody is kept out.
impl ApplyJournal for Option<RunJournal> {
    async fn acquire_lease(
        &self,
        zone: &ZoneCode,
        tell: &(dyn Fn(ApplyEvent) + Sync),
    ) -> Result<(), ZoneLockout> {
        match self {
            Some(journal) => journal.turn(zone, tell).await,
            None => Ok(()),
        }
    }

    async fn release_lease(&self, zone: &ZoneCode) {
        if let Some(journal) = self {
            // It ends by itself where the store does not answer.
            let _ = journal.store.let_go(journal.scope.clone(), zone.clone(), journal.run.id).await;
        }
    }

    fn append(&self, entry: JournalEntry) -> impl Future<Output = Result<(), ZoneFailure>> + Send {
        // Whoever sends waits for this line, and it comes after all that were written before either way.
        let (sends, written) = match (self, &entry.moment) {
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
