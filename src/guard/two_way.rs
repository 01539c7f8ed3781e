//! Finds writes in production without a base for the comparison.

use super::GuardInput;
use crate::model::{ComparisonMode, Finding, FindingEffect, TwoWayWrites};

/// Name of the guard, for overrides.
const NAME: &str = "two-way";

/// Returns a finding for changes in production that rest on a two-way comparison.
///
/// Such a change may overwrite an edit in the zone that nobody saw. A revert rests on the history.
pub fn find(GuardInput { plan, network, two_way, .. }: GuardInput<'_>) -> Vec<Finding> {
    let is_two_way = plan.compared == ComparisonMode::TwoWay && plan.inputs.reverts.is_none();
    let mut zones = network.zones.iter().filter(|zone| plan.zones.contains_key(&zone.code));
    if !is_two_way || !plan.has_work() || !zones.any(|zone| zone.counts_as_production()) {
        return Vec::new();
    }
    let (source, remedy) = match plan.snapshot {
        Some(_) => ("the snapshot carries no applied state", "create the snapshot with the store of `apply`"),
        None => ("no applied state", "use the store of earlier runs (`--store`)"),
    };
    let refusal = match two_way {
        TwoWayWrites::Warn => "; `apply` refuses such a plan in production",
        TwoWayWrites::Deny | TwoWayWrites::Allow { .. } => "",
    };
    let help = format!(
        "{remedy}, or compare with the revision applied last (`--base REV`); if no edit can be lost, apply \
         with `--two-way --reason TEXT`"
    );
    vec![Finding {
        effect: match two_way {
            TwoWayWrites::Warn => FindingEffect::Warn,
            TwoWayWrites::Deny => FindingEffect::Deny,
            TwoWayWrites::Allow { reason } => FindingEffect::Overridden { reason: reason.clone() },
        },
        guard: NAME.into(),
        zones: Vec::new(),
        message: format!(
            "{source}, so a librarian's edit cannot be told from a change of the manifests{refusal}"
        ),
        help: (!matches!(two_way, TwoWayWrites::Allow { .. })).then_some(help),
        span: None,
    }]
}
