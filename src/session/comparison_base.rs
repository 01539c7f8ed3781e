//! Base of a comparison from a snapshot or the store: the applied state and its orphans.

use super::error::SessionError;
use super::network_session::NetworkSession;
use super::observer::SessionObserver;
use super::retired_records::{self, RetiredRecordsPlace};
use super::selection::SelectionScope;
use super::snapshot_reader::ObservedSnapshot;
use crate::model::{ComparisonBase, ComparisonMode, DesiredState, Network, ZoneCode};
use crate::plan::orphans::{self, RunScope};

/// Returns the base for the zones of a command; `None` without a store. The applied state of a snapshot
/// belongs to its observed state, and replaces that of the store.
///
/// # Errors
/// Returns [`SessionError::Store`] if the store cannot be read.
pub async fn load(
    session: &NetworkSession,
    scope: &SelectionScope,
    snapshot: Option<&ObservedSnapshot>,
    observer: &dyn SessionObserver,
) -> Result<Option<ComparisonBase>, SessionError> {
    let in_snapshot = snapshot.and_then(|snapshot| Some((&snapshot.name, snapshot.applied.clone()?)));
    let applied_state = match (in_snapshot, &session.store) {
        (Some((name, mut applied)), _) => {
            let (records, _) = retired_records::drop_from(&mut applied);
            records.report(RetiredRecordsPlace::Snapshot(name.clone()), observer);
            applied
        }
        (None, Some(store)) => retired_records::load_applied_state(session, store, observer).await?,
        (None, None) => return Ok(None),
    };
    let config = &session.config;
    let covered = RunScope { zones: &scope.zones, kinds: &scope.kinds };
    Ok(Some(orphans::base(applied_state, &config.desired, &config.network.prune, covered)))
}

/// Adds collections that only contain orphans created by zonal to the desired state, so that they are read.
pub fn keep_orphans_in_view(network: &Network, desired: &mut DesiredState, base: Option<&ComparisonBase>) {
    if let Some(base) = base {
        let location = |code: &ZoneCode| network.zone(code).map(|zone| zone.span.clone());
        orphans::look_at(desired, base, crate::kinds::shape, location);
    }
}

/// Returns the comparison mode; an empty applied state allows only a two-way comparison.
pub fn comparison_mode(base: &ComparisonBase, scope: &SelectionScope) -> ComparisonMode {
    let zones = base.applied_state.zones.iter().filter(|(zone, _)| scope.zones.contains(zone));
    let collections = zones.flat_map(|(_, collections)| collections.values());
    match collections.map(|collection| collection.entries.len()).sum() {
        0 => ComparisonMode::TwoWay,
        entries => ComparisonMode::AppliedState { entries },
    }
}
