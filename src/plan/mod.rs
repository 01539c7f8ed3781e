//! Changes to a plan: order, groups and cost. Pure.

mod cost;
pub mod desired;
pub mod digest;
mod group;
mod order;
pub mod origin;

#[cfg(test)]
mod tests;

use self::digest::Scope;
use crate::model::{Differences, Failure, MadeFrom, Network, Observed, Plan, ZonePlan};

/// Makes the plan. `selection` says in words what the plan was narrowed to, if it was.
pub fn plan(
    network: &Network,
    differences: Differences,
    observed: &Observed,
    selection: Option<String>,
) -> Plan {
    let scope = Scope::from(network);
    let zones = differences.zones.into_iter().map(|(code, collections)| {
        let mut failures = collections.iter().filter_map(|diff| diff.outcome.as_ref().err());
        let failure: Option<Failure> = failures.find(|failure| failure.class.whole_zone()).cloned();
        let name = network.zone(&code).map_or_else(String::new, |zone| zone.name.clone());
        let collections = order::order(collections);
        let digest = scope.zone(&code, scope.change_set(&collections));
        (code, ZonePlan { name, failure, collections, digest, hold: None })
    });
    let zones = zones.collect();
    Plan {
        network: network.name.clone(),
        environment: network.environment.clone(),
        selection,
        against: None,
        base: None,
        groups: group::groups(scope, &zones),
        digest: scope.plan(&zones),
        findings: Vec::new(),
        made_from: MadeFrom::default(),
        cost: cost::cost(network, &zones, observed),
        zones,
    }
}
