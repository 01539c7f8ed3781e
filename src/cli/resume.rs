//! `zonal resume`: finishes a run that was killed or interrupted.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;
use futures::future::join_all;

use super::author;
use super::config::{self, Config, Format};
use super::exit::{self, Exit};
use super::journal::{RunJournal, Turns, Ways};
use super::opened;
use super::plan;
use super::progress::Progress;
use super::reviewed::Reviewed;
use super::settling::Settled;
use super::store::{self, StoreArg};
use super::target::Target;
use super::telling::{Runner, Telling};
use super::unfinished::{self, Standing};
use super::world::World;
use super::writing::{self, Begin, Manner, Written};
use crate::apply::{Closed, Journal as _};
use crate::model::network::Zone;
use crate::model::{Event, FailureClass, Run, RunDeed, RunId, RunState, ZoneCode};
use crate::store::{Access, Store, Unfinished};

/// Finish a run that was killed or interrupted
///
/// What is not certain is read back from the zones first, then what is left of the run's own plan is written, with
/// all checks of an apply. Nothing is done twice. The manifests must say what they said when the run began.
#[derive(Debug, Args)]
pub struct Resume {
    /// The run; the latest that did not end, where none is named
    #[arg(value_name = "RUN")]
    run: Option<RunId>,
    /// The environment of the run; needed where no run is named
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    turns: Turns,
    /// Print what happens as newline-delimited JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArg,
}

impl Resume {
    /// Resumes a run of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &World) -> Exit {
        let format = if self.json { Format::Lines } else { Format::Text };
        let telling = Telling::new(format, Runner::None, world);
        match (Resuming { command: self, directory, format, telling: &telling, world }).resume().await {
            Ok(exit) | Err(exit) => exit,
        }
    }
}

/// The command at work.
struct Resuming<'a> {
    command: &'a Resume,
    directory: &'a Path,
    format: Format,
    telling: &'a Telling<'a>,
    world: &'a World,
}

impl Resuming<'_> {
    async fn resume(&self) -> Result<Exit, Exit> {
        let Self { command, directory, format, telling, world } = *self;
        telling.begin();
        let config = config::load(directory, command.environment.as_deref(), format, world)?;
        let Some(store) = command.store.look(&config.network, directory, world).await? else {
            return Err(super::fail(
                world,
                "there is no store, so no run is remembered that could be resumed",
            ));
        };
        let (found, config) = match self.find(&store, config).await? {
            Ok(found) => found,
            Err(nothing) => {
                let words = format!("Nothing to resume: {nothing}.");
                match format {
                    Format::Text => world.out.line(words),
                    Format::Json | Format::Lines => world.err.line(words),
                }
                return Ok(Exit::Done);
            }
        };
        let standing = Standing::of(&found, world);
        let Unfinished { run, silent } = found;
        if standing == Standing::AtWork {
            let at = author::place(&run.host);
            let heard = format!("{} is still at work on {at}, heard of {silent} seconds ago", run.id);
            return Err(super::fail(world, format!("{heard}; wait for its end, or stop it there")));
        }
        let run = self.settle(&config, &store, run).await?;
        match run.deed {
            RunDeed::Apply | RunDeed::Revert => self.finish(store, run).await,
            RunDeed::Drift | RunDeed::Plan | RunDeed::Release => Err(self.wrote_nothing(&run)),
        }
    }

    /// The run that is meant, and the manifests in its environment; or why there is nothing to resume.
    async fn find(
        &self,
        store: &Store,
        config: Config,
    ) -> Result<Result<(Unfinished, Config), String>, Exit> {
        let Self { command, directory, format, world, .. } = *self;
        let told = |error| store::told(&error, world);
        let network = &config.network;
        let Some(id) = command.run else {
            let open = unfinished::open(store, store::scope(network)).await.map_err(told)?;
            let of = network.environment.as_ref().map(|name| format!(" of the environment {name}"));
            let nothing = format!("every run{} has ended", of.unwrap_or_default());
            return Ok(open.into_iter().next().map(|found| (found, config)).ok_or(nothing));
        };
        let found = store.run(id).await.map_err(told)?;
        let found = found.filter(|found| found.run.network == network.name);
        let found = found.ok_or_else(|| unfinished::unknown(id, world))?;
        if Standing::of(&found, world) == Standing::Over {
            return Ok(Err(format!("{id} has ended")));
        }
        if !unfinished::writes(&found.run) {
            return Ok(Err(format!("{id} only looks")));
        }
        let theirs = &found.run.environment;
        if theirs == &command.environment {
            return Ok(Ok((found, config)));
        }
        if let Some(asked) = &command.environment {
            let of =
                theirs.as_ref().map_or("no environment".to_owned(), |name| format!("the environment {name}"));
            let words = format!("{id} is of {of}, and not of {asked}; leave `--environment` away");
            return Err(super::fail(world, words));
        }
        let config = config::load(directory, theirs.as_deref(), format, world)?;
        Ok(Ok((found, config)))
    }

    /// Asks the zones what became of what the run had begun, and writes it down. Comes back with the run as it stands
    /// then.
    async fn settle(&self, config: &Config, store: &Store, mut run: Run) -> Result<Run, Exit> {
        let world = self.world;
        let network = &config.network;
        let told = |error| store::told(&error, world);
        let (open, _) = store.open_steps(run.id).await.map_err(told)?;
        let zones: BTreeSet<&ZoneCode> = open.iter().map(|step| &step.zone).collect();
        if zones.is_empty() {
            return Ok(run);
        }
        let known: Vec<&Zone> = network.zones.iter().filter(|zone| zones.contains(&zone.code)).collect();
        let readers = opened::open(config, &known, self.directory, self.format, world).await?.readers;
        let ways = Ways { patience: self.command.turns.patience(), readers, before: None };
        let journal = RunJournal::take_up(store, network, run.clone(), ways, world).await.map_err(told)?;
        let journal = Some(journal);
        let progress = Progress::new(world, "Asking", zones.len());
        let tell = |event: Event| {
            self.telling.event(&event);
            progress.tell(&event);
        };
        let asking = zones.into_iter().map(|zone| settled(&journal, zone, &tell));
        let asked = world.unless_interrupted(join_all(asking)).await;
        progress.finish();
        // Until it goes on, it is one that was interrupted: anybody may take it up.
        if let Some(journal) = &journal {
            let exits = vec![Exit::Interrupted.code()];
            run = journal.end(RunState::Interrupted, exits, String::new()).await.map_err(told)?;
        }
        let asked = asked?;
        let all = asked.iter().filter_map(|(_, asked)| asked.as_ref().ok().copied());
        if let Some(words) = all.fold(Settled::default(), Settled::and).words() {
            world.err.line(format!("{}: {words}", run.id));
        }
        let failed = asked.iter().filter_map(|(zone, asked)| Some((*zone, asked.as_ref().err()?)));
        self.unless_any(&run, failed).map(|()| run)
    }

    /// What is not known of a zone is not guessed.
    fn unless_any<'z>(
        &self,
        run: &Run,
        failed: impl Iterator<Item = (&'z ZoneCode, &'z Closed)>,
    ) -> Result<(), Exit> {
        let world = self.world;
        let exits: BTreeSet<Exit> = failed
            .map(|(zone, closed)| match closed {
                Closed::Held(hold) => {
                    super::fail(world, format!("{zone}: {hold}"));
                    Exit::Blocked
                }
                Closed::Failed(failure) => {
                    super::fail(world, format!("{zone}: {failure}"));
                    if failure.class == FailureClass::Store { Exit::Invalid } else { Exit::Incomplete }
                }
            })
            .collect();
        let Some(worst) = exits.first() else { return Ok(()) };
        world.err.line(format!("Nothing was written. `zonal resume {}` tries again.", run.id));
        Err(*worst)
    }

    /// Carries out what is left of the run's plan.
    async fn finish(&self, store: Store, run: Run) -> Result<Exit, Exit> {
        let Self { command, directory, format, telling, world } = *self;
        let papers = store.papers(run.id).await.map_err(|error| store::told(&error, world))?;
        let Some((text, _)) = papers else {
            return Err(super::fail(world, format!("the store has no plan of {}", run.id)));
        };
        drop(store);
        let reviewed = Reviewed::of_run(run.id, &text, world)?;
        let target = Target { store: command.store.clone(), ..Target::default() };
        let mut prepared = reviewed.prepare(&target, directory, format, world).await?;
        prepared.terms.access = Access::Write;
        let planned = plan::look(prepared, directory, format, world, &|event| telling.event(event)).await?;
        telling.plan(&planned.plan);
        let manner = Manner { begin: Begin::TakenUp(Box::new(run)), patience: self.command.turns.patience() };
        let written =
            writing::carry_out(&planned, manner, directory, format, world, &|event| telling.event(event))
                .await?;
        let Written { report, exits, run } = written;
        telling.end(&planned.plan, &report, &exits, run);
        Ok(exit::worst(&exits))
    }

    /// What a revert writes follows from the history, and not from the manifests.
    fn wrote_nothing(&self, run: &Run) -> Exit {
        super::fail(self.world, format!("{} wrote to no zone, so it is not resumed", run.id))
    }
}

/// What became of what the run had begun in a zone, once it is the run's turn there.
async fn settled<'z>(
    journal: &Option<RunJournal>,
    zone: &'z ZoneCode,
    tell: &(dyn Fn(Event) + Sync),
) -> (&'z ZoneCode, Result<Settled, Closed>) {
    let settling = async {
        journal.enter(zone, tell).await?;
        let settled = match journal {
            Some(journal) => journal.settle(&[journal.run.id], zone).await.map_err(Closed::Failed),
            None => Ok(Settled::default()),
        };
        journal.leave(zone).await;
        settled
    };
    (zone, settling.await)
}
