//! `zonal runs`: what zonal was at work at, and how it ended.

use std::path::Path;

use clap::{Args, Subcommand};

use super::exit::Exit;
use super::history::Remembered;
use super::merge::Merge;
use super::store;
use super::unfinished::Standing;
use super::world::World;
use crate::model::RunState;
use crate::render;
use crate::render::json::layout::lines;
use crate::render::json::runs::{RunJson, RunsJson};
use crate::store::Unfinished;

/// List the runs: what each did, who set it off, and how it ended
///
/// Runs that write are listed, and runs that share the work with others. The latest first.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Runs {
    #[command(subcommand)]
    merge: Option<Together>,
    /// List no more than so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Remembered,
}

#[derive(Debug, Subcommand)]
enum Together {
    Merge(Box<Merge>),
}

impl Runs {
    /// Lists the runs of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &World) -> Exit {
        let done = match &self.merge {
            Some(Together::Merge(merge)) => merge.merge(directory, world).await,
            None => self.list(directory, world).await,
        };
        match done {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn list(&self, directory: &Path, world: &World) -> Result<Exit, Exit> {
        let (network, store) = self.place.open(directory, world).await?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let asking = store.runs(store::scope(&network), limit.saturating_add(1));
        let found = world.unless_interrupted(asking).await?.map_err(|error| store::told(&error, world))?;
        let is_all = found.len() <= limit;
        let runs: Vec<RunJson> = found.into_iter().take(limit).map(|found| told(found, world)).collect();
        match self.json {
            true => world.out.line(lines(&RunsJson { runs })),
            false if runs.is_empty() => world.out.line("Nothing was done yet."),
            false => {
                world.out.print(render::text::runs(&runs));
                if !is_all {
                    world.err.line(format!("There are more: `--limit {}` shows some of them.", limit * 5));
                }
            }
        }
        Ok(Exit::Done)
    }
}

/// A run, and whether it was killed.
pub fn told(found: Unfinished, world: &World) -> RunJson {
    let killed = is_killed(&found, world);
    RunJson { run: found.run, killed }
}

/// Whether a run has not said that it ended, and is not at work any more: its process is gone, or nothing was heard
/// of it for longer than a run at work is silent.
pub fn is_killed(found: &Unfinished, world: &World) -> bool {
    found.run.state == RunState::Running && Standing::of(found, world) == Standing::Gone
}
