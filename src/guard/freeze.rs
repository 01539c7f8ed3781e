//! Finds writes during a freeze.

use super::{GuardInput, if_meant};
use crate::model::{Finding, FindingEffect, FreezeWindow, Network, Plan, ZoneCode};

/// Returns findings for current freezes of zones with changes. A freeze of the whole network denies the plan;
/// a freeze of some zones defers only these.
pub fn find(GuardInput { plan, network, now, .. }: GuardInput<'_>) -> Vec<Finding> {
    let current = network.guards.freezes.iter().filter(|freeze| freeze.from <= now && now < freeze.until);
    current.filter_map(|freeze| check_freeze(plan, network, freeze)).collect()
}

fn check_freeze(plan: &Plan, network: &Network, freeze: &FreezeWindow) -> Option<Finding> {
    let is_frozen = |zone: &ZoneCode| freeze.zones.as_ref().is_none_or(|zones| zones.contains(zone));
    let busy: Vec<ZoneCode> = (plan.zones.iter())
        .filter(|(code, zone)| zone.is_writable() && is_frozen(code))
        .map(|(code, _)| code.clone())
        .collect();
    if busy.is_empty() {
        return None;
    }
    let whole = network.zones.iter().all(|zone| is_frozen(&zone.code));
    let guard = format!("freeze/{}", freeze.name);
    let reason = freeze.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    let help = format!("wait until the freeze ends; {}", if_meant(&guard, plan.digest));
    Some(Finding {
        effect: if whole { FindingEffect::Deny } else { FindingEffect::Defer },
        guard: guard.into(),
        zones: if whole { Vec::new() } else { busy },
        message: format!("writes are frozen {}{reason}", freeze.words),
        help: Some(help),
        span: Some(freeze.span.clone()),
    })
}
