//! What was applied last, as the store knows it: the base that zones and manifests are compared with.

use std::collections::BTreeSet;

use super::config::ConfigDirectory;
use super::context::CommandContext;
use super::exit_code::CommandExit;
use super::store::{report_error, scope};
use crate::model::{AppliedState, ComparisonBase, ComparisonMode, DesiredState, ZoneCode};
use crate::plan::orphans::{self, RunScope};
use crate::store::Store;

/// What a command covers.
#[derive(Debug, Clone, Default)]
pub struct CommandScope {
    /// Its zones, those of which nothing is desired any more included.
    pub zones: BTreeSet<ZoneCode>,
    /// The kinds of manifests that it is narrowed to; empty for all.
    pub kinds: Vec<String>,
}

/// What the store knows of the zones of a command. `None` where there is no store.
///
/// # Errors
/// [`Exit::Invalid`], once it has been said why the store cannot be asked.
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

/// What has to be looked at beside what is desired: collections of which nothing is desired any more, and that hold
/// what zonal created.
pub fn look_at(desired: &mut DesiredState, base: Option<&ComparisonBase>) {
    if let Some(base) = base {
        orphans::look_at(desired, base, crate::kinds::shape);
    }
}

/// What a comparison with it is called: with a ledger that knows nothing it has two sides only.
pub fn comparison_mode(base: &ComparisonBase, reach: &CommandScope) -> ComparisonMode {
    let zones = base.applied_state.zones.iter().filter(|(zone, _)| reach.zones.contains(zone));
    let collections = zones.flat_map(|(_, collections)| collections.values());
    match collections.map(|collection| collection.entries.len()).sum() {
        0 => ComparisonMode::TwoWay,
        entries => ComparisonMode::AppliedState { entries },
    }
}
