//! Evaluates guards and policies. Pure: the findings are stored in the plan, and later stages follow them.

mod empty_collections;
mod expectations;
mod freeze;
mod limits;
mod overrides;
pub mod policy;
mod protected_records;
mod second_master;
mod similar_keys;
mod two_way;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use self::overrides::UnusedOverride;
use self::overrides::override_with;

use crate::model::change::ChangeAction;
use crate::model::cut_list::OmittedItems;
use crate::model::{
    Change, ContentDigest, Deferral, Finding, FindingEffect, GroupedNumber, GuardOverride, LimitedAction,
    Network, Plan, PlanStep, Policy, TwoWayWrites, ZoneCode,
};

/// Guards, each in a file of its own. The order does not matter, because findings are sorted.
const GUARDS: [fn(GuardInput<'_>) -> Vec<Finding>; 9] = [
    limits::find,
    protected_records::find,
    freeze::find,
    empty_collections::find,
    second_master::find,
    similar_keys::find,
    expectations::find,
    policy::find,
    two_way::find,
];

/// Input of every guard.
#[derive(Clone, Copy)]
struct GuardInput<'a> {
    plan: &'a Plan,
    network: &'a Network,
    policies: &'a [Policy],
    now: Timestamp,
    two_way: &'a TwoWayWrites,
}

/// Overrides of guards and policies.
#[derive(Debug, Clone, Copy)]
pub struct GuardOverrides<'a> {
    /// Overrides from the command line. An override without effect suggests that the user had another plan in
    /// mind.
    pub given: &'a [GuardOverride],
    /// Overrides from approvals of the plan, possibly older than the findings of guards.
    pub approved: &'a [GuardOverride],
    /// Handling of a plan without a base in production.
    pub two_way: &'a TwoWayWrites,
}

impl Default for GuardOverrides<'_> {
    fn default() -> Self {
        Self { given: &[], approved: &[], two_way: &TwoWayWrites::Warn }
    }
}

/// Stores the findings of guards and policies in the plan, and applies the overrides. Returns the overrides
/// from the command line that had no effect.
pub fn review(
    plan: &mut Plan,
    network: &Network,
    policies: &[Policy],
    overrides: GuardOverrides<'_>,
    now: Timestamp,
) -> Vec<UnusedOverride> {
    plan.findings = run_guards(GuardInput { plan, network, policies, now, two_way: overrides.two_way });
    override_with(plan, overrides.approved);
    override_with(plan, overrides.given)
}

/// Returns the findings of guards and policies for a plan that is only shown, most severe first.
pub fn findings(plan: &Plan, network: &Network, policies: &[Policy], now: Timestamp) -> Vec<Finding> {
    run_guards(GuardInput { plan, network, policies, now, two_way: &TwoWayWrites::Warn })
}

fn run_guards(input: GuardInput<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = GUARDS.iter().flat_map(|find| find(input)).collect();
    findings.sort();
    findings
}

/// Returns the deferral of a zone by findings, if any.
pub fn deferral_of_zone(findings: &[Finding], zone: &ZoneCode) -> Option<Deferral> {
    let mut holding = findings.iter().filter(|finding| finding.effect == FindingEffect::Defer);
    let first = holding.find(|finding| finding.zones.contains(zone))?;
    Some(Deferral::Guard { guard: first.guard.clone() })
}

/// Returns the limited action of a change.
fn deed(step: &PlanStep, change: &Change) -> LimitedAction {
    match change.action {
        ChangeAction::Create => LimitedAction::Create,
        ChangeAction::Delete => LimitedAction::Delete,
        ChangeAction::Update => match change.switches_off(step.diff.shape.switch.as_ref()) {
            true => LimitedAction::Disable,
            false => LimitedAction::Update,
        },
    }
}

/// Returns all changes to apply, zone by zone, without deferred ones.
fn to_apply(plan: &Plan) -> impl Iterator<Item = (&ZoneCode, &PlanStep, &Change)> {
    plan.zones.iter().flat_map(|(code, zone)| {
        let steps = zone.collections.iter().filter(|step| step.deferral.is_none());
        steps.flat_map(move |step| step.diff.to_apply().map(move |change| (code, step, change)))
    })
}

/// Returns the help text with the override command.
fn if_meant(guard: &str, digest: ContentDigest) -> String {
    format!("to proceed anyway, apply with `--override {guard} --reason TEXT --plan-digest {digest}`")
}

/// Returns the number with thousands separators: `1,240`.
fn thousands(number: usize) -> String {
    GroupedNumber(number as u64).to_string()
}

/// Returns `; the same for 3 more zones`, or an empty text for zero.
fn so_too(number: usize, noun: &str) -> String {
    and_more(number, noun).replacen(", and", "; the same for", 1)
}

/// Returns `, and 3 more zones`, or an empty text for zero.
fn and_more(number: usize, noun: &str) -> String {
    OmittedItems::new(number).map(|omitted| format!(", {}", omitted.of(noun))).unwrap_or_default()
}
