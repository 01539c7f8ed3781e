//! `zonal runbook`: what people must do in Alma, because neither its API nor a gateway does.

use std::path::Path;

use clap::Args;

use super::config::{Format, to_json};
use super::exit::{self, ChangesCount, Exit};
use super::plan::make;
use super::target::Target;
use super::world::World;
use crate::render::runbook;

/// Print the steps that people must do by hand, as Markdown
///
/// Plans, and turns what neither Alma's API nor a gateway can change into exact steps: one log-in for
/// each zone, the menu path, the values to type, and why. `zonal attest` records that they were done.
#[derive(Debug, Args)]
pub struct RunbookCommand {
    /// Print the steps as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

impl RunbookCommand {
    /// Prints the runbook for the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &World) -> Exit {
        let format = if self.json { Format::Json } else { Format::Text };
        let planned = match make(&self.target, directory, format, world, &|_| {}).await {
            Ok(planned) => planned,
            Err(exit) => return exit,
        };
        let runbook = runbook::runbook(&planned.plan);
        match format {
            Format::Text => world.out.print(runbook::markdown(&runbook)),
            Format::Json | Format::Lines => world.out.line(to_json(&runbook)),
        }
        for (code, zone) in &planned.plan.zones {
            if let Some(failure) = &zone.failure {
                world.err.line(format!("? {code}: not looked at, so its steps are missing: {failure}"));
            }
        }
        exit::worst(&exit::of_plan(&planned.plan, ChangesCount::No))
    }
}
