//! `zonal revert`: undoes the changes of a run, or of a failed wave.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::apply_output::{ApplyOutput, EventAudience};
use super::comparison_base::CommandScope;
use super::config::{self, ConfigDirectory, OutputFormat};
use super::confirm::confirm;
use super::context::CommandContext;
use super::execute_plan::{self, ApplyOptions, ApplyResult, RunStart};
use super::override_args::OverrideArgs;
use super::plan::{self, PlanResult};
use super::plan_file;
use super::run_journal::{LeaseArgs, LeaseWait, RunMetadata};
use super::runs::is_killed;
use super::selected_state::{self, SelectedState};
use super::selection_args::{SelectionArgs, ZoneSelectionArgs};
use super::store::{self, StoreArgs};
use super::target_args::{PlanOptions, TargetArgs};
use crate::kinds;
use crate::model::{
    ApplyReport, HistoryEntry, Network, PlanInputs, RunId, RunOperation, RunState, WaveFailureAction,
    WaveResult, ZoneCode,
};
use crate::plan::revert::RunRevert;
use crate::render;
use crate::session::run_outcome;
use crate::store::{HistoryFilter, HistoryRemainder, Store, StoreAccess};

/// Number of history entries per page.
const AT_ONCE: usize = 10_000;

/// Undo the changes of a run
///
/// Plans the return to the state before the run, asks for confirmation, and writes with all checks of an
/// apply. Touches only fields and records that the run changed. Keeps and reports records that changed since.
#[derive(Debug, Args)]
pub struct RevertCommand {
    /// Run, as listed by `zonal runs`
    #[arg(value_name = "RUN")]
    run: RunId,
    /// Save the plan to this file and write to no zone
    #[arg(long, value_name = "FILE", conflicts_with_all = ["yes", "json"])]
    out: Option<PathBuf>,
    /// Revert without asking for confirmation
    #[arg(long)]
    yes: bool,
    /// Print events as newline-delimited JSON (requires --yes)
    #[arg(long, requires = "yes")]
    json: bool,
    #[command(flatten)]
    turns: LeaseArgs,
    #[command(flatten)]
    overriding: OverrideArgs,
    /// Environment of the run
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    zones: ZoneSelectionArgs,
    #[command(flatten)]
    store: StoreArgs,
}

impl RevertCommand {
    /// Reverts a run of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.revert(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn revert(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Lines } else { OutputFormat::Text };
        let telling = ApplyOutput::new(format, EventAudience::None, world);
        telling.print_header();
        let selection = SelectionArgs { zones: self.zones.clone(), ..SelectionArgs::default() };
        let (environment, store) = (self.environment.clone(), self.store.clone());
        let target = TargetArgs { environment, selection, store, changed_since: None };
        let mut prepared = prepare(self.run, &target, directory, format, world).await?;
        prepared.terms.overrides = self.overriding.overrides();
        prepared.terms.access = if self.out.is_some() { StoreAccess::Read } else { StoreAccess::Write };
        let planned =
            plan::observe_and_plan(prepared, directory, format, world, &|event| telling.event(event)).await?;
        telling.plan(&planned.plan);
        if let Some(file) = &self.out {
            plan_file::save(file, &planned.plan, world)?;
            return Ok(run_outcome::worst(&run_outcome::of_plan(
                &planned.plan,
                run_outcome::DetailedExitCode::No,
            )));
        }
        if planned.plan.is_writable() && !self.yes {
            confirm(world).await?;
        }
        let patience = self.turns.patience();
        let ApplyResult { report, exits, run } =
            carry_out(&planned, self.run, patience, &telling, directory, format, world).await?;
        telling.print_result(&planned.plan, &report, &exits, run);
        remind(&report, world);
        Ok(run_outcome::worst(&exits))
    }
}

async fn carry_out(
    planned: &PlanResult,
    reverts: RunId,
    patience: LeaseWait,
    telling: &ApplyOutput<'_>,
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
) -> Result<ApplyResult, CommandExit> {
    let about = RunMetadata { reverts: Some(reverts), ..RunMetadata::default() };
    let manner = ApplyOptions { begin: RunStart::New { deed: RunOperation::Revert, about }, patience };
    execute_plan::carry_out(planned, manner, directory, format, world, &|event| telling.event(event)).await
}

/// Returns the desired state before a run, reduced to the selection.
///
/// # Errors
/// Prints the error and returns the exit code if the run cannot be reverted.
pub async fn prepare(
    run: RunId,
    target: &TargetArgs,
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
) -> Result<SelectedState, CommandExit> {
    let config = config::load(directory, target.environment.as_deref(), format, world)?;
    let Some(store) = target.store.open_read_only(&config.network, directory, world).await? else {
        return Err(super::fail(world, "no store found: zonal has no record of runs"));
    };
    check(run, &config.network, &store, world).await?;
    let entries = entries(run, &config.network, &store, world).await?;
    store.close().await;
    if entries.is_empty() {
        return Err(super::fail(world, format!("{run} made no changes, so there is nothing to revert")));
    }
    let backwards = RunRevert::from_history(run, &entries, kinds::shape);
    let mut desired = backwards.to_desired_state();
    let gone: Vec<ZoneCode> =
        backwards.zones().filter(|code| config.network.zone(code).is_none()).cloned().collect();
    if !gone.is_empty() {
        let codes: Vec<&str> = gone.iter().map(ZoneCode::as_str).collect();
        world
            .err
            .print_line(format!("note: no longer in the network and not reverted: {}", codes.join(", ")));
        desired.zones.retain(|code, _| !gone.contains(code));
    }
    let desired = selected_state::narrow(&target.selection, &config, desired, world)?;
    let words = format!("revert of {run}");
    let selection =
        std::iter::once(words).chain(target.selection.description()).collect::<Vec<_>>().join(", ");
    let reach = CommandScope { zones: desired.zones.keys().cloned().collect(), kinds: Vec::new() };
    let made_from =
        PlanInputs { reverts: Some(run), ..crate::plan::made_from(&config.network, &desired, &[]) };
    Ok(SelectedState {
        config,
        desired,
        selection: Some(selection),
        made_from,
        reviewed: None,
        terms: PlanOptions::default(),
        store: target.store.clone(),
        backwards: Some(backwards),
        reach,
    })
}

/// Checks that the changes of a run are known.
async fn check(
    run: RunId,
    network: &Network,
    store: &Store,
    world: &CommandContext,
) -> Result<(), CommandExit> {
    let told = |error| store::report_error(&error, world);
    let found = store.run(run).await.map_err(told)?;
    let Some(found) = found
        .filter(|found| found.run.network == network.name && found.run.environment == network.environment)
    else {
        return Err(super::fail(
            world,
            format!("{run} not found for this network and environment; `zonal runs` lists all runs"),
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
            format!("{run} is incomplete; run `zonal resume {run}` to verify its writes and finish it"),
        )),
        (true, false) => Err(super::fail(world, format!("{run} is still running; wait for its end"))),
    }
}

async fn entries(
    run: RunId,
    network: &Network,
    store: &Store,
    world: &CommandContext,
) -> Result<Vec<HistoryEntry>, CommandExit> {
    let (mut entries, mut before) = (Vec::new(), None);
    loop {
        let asking = store.history(store::scope(network), HistoryFilter::Run(run), before, AT_ONCE);
        let page =
            world.unless_interrupted(asking).await?.map_err(|error| store::report_error(&error, world))?;
        entries.extend(page.entries);
        match page.rest {
            HistoryRemainder::Nothing => return Ok(entries),
            HistoryRemainder::Before(number) => before = Some(number),
        }
    }
}

/// Prints a reminder that a revert does not change the manifests.
pub fn remind(report: &ApplyReport, world: &CommandContext) {
    if report.has_written() {
        world
            .err
            .print_line("Also revert the commit in git; otherwise the next apply makes these changes again.");
    }
}

/// Automatic revert of a failed wave after an apply.
pub struct WaveRevert<'a> {
    /// Executed plan.
    pub planned: &'a PlanResult,
    /// Report of the apply.
    pub report: &'a ApplyReport,
    /// Run of the apply.
    pub run: Option<RunId>,
    /// Store options.
    pub store: &'a StoreArgs,
}

impl WaveRevert<'_> {
    /// Reverts the writes of a failed wave in a separate run, if the rollout requires it.
    ///
    /// Returns the additional exit codes; the result of the apply stays unchanged.
    pub async fn run(
        &self,
        telling: &ApplyOutput<'_>,
        directory: &Path,
        format: OutputFormat,
        world: &CommandContext,
    ) -> BTreeSet<CommandExit> {
        let ConfigDirectory { network, .. } = &self.planned.config;
        let failed = self.report.waves.iter().find(|wave| matches!(wave.result, WaveResult::Failed { .. }));
        // A revert is never reverted automatically.
        let reverts = self.planned.plan.inputs.reverts;
        let (WaveFailureAction::Revert, Some(wave), None) = (network.rollout.on_failure, failed, reverts)
        else {
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
            world.err.print_line("note: no store found, so the changes of the failed wave are not reverted");
            return BTreeSet::new();
        };
        let number = render::text::count(zones.len(), "zone");
        world.err.print_line(format!("Wave {}: reverting the changes in {number}.", wave.name));
        match self.take_back(run, zones, telling, directory, format, world).await {
            Ok(exits) if exits == BTreeSet::from([CommandExit::Done]) => BTreeSet::new(),
            Ok(exits) => {
                world.err.print_line(format!("Revert incomplete. Run `zonal revert {run}` to try again."));
                exits.into_iter().filter(|exit| *exit != CommandExit::Done).collect()
            }
            Err(CommandExit::Interrupted) => BTreeSet::from([CommandExit::Interrupted]),
            // The error is already printed, and the exit code of the failed apply covers the rest.
            Err(_) => {
                world.err.print_line(format!(
                    "Revert failed; the changes stay. Run `zonal revert {run}` to try again."
                ));
                BTreeSet::new()
            }
        }
    }

    async fn take_back(
        &self,
        run: RunId,
        zone: Vec<String>,
        telling: &ApplyOutput<'_>,
        directory: &Path,
        format: OutputFormat,
        world: &CommandContext,
    ) -> Result<BTreeSet<CommandExit>, CommandExit> {
        let zones = ZoneSelectionArgs { zone, ..ZoneSelectionArgs::default() };
        let target = TargetArgs {
            environment: self.planned.plan.environment.clone(),
            selection: SelectionArgs { zones, ..SelectionArgs::default() },
            store: self.store.clone(),
            changed_since: None,
        };
        let mut prepared = prepare(run, &target, directory, format, world).await?;
        prepared.terms.access = StoreAccess::Write;
        let planned =
            plan::observe_and_plan(prepared, directory, format, world, &|event| telling.event(event)).await?;
        if format == OutputFormat::Text {
            world.out.print_line("");
        }
        telling.plan(&planned.plan);
        let written = carry_out(&planned, run, LeaseWait::Wait, telling, directory, format, world).await?;
        telling.print_result(&planned.plan, &written.report, &written.exits, written.run);
        remind(&written.report, world);
        Ok(written.exits)
    }
}
