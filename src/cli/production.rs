//! Production: `--yes` needs a reviewed plan, and a plan without a base needs a reason.

use super::CommandExit;
use super::context::CommandContext;
use super::override_args::OverrideArgs;
use crate::model::network::Zone;
use crate::model::{Network, Plan, TwoWayWrites};
use crate::session::selection::ZoneSelection;

/// Plan that `--yes` applies without a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmedPlan {
    /// Plan that a person has seen: at a question, in a plan file, or by its digest.
    Reviewed,
    /// Any plan.
    Any,
}

impl ConfirmedPlan {
    /// Checks that nobody applies an unseen plan to production.
    ///
    /// # Errors
    /// Prints the error and returns [`CommandExit::Invalid`].
    pub fn check(
        self,
        network: &Network,
        selection: &ZoneSelection,
        world: &CommandContext,
    ) -> Result<(), CommandExit> {
        let mut zones = network.zones.iter().filter(|zone| selection.selects(zone));
        if self == Self::Reviewed || !zones.any(Zone::counts_as_production) {
            return Ok(());
        }
        let exit = super::fail(world, "--yes applies a plan that nobody has reviewed to production");
        world.err.print_line(
            "help: save a plan with `zonal plan --out plan.json`, review it, and run `zonal apply plan.json --yes`; \
             or pass its digest with `--plan-digest`",
        );
        world.err.print_line(
            "help: an environment counts as production unless it sets `environmentType: sandbox`",
        );
        Err(exit)
    }
}

/// Returns the handling of a plan without a base by `apply`.
///
/// # Errors
/// Prints the error and returns [`CommandExit::Invalid`] for an empty reason.
pub fn two_way_writes(
    is_accepted: bool,
    overrides: &OverrideArgs,
    world: &CommandContext,
) -> Result<TwoWayWrites, CommandExit> {
    let reason = overrides.reason.as_deref().unwrap_or_default().trim();
    match (is_accepted, reason) {
        (false, _) => Ok(TwoWayWrites::Deny),
        (true, "") => Err(super::fail(world, "--two-way requires a reason; pass --reason TEXT")),
        (true, reason) => Ok(TwoWayWrites::Allow { reason: reason.to_owned() }),
    }
}

/// Prints the digest of a plan with changes for production, for an apply without a question.
pub fn print_digest(plan: &Plan, world: &CommandContext) {
    if plan.has_work() && plan.reaches_production() {
        world.err.print_line(format!("Digest of the plan: {}", plan.digest));
    }
}
