//! `zonal plan`: shows the changes that apply would make, without write access.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::config::OutputFormat;
use super::context::CommandContext;
use super::open_session::plan_target;
use super::plan_file;
use super::plan_outputs::PlanOutputArgs;
use super::plan_view_args::PlanViewArgs;
use super::production::print_digest;
use super::run_group::{RunGroupArgs, store_access};
use super::session_output::{CommandObserver, report_error};
use super::snapshot_file::read_snapshot;
use super::target_args::{DriftArgs, TargetArgs};
use super::unfinished_note::note_unfinished_run;
use crate::model::RunOperation;
use crate::render;
use crate::render::json::compact_lines::compact_lines;
use crate::render::markdown::CommentPurpose;
use crate::session::plan::PlanRequest;
use crate::session::plan_documents::plan_json;
use crate::session::record_run::record_run;
use crate::session::run_outcome::{self, DetailedExitCode};

/// Show the changes that apply would make
///
/// Reads the zones with their read keys and cannot write.
#[derive(Debug, Args)]
pub struct PlanCommand {
    /// Exit with code 2 if there are changes
    #[arg(long)]
    detailed_exitcode: bool,
    /// Print the plan as JSON, in the format of `terraform show -json`
    #[arg(long)]
    json: bool,
    /// Save the plan to this file, or print it for `-`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Compare with a snapshot file instead of the zones (no API key needed)
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    #[command(flatten)]
    drift: DriftArgs,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    run_group: RunGroupArgs,
    #[command(flatten)]
    detail: PlanViewArgs,
    #[command(flatten)]
    outputs: PlanOutputArgs,
}

impl PlanCommand {
    /// Plans for the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.plan(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn plan(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let outputs = self.outputs.beside_plan_file(self.out.as_deref());
        outputs.check(format, world)?;
        let metadata = self.run_group.metadata(self.target.selection.shard, world)?;
        let snapshot = read_snapshot(self.snapshot.as_deref(), world)?;
        let request = self.drift.apply_to(PlanRequest { snapshot, ..PlanRequest::default() });
        let access = store_access(&metadata);
        let (session, planned) = plan_target(request, &self.target, access, directory, format, world).await?;
        note_unfinished_run(&session, format, world).await?;
        let plan = &planned.plan;
        match format {
            OutputFormat::Text => {
                let view = self.detail.view(plan, &[], world)?;
                world.out.print(outputs.stdout_text(render::text::plan_view(plan, &view)));
            }
            OutputFormat::Json | OutputFormat::Lines => {
                world.out.print_line(compact_lines(&plan_json(plan)));
            }
        }
        match (&self.out, format) {
            (Some(file), _) => plan_file::save(file, plan, world)?,
            (None, OutputFormat::Text) => print_digest(plan, world),
            (None, OutputFormat::Json | OutputFormat::Lines) => {}
        }
        outputs.write(plan, CommentPurpose::Plan, self.out.as_deref(), directory, format, world)?;
        let changes_count = if self.detailed_exitcode { DetailedExitCode::Yes } else { DetailedExitCode::No };
        let exits = run_outcome::of_plan(plan, changes_count);
        let observer = CommandObserver::new(world);
        record_run(&session, plan, RunOperation::Plan, &metadata, &exits, &observer)
            .await
            .map_err(|error| report_error(&error, format, world))?;
        Ok(run_outcome::worst(&exits))
    }
}
