//! `zonal apply`: plans, asks for confirmation, and changes the zones.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::apply_output::{ApplyOutput, EventAudience};
use super::config::{OutputFormat, load_config};
use super::confirm::confirm_apply;
use super::context::CommandContext;
use super::lease_args::LeaseArgs;
use super::open_session::open_session;
use super::override_args::{NEEDS_REASON, OverrideArgs};
use super::plan_file;
use super::plan_outputs;
use super::production::{ConfirmedPlan, two_way_writes};
use super::run_group::RunGroupArgs;
use super::session_output::{CommandObserver, report_error};
use super::target_args::{DriftArgs, TargetArgs};
use super::unfinished_note::note_unfinished_run;
use crate::model::{ApplyReport, Plan};
use crate::render;
use crate::render::github;
use crate::render::text::PlanDetail;
use crate::session::SessionError;
use crate::session::apply::{AppliedRun, apply};
use crate::session::execute_plan::ApplyOptions;
use crate::session::plan::{PlanGoal, PlanRequest, plan};
use crate::session::revert_wave::WaveRevert;
use crate::session::reviewed_plan::ReviewedPlan;
use crate::session::run_outcome;
use crate::store::StoreAccess;

/// Warning of an apply without a store.
const NOT_RECORDED: &str =
    "Nothing is recorded (`--store none`): this apply cannot be resumed, reverted or restored.";

/// Change the zones to match the manifests
///
/// Prints the plan, asks for confirmation, and applies the changes. zonal reads each table again just before
/// the write, and skips the table if it changed since the plan. After the write, zonal reads the table back
/// and compares the rows. A failed zone does not stop the other zones. Ctrl-C finishes the writes in flight
/// and starts no others.
#[derive(Debug, Args)]
pub struct ApplyCommand {
    /// Reviewed plan file; apply makes only the changes in it
    ///
    /// The values come from the current manifests.
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Apply without asking for confirmation (production: requires PLAN or --plan-digest)
    #[arg(long)]
    yes: bool,
    /// Print events as newline-delimited JSON (requires --yes)
    #[arg(long, requires = "yes")]
    json: bool,
    /// Write GitHub annotations for changes that were not made, and the job summary
    #[arg(long)]
    github: bool,
    #[command(flatten)]
    leases: LeaseArgs,
    #[command(flatten)]
    overrides: OverrideArgs,
    /// Apply to production without a base (requires --reason)
    ///
    /// Without applied state and without --base, a librarian's edit cannot be told from a change of the
    /// manifests, and may be overwritten.
    #[arg(long, requires = "reason", group = NEEDS_REASON)]
    two_way: bool,
    #[command(flatten)]
    drift: DriftArgs,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    run_group: RunGroupArgs,
}

impl ApplyCommand {
    /// Applies the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.apply(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn apply(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Lines } else { OutputFormat::Text };
        let audience = if self.github { EventAudience::GitHub } else { EventAudience::None };
        let output = ApplyOutput::new(format, audience, world);
        let observer = CommandObserver::with_output(&output, world);
        let report = |error| report_error(&error, format, world);
        let metadata = self.run_group.metadata(self.target.selection.shard, world)?;
        let two_way = two_way_writes(self.two_way, &self.overrides, world)?;
        output.print_header();
        let reviewed = self.plan.as_ref().map(|file| plan_file::read_reviewed(file, world)).transpose()?;
        let environment = self.environment(reviewed.as_ref()).map_err(report)?;
        let config = load_config(directory, environment.as_deref(), format, world)?;
        let request = PlanRequest { two_way, ..self.request(reviewed) };
        request.check(&config).map_err(report)?;
        self.confirmed_plan().check(&config.network, &request.selection.zones, world)?;
        let access = match request.goal {
            PlanGoal::Manifests => StoreAccess::Write,
            PlanGoal::Revert(_) => StoreAccess::Existing,
        };
        let session = open_session(config, &self.target.store, access, directory, world).await?;
        let planned = plan(&session, request, &observer).await.map_err(report)?;
        note_unfinished_run(&session, format, world).await?;
        // A reviewer has read the decisions of a plan file.
        let is_reviewed = self.plan.is_some();
        output.plan(&planned.plan, if is_reviewed { PlanDetail::Summary } else { PlanDetail::Decisions });
        self.overrides.check_digest(&planned.plan, world)?;
        if planned.plan.is_writable() {
            if session.store.is_none() {
                world.err.print_line(NOT_RECORDED);
            }
            if !self.yes {
                confirm_apply(&planned.plan, world).await?;
            }
        }
        let options = ApplyOptions { lease_wait: self.leases.lease_wait(), metadata };
        let applied = apply(&session, &planned, &options, &observer).await.map_err(report)?;
        let AppliedRun { mut executed, wave_revert } = applied;
        let run = executed.run.map(|run| run.to_string()).unwrap_or_default();
        executed.outcomes.extend(report_wave_revert(&wave_revert, &run, format, world));
        output.print_json_result(&planned.plan, &executed);
        if planned.plan.inputs.reverts.is_some() {
            output.remind_of_git(&executed);
        }
        if self.github {
            on_github(&planned.plan, &executed.report, directory, format, world);
        }
        Ok(run_outcome::worst(&executed.outcomes))
    }

    fn confirmed_plan(&self) -> ConfirmedPlan {
        match self.yes && self.plan.is_none() && self.overrides.plan_digest.is_none() {
            true => ConfirmedPlan::Any,
            false => ConfirmedPlan::Reviewed,
        }
    }

    /// Returns the environment of the reviewed plan, or the selected one.
    fn environment(&self, reviewed: Option<&ReviewedPlan>) -> Result<Option<String>, SessionError> {
        let selected = self.target.environment.clone();
        let Some(reviewed) = reviewed else { return Ok(selected) };
        reviewed.check_origin(selected.as_deref())?;
        Ok(reviewed.environment.clone())
    }

    fn request(&self, reviewed: Option<ReviewedPlan>) -> PlanRequest {
        let selection = self.target.selection();
        let request = match reviewed {
            Some(reviewed) => PlanRequest::for_reviewed(reviewed, selection),
            None => PlanRequest { selection, ..PlanRequest::default() },
        };
        PlanRequest { overrides: self.overrides.overrides(), ..self.drift.apply_to(request) }
    }
}

/// Prints the result of the revert of a failed wave, and returns its effect on the exit code.
fn report_wave_revert(
    wave_revert: &WaveRevert,
    run: &str,
    format: OutputFormat,
    world: &CommandContext,
) -> BTreeSet<CommandExit> {
    let done = BTreeSet::from([CommandExit::Done]);
    match wave_revert {
        WaveRevert::NotNeeded => BTreeSet::new(),
        WaveRevert::Done(executed) if executed.outcomes == done => BTreeSet::new(),
        WaveRevert::Done(executed) => {
            world.err.print_line(format!("Revert incomplete. Run `zonal revert {run}` to try again."));
            executed.outcomes.difference(&done).copied().collect()
        }
        WaveRevert::Failed(error) => match report_error(error, format, world) {
            CommandExit::Interrupted => BTreeSet::from([CommandExit::Interrupted]),
            // The exit code of the failed apply covers the rest.
            _ => {
                world.err.print_line(format!(
                    "Revert failed; the changes stay. Run `zonal revert {run}` to try again."
                ));
                BTreeSet::new()
            }
        },
        WaveRevert::NoStore => {
            world.err.print_line("note: no store found, so the changes of the failed wave are not reverted");
            BTreeSet::new()
        }
    }
}

/// Writes GitHub annotations for changes that were not made, and the job summary.
fn on_github(
    plan: &Plan,
    report: &ApplyReport,
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
) {
    let root = plan_outputs::root(directory, world);
    let told = match plan.is_denied() {
        true => github::annotations(plan, &root),
        false => github::not_done(plan, report, &root),
    };
    match format {
        OutputFormat::Text => world.out.print(told),
        OutputFormat::Json | OutputFormat::Lines => world.err.print(told),
    }
    let text = match (plan.is_denied(), report.zones.is_empty()) {
        (true, _) => "Nothing was written: a guard or a policy denies it.".to_owned(),
        (false, true) => {
            "Nothing was written: there was nothing to do, or nothing that may begin.".to_owned()
        }
        (false, false) => render::text::report(plan, report),
    };
    plan_outputs::summarize(plan, &text, world);
}
