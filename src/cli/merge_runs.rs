//! `zonal runs merge`: merges the reports of a sharded run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;

use super::config::{self, ConfigDirectory, OutputFormat};
use super::context::CommandContext;
use super::exit_code::{self, CommandExit};
use super::history::StoreQueryArgs;
use super::plan_file;
use super::plan_outputs::PlanOutputArgs;
use super::run_group::of_pipeline;
use super::runs::is_killed;
use super::store;
use crate::model::{ApplyReport, Network, Plan, PlanInputs, RunId, RunOperation, RunState, ZoneShard};
use crate::plan::merge_shards;
use crate::render;
use crate::render::json::compact_lines::compact_lines;
use crate::render::json::plan::parse;
use crate::render::markdown::CommentPurpose;
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

/// Runs with the same operation, one per shard.
struct MergedRuns {
    deed: RunOperation,
    /// Runs in order of their start.
    runs: Vec<UnfinishedRun>,
    /// Shards without a run.
    missing: Vec<ZoneShard>,
}

impl MergeRunsCommand {
    /// Merges runs of the network below `directory`.
    ///
    /// # Errors
    /// Prints the error and returns the exit code if a run or its plan is not in the store.
    pub async fn merge(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        self.outputs.check(format, world)?;
        let (network, store) = self.place.open(directory, world).await?;
        let together = MergedRuns::latest_operation(self.find(&network, &store, world).await?);
        let mut exits = together.exits();
        let lacking = together.missing_shards(world);
        if self.if_complete && !lacking.is_empty() {
            world.err.print_line(format!("Not merged yet: {}.", lacking.join("; ")));
            return Ok(CommandExit::Incomplete);
        }
        for words in lacking {
            super::fail(world, words);
            exits.insert(CommandExit::Incomplete);
        }
        let (mut plans, mut reports) = (Vec::new(), Vec::new());
        for UnfinishedRun { run, .. } in &together.runs {
            let papers = store.papers(run.id).await.map_err(|error| store::report_error(&error, world))?;
            let Some((plan, report)) = papers else { continue };
            let unreadable = |error| {
                super::fail(
                    world,
                    format!("cannot read the plan or report of {} in the store: {error}", run.id),
                )
            };
            plans.push(parse(&plan).and_then(Plan::try_from).map_err(unreadable)?);
            if let Some(report) = report {
                reports.push(render::json::report::parse(&report).map_err(unreadable)?);
            }
        }
        let made_from = self.made_from(&plans, directory);
        let merged = merge_shards::plans(&network, plans, together.selection(), made_from);
        let Some(plan) = merged else {
            return Err(super::fail(world, "the store contains no plan of these runs"));
        };
        world.err.print_line(together.description());
        let report = merge_shards::reports(reports, &network.rollout.waves);
        self.show(&together, &plan, &report, directory, format, world)?;
        // An incomplete result is not a success.
        if exits.len() > 1 {
            exits.remove(&CommandExit::Done);
        }
        if exits.contains(&CommandExit::Incomplete) {
            exits.remove(&CommandExit::Changes);
        }
        Ok(exit_code::worst(&exits))
    }

    async fn find(
        &self,
        network: &Network,
        store: &Store,
        world: &CommandContext,
    ) -> Result<Vec<UnfinishedRun>, CommandExit> {
        let told = |error| store::report_error(&error, world);
        if self.runs.is_empty() {
            let Some(group) = self.run_group.clone().or_else(|| of_pipeline(world)) else {
                super::fail(world, "no runs selected");
                world.err.print_line("help: pass the runs or `--run-group NAME`; `zonal runs` lists both");
                return Err(CommandExit::Invalid);
            };
            let found = store.group(store::scope(network), group.clone()).await.map_err(told)?;
            return match found.is_empty() {
                true => Err(super::fail(
                    world,
                    format!("run group {group} not found; `zonal runs` lists all runs"),
                )),
                false => Ok(found),
            };
        }
        let mut found = Vec::new();
        for id in self.runs.iter().copied().collect::<BTreeSet<_>>() {
            match store.run(id).await.map_err(told)? {
                Some(run)
                    if run.run.network == network.name && run.run.environment == network.environment =>
                {
                    found.push(run);
                }
                Some(_) | None => {
                    return Err(super::fail(
                        world,
                        format!(
                            "{id} not found for this network and environment; `zonal runs` lists all runs"
                        ),
                    ));
                }
            }
        }
        Ok(found)
    }

    /// Returns the inputs of the merged plan.
    ///
    /// Known if the current manifests still match the inputs of all plans. Only then can the merged plan be
    /// applied.
    fn made_from(&self, plans: &[Plan], directory: &Path) -> PlanInputs {
        let Some(first) = plans.first() else { return PlanInputs::default() };
        let unknown = PlanInputs { manifests: BTreeMap::new(), ..first.inputs.clone() };
        let Ok(ConfigDirectory { network, desired, .. }) =
            config::examine(directory, first.environment.as_deref())
        else {
            return unknown;
        };
        let kinds: Vec<String> = first.inputs.kinds.iter().map(ToString::to_string).collect();
        let of_kinds = |mut desired: crate::model::DesiredState, plans: &[Plan]| {
            desired.zones.retain(|code, collections| {
                collections.retain(|collection| {
                    let kind = collection.provenance.manifest.split('/').next().unwrap_or_default();
                    kinds.is_empty() || kinds.iter().any(|wanted| wanted == kind)
                });
                plans.iter().any(|plan| plan.zones.contains_key(code)) && !collections.is_empty()
            });
            crate::plan::made_from(&network, &desired, &kinds)
        };
        let same =
            plans.iter().all(|plan| of_kinds(desired.clone(), std::slice::from_ref(plan)) == plan.inputs);
        if same { of_kinds(desired, plans) } else { unknown }
    }

    fn show(
        &self,
        together: &MergedRuns,
        plan: &Plan,
        report: &ApplyReport,
        directory: &Path,
        format: OutputFormat,
        world: &CommandContext,
    ) -> Result<(), CommandExit> {
        let (text, about) = match together.deed {
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
        match (format, together.deed) {
            (OutputFormat::Text, _) => world.out.print(self.outputs.stdout_text(text)),
            (OutputFormat::Json | OutputFormat::Lines, RunOperation::Apply | RunOperation::Revert) => {
                world.out.print_line(compact_lines(&plan_file::report_json(plan, report)));
            }
            (
                OutputFormat::Json | OutputFormat::Lines,
                RunOperation::Drift | RunOperation::Plan | RunOperation::Unmanage,
            ) => {
                world.out.print_line(compact_lines(&plan_file::plan_json(plan)));
            }
        }
        self.outputs.write(plan, about, None, directory, format, world)
    }
}

impl MergedRuns {
    /// Keeps the runs with the operation and the number of shards of the newest run.
    fn latest_operation(runs: Vec<UnfinishedRun>) -> Self {
        let latest = runs.iter().max_by_key(|found| found.run.id);
        let deed = latest.map_or(RunOperation::Plan, |found| found.run.operation);
        let of = latest.and_then(|found| found.run.shard).map(|shard| shard.of);
        let mut runs: Vec<UnfinishedRun> = runs
            .into_iter()
            .filter(|found| found.run.operation == deed && found.run.shard.map(|shard| shard.of) == of)
            .collect();
        runs.sort_by_key(|found| found.run.id);
        let taken: BTreeSet<ZoneShard> = runs.iter().filter_map(|found| found.run.shard).collect();
        let all = of.into_iter().flat_map(|of| (1..=of).map(move |index| ZoneShard { index, of }));
        Self { deed, missing: all.filter(|shard| !taken.contains(shard)).collect(), runs }
    }

    /// Returns the runs that no newer run replaces.
    fn effective_runs(&self) -> impl Iterator<Item = &UnfinishedRun> {
        self.runs.iter().enumerate().filter_map(|(index, found)| {
            let replaced = |later: &UnfinishedRun| match found.run.shard {
                Some(shard) => later.run.shard == Some(shard),
                None => false,
            };
            (!self.runs[index + 1..].iter().any(replaced)).then_some(found)
        })
    }

    fn exits(&self) -> BTreeSet<CommandExit> {
        let codes = self.effective_runs().flat_map(|found| &found.run.exit_codes);
        codes.filter_map(|code| CommandExit::of_code(*code)).collect()
    }

    /// Returns the missing or unfinished shards, one line per shard.
    fn missing_shards(&self, world: &CommandContext) -> Vec<String> {
        let missing =
            self.missing.iter().map(|shard| format!("shard {shard} is missing: no run has started"));
        let open = self.effective_runs().filter(|found| found.run.state == RunState::Running).map(|found| {
            let id = found.run.id;
            let shard = found.run.shard.map(|shard| format!(" (shard {shard})")).unwrap_or_default();
            match is_killed(found, world) {
                true => format!("{id}{shard} was killed; run `zonal resume {id}` to finish the run"),
                false => format!("{id}{shard} is still running"),
            }
        });
        missing.chain(open).collect()
    }

    /// Returns the common selection of the runs, without the shard.
    fn selection(&self) -> Option<String> {
        let said = |found: &UnfinishedRun| {
            let shard = found.run.shard.map(|shard| format!("shard {shard}")).unwrap_or_default();
            let words = found.run.selection.clone().unwrap_or_default();
            let rest = words.strip_suffix(&shard).map(|rest| rest.trim_end_matches(", ").to_owned());
            rest.unwrap_or(words)
        };
        let mut words: Vec<String> = self.runs.iter().map(said).filter(|words| !words.is_empty()).collect();
        words.sort();
        words.dedup();
        if !self.missing.is_empty() {
            let taken: BTreeSet<String> =
                self.runs.iter().filter_map(|found| Some(format!("shard {}", found.run.shard?))).collect();
            words.extend(taken);
        }
        (!words.is_empty()).then(|| words.join(", "))
    }

    fn description(&self) -> String {
        let named = |found: &UnfinishedRun| match found.run.shard {
            Some(shard) => format!("{} ({shard})", found.run.id),
            None => found.run.id.to_string(),
        };
        let runs: Vec<String> = self.effective_runs().map(named).collect();
        format!("Merged {}: {}.", self.deed.as_str(), runs.join(", "))
    }
}
