//! `zonal resume`: finishes a run that was killed or interrupted.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;
use futures::future::join_all;

use super::apply_output::{ApplyOutput, EventAudience};
use super::config::{self, ConfigDirectory, OutputFormat};
use super::context::CommandContext;
use super::execute_plan::{self, ApplyOptions, ApplyResult, RunStart};
use super::exit_code::{self, CommandExit};
use super::plan;
use super::progress::ProgressReporter;
use super::reviewed_plan::ReviewedPlan;
use super::run_author;
use super::run_journal::{JournalOptions, LeaseArgs, RunJournal};
use super::run_recovery::RecoverySummary;
use super::store::{self, StoreArgs};
use super::target_args::TargetArgs;
use super::unfinished_runs::{self, RunLiveness};
use super::zone_readers;
use crate::apply::{ApplyJournal as _, ZoneLockout};
use crate::model::network::Zone;
use crate::model::{ApplyEvent, FailureClass, Run, RunId, RunOperation, RunState, ZoneCode};
use crate::store::{Store, StoreAccess, UnfinishedRun};

/// Finish a run that was killed or interrupted
///
/// What is not certain is read back from the zones first, then what is left of the run's own plan is written, with
/// all checks of an apply. Nothing is done twice. The manifests must say what they said when the run began.
#[derive(Debug, Args)]
pub struct ResumeCommand {
    /// The run; the latest that did not end, where none is named
    #[arg(value_name = "RUN")]
    run: Option<RunId>,
    /// The environment of the run; needed where no run is named
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    turns: LeaseArgs,
    /// Print what happens as newline-delimited JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

impl ResumeCommand {
    /// Resumes a run of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        let format = if self.json { OutputFormat::Lines } else { OutputFormat::Text };
        let telling = ApplyOutput::new(format, EventAudience::None, world);
        match (ResumeSession { command: self, directory, format, telling: &telling, world }).resume().await {
            Ok(exit) | Err(exit) => exit,
        }
    }
}

/// The command at work.
struct ResumeSession<'a> {
    command: &'a ResumeCommand,
    directory: &'a Path,
    format: OutputFormat,
    telling: &'a ApplyOutput<'a>,
    world: &'a CommandContext,
}

impl ResumeSession<'_> {
    async fn resume(&self) -> Result<CommandExit, CommandExit> {
        let Self { command, directory, format, telling, world } = *self;
        telling.print_header();
        let config = config::load(directory, command.environment.as_deref(), format, world)?;
        let Some(store) = command.store.open_read_only(&config.network, directory, world).await? else {
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
                    OutputFormat::Text => world.out.print_line(words),
                    OutputFormat::Json | OutputFormat::Lines => world.err.print_line(words),
                }
                return Ok(CommandExit::Done);
            }
        };
        let standing = RunLiveness::liveness(&found, world);
        let UnfinishedRun { run, silent } = found;
        if standing == RunLiveness::Running {
            let at = run_author::place(&run.host);
            let heard = format!("{} is still at work on {at}, heard of {silent} seconds ago", run.id);
            return Err(super::fail(world, format!("{heard}; wait for its end, or stop it there")));
        }
        let run = self.settle(&config, &store, run).await?;
        match run.operation {
            RunOperation::Apply | RunOperation::Revert => self.finish(store, run).await,
            RunOperation::Drift | RunOperation::Plan | RunOperation::Unmanage => {
                Err(self.wrote_nothing(&run))
            }
        }
    }

    /// The run that is meant, and the manifests in its environment; or why there is nothing to resume.
    async fn find(
        &self,
        store: &Store,
        config: ConfigDirectory,
    ) -> Result<Result<(UnfinishedRun, ConfigDirectory), String>, CommandExit> {
        let Self { command, directory, format, world, .. } = *self;
        let told = |error| store::report_error(&error, world);
        let network = &config.network;
        let Some(id) = command.run else {
            let open = unfinished_runs::open(store, store::scope(network)).await.map_err(told)?;
            let of = network.environment.as_ref().map(|name| format!(" of the environment {name}"));
            let nothing = format!("every run{} has ended", of.unwrap_or_default());
            return Ok(open.into_iter().next().map(|found| (found, config)).ok_or(nothing));
        };
        let found = store.run(id).await.map_err(told)?;
        let found = found.filter(|found| found.run.network == network.name);
        let found = found.ok_or_else(|| unfinished_runs::unknown(id, world))?;
        if RunLiveness::liveness(&found, world) == RunLiveness::Ended {
            return Ok(Err(format!("{id} has ended")));
        }
        if !unfinished_runs::writes(&found.run) {
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
    async fn settle(
        &self,
        config: &ConfigDirectory,
        store: &Store,
        mut run: Run,
    ) -> Result<Run, CommandExit> {
        let world = self.world;
        let network = &config.network;
        let told = |error| store::report_error(&error, world);
        let (open, _) = store.open_steps(run.id).await.map_err(told)?;
        let zones: BTreeSet<&ZoneCode> = open.iter().map(|step| &step.zone).collect();
        if zones.is_empty() {
            return Ok(run);
        }
        let known: Vec<&Zone> = network.zones.iter().filter(|zone| zones.contains(&zone.code)).collect();
        let readers = zone_readers::open(config, &known, self.directory, self.format, world).await?.readers;
        let ways = JournalOptions { patience: self.command.turns.patience(), readers, before: None };
        let journal = RunJournal::take_up(store, network, run.clone(), ways, world).await.map_err(told)?;
        let journal = Some(journal);
        let progress = ProgressReporter::new(world, "Asking", zones.len());
        let tell = |event: ApplyEvent| {
            self.telling.event(&event);
            progress.handle_event(&event);
        };
        let asking = zones.into_iter().map(|zone| recover_zone(&journal, zone, &tell));
        let asked = world.unless_interrupted(join_all(asking)).await;
        progress.finish();
        // Until it goes on, it is one that was interrupted: anybody may take it up.
        if let Some(journal) = &journal {
            let exits = vec![CommandExit::Interrupted.code()];
            run = journal.finish(RunState::Interrupted, exits, String::new()).await.map_err(told)?;
        }
        let asked = asked?;
        let all = asked.iter().filter_map(|(_, asked)| asked.as_ref().ok().copied());
        if let Some(words) = all.fold(RecoverySummary::default(), RecoverySummary::merge).description() {
            world.err.print_line(format!("{}: {words}", run.id));
        }
        let failed = asked.iter().filter_map(|(zone, asked)| Some((*zone, asked.as_ref().err()?)));
        self.unless_any(&run, failed).map(|()| run)
    }

    /// What is not known of a zone is not guessed.
    fn unless_any<'z>(
        &self,
        run: &Run,
        failed: impl Iterator<Item = (&'z ZoneCode, &'z ZoneLockout)>,
    ) -> Result<(), CommandExit> {
        let world = self.world;
        let exits: BTreeSet<CommandExit> = failed
            .map(|(zone, closed)| match closed {
                ZoneLockout::Held(hold) => {
                    super::fail(world, format!("{zone}: {hold}"));
                    CommandExit::Blocked
                }
                ZoneLockout::Failed(failure) => {
                    super::fail(world, format!("{zone}: {failure}"));
                    if failure.class == FailureClass::Store {
                        CommandExit::Invalid
                    } else {
                        CommandExit::Incomplete
                    }
                }
            })
            .collect();
        let Some(worst) = exits.first() else { return Ok(()) };
        world.err.print_line(format!("Nothing was written. `zonal resume {}` tries again.", run.id));
        Err(*worst)
    }

    /// Carries out what is left of the run's plan.
    async fn finish(&self, store: Store, run: Run) -> Result<CommandExit, CommandExit> {
        let Self { command, directory, format, telling, world } = *self;
        let papers = store.papers(run.id).await.map_err(|error| store::report_error(&error, world))?;
        let Some((text, _)) = papers else {
            return Err(super::fail(world, format!("the store has no plan of {}", run.id)));
        };
        drop(store);
        let reviewed = ReviewedPlan::of_run(run.id, &text, world)?;
        let target = TargetArgs { store: command.store.clone(), ..TargetArgs::default() };
        let mut prepared = reviewed.prepare(&target, directory, format, world).await?;
        prepared.terms.access = StoreAccess::Write;
        let planned =
            plan::observe_and_plan(prepared, directory, format, world, &|event| telling.event(event)).await?;
        telling.plan(&planned.plan);
        let manner =
            ApplyOptions { begin: RunStart::Resumed(Box::new(run)), patience: self.command.turns.patience() };
        let written = execute_plan::carry_out(&planned, manner, directory, format, world, &|event| {
            telling.event(event)
        })
        .await?;
        let ApplyResult { report, exits, run } = written;
        telling.print_result(&planned.plan, &report, &exits, run);
        Ok(exit_code::worst(&exits))
    }

    /// What a revert writes follows from the history, and not from the manifests.
    fn wrote_nothing(&self, run: &Run) -> CommandExit {
        super::fail(self.world, format!("{} wrote to no zone, so it is not resumed", run.id))
    }
}

/// What became of what the run had begun in a zone, once it is the run's turn there.
async fn recover_zone<'z>(
    journal: &Option<RunJournal>,
    zone: &'z ZoneCode,
    tell: &(dyn Fn(ApplyEvent) + Sync),
) -> (&'z ZoneCode, Result<RecoverySummary, ZoneLockout>) {
    let settling = async {
        journal.acquire_lease(zone, tell).await?;
        let settled = match journal {
            Some(journal) => journal.settle(&[journal.run.id], zone).await.map_err(ZoneLockout::Failed),
            None => Ok(RecoverySummary::default()),
        };
        journal.release_lease(zone).await;
        settled
    };
    (zone, settling.await)
}
