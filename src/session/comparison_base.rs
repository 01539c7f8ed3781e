//! Base of a comparison from a snapshot or the store: the applied state and its orphans.

use super::error::SessionError;
use super::network_session::NetworkSession;
use super::observer::{SessionObserver, report_retired_records};
use super::retired_records::{self, RetiredRecordsPlace};
use super::selection::SelectionScope;
use super::snapshot_reader::ObservedSnapshot;
use crate::model::{AppliedState, ComparisonBase, ComparisonMode, DesiredState, Network, ZoneCode};
use crate::plan::orphans::{self, RunScope};
use crate::store::Store;

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
            report_retired_records(records, RetiredRecordsPlace::Snapshot(name.clone()), observer);
            applied
        }
        (None, Some(store)) => load_applied_state(session, store, observer).await?,
        (None, None) => return Ok(None),
    };
    let config = &session.config;
    let covered = RunScope { zones: &scope.zones, declarations: &scope.declarations };
    Ok(Some(orphans::base(applied_state, &config.desired, &config.network.prune, covered)))
}

/// Returns the applied state in the store. Removes retired collections there, too.
///
/// # Errors
/// Returns [`SessionError::Store`] if the store cannot be read, or [`SessionError::Interrupted`].
async fn load_applied_state(
    session: &NetworkSession,
    store: &Store,
    observer: &dyn SessionObserver,
) -> Result<AppliedState, SessionError> {
    let cancel = &session.effects.cancel;
    let mut applied_state = cancel.before_writing(store.ledger(session.scope())).await??;
    let (records, collections) = retired_records::drop_from(&mut applied_state);
    if !collections.is_empty() {
        // A store without write access keeps them, and the next command reports them again.
        let _ = cancel.before_writing(store.forget_collections(session.scope(), collections)).await?;
        report_retired_records(records, RetiredRecordsPlace::AppliedState, observer);
    }
    Ok(applied_state)
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
