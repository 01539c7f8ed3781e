//! Options that override a guard or policy.

use clap::Args;

use crate::model::{ContentDigest, GuardOverride};

/// Override options of a command that writes.
#[derive(Debug, Clone, Args)]
pub struct OverrideArgs {
    /// Override this guard or policy (requires --reason and --plan-digest)
    #[arg(long = "override", value_name = "NAME", requires_all = ["reason", "plan_digest"])]
    guards: Vec<String>,
    /// Reason for the override
    #[arg(long, value_name = "TEXT", requires = "guards")]
    reason: Option<String>,
    /// Digest of the plan that the override is valid for
    #[arg(long, value_name = "DIGEST", requires = "guards")]
    plan_digest: Option<ContentDigest>,
}

impl OverrideArgs {
    /// Returns one override per guard.
    pub fn overrides(&self) -> Vec<GuardOverride> {
        let (Some(reason), Some(digest)) = (&self.reason, self.plan_digest) else { return Vec::new() };
        let guards = self.guards.iter().cloned();
        guards.map(|guard| GuardOverride { guard, reason: reason.clone(), digest }).collect()
    }
}
