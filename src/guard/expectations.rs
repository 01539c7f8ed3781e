//! Finds expectations broken by a plan. Unknown answers are no findings.

use super::{GuardInput, if_meant, so_too};
use crate::model::{BrokenExpectation, ExpectationGuard, Finding, FindingEffect, MaybeKnown, Plan};

/// Name of the guard, for overrides.
const GUARD: &str = "expectations";

/// Returns a single finding for all broken expectations; `None` if the guard is disabled.
pub fn find(GuardInput { plan, network, .. }: GuardInput<'_>) -> Vec<Finding> {
    network.guards.expectations.iter().filter_map(|guard| check_expectations(plan, guard)).collect()
}

fn check_expectations(plan: &Plan, guard: &ExpectationGuard) -> Option<Finding> {
    let ExpectationGuard { effect, span } = guard;
    let (first, more) = plan.expectations.broken.split_first()?;
    let help = match effect {
        FindingEffect::Deny | FindingEffect::Defer => {
            format!("fix the manifests or the expectation; {}", if_meant(GUARD, plan.digest))
        }
        FindingEffect::Warn | FindingEffect::RequireApproval | FindingEffect::Overridden { .. } => {
            "fix the manifests or the expectation".to_owned()
        }
    };
    Some(Finding {
        effect: effect.clone(),
        guard: GUARD.into(),
        zones: Vec::new(),
        message: format!(
            "the plan breaks an expectation: {}{}",
            broken_expectation_text(first),
            so_too(more.len(), "expectation")
        ),
        help: Some(help),
        span: Some(span.clone()),
    })
}

/// Returns `may 01OMNI_BETA ...: allowed is false after the plan, expected true (imports.yaml:7:12)`.
fn broken_expectation_text(
    BrokenExpectation { provenance: _, question, reason: _, facts }: &BrokenExpectation,
) -> String {
    let Some(fact) = facts.first() else { return question.clone() };
    let would = match &fact.found {
        MaybeKnown::Known(value) => format!("is {value} after the plan"),
        MaybeKnown::Unknown(_) => "is unknown after the plan".to_owned(),
    };
    format!("{question}: {} {would}, expected {} ({})", fact.fact, fact.expected, fact.span)
}
