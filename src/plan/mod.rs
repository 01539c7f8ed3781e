//! Changes to a plan: order, groups and cost. Pure.

mod cost;
mod group;
mod order;

#[cfg(test)]
mod tests;

use crate::model::{Differences, Failure, Network, Observed, Plan, ZonePlan};

pub use group::change_digest;

/// Makes the plan. `selection` says in words what the plan was narrowed to, if it was.
pub fn plan(
    network: &Network,
    differences: Differences,
    observed: &Observed,
    selection: Option<String>,
) -> Plan {
    let zones = differences.zones.into_iter().map(|(code, collections)| {
        let mut failures = collections.iter().filter_map(|diff| diff.outcome.as_ref().err());
        let failure: Option<Failure> = failures.find(|failure| failure.class.whole_zone()).cloned();
        let name = network.zone(&code).map_or_else(String::new, |zone| zone.name.clone());
        (code, ZonePlan { name, failure, collections: order::order(collections) })
    });
    let zones = zones.collect();
    Plan {
        network: network.name.clone(),
        environment: network.environment.clone(),
        selection,
        groups: group::groups(&zones),
        cost: cost::cost(network, &zones, observed),
        zones,
    }
}
