//! `zonal drift`: detects changes made outside zonal.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::config::OutputFormat;
use super::context::CommandContext;
use super::open_session::plan_target;
use super::plan_outputs::PlanOutputArgs;
use super::plan_view_args::text_view;
use super::run_group::{RunGroupArgs, store_access};
use super::session_output::{CommandObserver, report_error};
use super::snapshot_file::read_snapshot;
use super::target_args::TargetArgs;
use crate::model::{RunOperation, TwoWayWrites};
use crate::render;
use crate::render::json::compact_lines::compact_lines;
use crate::render::markdown::CommentPurpose;
use crate::session::base_revision::BaseSource;
use crate::session::plan::PlanRequest;
use crate::session::plan_documents::plan_json;
use crate::session::record_run::record_run;
use crate::session::run_outcome;

/// Detect changes made outside zonal
///
/// Exits with code 2 if a zone drifted. Without applied state and without --base, every difference counts as
/// drift. With --base, changes of the manifests since that revision are pending, not drift.
#[derive(Debug, Args)]
pub struct DriftCommand {
    /// Git revision to use as the last applied configuration
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Compare with a snapshot file instead of the zones (no API key needed)
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// Print the differences as JSON, in the format of `plan --json`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    run_group: RunGroupArgs,
    #[command(flatten)]
    outputs: PlanOutputArgs,
}

impl DriftCommand {
    /// Detects drift in the zones of the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.detect(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn detect(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        self.outputs.check(format, world)?;
        let metadata = self.run_group.metadata(self.target.selection.shard, world)?;
        let snapshot = read_snapshot(self.snapshot.as_deref(), world)?;
        let base = self.base.clone().map_or(BaseSource::None, BaseSource::Revision);
        let request = PlanRequest { base, snapshot, two_way: TwoWayWrites::Skip, ..PlanRequest::default() };
        let access = store_access(&metadata);
        let (session, planned) = plan_target(request, &self.target, access, directory, format, world).await?;
        let plan = &planned.plan;
        match format {
            OutputFormat::Text => {
                world.out.print(self.outputs.stdout_text(render::text::drift_view(plan, &text_view(world))))
            }
            OutputFormat::Json | OutputFormat::Lines => {
                world.out.print_line(compact_lines(&plan_json(plan)));
            }
        }
        self.outputs.write(plan, CommentPurpose::Drift, None, directory, format, world)?;
        let exits = run_outcome::of_drift(plan);
        let observer = CommandObserver::new(world);
        record_run(&session, plan, RunOperation::Drift, &metadata, &exits, &observer)
            .await
            .map_err(|error| report_error(&error, format, world))?;
        Ok(run_outcome::worst(&exits))
    }
}
