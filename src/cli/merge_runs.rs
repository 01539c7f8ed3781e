//! `zonal runs merge`: the one report of runs that shared the work.

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

/// Give the one report of runs that shared the work
///
/// The plan or the drift of all zones, or what an apply came to in them, as one run would have told it. Of runs that
/// did different things, those count that did what the latest did; where a zone was taken twice, the later run counts. Exits with 6
/// where a shard is missing or still at work, else with the gravest exit code of all.
#[derive(Debug, Args)]
pub struct MergeRunsCommand {
    /// The runs; without them, those of the group
    #[arg(value_name = "RUN", conflicts_with = "group")]
    runs: Vec<RunId>,
    /// What the runs are called by; the pipeline's own name where nothing is said
    #[arg(long, value_name = "NAME")]
    run_group: Option<String>,
    /// Print nothing where a shard is missing or still at work: each shard can end with this, and the last one tells all
    #[arg(long)]
    if_complete: bool,
    /// Print JSON: a plan as `plan --json` does, or the report of an apply
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: StoreQueryArgs,
    #[command(flatten)]
    outputs: PlanOutputArgs,
}

/// Runs that did the same, each in its part.
struct MergedRuns {
    deed: RunOperation,
    /// In the order in which they began.
    runs: Vec<UnfinishedRun>,
    /// The parts that no run has taken, of how many.
    missing: Vec<ZoneShard>,
}

impl MergeRunsCommand {
    /// Merges runs of the network below `directory`.
    ///
    /// # Errors
    /// An exit code, once it has been said which runs there are not, or what the store does not hold.
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
            let unreadable =
                |error| super::fail(world, format!("what the store holds of {}: {error}", run.id));
            plans.push(parse(&plan).and_then(Plan::try_from).map_err(unreadable)?);
            if let Some(report) = report {
                reports.push(render::json::report::parse(&report).map_err(unreadable)?);
            }
        }
        let made_from = self.made_from(&plans, directory);
        let merged = merge_shards::plans(&network, plans, together.selection(), made_from);
        let Some(plan) = merged else {
            return Err(super::fail(world, "none of these runs has a plan in the store"));
        };
        world.err.print_line(together.description());
        let report = merge_shards::reports(reports, &network.rollout.waves);
        self.show(&together, &plan, &report, directory, format, world)?;
        // What is not known of all of them is not done.
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
                super::fail(world, "nothing tells which runs are to be merged");
                world
                    .err
                    .print_line("help: name the runs, or give `--run-group NAME`; `zonal runs` lists both");
                return Err(CommandExit::Invalid);
            };
            let found = store.group(store::scope(network), group.clone()).await.map_err(told)?;
            return match found.is_empty() {
                true => Err(super::fail(
                    world,
                    format!("no run is called by the group {group}; `zonal runs` lists them"),
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
                        format!("the store knows no {id} of this network; `zonal runs` lists them"),
                    ));
                }
            }
        }
        Ok(found)
    }

    /// What a plan of all zones is made from: known where the manifests at hand still come to what each of the plans was
    /// made from, so that what is merged can be applied like any other plan.
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
    /// Of several runs, those that did what the latest did, in as many parts.
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

    /// The runs that no later one has taken the place of.
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

    /// What is not there, one line each.
    fn missing_shards(&self, world: &CommandContext) -> Vec<String> {
        let missing =
            self.missing.iter().map(|shard| format!("shard {shard} is missing: no run has taken it yet"));
        let open = self.effective_runs().filter(|found| found.run.state == RunState::Running).map(|found| {
            let id = found.run.id;
            let shard = found.run.shard.map(|shard| format!(" (shard {shard})")).unwrap_or_default();
            match is_killed(found, world) {
                true => format!("{id}{shard} was killed; `zonal resume {id}` finishes it"),
                false => format!("{id}{shard} is still at work"),
            }
        });
        missing.chain(open).collect()
    }

    /// What all of them were narrowed to, beside the parts that they shared.
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
