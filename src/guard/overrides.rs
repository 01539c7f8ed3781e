//! Applies overrides to findings.

use std::fmt;

use crate::model::{ContentDigest, FindingEffect, GuardOverride, Plan};

/// Override without effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnusedOverride {
    /// Missing reason.
    NoReason {
        /// The guard.
        guard: String,
    },
    /// Digest of another plan.
    OtherPlan {
        /// The guard.
        guard: String,
        /// Digest of the current plan.
        digest: ContentDigest,
    },
    /// No finding of the guard.
    FoundNothing {
        /// The guard.
        guard: String,
    },
    /// Finding that needs an approval, or is only a warning.
    NotThatWay {
        /// The guard.
        guard: String,
    },
}

impl fmt::Display for UnusedOverride {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReason { guard } => {
                write!(f, "missing reason for the override of `{guard}`; pass --reason")
            }
            Self::OtherPlan { guard, digest } => write!(
                f,
                "the override of `{guard}` is for another plan: the digest is now {digest}; review the plan again"
            ),
            Self::FoundNothing { guard } => {
                write!(f, "nothing to override: `{guard}` has no finding in this plan")
            }
            Self::NotThatWay { guard } => write!(
                f,
                "cannot override `{guard}`: no finding denies the plan; use `zonal approve` for findings that require an approval"
            ),
        }
    }
}

/// Marks the named findings as overridden. Returns the overrides without effect; such an override was
/// probably meant for another plan.
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
