//! `zonal apply`: plans, asks for confirmation, and changes the zones.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::apply_output::{ApplyOutput, EventAudience};
use super::config::OutputFormat;
use super::confirm::confirm;
use super::context::CommandContext;
use super::execute_plan::{self, ApplyOptions, ApplyResult, RunStart};
use super::override_args::OverrideArgs;
use super::plan::{self, PlanResult};
use super::plan_outputs;
use super::revert::{self, WaveRevert};
use super::reviewed_plan::ReviewedPlan;
use super::run_group::RunGroupArgs;
use super::run_journal::{LeaseArgs, RunMetadata};
use super::selected_state;
use super::target_args::{DriftArgs, TargetArgs};
use super::unfinished_runs;
use crate::model::{ApplyEvent, ApplyReport, Plan, RunOperation};
use crate::render;
use crate::render::github;
use crate::session::run_outcome;
use crate::store::StoreAccess;

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
    /// Apply without asking for confirmation
    #[arg(long)]
    yes: bool,
    /// Print events as newline-delimited JSON (requires --yes)
    #[arg(long, requires = "yes")]
    json: bool,
    /// Write GitHub annotations for changes that were not made, and the job summary
    #[arg(long)]
    github: bool,
    #[command(flatten)]
    turns: LeaseArgs,
    #[command(flatten)]
    overriding: OverrideArgs,
    #[command(flatten)]
    drifted: DriftArgs,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    grouping: RunGroupArgs,
}

impl ApplyCommand {
    /// Applies the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        let format = if self.json { OutputFormat::Lines } else { OutputFormat::Text };
        let telling = ApplyOutput::new(
            format,
            if self.github { EventAudience::GitHub } else { EventAudience::None },
            world,
        );
        let about = match self.grouping.about(self.target.selection.shard, world) {
            Ok(about) => about,
            Err(exit) => return exit,
        };
        telling.print_header();
        let planned = match self.plan(directory, format, world, &|event| telling.event(event)).await {
            Ok(planned) => planned,
            Err(exit) => return exit,
        };
        if let Err(exit) = unfinished_runs::note(planned.store.as_ref(), &planned.config.network, world).await
        {
            return exit;
        }
        telling.plan(&planned.plan);
        if planned.plan.is_writable()
            && !self.yes
            && let Err(exit) = confirm(world).await
        {
            return exit;
        }
        let reverts = planned.plan.inputs.reverts;
        let deed = if reverts.is_some() { RunOperation::Revert } else { RunOperation::Apply };
        let begin = RunStart::New { deed, about: RunMetadata { reverts, ..about } };
        let manner = ApplyOptions { begin, patience: self.turns.patience() };
        let written = execute_plan::carry_out(&planned, manner, directory, format, world, &|event| {
            telling.event(event)
        })
        .await;
        let ApplyResult { report, mut exits, run } = match written {
            Ok(written) => written,
            Err(exit) => return exit,
        };
        let take_back = WaveRevert { planned: &planned, report: &report, run, store: &self.target.store };
        // For programs, the last line is the result of the whole command.
        match format {
            OutputFormat::Text => {
                telling.print_result(&planned.plan, &report, &exits, run);
                exits.extend(take_back.run(&telling, directory, format, world).await);
            }
            OutputFormat::Json | OutputFormat::Lines => {
                exits.extend(take_back.run(&telling, directory, format, world).await);
                telling.print_result(&planned.plan, &report, &exits, run);
            }
        }
        if reverts.is_some() {
            revert::remind(&report, world);
        }
        if self.github {
            on_github(&planned.plan, &report, directory, format, world);
        }
        run_outcome::worst(&exits)
    }

    /// Plans, and defers changes that the reviewed plan does not contain.
    async fn plan(
        &self,
        directory: &Path,
        format: OutputFormat,
        world: &CommandContext,
        tell: &(dyn Fn(&ApplyEvent) + Sync),
    ) -> Result<PlanResult, CommandExit> {
        let reviewed = self.plan.as_ref().map(|file| ReviewedPlan::open(file, world)).transpose()?;
        let mut prepared = match reviewed {
            Some(reviewed) => reviewed.prepare(&self.target, directory, format, world).await?,
            None => selected_state::prepare(&self.target, directory, format, world).await?,
        };
        if self.drifted.is_asked_for() {
            prepared.terms = self.drifted.terms(None);
        }
        prepared.terms.overrides = self.overriding.overrides();
        prepared.terms.access = StoreAccess::Write;
        plan::observe_and_plan(prepared, directory, format, world, tell).await
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
