//! `zonal resume`: finishes a run that was killed or interrupted.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;

use super::author;
use super::config::{self, Config, Format};
use super::exit::{self, Exit};
use super::journal::{Patience, RunJournal};
use super::opened::{self, Opened};
use super::plan;
use super::planfile::Reviewed;
use super::store::{self, StoreArg};
use super::telling::{Runner, Telling};
use super::world::World;
use super::writing::{self, Begin, Manner, Written};
use crate::apply::settle;
use crate::model::network::Zone;
use crate::model::{Entry, Moment, Run, RunId};
use crate::provider::Read as _;
use crate::render;
use crate::store::{Access, OpenStep, Store, Unfinished};

/// Seconds after which a run on another machine counts as gone that has not been heard of.
pub const SILENCE: u64 = 30;
/// Runs that are looked through for one that did not end.
const LATEST: usize = 50;

/// Finish a run that was killed or interrupted
///
/// What is not certain is read back from the zones first, then what is left of the run's own plan is written, with
/// all checks of an apply. Nothing is done twice. The manifests must say what they said when the run began.
#[derive(Debug, Args)]
pub struct Resume {
    /// The run; the latest that did not end, where none is named
    #[arg(value_name = "RUN")]
    run: Option<RunId>,
    /// The environment of the run
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Leave a zone alone that another run writes to, instead of waiting for it
    #[arg(long)]
    no_wait: bool,
    /// Print what happens as newline-delimited JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArg,
}

impl Resume {
    /// Resumes a run of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &World) -> Exit {
        match self.resume(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn resume(&self, directory: &Path, world: &World) -> Result<Exit, Exit> {
        let format = if self.json { Format::Lines } else { Format::Text };
        let config = config::load(directory, self.environment.as_deref(), format, world)?;
        let Some(store) = self.store.look(&config.network, directory, world).await? else {
            return Err(super::fail(
                world,
                "there is no store, so no run is remembered that could be resumed",
            ));
        };
        let Some(Unfinished { run, silent }) = self.find(&store, &config, world).await? else {
            world.out.line("Nothing to resume: every run has ended.");
            return Ok(Exit::Done);
        };
        if !author::is_gone(&run.host, world) && silent < SILENCE {
            let at = author::place(&run.host);
            return Err(super::fail(
                world,
                format!(
                    "{} is still at work on {at}, heard of {silent} seconds ago; wait for its end, or stop it there",
                    run.id
                ),
            ));
        }
        let (open, lines) = store.open_steps(run.id).await.map_err(|error| store::told(&error, world))?;
        let lines = match open.is_empty() {
            true => lines,
            false => self.settle(&config, &store, &run, open, lines, directory, format, world).await?,
        };
        self.finish(store, run, lines, directory, format, world).await
    }

    /// The run that is meant.
    async fn find(&self, store: &Store, config: &Config, world: &World) -> Result<Option<Unfinished>, Exit> {
        let told = |error| store::told(&error, world);
        match self.run {
            Some(id) => match store.run(id).await.map_err(told)? {
                Some(found) if found.run.network == config.network.name => Ok(Some(found)),
                Some(_) | None => Err(super::fail(
                    world,
                    format!("the store knows no {id} of this network; `zonal runs` lists them"),
                )),
            },
            None => {
                let runs = store.runs(store::scope(&config.network), LATEST).await.map_err(told)?;
                Ok(runs.into_iter().find(Unfinished::is_open))
            }
        }
    }

    /// Asks the zones what became of what the run had begun, and writes it down.
    #[expect(clippy::too_many_arguments, reason = "to be split")]
    async fn settle(
        &self,
        config: &Config,
        store: &Store,
        run: &Run,
        open: Vec<OpenStep>,
        lines: u64,
        directory: &Path,
        format: Format,
        world: &World,
    ) -> Result<u64, Exit> {
        let network = &config.network;
        let zones: Vec<&Zone> =
            network.zones.iter().filter(|zone| open.iter().any(|step| step.zone == zone.code)).collect();
        let Opened { readers, .. } = opened::open(config, &zones, directory, format, world).await?;
        let journal = RunJournal::take_up(store, network, run.clone(), lines, Patience::Waits, world).await;
        let journal = journal.map_err(|error| store::told(&error, world))?;
        let mut settled: BTreeMap<&'static str, usize> = BTreeMap::new();
        for OpenStep { zone, collection, changes, .. } in open {
            let Some(reader) = readers.get(&zone) else { continue };
            let reading = world.unless_interrupted(reader.read(&collection)).await?;
            let now = reading.map_err(|failure| {
                super::fail(world, format!("{zone}/{collection} could not be read back: {failure}"));
                world.err.line(format!("`zonal resume {}` tries again.", run.id));
                Exit::Incomplete
            })?;
            let moment = settle(&changes, &now.observed);
            let word = match &moment {
                Moment::Verified { .. } => "had arrived",
                Moment::Unchanged { .. } => "had not",
                Moment::Intent { .. }
                | Moment::Sent
                | Moment::Answered { .. }
                | Moment::Unverified { .. } => "had moved since",
            };
            *settled.entry(word).or_default() += 1;
            let entry = Entry { zone, collection, moment };
            journal.put(entry).kept().await.map_err(|error| store::told(&error, world))?;
        }
        let words: Vec<String> = settled.iter().map(|(word, number)| format!("{number} {word}")).collect();
        let number = settled.values().sum();
        world.err.line(format!(
            "{}: {} were not known to have ended: {}.",
            run.id,
            render::text::count(number, "collection"),
            words.join(", ")
        ));
        Ok(journal.lines())
    }

    /// Carries out what is left of the run's plan.
    async fn finish(
        &self,
        store: Store,
        run: Run,
        lines: u64,
        directory: &Path,
        format: Format,
        world: &World,
    ) -> Result<Exit, Exit> {
        let papers = store.papers(run.id).await.map_err(|error| store::told(&error, world))?;
        let Some((text, _)) = papers else {
            return Err(super::fail(world, format!("the store has no plan of {}", run.id)));
        };
        drop(store);
        let reviewed = Reviewed::of_run(run.id, &text, world)?;
        let target = plan::Target { store: self.store.clone(), ..plan::Target::default() };
        let mut prepared = reviewed.prepare(&target, directory, format, world).await?;
        prepared.terms.access = Access::Write;
        let telling = Telling::new(format, Runner::None, world);
        telling.begin();
        let planned = plan::look(prepared, directory, format, world, &|event| telling.event(event)).await?;
        telling.plan(&planned.plan);
        let patience = if self.no_wait { Patience::Leaves } else { Patience::Waits };
        let manner = Manner { begin: Begin::TakenUp { run: Box::new(run), lines }, patience };
        let written =
            writing::carry_out(&planned, manner, directory, format, world, &|event| telling.event(event))
                .await?;
        let Written { report, exits, run } = written;
        telling.end(&planned.plan, &report, &exits, run);
        Ok(exit::worst(&exits))
    }
}
