//! `zonal revert`: takes back what a run wrote, as far as it still stands; and the same for a wave that failed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::apply::ask;
use super::config::{self, Config, Format};
use super::exit::{self, Exit};
use super::journal::{About, Patience, Turns};
use super::overriding::Overriding;
use super::plan::{self, Planned};
use super::planfile;
use super::prepared::{self, Prepared};
use super::remembered::Reach;
use super::runs::is_killed;
use super::selection::{Selection, ZoneSelection};
use super::store::{self, StoreArg};
use super::target::{Target, Terms};
use super::telling::{Runner, Telling};
use super::world::World;
use super::writing::{self, Begin, Manner, Written};
use crate::kinds;
use crate::model::{
    HistoryEntry, MadeFrom, Network, OnFailure, Report, RunDeed, RunId, RunState, WaveEnd, ZoneCode,
};
use crate::plan::revert::Backwards;
use crate::render;
use crate::store::{Access, Asked, Rest, Store};

/// Entries of the history that are read at once.
const AT_ONCE: usize = 10_000;

/// Take back what a run wrote, as far as it still stands
///
/// Makes an ordinary plan back to what was there before the run, asks, and writes it with all checks of an apply. Only
/// what the run set is touched. A record that is not any more as the run left it stays as it is, and is told.
#[derive(Debug, Args)]
pub struct Revert {
    /// The run, as `zonal runs` lists it
    #[arg(value_name = "RUN")]
    run: RunId,
    /// Write the plan into this file, for `show` and `apply`, and nothing to any zone
    #[arg(long, value_name = "FILE", conflicts_with_all = ["yes", "json"])]
    out: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print what happens as newline-delimited JSON; needs --yes
    #[arg(long, requires = "yes")]
    json: bool,
    #[command(flatten)]
    turns: Turns,
    #[command(flatten)]
    overriding: Overriding,
    /// The environment of the run
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    zones: ZoneSelection,
    #[command(flatten)]
    store: StoreArg,
}

impl Revert {
    /// Takes back a run of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &World) -> Exit {
        match self.revert(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn revert(&self, directory: &Path, world: &World) -> Result<Exit, Exit> {
        let format = if self.json { Format::Lines } else { Format::Text };
        let telling = Telling::new(format, Runner::None, world);
        telling.begin();
        let selection = Selection { zones: self.zones.clone(), ..Selection::default() };
        let (environment, store) = (self.environment.clone(), self.store.clone());
        let target = Target { environment, selection, store, changed_since: None };
        let mut prepared = prepare(self.run, &target, directory, format, world).await?;
        prepared.terms.overrides = self.overriding.overrides();
        prepared.terms.access = if self.out.is_some() { Access::Read } else { Access::Write };
        let planned = plan::look(prepared, directory, format, world, &|event| telling.event(event)).await?;
        telling.plan(&planned.plan);
        if let Some(file) = &self.out {
            planfile::save(file, &planned.plan, world)?;
            return Ok(exit::worst(&exit::of_plan(&planned.plan, exit::ChangesCount::No)));
        }
        if planned.plan.is_writable() && !self.yes {
            ask(world).await?;
        }
        let patience = self.turns.patience();
        let Written { report, exits, run } =
            carry_out(&planned, self.run, patience, &telling, directory, format, world).await?;
        telling.end(&planned.plan, &report, &exits, run);
        remind(&report, world);
        Ok(exit::worst(&exits))
    }
}

async fn carry_out(
    planned: &Planned,
    reverts: RunId,
    patience: Patience,
    telling: &Telling<'_>,
    directory: &Path,
    format: Format,
    world: &World,
) -> Result<Written, Exit> {
    let about = About { reverts: Some(reverts), ..About::default() };
    let manner = Manner { begin: Begin::New { deed: RunDeed::Revert, about }, patience };
    writing::carry_out(planned, manner, directory, format, world, &|event| telling.event(event)).await
}

/// What is desired so that the zones are as they were before a run, narrowed to what the command is aimed at.
///
/// # Errors
/// An exit code, once it has been said why there is no way back from the run.
pub async fn prepare(
    run: RunId,
    target: &Target,
    directory: &Path,
    format: Format,
    world: &World,
) -> Result<Prepared, Exit> {
    let config = config::load(directory, target.environment.as_deref(), format, world)?;
    let Some(store) = target.store.look(&config.network, directory, world).await? else {
        return Err(super::fail(
            world,
            "there is no store, so no run is remembered that could be taken back",
        ));
    };
    check(run, &config.network, &store, world).await?;
    let entries = entries(run, &config.network, &store, world).await?;
    store.close().await;
    if entries.is_empty() {
        return Err(super::fail(world, format!("{run} changed nothing, so there is nothing to take back")));
    }
    let backwards = Backwards::of(run, &entries, kinds::shape);
    let mut desired = backwards.desired();
    let gone: Vec<ZoneCode> =
        backwards.zones().filter(|code| config.network.zone(code).is_none()).cloned().collect();
    if !gone.is_empty() {
        let codes: Vec<&str> = gone.iter().map(ZoneCode::as_str).collect();
        world.err.line(format!("note: in the network no more, and left as they are: {}", codes.join(", ")));
        desired.zones.retain(|code, _| !gone.contains(code));
    }
    let desired = prepared::narrow(&target.selection, &config, desired, world)?;
    let words = format!("what takes back {run}");
    let selection = std::iter::once(words).chain(target.selection.words()).collect::<Vec<_>>().join(", ");
    let reach = Reach { zones: desired.zones.keys().cloned().collect(), kinds: Vec::new() };
    let made_from = MadeFrom { reverts: Some(run), ..crate::plan::made_from(&config.network, &desired, &[]) };
    Ok(Prepared {
        config,
        desired,
        selection: Some(selection),
        made_from,
        reviewed: None,
        terms: Terms::default(),
        store: target.store.clone(),
        backwards: Some(backwards),
        reach,
    })
}

/// Whether it is known what a run wrote.
async fn check(run: RunId, network: &Network, store: &Store, world: &World) -> Result<(), Exit> {
    let told = |error| store::told(&error, world);
    let found = store.run(run).await.map_err(told)?;
    let Some(found) = found
        .filter(|found| found.run.network == network.name && found.run.environment == network.environment)
    else {
        return Err(super::fail(
            world,
            format!("the store knows no {run} of this network and environment; `zonal runs` lists them"),
        ));
    };
    let is_open = match found.run.state {
        RunState::Running => true,
        RunState::Interrupted => {
            let (open, _) = store.open_steps(run).await.map_err(told)?;
            !open.is_empty()
        }
        RunState::Ended => false,
    };
    match (is_open, is_killed(&found, world) || found.run.state == RunState::Interrupted) {
        (false, _) => Ok(()),
        (true, true) => Err(super::fail(
            world,
            format!(
                "{run} did not end, so it is not certain what it wrote; `zonal resume {run}` finds out and finishes it"
            ),
        )),
        (true, false) => Err(super::fail(world, format!("{run} is still at work; wait for its end"))),
    }
}

async fn entries(
    run: RunId,
    network: &Network,
    store: &Store,
    world: &World,
) -> Result<Vec<HistoryEntry>, Exit> {
    let (mut entries, mut before) = (Vec::new(), None);
    loop {
        let asking = store.history(store::scope(network), Asked::Run(run), before, AT_ONCE);
        let page = world.unless_interrupted(asking).await?.map_err(|error| store::told(&error, world))?;
        entries.extend(page.entries);
        match page.rest {
            Rest::Nothing => return Ok(entries),
            Rest::Before(number) => before = Some(number),
        }
    }
}

/// Says what a revert does not change.
pub fn remind(report: &Report, world: &World) {
    if report.has_written() {
        world.err.line(
            "The manifests still want what they wanted: revert the commit as well, or the next apply writes it again.",
        );
    }
}

/// An apply after which what was written in a wave that failed may have to be taken back.
pub struct TakeBack<'a> {
    /// What was carried out.
    pub planned: &'a Planned,
    /// What came of it.
    pub report: &'a Report,
    /// The run that it was.
    pub run: Option<RunId>,
    /// Which store to remember by.
    pub store: &'a StoreArg,
}

impl TakeBack<'_> {
    /// Takes back what was written in a wave that failed, where the rollout says so, as a run of its own. Returns the exit
    /// codes of that; what the apply came to stays what it is.
    pub async fn run(
        &self,
        telling: &Telling<'_>,
        directory: &Path,
        format: Format,
        world: &World,
    ) -> BTreeSet<Exit> {
        let Config { network, .. } = &self.planned.config;
        let failed = self.report.waves.iter().find(|wave| matches!(wave.end, WaveEnd::Failed { .. }));
        // What takes something back is not taken back itself.
        let reverts = self.planned.plan.made_from.reverts;
        let (OnFailure::Revert, Some(wave), None) = (network.rollout.on_failure, failed, reverts) else {
            return BTreeSet::new();
        };
        let wrote = |code: &&ZoneCode| {
            let zone = self.report.zones.get(*code);
            zone.is_some_and(|zone| zone.collections.iter().any(|(_, outcome)| outcome.has_written()))
        };
        let zones: Vec<String> = wave.zones.iter().filter(wrote).map(ToString::to_string).collect();
        if zones.is_empty() {
            return BTreeSet::new();
        }
        let Some(run) = self.run else {
            world.err.line("note: nothing is remembered, so what was written in the wave that failed stays");
            return BTreeSet::new();
        };
        let number = render::text::count(zones.len(), "zone");
        world.err.line(format!("Wave {}: taking back what was written in {number}.", wave.name));
        match self.take_back(run, zones, telling, directory, format, world).await {
            Ok(exits) if exits == BTreeSet::from([Exit::Done]) => BTreeSet::new(),
            Ok(exits) => {
                world.err.line(format!("Not all of it was taken back; `zonal revert {run}` tries again."));
                exits.into_iter().filter(|exit| *exit != Exit::Done).collect()
            }
            Err(Exit::Interrupted) => BTreeSet::from([Exit::Interrupted]),
            // It has been said why; that the apply failed says the rest.
            Err(_) => {
                world.err.line(format!("What was written stays; `zonal revert {run}` tries again."));
                BTreeSet::new()
            }
        }
    }

    async fn take_back(
        &self,
        run: RunId,
        zone: Vec<String>,
        telling: &Telling<'_>,
        directory: &Path,
        format: Format,
        world: &World,
    ) -> Result<BTreeSet<Exit>, Exit> {
        let zones = ZoneSelection { zone, ..ZoneSelection::default() };
        let target = Target {
            environment: self.planned.plan.environment.clone(),
            selection: Selection { zones, ..Selection::default() },
            store: self.store.clone(),
            changed_since: None,
        };
        let mut prepared = prepare(run, &target, directory, format, world).await?;
        prepared.terms.access = Access::Write;
        let planned = plan::look(prepared, directory, format, world, &|event| telling.event(event)).await?;
        if format == Format::Text {
            world.out.line("");
        }
        telling.plan(&planned.plan);
        let written = carry_out(&planned, run, Patience::Waits, telling, directory, format, world).await?;
        telling.end(&planned.plan, &written.report, &written.exits, written.run);
        remind(&written.report, world);
        Ok(written.exits)
    }
}
