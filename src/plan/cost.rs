//! What apply will cost, so that nobody is surprised by a quota.

use std::collections::BTreeMap;

use crate::model::{Cost, Network, Observed, ZoneCode, ZonePlan};

/// Requests that make sure of a zone before its first write: who it is, and in which environment.
const CONFIRM: u64 = 2;
/// Requests around each write: read again before, read back after.
const AROUND_A_WRITE: u64 = 2;

/// Adds up all zones; the floor is that of the busiest one, since zones do not wait for each other.
pub fn cost(network: &Network, zones: &BTreeMap<ZoneCode, ZonePlan>, observed: &Observed) -> Cost {
    let mut cost = Cost::default();
    for (code, zone) in zones {
        let writes = zone.collections.iter().filter(|step| step.diff.has_work()).count() as u64;
        if writes == 0 {
            continue;
        }
        let reads = CONFIRM + writes * AROUND_A_WRITE;
        cost.reads += reads;
        cost.writes += writes;
        let requests = (reads + writes) as f64;
        if let Some(zone) = network.zone(code) {
            cost.seconds_floor = cost.seconds_floor.max(requests / f64::from(zone.rate.per_second));
        }
        if let Some(left) = observed.zones.get(code).and_then(|zone| zone.quota_left) {
            let percent = 100.0 * requests / (left.max(1) as f64);
            cost.quota_percent = Some(cost.quota_percent.unwrap_or(0.0).max(percent));
        }
    }
    cost
}
