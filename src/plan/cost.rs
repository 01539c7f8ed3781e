//! What apply will cost, so that nobody is surprised by a quota.

use std::collections::BTreeMap;

use crate::model::{Channel, Network, ObservedState, PlanCost, ZoneCode, ZonePlan};

/// Requests that make sure of a zone before its first write: who it is, and in which environment.
const CONFIRM: u64 = 2;
/// Requests around each write: read again before, read back after.
const AROUND_A_WRITE: u64 = 2;

/// Adds up all zones; the floor is that of the busiest one, since zones do not wait for each other, or
/// that of the gateway, which serves them all.
pub fn cost(network: &Network, zones: &BTreeMap<ZoneCode, ZonePlan>, observed: &ObservedState) -> PlanCost {
    let mut cost = PlanCost::default();
    let mut gateway = 0;
    for (code, zone) in zones {
        let on = |channel| {
            zone.collections.iter().filter(move |step| step.channel == channel && step.diff.has_work())
        };
        let api = on(Channel::Api).count() as u64;
        let collections = on(Channel::Gateway).count() as u64;
        // A gateway takes record by record.
        let records = on(Channel::Gateway).map(|step| step.diff.to_apply().count() as u64).sum::<u64>();
        if api + collections == 0 {
            continue;
        }
        let reads = CONFIRM + api * AROUND_A_WRITE;
        cost.reads += reads + collections * AROUND_A_WRITE;
        cost.writes += api + records;
        gateway += records + collections * AROUND_A_WRITE;
        let requests = (reads + api) as f64;
        if let Some(zone) = network.zone(code) {
            cost.seconds_floor = cost.seconds_floor.max(requests / f64::from(zone.rate.per_second));
        }
        if let Some(left) = observed.zones.get(code).and_then(|zone| zone.quota_left) {
            let percent = 100.0 * requests / (left.max(1) as f64);
            cost.quota_percent = Some(cost.quota_percent.unwrap_or(0.0).max(percent));
        }
    }
    if let Some(served) = &network.gateway {
        cost.seconds_floor = cost.seconds_floor.max(gateway as f64 / f64::from(served.rate.per_second));
    }
    cost
}
