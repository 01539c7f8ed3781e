//! `zonal plan`: how every zone differs, without being able to write.

use std::path::Path;

use super::config::{self, Config, Format, to_json};
use super::credentials::Keys;
use super::doors::Doors;
use super::exit::{self, ChangesCount, Exit};
use super::opened::{self, Opened};
use super::outputs::Outputs;
use super::progress::Progress;
use super::selection::Selection;
use super::world::World;
use crate::model::network::Zone;
use crate::model::{Desired, Event, Plan};
use crate::observe::observe;
use crate::plan::digest::Scope;
use crate::{diff, plan, render};
use clap::Args;

/// Show how every zone differs from the manifests
///
/// Reads the zones with their read keys and cannot write. What is shown is what apply would do now.
#[derive(Debug, Args)]
pub struct PlanCommand {
    /// Exit with 2 where there are changes
    #[arg(long)]
    detailed_exitcode: bool,
    /// Print the plan as JSON, in the shape of `terraform show -json`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    outputs: Outputs,
}

/// What plan and apply are aimed at.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// Lay this environment over the Network manifest
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub selection: Selection,
}

/// A plan and what it was made from.
pub struct Planned {
    /// The manifests.
    pub config: Config,
    /// What is desired of the zones that were selected.
    pub desired: Desired,
    /// The plan.
    pub plan: Plan,
    /// The doors that it was made through.
    pub doors: Doors,
    /// The keys that it was made with.
    pub keys: Keys,
}

impl PlanCommand {
    /// Plans for the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &World) -> Exit {
        let format = if self.json { Format::Json } else { Format::Text };
        if let Err(exit) = self.outputs.check(format, world) {
            return exit;
        }
        let planned = match make(&self.target, directory, format, world, &|_| {}).await {
            Ok(planned) => planned,
            Err(exit) => return exit,
        };
        match format {
            Format::Text => world.out.print(self.outputs.printed(&planned.plan)),
            Format::Json | Format::Lines => {
                let scope = Scope::from(&planned.plan);
                world
                    .out
                    .line(to_json(&render::json::plan::plan(&planned.plan, |change| scope.change(change))))
            }
        }
        if let Err(exit) = self.outputs.write(&planned.plan, directory, format, world) {
            return exit;
        }
        let changes_count = if self.detailed_exitcode { ChangesCount::Yes } else { ChangesCount::No };
        exit::worst(&exit::of_plan(&planned.plan, changes_count))
    }
}

/// Loads, observes, compares and plans: everything that apply does before it asks. `tell` hears
/// what happens, beside the progress that is shown.
pub async fn make(
    target: &Target,
    directory: &Path,
    format: Format,
    world: &World,
    tell: &(dyn Fn(&Event) + Sync),
) -> Result<Planned, Exit> {
    let config = config::load(directory, target.environment.as_deref(), format, world)?;
    if format == Format::Json {
        config.warn(world);
    }
    let desired = match target.selection.narrow(&config.network, config.desired.clone()) {
        Ok(desired) => desired,
        Err(problems) => {
            problems.iter().for_each(|problem| {
                super::fail(world, problem);
            });
            return Err(Exit::Invalid);
        }
    };
    let zones: Vec<&Zone> =
        config.network.zones.iter().filter(|zone| desired.zones.contains_key(&zone.code)).collect();
    let Opened { doors, keys, readers } = opened::open(&config, &zones, directory, format, world).await?;
    let progress = Progress::new(world, "Reading", readers.len());
    let shown = |event: Event| {
        tell(&event);
        progress.tell(&event);
    };
    let observed = tokio::select! {
        observed = observe(&readers, &desired, &shown) => observed,
        () = world.interrupted(1) => {
            progress.finish();
            world.err.line("Interrupted while reading. Nothing was written.");
            return Err(Exit::Interrupted);
        }
    };
    progress.finish();
    let differences = diff::diff(&desired, &observed);
    let plan = plan::plan(&config.network, differences, &observed, target.selection.words());
    Ok(Planned { config, desired, plan, doors, keys })
}
