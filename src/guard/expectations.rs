//! Finds expectations that a plan breaks. What nobody can tell is no finding.

use super::{if_meant, so_too};
use crate::model::{Broken, Finding, Kept, Plan, Told, Verdict};

/// By which it is overridden.
const GUARD: &str = "expectations";

/// All that the plan breaks, in one finding; where expectations may be broken, none.
pub fn find(plan: &Plan, kept: Option<&Kept>) -> Option<Finding> {
    let Kept { verdict, place } = kept?;
    let (first, more) = plan.expectations.broken.split_first()?;
    let help = match verdict {
        Verdict::Deny | Verdict::Hold => {
            format!(
                "mend the manifests or what they are expected to come to; {}",
                if_meant(GUARD, plan.digest)
            )
        }
        Verdict::Warn | Verdict::RequireApproval | Verdict::Overridden { .. } => {
            "mend the manifests or what they are expected to come to".to_owned()
        }
    };
    Some(Finding {
        verdict: verdict.clone(),
        guard: GUARD.into(),
        zones: Vec::new(),
        message: format!(
            "the plan breaks what is expected: {}{}",
            words(first),
            so_too(more.len(), "expectation")
        ),
        help: Some(help),
        place: Some(place.clone()),
    })
}

/// `may 01OMNI_BETA ...: allowed would be false, expected is true (imports.yaml:7:12)`.
fn words(Broken { provenance: _, question, because: _, facts }: &Broken) -> String {
    let Some(fact) = facts.first() else { return question.clone() };
    let would = match &fact.found {
        Told::Is(value) => format!("would be {value}"),
        Told::Not(_) => "would not be known".to_owned(),
    };
    format!("{question}: {} {would}, expected is {} ({})", fact.fact, fact.expected, fact.place)
}
