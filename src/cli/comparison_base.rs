//! Base of a comparison from the store: the applied state and its orphans.

use std::collections::BTreeSet;

use super::CommandExit;
use super::config::ConfigDirectory;
use super::context::CommandContext;
use super::store::{report_error, scope};
use crate::model::{AppliedState, ComparisonBase, ComparisonMode, DesiredState, ZoneCode};
use crate::plan::orphans::{self, RunScope};
use crate::store::Store;

/// Zones and kinds that a command covers.
#[derive(Debug, Clone, Default)]
pub struct CommandScope {
    /// Selected zones, including zones without desired state.
    pub zones: BTreeSet<ZoneCode>,
    /// Selected kinds of manifests; empty for all kinds.
    pub kinds: Vec<String>,
}

/// Returns the base for the zones of a command; `None` without a store.
///
/// # Errors
/// Prints the error and returns [`CommandExit::Invalid`] if the store cannot be read.
pub async fn base(
    store: Option<&Store>,
    config: &ConfigDirectory,
    reach: &CommandScope,
    world: &CommandContext,
) -> Result<Option<ComparisonBase>, CommandExit> {
    let Some(store) = store else { return Ok(None) };
    let asking = store.ledger(scope(&config.network));
    let ledger: AppliedState =
        world.unless_interrupted(asking).await?.map_err(|error| report_error(&error, world))?;
    let covered = RunScope { zones: &reach.zones, kinds: &reach.kinds };
    Ok(Some(orphans::base(ledger, &config.desired, &config.network.prune, covered)))
}

/// Adds collections that only contain orphans created by zonal to the desired state, so that they are read.
pub fn look_at(desired: &mut DesiredState, base: Option<&ComparisonBase>) {
    if let Some(base) = base {
        orphans::look_at(desired, base, crate::kinds::shape);
    }
}

/// Returns the comparison mode; an empty applied state allows only a two-way comparison.
pub fn comparison_mode(base: &ComparisonBase, reach: &CommandScope) -> ComparisonMode {
    let zones = base.applied_state.zones.iter().filter(|(zone, _)| reach.zones.contains(zone));
    let collections = zones.flat_map(|(_, collections)| collections.values());
    match collections.map(|collection| collection.entries.len()).sum() {
        0 => ComparisonMode::TwoWay,
        entries => ComparisonMode::AppliedState { entries },
    }
}
