//! Merges plans and reports of several runs, each for its part of the zones.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::change_groups;
use super::plan_digest::{self, DigestScope};
use super::population;
use crate::model::{
    ApplyReport, ChangeGroup, ExpectationForecast, Network, Plan, PlanCost, PlanInputs, PlanOrigin,
    RolloutWave, ServiceSettings, WaveReport, WaveResult, ZoneCode, ZonePlan, sort_impacts,
};

/// Merges plans into a single plan. If two plans contain a zone, the later one in the list wins. `None` for
/// an empty list.
///
/// The duration is the maximum, because runs do not wait for each other. Impacts are concatenated and
/// sorted: each run reports its own zones.
pub fn plans(
    network: &Network,
    plans: Vec<Plan>,
    selection: Option<String>,
    made_from: PlanInputs,
) -> Option<Plan> {
    let first = plans.first()?.clone();
    let mut zones: BTreeMap<ZoneCode, ZonePlan> = BTreeMap::new();
    let mut cost = PlanCost::default();
    let mut findings = Vec::new();
    let mut impacts = Vec::new();
    let mut expectations = ExpectationForecast::default();
    let mut service: Vec<ServiceSettings> = Vec::new();
    let mut origin = first.origin.clone();
    let mut population = first.population.clone();
    population.rows.clear();
    for plan in plans {
        population.rows.extend(plan.population.rows);
        cost.reads += plan.cost.reads;
        cost.writes += plan.cost.writes;
        cost.seconds_floor = cost.seconds_floor.max(plan.cost.seconds_floor);
        // Percentages are never NaN, and `None` counts as less than any number.
        cost.quota_percent = match (cost.quota_percent, plan.cost.quota_percent) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        };
        findings.extend(plan.findings);
        impacts.extend(plan.impacts);
        expectations.broken.extend(plan.expectations.broken);
        zones.extend(plan.zones);
        merge_origin(&mut origin, plan.origin);
        for settings in plan.service {
            if !service.contains(&settings) {
                service.push(settings);
            }
        }
    }
    findings.sort();
    findings.dedup();
    sort_impacts(&mut impacts);
    // Counts of met and unknown expectations are meaningless after a partial view.
    expectations.broken.sort();
    expectations.broken.dedup();
    population::merge_rows(&mut population);
    let scope = DigestScope::from(network);
    let busy = zones.iter().filter(|(_, zone)| plan_digest::is_busy(zone));
    let digest = scope.plan(busy.map(|(code, zone)| (code.as_str(), zone.digest)));
    let groups: Vec<ChangeGroup> = change_groups::groups(scope, &zones);
    let waves: Vec<RolloutWave> = super::waves(network, &zones);
    Some(Plan {
        selection,
        zones,
        change_groups: groups,
        waves,
        cost,
        digest,
        findings,
        impacts,
        expectations,
        inputs: made_from,
        service,
        origin,
        population,
        ..first
    })
}

/// Keeps what both origins share, and the later time.
fn merge_origin(merged: &mut PlanOrigin, other: PlanOrigin) {
    let PlanOrigin { created_at, commit, actor, pipeline } = other;
    merged.created_at = merged.created_at.take().max(created_at);
    for (kept, found) in
        [(&mut merged.commit, commit), (&mut merged.actor, actor), (&mut merged.pipeline, pipeline)]
    {
        *kept = kept.take().filter(|kept| Some(kept) == found.as_ref());
    }
}

/// Merges reports into a single report. For a zone in two reports, the later one in the list wins. For a
/// common wave, the worse result wins. `order` contains the waves in rollout order.
pub fn reports(reports: Vec<ApplyReport>, order: &[RolloutWave]) -> ApplyReport {
    let mut merged = ApplyReport::default();
    let mut waves: BTreeMap<Arc<str>, WaveReport> = BTreeMap::new();
    for report in reports {
        merged.zones.extend(report.zones);
        for wave in report.waves {
            match waves.get_mut(&wave.name) {
                Some(known) => {
                    known.zones.extend(wave.zones);
                    known.zones.sort();
                    known.zones.dedup();
                    known.result = worse(known.result.clone(), wave.result);
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

fn worse(one: WaveResult, other: WaveResult) -> WaveResult {
    let both = |mut failed: Vec<ZoneCode>, more: Vec<ZoneCode>| {
        failed.extend(more);
        failed.sort();
        failed.dedup();
        failed
    };
    match (one, other) {
        (
            WaveResult::Failed { failed },
            WaveResult::Failed { failed: more } | WaveResult::Verified { failed: more },
        )
        | (WaveResult::Verified { failed: more }, WaveResult::Failed { failed }) => {
            WaveResult::Failed { failed: both(failed, more) }
        }
        (failed @ WaveResult::Failed { .. }, _) | (_, failed @ WaveResult::Failed { .. }) => failed,
        (WaveResult::Interrupted, _) | (_, WaveResult::Interrupted) => WaveResult::Interrupted,
        (WaveResult::NothingWritten, _) | (_, WaveResult::NothingWritten) => WaveResult::NothingWritten,
        (WaveResult::Verified { failed }, WaveResult::Verified { failed: more }) => {
            WaveResult::Verified { failed: both(failed, more) }
        }
    }
}
