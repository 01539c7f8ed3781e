//! `zonal show`: prints a plan file in any format, without a request.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::config::OutputFormat;
use super::context::CommandContext;
use super::plan_file;
use super::plan_outputs::PlanOutputArgs;
use super::plan_view_args::PlanViewArgs;
use crate::render;
use crate::render::json::compact_lines::compact_lines;
use crate::render::markdown::CommentPurpose;
use crate::session::plan_documents::plan_json;

/// Print a saved plan file
///
/// Needs no manifests and no API keys, and sends no requests.
#[derive(Debug, Args)]
pub struct ShowCommand {
    /// Plan file
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Print the plan as JSON, same as `plan --json`
    #[arg(long)]
    json: bool,
    /// Show each record of this zone (can be repeated)
    #[arg(long, value_name = "CODE", value_delimiter = ',', help_heading = "Detail")]
    zone: Vec<String>,
    #[command(flatten)]
    detail: PlanViewArgs,
    #[command(flatten)]
    outputs: PlanOutputArgs,
}

impl ShowCommand {
    /// Prints the plan file.
    pub fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.show(directory, world) {
            Ok(()) => CommandExit::Done,
            Err(exit) => exit,
        }
    }

    fn show(&self, directory: &Path, world: &CommandContext) -> Result<(), CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        self.outputs.check(format, world)?;
        let plan = plan_file::read_for_review(&self.plan, world)?;
        match format {
            OutputFormat::Text => {
                let view = self.detail.view(&plan, &self.zone, world)?;
                world.out.print(self.outputs.stdout_text(render::text::plan_view(&plan, &view)));
            }
            OutputFormat::Json | OutputFormat::Lines => {
                world.out.print_line(compact_lines(&plan_json(&plan)))
            }
        }
        self.outputs.write(&plan, CommentPurpose::Plan, Some(&self.plan), directory, format, world)
    }
}
