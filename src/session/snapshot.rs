//! Takes a snapshot: the observed and applied state of the selected zones, as a document that can replace the
//! zones and the store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::comparison_base;
use super::error::SessionError;
use super::network_session::NetworkSession;
use super::observe_zones::{ObservedZones, observe_zones};
use super::observer::SessionObserver;
use super::provider_factory::ProviderFactory;
use super::selected_state::select;
use super::selection::ManifestSelection;
use crate::model::{ObservedState, ZoneCode};
use crate::render::json::snapshot::{self, SnapshotJson, applied_state};

/// Snapshot with the observed state that it contains.
pub struct TakenSnapshot {
    /// Observed state, including failures.
    pub observed: ObservedState,
    /// Document.
    pub document: SnapshotJson,
}

/// Returns the codes of the listed tables of each zone that answered. A list that cannot be read is left out: only
/// suggestions need it.
async fn read_table_lists(
    session: &NetworkSession,
    observed: &ObservedState,
    providers: &ProviderFactory,
) -> BTreeMap<ZoneCode, BTreeMap<Arc<str>, BTreeSet<String>>> {
    let has_answered = |code: &ZoneCode| {
        observed.zones.get(code).is_some_and(|zone| zone.collections.values().any(Result::is_ok))
    };
    let readers = providers.readers(&session.config.network, BTreeMap::new());
    let lists: FuturesUnordered<_> = readers
        .iter()
        .filter(|(code, _)| has_answered(code))
        .map(|(code, reader)| async move { Some((code.clone(), reader.table_codes().await.ok()?)) })
        .collect();
    lists.filter_map(|list| async move { list }).collect().await
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
    let ObservedZones { mut observed, providers } =
        observe_zones(session, &selected.desired, None, None, observer).await?;
    let lists = read_table_lists(session, &observed, &providers);
    for (code, tables) in session.effects.cancel.before_writing(lists).await? {
        observed.zones.entry(code).or_default().tables = tables;
    }
    let mut document = snapshot::snapshot(&session.config.network, &observed);
    if let Some(base) = &base {
        applied_state::add(&mut document, &base.applied_state);
    }
    Ok(TakenSnapshot { observed, document })
}
