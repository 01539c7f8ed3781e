//! A run and its journal in the store: what an apply writes down as it goes, and whose turn it is in a zone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::author;
use super::store::scope;
use super::world::World;
use crate::apply::{Closed, Journal};
use crate::model::{
    Entry, Event, Failure, FailureClass, Hold, Network, Plan, Run, RunDeed, RunId, RunState, ZoneCode,
};
use crate::store::{Line, NewRun, Scope, Store, StoreError, Turn};

/// How often a run that waits for a zone asks whether it is free.
const ASKS: Duration = Duration::from_secs(1);

/// Whether a run waits where another one writes to a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patience {
    /// It does.
    #[default]
    Waits,
    /// It leaves the zone alone.
    Leaves,
}

/// A run that writes down what it does.
pub struct RunJournal {
    /// The run, as the store knows it.
    pub run: Run,
    store: Store,
    scope: Scope,
    patience: Patience,
    lines: AtomicU64,
    now: fn() -> String,
}

/// What a run is about, beside its plan.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The run that it takes back.
    pub reverts: Option<RunId>,
    /// The part of the zones that it takes.
    pub shard: Option<crate::model::Shard>,
    /// What runs that belong together are called by.
    pub group: Option<String>,
}

/// A run that begins now.
pub fn new(plan: &Plan, deed: RunDeed, about: &About, author: crate::model::Author, world: &World) -> Run {
    Run {
        // The store gives it one.
        id: RunId(0),
        deed,
        network: plan.network.clone(),
        environment: plan.environment.clone(),
        selection: plan.selection.clone(),
        shard: about.shard,
        group: about.group.clone(),
        plan: plan.digest,
        author,
        host: author::host(world),
        started: (world.now)(),
        ended: None,
        state: RunState::Running,
        exits: Vec::new(),
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
        patience: Patience,
        world: &World,
    ) -> Result<Self, StoreError> {
        let id = store.begin(NewRun { run: run.clone(), plan }).await?;
        Ok(Self::of(store, network, Run { id, ..run }, 0, patience, world))
    }

    /// Takes a run up again whose journal has so many lines.
    ///
    /// # Errors
    /// Every [`crate::store::StoreTrouble`]; nothing has begun then.
    pub async fn take_up(
        store: &Store,
        network: &Network,
        run: Run,
        lines: u64,
        patience: Patience,
        world: &World,
    ) -> Result<Self, StoreError> {
        let run = Run { state: RunState::Running, host: author::host(world), ended: None, ..run };
        store.take_up(run.clone()).await?;
        Ok(Self::of(store, network, run, lines, patience, world))
    }

    fn of(store: &Store, network: &Network, run: Run, lines: u64, patience: Patience, world: &World) -> Self {
        let (store, lines) = (store.clone(), AtomicU64::new(lines));
        Self { run, store, scope: scope(network), patience, lines, now: world.now }
    }

    /// Writes down how the run ended.
    ///
    /// # Errors
    /// Every [`crate::store::StoreTrouble`]; what the zones hold is as it is.
    pub async fn end(&self, state: RunState, exits: Vec<u8>, report: String) -> Result<(), StoreError> {
        let ended = Some((self.now)());
        self.store.end(Run { state, exits, ended, ..self.run.clone() }, report).await
    }

    /// Lines that its journal has.
    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    /// Puts a line in its place.
    pub fn put(&self, entry: Entry) -> crate::store::Written {
        let number = self.lines.fetch_add(1, Ordering::Relaxed) + 1;
        let (scope, run, at) = (self.scope.clone(), self.run.id, (self.now)());
        self.store.append(Line { scope, run, number, at, entry })
    }

    /// Waits for the turn of the run in a zone.
    async fn turn(&self, zone: &ZoneCode, tell: &(dyn Fn(Event) + Sync)) -> Result<(), Closed> {
        let holder = author::place(&self.run.host);
        let mut told = None;
        loop {
            let asked = self.store.lease(self.scope.clone(), zone.clone(), self.run.id, holder.clone());
            let theirs = match asked.await.map_err(|error| Closed::Failed(failure(&error)))? {
                Turn::Ours => return Ok(()),
                Turn::Theirs(theirs) => theirs,
            };
            let by: Arc<str> = format!("{} on {}", theirs.run, theirs.at).into();
            match self.patience {
                Patience::Leaves => return Err(Closed::Held(Hold::Taken { by })),
                Patience::Waits => {}
            }
            if told.replace(theirs.run) != Some(theirs.run) {
                tell(Event::ZoneWaiting { zone: zone.clone(), by });
            }
            tokio::time::sleep(ASKS).await;
        }
    }
}

/// What an apply makes of a store that failed.
fn failure(error: &StoreError) -> Failure {
    Failure::new(FailureClass::Store, error.to_string()).help(error.class.help())
}

/// Without a run nothing is remembered, and nobody is kept out.
impl Journal for Option<RunJournal> {
    async fn enter(&self, zone: &ZoneCode, tell: &(dyn Fn(Event) + Sync)) -> Result<(), Closed> {
        match self {
            Some(journal) => journal.turn(zone, tell).await,
            None => Ok(()),
        }
    }

    async fn leave(&self, zone: &ZoneCode) {
        if let Some(journal) = self {
            // It ends by itself where the store does not answer.
            let _ = journal.store.let_go(journal.scope.clone(), zone.clone(), journal.run.id).await;
        }
    }

    fn write(&self, entry: Entry) -> impl Future<Output = Result<(), Failure>> + Send {
        let written = self.as_ref().map(|journal| journal.put(entry));
        async move {
            match written {
                Some(written) => written.kept().await.map_err(|error| failure(&error)),
                None => Ok(()),
            }
        }
    }
}
