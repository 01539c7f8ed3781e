//! Compares the number of planned changes with the limits of one apply.

use std::collections::BTreeSet;

use super::{GuardInput, deed, if_meant, so_too, thousands};
use crate::model::guard::LimitScope;
use crate::model::{CollectionId, Finding, FindingEffect, GuardLimit, LimitedAction, Plan, ZoneCode};

/// Number of changes in a collection, a zone or the network.
struct LimitCounter<'a> {
    zone: Option<&'a ZoneCode>,
    collection: Option<&'a CollectionId>,
    existing: usize,
    deeds: [usize; LimitedAction::ALL.len()],
}

impl LimitCounter<'_> {
    fn count_of(&self, deed: LimitedAction) -> usize {
        self.deeds[deed as usize]
    }

    fn add(&mut self, other: &LimitCounter<'_>) {
        self.existing += other.existing;
        for (sum, number) in self.deeds.iter_mut().zip(other.deeds) {
            *sum += number;
        }
    }
}

/// Returns a finding for each exceeded limit.
pub fn find(GuardInput { plan, network, .. }: GuardInput<'_>) -> Vec<Finding> {
    let (mut collections, mut zones) = (Vec::new(), Vec::new());
    let nothing = |zone, collection| LimitCounter {
        zone,
        collection,
        existing: 0,
        deeds: [0; LimitedAction::ALL.len()],
    };
    let mut total = nothing(None, None);
    for (code, zone) in &plan.zones {
        let mut whole = nothing(Some(code), None);
        for step in &zone.collections {
            let mut tally = nothing(Some(code), Some(&step.diff.id));
            tally.existing = step.diff.outcome.as_ref().map_or(0, |found| found.existing);
            // Deferred changes do not count.
            for change in step.diff.to_apply().filter(|_| step.deferral.is_none()) {
                tally.deeds[deed(step, change) as usize] += 1;
            }
            whole.add(&tally);
            collections.push(tally);
        }
        total.add(&whole);
        zones.push(whole);
    }
    let total = [total];
    let finding = |limit: &GuardLimit| {
        let tallies: &[LimitCounter<'_>] = match limit.extent {
            LimitScope::Collection => &collections,
            LimitScope::Zone => &zones,
            LimitScope::Network => &total,
        };
        check_limit(plan, limit, tallies)
    };
    network.guards.limits.iter().filter_map(finding).collect()
}

/// Exceeded part of a limit.
enum LimitExcess {
    Records { limit: usize },
    Percent { limit: u32 },
}

fn exceeded_by(limit: &GuardLimit, tally: &LimitCounter<'_>) -> Option<(f64, LimitExcess)> {
    let number = tally.count_of(limit.action);
    // Ratio to the limit; a limit of zero counts as one half, to avoid a division by zero.
    let times = |allowed: f64| number as f64 / allowed.max(0.5);
    let records = limit.records.filter(|records| number > *records);
    let percent = limit.percent.filter(|percent| {
        tally.existing >= GuardLimit::FEW && number * 100 > tally.existing.saturating_mul(*percent as usize)
    });
    let records = records.map(|limit| (times(limit as f64), LimitExcess::Records { limit }));
    let percent = percent.map(|limit| {
        (times(tally.existing as f64 * f64::from(limit) / 100.0), LimitExcess::Percent { limit })
    });
    match (records, percent) {
        (Some(records), Some(percent)) => Some(if percent.0 > records.0 { percent } else { records }),
        (records, percent) => records.or(percent),
    }
}

fn check_limit(plan: &Plan, limit: &GuardLimit, tallies: &[LimitCounter<'_>]) -> Option<Finding> {
    let over: Vec<(&LimitCounter<'_>, f64, LimitExcess)> = tallies
        .iter()
        .filter_map(|tally| exceeded_by(limit, tally).map(|(times, over)| (tally, times, over)))
        .collect();
    // Of several equal excesses, the first one is reported.
    let (tally, _, what) = over.iter().rev().max_by(|one, other| one.1.total_cmp(&other.1))?;
    let number = tally.count_of(limit.action);
    let creates = limit.action == LimitedAction::Create;
    let many = match creates || tally.existing == 0 {
        true => thousands(number),
        false => format!("{} of {}", thousands(number), thousands(tally.existing)),
    };
    let noun = if number == 1 && creates { "record" } else { "records" };
    let of = tally.collection.map_or_else(String::new, |collection| format!(" of {collection}"));
    let place = tally.zone.map_or_else(|| "the network".to_owned(), ToString::to_string);
    let allowed = match what {
        LimitExcess::Records { limit: 0 } => "but none are allowed".to_owned(),
        LimitExcess::Records { limit } => format!("more than {}", thousands(*limit)),
        LimitExcess::Percent { limit } if creates => {
            format!("more than {limit} % of the {} that exist", thousands(tally.existing))
        }
        LimitExcess::Percent { limit } => format!("more than {limit} %"),
    };
    let zones: BTreeSet<&ZoneCode> = over.iter().filter_map(|(tally, _, _)| tally.zone).collect();
    let more = so_too(over.len() - 1, if limit.extent == LimitScope::Zone { "zone" } else { "collection" });
    let name = limit.name();
    let help = if_meant(&name, plan.digest);
    let help = match limit.span {
        Some(_) => help,
        None => {
            format!(
                "{help}; to change the limit, set `guards.limits.{}.{}`",
                limit.action.plural(),
                limit.extent
            )
        }
    };
    Some(Finding {
        effect: FindingEffect::Deny,
        message: format!(
            "{many} {noun}{of} would be {} in {place}, {allowed}{more}",
            limit.action.past_participle()
        ),
        guard: name.into(),
        zones: zones.into_iter().cloned().collect(),
        help: Some(help),
        span: limit.span.clone(),
    })
}
