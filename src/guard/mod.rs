//! Asks guards and policies what they find in a plan. Pure: what is found stands in the plan, and the
//! stages behind it keep to it.

mod empty_collections;
mod expectations;
mod freeze;
mod limits;
mod overrides;
pub mod policy;
mod protected_records;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use self::overrides::UnusedOverride;
use self::overrides::override_with;

use crate::model::change::ChangeAction;
use crate::model::{
    Change, ContentDigest, Deferral, FieldValue, Finding, FindingEffect, GroupedNumber, GuardOverride,
    LimitedAction, Network, Plan, PlanStep, Policy, ZoneCode,
};

/// What people have taken upon them.
#[derive(Debug, Clone, Copy, Default)]
pub struct GuardOverrides<'a> {
    /// On the command line: whoever gives one that overrides nothing had another plan in mind.
    pub given: &'a [GuardOverride],
    /// In approvals of the plan, which may be older than what guards find.
    pub approved: &'a [GuardOverride],
}

/// Writes down in the plan what guards and policies find, and lays over it what somebody has taken upon
/// them. What was given and overrides nothing comes back.
pub fn review(
    plan: &mut Plan,
    network: &Network,
    policies: &[Policy],
    overrides: GuardOverrides<'_>,
    now: Timestamp,
) -> Vec<UnusedOverride> {
    plan.findings = findings(plan, network, policies, now);
    override_with(plan, overrides.approved);
    override_with(plan, overrides.given)
}

/// What guards and policies find, the gravest first.
pub fn findings(plan: &Plan, network: &Network, policies: &[Policy], now: Timestamp) -> Vec<Finding> {
    let guards = &network.guards;
    let mut findings = limits::find(plan, &guards.limits);
    findings.extend(protected_records::find(plan, &guards.protected));
    findings.extend(freeze::find(plan, network, &guards.freezes, now));
    findings.extend(empty_collections::find(plan));
    findings.extend(expectations::find(plan, guards.expectations.as_ref()));
    findings.extend(policy::find(plan, network, policies));
    findings.sort();
    findings
}

/// Why findings hold a zone, where they do.
pub fn deferral_of_zone(findings: &[Finding], zone: &ZoneCode) -> Option<Deferral> {
    let mut holding = findings.iter().filter(|finding| finding.effect == FindingEffect::Defer);
    let first = holding.find(|finding| finding.zones.contains(zone))?;
    Some(Deferral::Guard { guard: first.guard.clone() })
}

/// What a change is to guards.
fn deed(step: &PlanStep, change: &Change) -> LimitedAction {
    match change.action {
        ChangeAction::Create => LimitedAction::Create,
        ChangeAction::Delete => LimitedAction::Delete,
        ChangeAction::Update => match disables(step, change) {
            true => LimitedAction::Disable,
            false => LimitedAction::Update,
        },
    }
}

/// Whether a change switches its record off.
fn disables(step: &PlanStep, change: &Change) -> bool {
    let Some(switch) = &step.diff.shape.switch else { return false };
    let off = FieldValue::Bool(false);
    change.action == ChangeAction::Update
        && change
            .field_changes
            .iter()
            .any(|edit| edit.field == *switch && edit.after == off && edit.before.as_ref() != Some(&off))
}

/// Everything that apply would do, zone by zone; what is held back is not going to happen.
fn to_apply(plan: &Plan) -> impl Iterator<Item = (&ZoneCode, &PlanStep, &Change)> {
    plan.zones.iter().flat_map(|(code, zone)| {
        let steps = zone.collections.iter().filter(|step| step.deferral.is_none());
        steps.flat_map(move |step| step.diff.to_apply().map(move |change| (code, step, change)))
    })
}

/// The way out where something is meant all the same.
fn if_meant(guard: &str, digest: ContentDigest) -> String {
    format!("if it is meant, apply with `--override {guard} --reason TEXT --plan-digest {digest}`")
}

/// `1,240`.
fn thousands(number: usize) -> String {
    GroupedNumber(number as u64).to_string()
}

/// `; the same for 3 more zones`; nothing for none.
fn so_too(number: usize, noun: &str) -> String {
    match number {
        0 => String::new(),
        _ => and_more(number, noun).replacen(", and", "; the same for", 1),
    }
}

/// `, and 3 more zones`; nothing for none.
fn and_more(number: usize, noun: &str) -> String {
    match number {
        0 => String::new(),
        1 => format!(", and 1 more {noun}"),
        number => format!(", and {} more {noun}s", thousands(number)),
    }
}
