//! `zonal show`: what a plan file holds, in any format, without a request.

use std::path::{Path, PathBuf};

use clap::Args;

use super::config::Format;
use super::exit::Exit;
use super::outputs::Outputs;
use super::planfile;
use super::world::World;
use crate::render;
use crate::render::json::layout::lines;
use crate::render::markdown::About;

/// Show a plan file
///
/// Needs neither manifests nor keys, and sends nothing.
#[derive(Debug, Args)]
pub struct Show {
    /// The plan file
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Print it as JSON, as `plan --json` does
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    outputs: Outputs,
}

impl Show {
    /// Shows the plan file.
    pub fn run(&self, directory: &Path, world: &World) -> Exit {
        match self.show(directory, world) {
            Ok(()) => Exit::Done,
            Err(exit) => exit,
        }
    }

    fn show(&self, directory: &Path, world: &World) -> Result<(), Exit> {
        let format = if self.json { Format::Json } else { Format::Text };
        self.outputs.check(format, world)?;
        let plan = planfile::shown(&self.plan, world)?;
        match format {
            Format::Text => world.out.print(self.outputs.printed(render::text::plan(&plan))),
            Format::Json | Format::Lines => world.out.line(lines(&planfile::plan_json(&plan))),
        }
        self.outputs.write(&plan, About::Plan, Some(&self.plan), directory, format, world)
    }
}
