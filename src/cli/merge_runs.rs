//! `zonal runs merge`: merges the reports of a sharded run.

use std::path::Path;

use clap::Args;

use super::CommandExit;
use super::config::OutputFormat;
use super::context::CommandContext;
use super::plan_outputs::PlanOutputArgs;
use super::run_group::of_pipeline;
use super::session_output::report_error;
use super::store_query::StoreQueryArgs;
use crate::local::LocalMachine;
use crate::model::{ApplyReport, Plan, RunId, RunOperation};
use crate::render;
use crate::render::json::compact_lines::compact_lines;
use crate::render::markdown::CommentPurpose;
use crate::session::merge_runs::{MergedRuns, RunsToMerge, ShardRuns, find, merge};
use crate::session::plan_documents::{plan_json, report_json};
use crate::session::run_outcome;
use crate::store::{Store, UnfinishedRun};

/// Merge the reports of a sharded run
///
/// Prints the plan, the drift, or the apply report of all zones, as for a single run. If the runs performed
/// different operations, only the runs with the newest run's operation count. If several runs processed a
/// zone, the newest counts. Exits with code 6 if a shard is missing or running, otherwise with the most
/// severe code of the runs.
#[derive(Debug, Args)]
pub struct MergeRunsCommand {
    /// Runs to merge (default: the runs of the run group)
    #[arg(value_name = "RUN", conflicts_with = "run_group")]
    runs: Vec<RunId>,
    /// Name that links the runs (default: the ID of the CI pipeline)
    #[arg(long, value_name = "NAME")]
    run_group: Option<String>,
    /// Print nothing until all shards are finished
    ///
    /// Each shard can end with this command; only the last shard prints the report.
    #[arg(long)]
    if_complete: bool,
    /// Print JSON: a plan as in `plan --json`, or the report of an apply
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: StoreQueryArgs,
    #[command(flatten)]
    outputs: PlanOutputArgs,
}

impl MergeRunsCommand {
    /// Merges runs of the network below `directory`.
    ///
    /// # Errors
    /// Prints the error and returns the exit code if a run or its plan is not in the store.
    pub async fn merge(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let report_error = |error| report_error(&error, format, world);
        self.outputs.check(format, world)?;
        let (network, store) = self.place.open(directory, world).await?;
        let selection = self.selection(world)?;
        let machine = world.machine(directory);
        let shards = find(&store, &network, selection).await.map_err(report_error)?;
        let mut exits = shards.outcomes();
        let missing = missing_shards(&shards, &store, &machine);
        if self.if_complete && !missing.is_empty() {
            world.err.print_plain_line(format!("Not merged yet: {}.", missing.join("; ")));
            return Ok(CommandExit::Incomplete);
        }
        for line in missing {
            super::fail(world, line);
            exits.insert(CommandExit::Incomplete);
        }
        let merged = merge(&store, &network, &machine, &shards).await.map_err(report_error)?;
        world.err.print_plain_line(description(&shards));
        let MergedRuns { plan, report } = merged;
        self.show(&shards, &plan, &report, directory, format, world)?;
        // An incomplete result is not a success.
        if exits.len() > 1 {
            exits.remove(&CommandExit::Done);
        }
        if exits.contains(&CommandExit::Incomplete) {
            exits.remove(&CommandExit::Changes);
        }
        Ok(run_outcome::worst(&exits))
    }

    fn selection(&self, world: &CommandContext) -> Result<RunsToMerge, CommandExit> {
        if !self.runs.is_empty() {
            return Ok(RunsToMerge::Runs(self.runs.iter().copied().collect()));
        }
        self.run_group.clone().or_else(|| of_pipeline(world)).map(RunsToMerge::Group).ok_or_else(|| {
            let exit = super::fail(world, "no runs selected");
            world.err.print_line("help: pass the runs or `--run-group NAME`; `zonal runs` lists both");
            exit
        })
    }

    fn show(
        &self,
        shards: &ShardRuns,
        plan: &Plan,
        report: &ApplyReport,
        directory: &Path,
        format: OutputFormat,
        world: &CommandContext,
    ) -> Result<(), CommandExit> {
        let (text, about) = match shards.operation {
            RunOperation::Drift => (render::text::drift(plan), CommentPurpose::Drift),
            RunOperation::Plan | RunOperation::Unmanage => (render::text::plan(plan), CommentPurpose::Plan),
            RunOperation::Apply | RunOperation::Revert if report.zones.is_empty() => (
                "Nothing was written: there was nothing to do, or nothing that may begin.\n".to_owned(),
                CommentPurpose::Plan,
            ),
            RunOperation::Apply | RunOperation::Revert => {
                (render::text::report(plan, report), CommentPurpose::Plan)
            }
        };
        match (format, shards.operation) {
            (OutputFormat::Text, _) => world.out.print(self.outputs.stdout_text(text)),
            (OutputFormat::Json | OutputFormat::Lines, RunOperation::Apply | RunOperation::Revert) => {
                world.out.print_line(compact_lines(&report_json(plan, report)));
            }
            (
                OutputFormat::Json | OutputFormat::Lines,
                RunOperation::Drift | RunOperation::Plan | RunOperation::Unmanage,
            ) => {
                world.out.print_line(compact_lines(&plan_json(plan)));
            }
        }
        self.outputs.write(plan, about, None, directory, format, world)
    }
}

/// Returns the missing or unfinished shards, one line per shard.
fn missing_shards(shards: &ShardRuns, store: &Store, machine: &LocalMachine) -> Vec<String> {
    let missing = shards.missing.iter().map(|shard| format!("shard {shard} is missing: no run has started"));
    let open = shards.open_runs(store, machine).map(|(found, is_killed)| {
        let id = found.run.id;
        let shard = found.run.shard.map(|shard| format!(" (shard {shard})")).unwrap_or_default();
        match is_killed {
            true => format!("{id}{shard} was killed; run `zonal resume {id}` to finish the run"),
            false => format!("{id}{shard} is still running"),
        }
    });
    missing.chain(open).collect()
}

fn description(shards: &ShardRuns) -> String {
    let name = |found: &UnfinishedRun| match found.run.shard {
        Some(shard) => format!("{} ({shard})", found.run.id),
        None => found.run.id.to_string(),
    };
    let runs: Vec<String> = shards.effective_runs().map(name).collect();
    format!("Merged {}: {}.", shards.operation.as_str(), runs.join(", "))
}
