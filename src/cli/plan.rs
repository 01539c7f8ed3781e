//! `zonal plan`: how every zone differs, without being able to write.

use std::path::{Path, PathBuf};

use super::config::{self, Config, Format, to_json};
use super::credentials::Keys;
use super::doors::Doors;
use super::exit::{self, ChangesCount, Exit};
use super::opened::{self, Opened};
use super::planfile;
use super::progress::Progress;
use super::selection::Selection;
use super::world::World;
use crate::model::network::Zone;
use crate::model::{Desired, Event, MadeFrom, Override, Plan, Verdict};
use crate::observe::observe;
use crate::{diff, guard, plan, render};
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
    /// Write the plan into this file, for `show` and `apply`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
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
        let planned = match make(&self.target, directory, format, world, &|_| {}).await {
            Ok(planned) => planned,
            Err(exit) => return exit,
        };
        match format {
            Format::Text => world.out.print(render::text::plan(&planned.plan)),
            Format::Json | Format::Lines => {
                world.out.line(to_json(&planfile::plan_json(&planned.plan)));
            }
        }
        if let Some(file) = &self.out
            && let Err(exit) = planfile::save(file, &planned.plan, world)
        {
            return exit;
        }
        let changes_count = if self.detailed_exitcode { ChangesCount::Yes } else { ChangesCount::No };
        exit::worst(&exit::of_plan(&planned.plan, changes_count))
    }
}

/// What is desired of the zones that a command is aimed at.
pub struct Prepared {
    /// The manifests.
    pub config: Config,
    /// What is desired of the zones that were selected.
    pub desired: Desired,
    /// What it was narrowed to, in words.
    pub selection: Option<String>,
    /// What a plan of it is made from.
    pub made_from: MadeFrom,
    /// What somebody takes upon them, where guards and policies stand in the way.
    pub overrides: Vec<Override>,
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
    let prepared = prepare(target, directory, format, world)?;
    look(prepared, directory, format, world, tell).await
}

/// Loads the manifests, and narrows what they want to what the command is aimed at.
pub fn prepare(target: &Target, directory: &Path, format: Format, world: &World) -> Result<Prepared, Exit> {
    let config = config::load(directory, target.environment.as_deref(), format, world)?;
    if format == Format::Json {
        config.warn(world);
    }
    let desired = narrow(&target.selection, &config, config.desired.clone(), world)?;
    let made_from = plan::made_from(&config.network, &desired, &target.selection.kind);
    Ok(Prepared { config, desired, selection: target.selection.words(), made_from, overrides: Vec::new() })
}

/// What a selection leaves of what is desired.
pub fn narrow(
    selection: &Selection,
    config: &Config,
    desired: Desired,
    world: &World,
) -> Result<Desired, Exit> {
    selection.narrow(&config.network, desired).map_err(|problems| {
        problems.iter().for_each(|problem| {
            super::fail(world, problem);
        });
        Exit::Invalid
    })
}

/// Observes what was prepared, compares and plans.
pub async fn look(
    prepared: Prepared,
    directory: &Path,
    format: Format,
    world: &World,
    tell: &(dyn Fn(&Event) + Sync),
) -> Result<Planned, Exit> {
    let Prepared { config, desired, selection, made_from, overrides } = prepared;
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
    let mut plan = Plan { made_from, ..plan::plan(&config.network, differences, &observed, selection) };
    let now = world.timestamp()?;
    let astray = guard::review(&mut plan, &config.network, &config.policies, &overrides, now);
    if !astray.is_empty() {
        for each in &astray {
            super::fail(world, each.to_string());
        }
        return Err(Exit::Invalid);
    }
    let findings = plan.findings.clone();
    if findings.iter().any(|finding| finding.verdict == Verdict::Hold) {
        plan::hold(&mut plan, |code, _| guard::held(&findings, code), |_, _| None);
    }
    Ok(Planned { config, desired, plan, doors, keys })
}
