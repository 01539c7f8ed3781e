//! Options that confirm a reviewed plan, and override a guard or policy for it.

use clap::{ArgGroup, Args};

use super::CommandExit;
use super::context::CommandContext;
use crate::model::{ContentDigest, GuardOverride, Plan};

/// Group of the options that require a reason.
pub const NEEDS_REASON: &str = "needs-reason";

/// Override options of a command that writes.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new(NEEDS_REASON).multiple(true))]
pub struct OverrideArgs {
    /// Override this guard or policy (requires --reason and --plan-digest)
    #[arg(
        long = "override", value_name = "NAME", requires_all = ["reason", "plan_digest"], group = NEEDS_REASON
    )]
    guards: Vec<String>,
    /// Reason for the override
    #[arg(long, value_name = "TEXT", requires = NEEDS_REASON)]
    pub reason: Option<String>,
    /// Write only if the plan has this digest
    #[arg(long, value_name = "DIGEST")]
    pub plan_digest: Option<ContentDigest>,
}

impl OverrideArgs {
    /// Returns one override per guard.
    pub fn overrides(&self) -> Vec<GuardOverride> {
        let (Some(reason), Some(digest)) = (&self.reason, self.plan_digest) else { return Vec::new() };
        let guards = self.guards.iter().cloned();
        guards.map(|guard| GuardOverride { guard, reason: reason.clone(), digest }).collect()
    }

    /// Checks that the plan is the reviewed one. Overrides are checked with the plan itself.
    ///
    /// # Errors
    /// Prints the error and returns [`CommandExit::Stale`] for another digest.
    pub fn check_digest(&self, plan: &Plan, world: &CommandContext) -> Result<(), CommandExit> {
        match self.plan_digest {
            Some(digest) if digest != plan.digest && self.guards.is_empty() => {
                super::fail(
                    world,
                    format!("nothing was written: the plan now has the digest {}, not {digest}", plan.digest),
                );
                world.err.print_line("help: review the plan again, and pass its digest");
                Err(CommandExit::Stale)
            }
            Some(_) | None => Ok(()),
        }
    }
}
