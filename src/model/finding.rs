//! What stands between a plan and its apply: what guards and policies found, and what waits for whom.

use std::sync::Arc;

use super::address::ZoneCode;
use super::source_span::SourceSpan;

/// What one guard or policy has found in a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// How much it matters. The first field, so that what stops apply is listed first.
    pub effect: FindingEffect,
    /// The name by which it can be overridden: `deletes-per-collection`, `protected`, `freeze/exams`,
    /// `policy/NAME/RULE`.
    pub guard: Arc<str>,
    /// The zones that it is about; empty where it is about the network as a whole.
    pub zones: Vec<ZoneCode>,
    /// The fact, in one line: lowercase, no full stop.
    pub message: String,
    /// The way out, where there is one.
    pub help: Option<String>,
    /// Where the rule stands; `None` for one that is on by default.
    pub span: Option<SourceSpan>,
}

/// How much a finding matters.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FindingEffect {
    /// Nothing at all is written.
    Deny,
    /// Nothing is written to the zones that it names, until it is over.
    Defer,
    /// Its zones need an approval, the whole plan's where it names none.
    RequireApproval,
    /// Worth a look.
    Warn,
    /// It would have denied or held, and somebody has taken that upon them.
    Overridden {
        /// Why, in their words.
        reason: String,
    },
}

/// Why apply does not begin something that the plan would do.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Deferral {
    /// Nobody has approved it.
    ApprovalRequired,
    /// A guard holds it for the time being.
    Guard {
        /// The guard's name.
        guard: Arc<str>,
    },
    /// Both the manifests and the zone have changed something of it, each in its own way.
    Conflict,
    /// It is not among what the plan file holds.
    Stale,
    /// The rollout stopped in an earlier wave.
    RolloutStopped {
        /// The wave's name.
        wave: Arc<str>,
    },
    /// Another run writes to the zone.
    LeaseHeld {
        /// Which one, and where it is at work.
        by: Arc<str>,
    },
}

impl std::fmt::Display for Deferral {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ApprovalRequired => f.write_str("waits for an approval"),
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
