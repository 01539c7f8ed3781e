//! Finds expectations that a plan breaks. What nobody can tell is no finding.

use super::{if_meant, so_too};
use crate::model::{BrokenExpectation, ExpectationGuard, Finding, FindingEffect, MaybeKnown, Plan};

/// By which it is overridden.
const GUARD: &str = "expectations";

/// All that the plan breaks, in one finding; where expectations may be broken, none.
pub fn find(plan: &Plan, kept: Option<&ExpectationGuard>) -> Option<Finding> {
    let ExpectationGuard { effect: verdict, span: place } = kept?;
    let (first, more) = plan.expectations.broken.split_first()?;
    let help = match verdict {
        FindingEffect::Deny | FindingEffect::Defer => {
            format!(
                "mend the manifests or what they are expected to come to; {}",
                if_meant(GUARD, plan.digest)
            )
        }
        FindingEffect::Warn | FindingEffect::RequireApproval | FindingEffect::Overridden { .. } => {
            "mend the manifests or what they are expected to come to".to_owned()
        }
    };
    Some(Finding {
        effect: verdict.clone(),
        guard: GUARD.into(),
        zones: Vec::new(),
        message: format!(
            "the plan breaks what is expected: {}{}",
            broken_expectation_text(first),
            so_too(more.len(), "expectation")
        ),
        help: Some(help),
        span: Some(place.clone()),
    })
}

/// `may 01OMNI_BETA ...: allowed would be false, expected is true (imports.yaml:7:12)`.
fn broken_expectation_text(
    BrokenExpectation { provenance: _, question, reason: _, facts }: &BrokenExpectation,
) -> String {
    let Some(fact) = facts.first() else { return question.clone() };
    let would = match &fact.found {
        MaybeKnown::Known(value) => format!("would be {value}"),
        MaybeKnown::Unknown(_) => "would not be known".to_owned(),
    };
    format!("{question}: {} {would}, expected is {} ({})", fact.fact, fact.expected, fact.span)
}
