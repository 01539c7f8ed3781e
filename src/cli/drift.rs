//! `zonal drift`: detects changes made outside zonal.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::base_revision::BaseSource;
use super::config::OutputFormat;
use super::context::CommandContext;
use super::plan::make_on;
use super::plan_file;
use super::plan_outputs::PlanOutputArgs;
use super::run_group::RunGroupArgs;
use super::target_args::{DriftFilter, PlanOptions, TargetArgs};
use crate::model::RunOperation;
use crate::render;
use crate::render::json::compact_lines::compact_lines;
use crate::render::markdown::CommentPurpose;
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
    grouping: RunGroupArgs,
    #[command(flatten)]
    outputs: PlanOutputArgs,
}

impl DriftCommand {
    /// Detects drift in the zones of the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        if let Err(exit) = self.outputs.check(format, world) {
            return exit;
        }
        let about = match self.grouping.about(self.target.selection.shard, world) {
            Ok(about) => about,
            Err(exit) => return exit,
        };
        let memory = self.base.clone().map_or(BaseSource::None, BaseSource::Revision);
        let (against, access) = (self.snapshot.clone(), about.access());
        let terms = PlanOptions {
            snapshot: against,
            memory,
            part: DriftFilter::All,
            access,
            ..PlanOptions::default()
        };
        let planned = match make_on(terms, &self.target, directory, format, world).await {
            Ok(planned) => planned,
            Err(exit) => return exit,
        };
        match format {
            OutputFormat::Text => {
                world.out.print(self.outputs.stdout_text(render::text::drift(&planned.plan)));
            }
            OutputFormat::Json | OutputFormat::Lines => {
                world.out.print_line(compact_lines(&plan_file::plan_json(&planned.plan)))
            }
        }
        if let Err(exit) =
            self.outputs.write(&planned.plan, CommentPurpose::Drift, None, directory, format, world)
        {
            return exit;
        }
        let exits = run_outcome::of_drift(&planned.plan);
        if let Err(exit) = about.remember(&planned, RunOperation::Drift, &exits, directory, world).await {
            return exit;
        }
        run_outcome::worst(&exits)
    }
}
