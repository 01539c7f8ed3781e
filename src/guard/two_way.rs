//! Finds writes in production without a base for the comparison.

use super::GuardInput;
use crate::model::{ComparisonMode, Finding, FindingEffect, TWO_WAY, TwoWayWrites};

/// Returns a finding for changes in production that rest on a two-way comparison.
///
/// Such a change may overwrite an edit in the zone that nobody saw. A revert rests on the history.
pub fn find(GuardInput { plan, network, two_way, .. }: GuardInput<'_>) -> Vec<Finding> {
    let is_two_way = plan.compared == ComparisonMode::TwoWay && plan.inputs.reverts.is_none();
    let mut zones = network.zones.iter().filter(|zone| plan.zones.contains_key(&zone.code));
    if !is_two_way || !plan.has_work() || !zones.any(|zone| zone.counts_as_production()) {
        return Vec::new();
    }
    let (source, remedy, refusal) = match plan.snapshot {
        Some(_) => {
            ("the snapshot carries no applied state", "create the snapshot with the store of `apply`", "")
        }
        None => (
            "no applied state",
            "use the store of earlier runs (`--store`)",
            "; `apply` without a base refuses it in production",
        ),
    };
    let (effect, refusal) = match two_way {
        TwoWayWrites::Skip => return Vec::new(),
        TwoWayWrites::Warn => (FindingEffect::Warn, refusal),
        TwoWayWrites::Deny => (FindingEffect::Deny, ""),
        TwoWayWrites::Allow { reason } => (FindingEffect::Overridden { reason: reason.clone() }, ""),
    };
    let help = match effect {
        FindingEffect::Overridden { .. } => None,
        _ => Some(format!(
            "{remedy}, or compare with the revision applied last (`--base REV`); if no edit can be lost, \
             apply with `--two-way --reason TEXT`"
        )),
    };
    vec![Finding {
        effect,
        guard: TWO_WAY.into(),
        zones: Vec::new(),
        message: format!(
            "{source}, so a librarian's edit cannot be told from a change of the manifests{refusal}"
        ),
        help,
        span: None,
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::tests::planned;
    use crate::model::network::EnvironmentType;
    use crate::model::{Network, Plan};

    const STAFF: &str = "CodeTable groups\ntable: UserGroups\nrows: [{code: STAFF, description: Staff}]";

    fn planned_in(environment: Option<EnvironmentType>, tables: &str) -> (Network, Plan) {
        let (mut network, plan) = planned(&["ALPHA"], STAFF, tables);
        network.zones.iter_mut().for_each(|zone| zone.environment_type = environment);
        (network, plan)
    }

    fn effect(network: &Network, plan: &Plan, two_way: &TwoWayWrites) -> Option<FindingEffect> {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let found = find(GuardInput { plan, network, policies: &[], now, two_way });
        found.into_iter().next().map(|finding| finding.effect)
    }

    #[test]
    fn change_without_base_is_denied_unless_zone_is_sandbox() {
        let changed = "code UserGroups en\nSTAFF Other";
        let (network, plan) = planned_in(None, changed);
        assert_eq!(effect(&network, &plan, &TwoWayWrites::Warn), Some(FindingEffect::Warn));
        assert_eq!(effect(&network, &plan, &TwoWayWrites::Deny), Some(FindingEffect::Deny));
        let reason = "first apply".to_owned();
        let allowed = TwoWayWrites::Allow { reason: reason.clone() };
        assert_eq!(effect(&network, &plan, &allowed), Some(FindingEffect::Overridden { reason }));
        let (sandbox, plan) = planned_in(Some(EnvironmentType::Sandbox), changed);
        assert_eq!(effect(&sandbox, &plan, &TwoWayWrites::Deny), None);
    }

    #[test]
    fn plan_without_changes_or_with_base_is_not_denied() {
        let (network, plan) = planned_in(None, "code UserGroups en\nSTAFF Staff");
        assert_eq!(effect(&network, &plan, &TwoWayWrites::Deny), None);
        let (network, mut plan) = planned_in(None, "code UserGroups en\nSTAFF Other");
        plan.compared = ComparisonMode::AppliedState { entries: 1 };
        assert_eq!(effect(&network, &plan, &TwoWayWrites::Deny), None);
        plan.compared = ComparisonMode::Revision("abc".to_owned());
        assert_eq!(effect(&network, &plan, &TwoWayWrites::Deny), None);
    }
}
