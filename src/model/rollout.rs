//! Rollout order of the zones, and required approvals.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::address::ZoneCode;

/// Rollout of an apply through the network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rollout {
    /// Waves in order, with every zone in exactly one; empty for all zones at once.
    pub waves: Vec<RolloutWave>,
    /// Condition that stops the rollout.
    pub stop: StopRule,
    /// Action for the writes of a failed wave.
    pub on_failure: WaveFailureAction,
    /// Seconds to wait after a wave, before its verification and the next wave.
    pub pause: u64,
}

/// Zones that zonal writes to together.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct RolloutWave {
    /// Name, `pilot`.
    pub name: Arc<str>,
    /// Zones, with or without changes, so that waves stay the same from one apply to the next.
    pub zones: BTreeSet<ZoneCode>,
}

/// Condition that stops the rollout, by the number of failed zones in a wave.
///
/// A zone failed if its write failed, could not be verified, or did not last until the later check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StopRule {
    /// Maximum number of failed zones.
    pub zones: usize,
}

/// Action for the writes of a failed wave. No further wave starts either way.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum WaveFailureAction {
    /// Keeps them.
    #[default]
    Stop,
    /// Reverts them at once.
    Revert,
}

/// Zones that need an approval before any write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApprovalRule {
    /// Zones.
    pub zones: BTreeSet<ZoneCode>,
}
