//! Estimates the API requests of an apply, as a warning before a quota is exceeded.

use std::collections::BTreeMap;

use crate::model::{Channel, Network, ObservedState, PlanCost, ZoneCode, ZonePlan};

/// Requests that verify a zone before its first write: identity and environment type.
const CONFIRM: u64 = 2;
/// Requests around each write: one read before, one read back after.
const AROUND_A_WRITE: u64 = 2;

/// Returns the total cost of all zones.
///
/// Zones run in parallel, so the busiest zone determines the minimum duration. The gateway can take longer,
/// because all zones share it.
pub fn cost(network: &Network, zones: &BTreeMap<ZoneCode, ZonePlan>, observed: &ObservedState) -> PlanCost {
    let mut cost = PlanCost::default();
    let mut gateway = 0;
    for (code, zone) in zones {
        let on = |channel| {
            zone.collections.iter().filter(move |step| step.channel == channel && step.diff.has_work())
        };
        let api = on(Channel::Api).count() as u64;
        let collections = on(Channel::Gateway).count() as u64;
        // A gateway takes one record per request.
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
