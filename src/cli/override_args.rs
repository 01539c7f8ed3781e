//! The options by which somebody takes upon them what a guard or a policy stands in the way of.

use clap::Args;

use crate::model::{ContentDigest, GuardOverride};

/// What somebody takes upon them.
#[derive(Debug, Clone, Args)]
pub struct OverrideArgs {
    /// Go on in spite of this guard or policy, as the plan names it; needs --reason and --plan-digest
    #[arg(long = "override", value_name = "NAME", requires_all = ["reason", "plan_digest"])]
    guards: Vec<String>,
    /// Why, for all overrides
    #[arg(long, value_name = "TEXT", requires = "guards")]
    reason: Option<String>,
    /// The digest of the plan that was looked at; any other plan is not overridden
    #[arg(long, value_name = "DIGEST", requires = "guards")]
    plan_digest: Option<ContentDigest>,
}

impl OverrideArgs {
    /// One for each guard.
    pub fn overrides(&self) -> Vec<GuardOverride> {
        let (Some(reason), Some(digest)) = (&self.reason, self.plan_digest) else { return Vec::new() };
        let guards = self.guards.iter().cloned();
        guards.map(|guard| GuardOverride { guard, reason: reason.clone(), digest }).collect()
    }
}
