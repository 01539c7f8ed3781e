//! `zonal drift`: where zones have left what the manifests say.

use std::path::{Path, PathBuf};

use clap::Args;

use super::base::Memory;
use super::config::Format;
use super::exit::{self, Exit};
use super::grouping::Grouping;
use super::outputs::Outputs;
use super::plan::make_on;
use super::planfile;
use super::target::{Part, Target, Terms};
use super::world::World;
use crate::model::RunDeed;
use crate::render;
use crate::render::json::layout::lines;
use crate::render::markdown::About;

/// Show where zones have left what the manifests say
///
/// Exits with 2 where one has. Without --base every difference counts as drift; with it, what the
/// manifests ask for since that revision is pending, and no drift.
#[derive(Debug, Args)]
pub struct DriftCommand {
    /// The git revision whose manifests were applied last
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Compare with this snapshot instead of the zones; needs no key, sends nothing
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Print the differences as JSON, in the shape of `plan --json`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    grouping: Grouping,
    #[command(flatten)]
    outputs: Outputs,
}

impl DriftCommand {
    /// Looks for drift in the zones that the manifests below `directory` speak of.
    pub async fn run(&self, directory: &Path, world: &World) -> Exit {
        let format = if self.json { Format::Json } else { Format::Text };
        if let Err(exit) = self.outputs.check(format, world) {
            return exit;
        }
        let about = match self.grouping.about(self.target.selection.shard, world) {
            Ok(about) => about,
            Err(exit) => return exit,
        };
        let memory = self.base.clone().map_or(Memory::None, Memory::Revision);
        let (against, access) = (self.against.clone(), about.access());
        let terms = Terms { against, memory, part: Part::All, access, ..Terms::default() };
        let planned = match make_on(terms, &self.target, directory, format, world).await {
            Ok(planned) => planned,
            Err(exit) => return exit,
        };
        match format {
            Format::Text => {
                world.out.print(self.outputs.printed(render::text::drift(&planned.plan)));
            }
            Format::Json | Format::Lines => world.out.line(lines(&planfile::plan_json(&planned.plan))),
        }
        if let Err(exit) = self.outputs.write(&planned.plan, About::Drift, None, directory, format, world) {
            return exit;
        }
        let exits = exit::of_drift(&planned.plan);
        if let Err(exit) = about.remember(&planned, RunDeed::Drift, &exits, directory, world).await {
            return exit;
        }
        exit::worst(&exits)
    }
}
