//! Findings of guards and policies, and deferrals.

use std::sync::Arc;

use super::address::ZoneCode;
use super::source_span::SourceSpan;

/// Finding of one guard or policy in a plan.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Finding {
    // The first field, to sort the most severe findings first.
    /// Effect of the finding.
    pub effect: FindingEffect,
    /// Guard or policy name, as used by `--override`: `deletes-per-collection`, `protected`, `freeze/exams`, `policy/NAME/RULE`.
    pub guard: Arc<str>,
    /// Affected zones; empty for the whole network.
    pub zones: Vec<ZoneCode>,
    /// Fact in one line: lowercase, no full stop.
    pub message: String,
    /// Fix, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Location of the guard or policy; absent for a guard enabled by default.
    #[serde(rename = "declared_at", default, skip_serializing_if = "Option::is_none")]
    pub span: Option<SourceSpan>,
}

/// Effect of a finding.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FindingEffect {
    /// Denies the whole plan.
    Deny,
    /// Defers the affected zones until the cause ends.
    Defer,
    /// Requires an approval of the affected zones, or of the whole plan.
    RequireApproval,
    /// Warns only.
    Warn,
    /// Overridden denial or deferral.
    Overridden {
        /// Reason for the override.
        reason: String,
    },
}

/// Deferral: the reason why apply does not start planned changes.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Deferral {
    /// Approval missing.
    ApprovalRequired,
    /// Approval missing for some changes of a collection; others are approved.
    PartlyApproved {
        /// Manifests with changes that are not approved.
        missing: Vec<Arc<str>>,
    },
    /// Deferred by a guard.
    Guard {
        /// Name of the guard.
        guard: Arc<str>,
    },
    /// Changed differently in both the manifests and the zone.
    Conflict,
    /// Not in the reviewed plan file.
    Stale,
    /// Rollout stopped in an earlier wave.
    RolloutStopped {
        /// Name of the wave.
        wave: Arc<str>,
    },
    /// Lease of the zone held by another run.
    LeaseHeld {
        /// Run and its host.
        by: Arc<str>,
    },
}

impl std::fmt::Display for Deferral {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ApprovalRequired => f.write_str("waits for an approval"),
            Self::PartlyApproved { missing } => {
                write!(f, "approved in part, waits for an approval of {} as well", missing.join(", "))
            }
            Self::Guard { guard } => write!(f, "held by the guard `{guard}`"),
            Self::Conflict => f.write_str("both the manifests and the zone changed it"),
            Self::Stale => f.write_str("moved since the plan was made"),
            Self::RolloutStopped { wave } => {
                write!(f, "not begun, because the rollout stopped in wave `{wave}`")
            }
            Self::LeaseHeld { by } => write!(f, "not begun, because {by} writes to the zone"),
        }
    }
}
