//! Takes a snapshot: the observed and applied state of the selected zones, as a document that can replace the
//! zones and the store.

use super::comparison_base;
use super::error::SessionError;
use super::network_session::NetworkSession;
use super::observe_zones::observe_zones;
use super::observer::SessionObserver;
use super::selected_state::select;
use super::selection::ManifestSelection;
use crate::model::ObservedState;
use crate::render::json::snapshot::{self, SnapshotJson, applied_state};

/// Snapshot with the observed state that it contains.
pub struct TakenSnapshot {
    /// Observed state, including failures.
    pub observed: ObservedState,
    /// Document.
    pub document: SnapshotJson,
}

/// Takes a snapshot of all collections that the manifests declare or that contain orphans.
///
/// # Errors
/// Returns the error of the first failed step. A collection that cannot be read is part of the snapshot.
pub async fn take(
    session: &NetworkSession,
    selection: &ManifestSelection,
    observer: &dyn SessionObserver,
) -> Result<TakenSnapshot, SessionError> {
    let mut selected = select(session, selection, None, None, observer).await?;
    let base = comparison_base::load(session, &selected.scope, None, observer).await?;
    comparison_base::keep_orphans_in_view(&session.config.network, &mut selected.desired, base.as_ref());
    let observed = observe_zones(session, &selected.desired, None, None, observer).await?.observed;
    let mut document = snapshot::snapshot(&session.config.network, &observed);
    if let Some(base) = &base {
        applied_state::add(&mut document, &base.applied_state);
    }
    Ok(TakenSnapshot { observed, document })
}
