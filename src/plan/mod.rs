//! Turns changes into a plan: order, groups and cost. Pure.

mod change_groups;
pub mod change_origin;
mod cost;
pub mod manifest_digest;
pub mod merge_shards;
pub mod orphans;
pub mod plan_digest;
pub mod population;
mod record_revert;
pub mod required_approvals;
pub mod revert;
pub mod selection;
mod write_order;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::plan_digest::DigestScope;
use self::selection::DeclarationScope;
use crate::model::{
    ChangeGroup, ComparisonMode, ContentDigest, Deferral, DesiredState, Differences, ExpectationForecast,
    Network, ObservedState, Plan, PlanInputs, PlanOrigin, PlanStep, RolloutWave, ZoneCode, ZoneFailure,
    ZonePlan,
};

/// Creates the plan. `selection` describes the selection of the command, if any.
pub fn plan(
    network: &Network,
    differences: Differences,
    observed: &ObservedState,
    selection: Option<String>,
) -> Plan {
    let scope = DigestScope::from(network);
    let zones = differences.zones.into_iter().map(|(code, collections)| {
        let name = network.zone(&code).map_or_else(String::new, |zone| zone.name.clone());
        let mut failures = collections.iter().filter_map(|diff| diff.outcome.as_ref().err());
        let failure: Option<ZoneFailure> = failures.find(|failure| failure.class.whole_zone()).cloned();
        let collections = write_order::order(collections);
        let digest = scope.zone(code.as_str(), scope.changes(&collections));
        (code, ZonePlan { name, failure, collections, digest, deferral: None })
    });
    let zones: BTreeMap<ZoneCode, ZonePlan> = zones.collect();
    let busy = zones.iter().filter(|(_, zone)| plan_digest::is_busy(zone));
    let digest = scope.plan(busy.map(|(code, zone)| (code.as_str(), zone.digest)));
    Plan {
        network: network.name.clone(),
        environment: network.environment.clone(),
        selection,
        snapshot: None,
        compared: ComparisonMode::default(),
        change_groups: change_groups::groups(scope, &zones),
        waves: waves(network, &zones),
        digest,
        findings: Vec::new(),
        impacts: Vec::new(),
        expectations: ExpectationForecast::default(),
        inputs: PlanInputs::default(),
        service: Vec::new(),
        population: population::zones(network),
        origin: PlanOrigin::default(),
        cost: cost::cost(network, &zones, observed),
        zones,
    }
}

/// Returns the waves of the rollout, with only the zones that have work.
fn waves(network: &Network, zones: &BTreeMap<ZoneCode, ZonePlan>) -> Vec<RolloutWave> {
    let busy = |code: &&ZoneCode| zones.get(*code).is_some_and(ZonePlan::has_work);
    let waves = network.rollout.waves.iter().map(|wave| RolloutWave {
        name: Arc::clone(&wave.name),
        zones: wave.zones.iter().filter(busy).cloned().collect(),
    });
    waves.filter(|wave| !wave.zones.is_empty()).collect()
}

/// Returns the change groups of a plan.
pub fn groups(plan: &Plan) -> Vec<ChangeGroup> {
    change_groups::groups(DigestScope::from(plan), &plan.zones)
}

/// Returns the inputs of a plan that is limited to a scope.
pub fn made_from(network: &Network, desired: &DesiredState, scope: &DeclarationScope) -> PlanInputs {
    let mut manifests: BTreeMap<Arc<str>, Vec<(ZoneCode, ContentDigest)>> = BTreeMap::new();
    for (zone, said) in manifest_digest::digests(desired) {
        for (manifest, digest) in said {
            manifests.entry(manifest).or_default().push((zone.clone(), digest));
        }
    }
    PlanInputs {
        network: manifest_digest::network(network),
        manifests: manifests
            .into_iter()
            .map(|(manifest, zones)| (manifest, plan_digest::digest_json(&zones)))
            .collect(),
        kinds: scope.kinds.iter().map(|kind| kind.as_str().into()).collect(),
        only: scope.only.iter().map(|name| name.as_str().into()).collect(),
        reverts: None,
        restores: None,
    }
}

/// Defers zones and collections with work. The changes and the digest of the plan stay the same.
pub fn hold(
    plan: &mut Plan,
    zone: impl Fn(&ZoneCode, &ZonePlan) -> Option<Deferral>,
    step: impl Fn(&ZoneCode, &PlanStep) -> Option<Deferral>,
) {
    let mut any = false;
    let mut keep = |before: &mut Option<Deferral>, deferral: Option<Deferral>| {
        any |= deferral.is_some();
        *before = before.take().or(deferral);
    };
    for (code, each) in plan.zones.iter_mut().filter(|(_, zone)| zone.has_work()) {
        let deferral = zone(code, each);
        keep(&mut each.deferral, deferral);
        for each in each.collections.iter_mut().filter(|step| step.diff.has_work()) {
            let deferral = step(code, each);
            keep(&mut each.deferral, deferral);
        }
    }
    // Grouping a large plan takes time, and without a deferral the groups stay the same.
    if any {
        plan.change_groups = groups(plan);
    }
}
