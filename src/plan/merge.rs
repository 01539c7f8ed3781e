//! What several runs found or did, each in its part of the zones, as if one had done all of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::digest::{self, Scope};
use super::group;
use crate::model::{
    Cost, Group, MadeFrom, Network, Outlook, Plan, Report, Wave, WaveEnd, WaveReport, ZoneCode, ZonePlan,
};

/// One plan of several. Where two speak of a zone, the later one in the list counts. `None` where there is none.
///
/// Seconds are those of the slowest, because the runs do not wait for each other. What the plan means is what each
/// run said of its own zones, one after the other.
pub fn plans(
    network: &Network,
    plans: Vec<Plan>,
    selection: Option<String>,
    made_from: MadeFrom,
) -> Option<Plan> {
    let first = plans.first()?.clone();
    let mut zones: BTreeMap<ZoneCode, ZonePlan> = BTreeMap::new();
    let mut cost = Cost::default();
    let mut findings = Vec::new();
    let mut impacts = Vec::new();
    let mut expectations = Outlook::default();
    for plan in plans {
        cost.reads += plan.cost.reads;
        cost.writes += plan.cost.writes;
        cost.seconds_floor = cost.seconds_floor.max(plan.cost.seconds_floor);
        // Percentages are never NaN, and what nobody says is less than anything.
        cost.quota_percent = match (cost.quota_percent, plan.cost.quota_percent) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        };
        findings.extend(plan.findings);
        impacts.extend(plan.impacts);
        expectations.broken.extend(plan.expectations.broken);
        zones.extend(plan.zones);
    }
    findings.sort();
    findings.dedup();
    // How many are met or not known, nobody can say who has only seen a part.
    expectations.broken.sort();
    expectations.broken.dedup();
    let scope = Scope::from(network);
    let busy = zones.iter().filter(|(_, zone)| digest::is_busy(zone));
    let digest = scope.plan(busy.map(|(code, zone)| (code.as_str(), zone.digest)));
    let groups: Vec<Group> = group::groups(scope, &zones);
    let waves: Vec<Wave> = super::waves(network, &zones);
    Some(Plan {
        selection,
        zones,
        groups,
        waves,
        cost,
        digest,
        findings,
        impacts,
        expectations,
        made_from,
        ..first
    })
}

/// One report of several. Where two speak of a zone, the later one in the list counts; where they went through
/// the same wave, the worse end does. `order` holds the names of the waves in their order.
pub fn reports(reports: Vec<Report>, order: &[Wave]) -> Report {
    let mut merged = Report::default();
    let mut waves: BTreeMap<Arc<str>, WaveReport> = BTreeMap::new();
    for report in reports {
        merged.zones.extend(report.zones);
        for wave in report.waves {
            match waves.get_mut(&wave.name) {
                Some(known) => {
                    known.zones.extend(wave.zones);
                    known.zones.sort();
                    known.zones.dedup();
                    known.end = worse(known.end.clone(), wave.end);
                }
                None => drop(waves.insert(wave.name.clone(), wave)),
            }
        }
    }
    for wave in order {
        merged.waves.extend(waves.remove(&wave.name));
    }
    merged.waves.extend(waves.into_values());
    merged
}

fn worse(one: WaveEnd, other: WaveEnd) -> WaveEnd {
    let both = |mut failed: Vec<ZoneCode>, more: Vec<ZoneCode>| {
        failed.extend(more);
        failed.sort();
        failed.dedup();
        failed
    };
    match (one, other) {
        (
            WaveEnd::Failed { failed },
            WaveEnd::Failed { failed: more } | WaveEnd::Verified { failed: more },
        )
        | (WaveEnd::Verified { failed: more }, WaveEnd::Failed { failed }) => {
            WaveEnd::Failed { failed: both(failed, more) }
        }
        (failed @ WaveEnd::Failed { .. }, _) | (_, failed @ WaveEnd::Failed { .. }) => failed,
        (WaveEnd::Interrupted, _) | (_, WaveEnd::Interrupted) => WaveEnd::Interrupted,
        (WaveEnd::Idle, _) | (_, WaveEnd::Idle) => WaveEnd::Idle,
        (WaveEnd::Verified { failed }, WaveEnd::Verified { failed: more }) => {
            WaveEnd::Verified { failed: both(failed, more) }
        }
    }
}
