//! Merges the plans and reports of a sharded run.

use std::collections::{BTreeMap, BTreeSet};

use super::config_source::ConfigSource;
use super::effects::RunOrigin;
use super::error::{RunProblem, SessionError};
use super::load::load;
use super::network_session::scope;
use super::plan_documents::{parse_plan, parse_report};
use super::run_outcome::RunOutcome;
use super::selection::join_descriptions;
use super::unfinished_runs::is_killed;
use crate::model::{
    ApplyReport, DesiredState, Network, Plan, PlanInputs, RunId, RunOperation, RunState, ZoneShard,
};
use crate::plan::merge_shards;
use crate::plan::selection::DeclarationScope;
use crate::store::{Store, UnfinishedRun};

/// Selection of runs to merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunsToMerge {
    /// These runs.
    Runs(BTreeSet<RunId>),
    /// Runs of a run group.
    Group(String),
}

/// Runs with the same operation, one per shard.
pub struct ShardRuns {
    /// Operation.
    pub operation: RunOperation,
    /// Runs in order of their start.
    runs: Vec<UnfinishedRun>,
    /// Shards without a run.
    pub missing: Vec<ZoneShard>,
}

/// Merged plan and report.
pub struct MergedRuns {
    /// Plan of all zones.
    pub plan: Plan,
    /// Report of all zones.
    pub report: ApplyReport,
}

/// Returns the runs with the operation and the number of shards of the newest run.
///
/// # Errors
/// Returns [`SessionError::Run`] for an unknown run or run group.
pub async fn find(
    store: &Store,
    network: &Network,
    selection: RunsToMerge,
) -> Result<ShardRuns, SessionError> {
    let ids = match selection {
        RunsToMerge::Group(group) => {
            let runs = store.group(scope(network), group.clone()).await?;
            return match runs.is_empty() {
                true => Err(RunProblem::UnknownGroup(group).into()),
                false => Ok(ShardRuns::latest_operation(runs)),
            };
        }
        RunsToMerge::Runs(ids) => ids,
    };
    let mut runs = Vec::new();
    for id in ids {
        let found = store.run(id).await?;
        let found = found.filter(|found| {
            (&found.run.network, &found.run.environment) == (&network.name, &network.environment)
        });
        runs.push(found.ok_or(RunProblem::Unknown(id))?);
    }
    Ok(ShardRuns::latest_operation(runs))
}

/// Merges the plans and reports of runs.
///
/// # Errors
/// Returns [`SessionError::StoredReport`] for an unreadable plan or report, or [`SessionError::Run`] if the store
/// contains no plan.
pub async fn merge(
    store: &Store,
    network: &Network,
    config: &dyn ConfigSource,
    shards: &ShardRuns,
) -> Result<MergedRuns, SessionError> {
    let (mut plans, mut reports) = (Vec::new(), Vec::new());
    for UnfinishedRun { run, .. } in &shards.runs {
        let unreadable = |source| SessionError::StoredReport { run: run.id, source };
        // A pruned run must not look like a run without zones.
        let papers = store.papers(run.id).await?.ok_or(RunProblem::NoPlan(run.id))?;
        let plan = parse_plan(&papers.plan).and_then(Plan::try_from).map_err(unreadable)?;
        if let Some(report) = papers.report {
            reports.push(parse_report(&report, Some(&plan)).map_err(unreadable)?);
        }
        plans.push(plan);
    }
    let inputs = merged_inputs(&plans, config);
    let plan = merge_shards::plans(network, plans, shards.selection(), inputs).ok_or(RunProblem::NoPlans)?;
    let report = merge_shards::reports(reports, &network.rollout.waves);
    Ok(MergedRuns { plan, report })
}

/// Returns the inputs of the merged plan.
///
/// Known if the current manifests still match the inputs of all plans. Only then can the merged plan be
/// applied.
fn merged_inputs(plans: &[Plan], config: &dyn ConfigSource) -> PlanInputs {
    let Some(first) = plans.first() else { return PlanInputs::default() };
    let unknown = PlanInputs { manifests: BTreeMap::new(), ..first.inputs.clone() };
    let Ok(config) = load(config.manifest_files(), first.environment.as_deref()) else { return unknown };
    let scope = DeclarationScope::from(&first.inputs);
    let inputs = |mut desired: DesiredState, plans: &[Plan]| {
        desired.zones.retain(|code, collections| {
            scope.narrow(code, collections);
            plans.iter().any(|plan| plan.zones.contains_key(code)) && !collections.is_empty()
        });
        crate::plan::made_from(&config.network, &desired, &scope)
    };
    let is_current = |plan: &Plan| inputs(config.desired.clone(), std::slice::from_ref(plan)) == plan.inputs;
    if plans.iter().all(is_current) { inputs(config.desired.clone(), plans) } else { unknown }
}

impl ShardRuns {
    fn latest_operation(runs: Vec<UnfinishedRun>) -> Self {
        let latest = runs.iter().max_by_key(|found| found.run.id);
        let operation = latest.map_or(RunOperation::Plan, |found| found.run.operation);
        let of = latest.and_then(|found| found.run.shard).map(|shard| shard.of);
        let mut runs: Vec<UnfinishedRun> = runs
            .into_iter()
            .filter(|found| found.run.operation == operation && found.run.shard.map(|shard| shard.of) == of)
            .collect();
        runs.sort_by_key(|found| found.run.id);
        let taken: BTreeSet<ZoneShard> = runs.iter().filter_map(|found| found.run.shard).collect();
        let all = of.into_iter().flat_map(|of| (1..=of).map(move |index| ZoneShard { index, of }));
        Self { operation, missing: all.filter(|shard| !taken.contains(shard)).collect(), runs }
    }

    /// Returns the runs that no newer run replaces.
    pub fn effective_runs(&self) -> impl Iterator<Item = &UnfinishedRun> {
        self.runs.iter().enumerate().filter_map(|(index, found)| {
            let is_replacement = |later: &UnfinishedRun| match found.run.shard {
                Some(shard) => later.run.shard == Some(shard),
                None => false,
            };
            (!self.runs[index + 1..].iter().any(is_replacement)).then_some(found)
        })
    }

    /// Returns the runs that have not ended, and true for a killed run.
    pub fn open_runs<'a>(
        &'a self,
        store: &'a Store,
        origin: &'a dyn RunOrigin,
    ) -> impl Iterator<Item = (&'a UnfinishedRun, bool)> {
        let open = self.effective_runs().filter(|found| found.run.state == RunState::Running);
        open.map(move |found| (found, is_killed(found, store, origin)))
    }

    /// Returns the results of all runs.
    pub fn outcomes(&self) -> BTreeSet<RunOutcome> {
        let codes = self.effective_runs().flat_map(|found| &found.run.exit_codes);
        codes.filter_map(|code| RunOutcome::of_code(*code)).collect()
    }

    /// Returns the common selection of the runs, without the shard.
    fn selection(&self) -> Option<String> {
        let shard_text = |shard: ZoneShard| format!("shard {shard}");
        let without_shard = |found: &UnfinishedRun| {
            let shard = found.run.shard.map(shard_text).unwrap_or_default();
            let selection = found.run.selection.clone().unwrap_or_default();
            let rest = selection.strip_suffix(&shard).map(|rest| rest.trim_end_matches(", ").to_owned());
            rest.unwrap_or(selection)
        };
        let parts: BTreeSet<String> =
            self.runs.iter().map(without_shard).filter(|part| !part.is_empty()).collect();
        let shards: BTreeSet<String> = match self.missing.is_empty() {
            true => BTreeSet::new(),
            false => self.runs.iter().filter_map(|found| found.run.shard.map(shard_text)).collect(),
        };
        join_descriptions(parts.into_iter().chain(shards))
    }
}
