//! `zonal resume`: continues an interrupted run.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;
use futures::future::join_all;

use super::CommandExit;
use super::apply_output::{ApplyOutput, EventAudience};
use super::config::{self, ConfigDirectory, OutputFormat};
use super::context::CommandContext;
use super::execute_plan::{self, ApplyOptions, ApplyResult, RunStart};
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
use crate::session::run_outcome;
use crate::store::{Store, StoreAccess, UnfinishedRun};

/// Continue an interrupted run
///
/// First reads the zones to recover the outcome of writes in flight. Then writes the remaining changes of the
/// run's plan, with all checks of an apply. No change is made twice. The manifests must be the same as at the
/// start of the run.
#[derive(Debug, Args)]
pub struct ResumeCommand {
    /// Run to resume (default: the latest incomplete run)
    #[arg(value_name = "RUN")]
    run: Option<RunId>,
    /// Environment of the run; required without RUN
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    turns: LeaseArgs,
    /// Print events as newline-delimited JSON
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

/// Execution of the command.
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
            return Err(super::fail(world, "no store found: zonal has no record of runs"));
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
            let heard = format!("{} is still running on {at}, last heartbeat {silent} seconds ago", run.id);
            return Err(super::fail(
                world,
                format!("{heard}; wait for the end of the run, or stop the process"),
            ));
        }
        let run = self.settle(&config, &store, run).await?;
        match run.operation {
            RunOperation::Apply | RunOperation::Revert => self.finish(store, run).await,
            RunOperation::Drift | RunOperation::Plan | RunOperation::Unmanage => {
                Err(self.wrote_nothing(&run))
            }
        }
    }

    /// Returns the run and the manifests of its environment, or the reason for an empty result.
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
            let of = network.environment.as_ref().map(|name| format!(" of environment {name}"));
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
            return Ok(Err(format!("{id} is a read-only run")));
        }
        let theirs = &found.run.environment;
        if theirs == &command.environment {
            return Ok(Ok((found, config)));
        }
        if let Some(asked) = &command.environment {
            let of =
                theirs.as_ref().map_or("no environment".to_owned(), |name| format!("environment {name}"));
            let words = format!("{id} belongs to {of}, not to {asked}; remove `--environment`");
            return Err(super::fail(world, words));
        }
        let config = config::load(directory, theirs.as_deref(), format, world)?;
        Ok(Ok((found, config)))
    }

    /// Recovers the run's writes in flight and returns the updated run.
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
        let progress = ProgressReporter::new(world, "Recovering", zones.len());
        let tell = |event: ApplyEvent| {
            self.telling.event(&event);
            progress.handle_event(&event);
        };
        let asking = zones.into_iter().map(|zone| recover_zone(&journal, zone, &tell));
        let asked = world.unless_interrupted(join_all(asking)).await;
        progress.finish();
        // The run counts as interrupted until it continues, so any process can resume the run.
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

    /// Stops the command if the state of any zone is unknown.
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
        world.err.print_line(format!("No changes were made. Run `zonal resume {}` to try again.", run.id));
        Err(*worst)
    }

    /// Executes the remaining changes of the run's plan.
    async fn finish(&self, store: Store, run: Run) -> Result<CommandExit, CommandExit> {
        let Self { command, directory, format, telling, world } = *self;
        let papers = store.papers(run.id).await.map_err(|error| store::report_error(&error, world))?;
        let Some((text, _)) = papers else {
            return Err(super::fail(world, format!("the store contains no plan of {}", run.id)));
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
        Ok(run_outcome::worst(&exits))
    }

    /// Prints an error for a run that made no writes.
    fn wrote_nothing(&self, run: &Run) -> CommandExit {
        super::fail(self.world, format!("{} made no writes, so there is nothing to resume", run.id))
    }
}

/// Recovers the run's writes in a zone, under the lease of the zone.
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
