//! `zonal runs`: lists recorded runs with their results.

use std::path::Path;

use clap::{Args, Subcommand};

use super::CommandExit;
use super::context::CommandContext;
use super::merge_runs::MergeRunsCommand;
use super::prune_runs::PruneRunsCommand;
use super::show_run::ShowRunCommand;
use super::store_query::{StoreQueryArgs, report_store_error};
use crate::render;
use crate::render::json::compact_lines::compact_lines;
use crate::render::json::runs::{RunJson, RunsJson};
use crate::session::scope;
use crate::session::unfinished_runs::is_killed;

/// List recorded runs, newest first
///
/// Lists each run with its operation, author and result. The list contains runs that write, and all runs of a
/// run group.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsCommand {
    #[command(subcommand)]
    action: Option<RunsAction>,
    /// Maximum number of runs
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: StoreQueryArgs,
}

#[derive(Debug, Subcommand)]
enum RunsAction {
    Merge(Box<MergeRunsCommand>),
    Show(ShowRunCommand),
    Prune(PruneRunsCommand),
}

impl RunsCommand {
    /// Lists the runs of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        let done = match &self.action {
            Some(RunsAction::Merge(merge)) => merge.merge(directory, world).await,
            Some(RunsAction::Show(show)) => show.show(directory, world).await,
            Some(RunsAction::Prune(prune)) => prune.prune(directory, world).await,
            None => self.list(directory, world).await,
        };
        match done {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn list(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let (network, store) = self.place.open(directory, world).await?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let asking = store.runs(scope(&network), limit.saturating_add(1));
        let found =
            world.unless_interrupted(asking).await?.map_err(|error| report_store_error(error, world))?;
        let is_all = found.len() <= limit;
        let machine = world.machine(directory);
        let runs = found.into_iter().take(limit).map(|found| {
            let killed = is_killed(&found, &store, &machine);
            RunJson { run: found.run, killed }
        });
        let runs: Vec<RunJson> = runs.collect();
        match self.json {
            true => world.out.print_line(compact_lines(&RunsJson { runs })),
            false if runs.is_empty() => world.out.print_line("No runs recorded."),
            false => {
                world.out.print(render::text::runs(&runs));
                if !is_all {
                    world.err.print_line(format!("More runs: pass `--limit {}` to see more.", limit * 5));
                }
            }
        }
        Ok(CommandExit::Done)
    }
}
