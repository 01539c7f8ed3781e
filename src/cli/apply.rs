//! `zonal apply`: plans, asks, and makes it so.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use clap::Args;

use super::apply_output::{ApplyOutput, EventAudience};
use super::config::OutputFormat;
use super::context::CommandContext;
use super::execute_plan::{self, ApplyOptions, ApplyResult, RunStart};
use super::exit_code::{self, CommandExit};
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
use crate::store::StoreAccess;

/// Make every zone hold what the manifests say
///
/// Shows the plan, asks, and writes. Each table is read again just before it is written, and
/// skipped if it moved; it is read back afterwards and compared. A zone that fails does not stop
/// the others. Ctrl-C finishes what is being written and begins nothing more.
#[derive(Debug, Args)]
pub struct ApplyCommand {
    /// A plan file that was reviewed: only what is in it is done, with the values of the manifests at hand
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print what happens as newline-delimited JSON; needs --yes
    #[arg(long, requires = "yes")]
    json: bool,
    /// Print annotations for GitHub of what was not done, and write its job summary
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
        // For programs, the last line is what the whole command came to.
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
        exit_code::worst(&exits)
    }

    /// Plans, and holds back what a reviewed plan does not hold.
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

/// Tells GitHub what was not done, and the readers of the job what was.
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

/// Asks in Terraform's words, and takes nothing but `yes`.
pub async fn confirm(world: &CommandContext) -> Result<(), CommandExit> {
    let Some(input) = world.input.clone() else {
        return Err(super::fail(
            world,
            "nobody is there to approve the plan; pass --yes to apply without asking",
        ));
    };
    world.err.print(
        "\nDo you want to perform these actions?\n  zonal will perform the actions described above.\n  \
         Only 'yes' will be accepted to approve.\n\n  Enter a value: ",
    );
    // On a thread of its own: whoever waits for a terminal would not hear Ctrl-C.
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = String::new();
        let read = input.lock().unwrap_or_else(PoisonError::into_inner).read_line(&mut answer);
        read.is_ok().then_some(answer)
    });
    let answer = world.unless_interrupted(answer).await?.ok().flatten();
    world.err.print_line("");
    match answer.as_deref().map(str::trim) {
        Some("yes") => Ok(()),
        _ => {
            world.err.print_line("Apply cancelled. Nothing was written.");
            Err(CommandExit::Invalid)
        }
    }
}
