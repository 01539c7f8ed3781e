//! In what order the zones are written to, and who must have approved.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::address::ZoneCode;

/// How an apply goes through the network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rollout {
    /// The waves, in order; every zone of the network is in exactly one. Empty where all zones are
    /// written to at once.
    pub waves: Vec<RolloutWave>,
    /// When a wave has failed.
    pub stop: StopRule,
    /// What becomes of what was written in a wave that failed.
    pub on_failure: WaveFailureAction,
    /// Seconds to wait after a wave, before it is looked at once more and the next one begins.
    pub pause: u64,
}

/// Zones that are written to together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutWave {
    /// Its name, `pilot`.
    pub name: Arc<str>,
    /// Its zones, whether anything is to be done there or not, so that a wave keeps its zones from one
    /// apply to the next.
    pub zones: BTreeSet<ZoneCode>,
}

/// When no further wave begins: when more zones of a wave than this failed, could not be verified, or
/// did not hold what was written when they were looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StopRule {
    /// Zones that may fail.
    pub zones: usize,
}

/// What becomes of what was written in a wave that failed. No further wave begins either way.
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
    /// It stays.
    #[default]
    Stop,
    /// It is taken back at once.
    Revert,
}

/// Which zones need an approval before anything is written to them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApprovalRule {
    /// These.
    pub zones: BTreeSet<ZoneCode>,
}
