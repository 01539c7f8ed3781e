//! Lays over findings what somebody has taken upon them.

use std::fmt;

use crate::model::{ContentDigest, FindingEffect, GuardOverride, Plan};

/// An override that overrides nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnusedOverride {
    /// It says no reason.
    NoReason {
        /// The guard.
        guard: String,
    },
    /// It was given for another plan.
    OtherPlan {
        /// The guard.
        guard: String,
        /// The digest of the plan at hand.
        digest: ContentDigest,
    },
    /// The guard has found nothing.
    FoundNothing {
        /// The guard.
        guard: String,
    },
    /// What the guard found is ended by an approval, or is only worth a look.
    NotThatWay {
        /// The guard.
        guard: String,
    },
}

impl fmt::Display for UnusedOverride {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReason { guard } => {
                write!(f, "the override of `{guard}` has no reason; give one with --reason")
            }
            Self::OtherPlan { guard, digest } => write!(
                f,
                "the override of `{guard}` is for another plan: the digest is now {digest}; look at the plan again"
            ),
            Self::FoundNothing { guard } => {
                write!(f, "there is nothing to override: `{guard}` found nothing in this plan")
            }
            Self::NotThatWay { guard } => write!(
                f,
                "`{guard}` cannot be overridden: it denies nothing; what needs an approval is approved with `zonal approve`"
            ),
        }
    }
}

/// Takes what overrides name out of the way. Those that override nothing come back; a plan with such a one
/// was not what whoever gave it had in mind.
pub fn override_with(plan: &mut Plan, overrides: &[GuardOverride]) -> Vec<UnusedOverride> {
    let mut astray = Vec::new();
    for GuardOverride { guard, reason, digest } in overrides {
        let guard = guard.clone();
        if reason.trim().is_empty() {
            astray.push(UnusedOverride::NoReason { guard });
            continue;
        }
        if *digest != plan.digest {
            astray.push(UnusedOverride::OtherPlan { guard, digest: plan.digest });
            continue;
        }
        let mut named = plan.findings.iter_mut().filter(|finding| *finding.guard == *guard).peekable();
        if named.peek().is_none() {
            astray.push(UnusedOverride::FoundNothing { guard });
            continue;
        }
        let mut in_the_way = false;
        for finding in named {
            match finding.effect {
                FindingEffect::Deny | FindingEffect::Defer => {
                    in_the_way = true;
                    finding.effect = FindingEffect::Overridden { reason: reason.trim().to_owned() };
                    finding.help = None;
                }
                FindingEffect::Overridden { .. } => in_the_way = true,
                FindingEffect::RequireApproval | FindingEffect::Warn => {}
            }
        }
        if !in_the_way {
            astray.push(UnusedOverride::NotThatWay { guard });
        }
    }
    plan.findings.sort();
    astray
}
