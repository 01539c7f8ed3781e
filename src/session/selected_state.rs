//! Desired state of the selected zones, before any request to a zone.

use std::collections::BTreeSet;

use super::changed_since;
use super::error::SessionError;
use super::network_session::NetworkSession;
use super::observer::{SessionEvent, SessionNote, SessionObserver};
use super::reverted_run::RevertedRun;
use super::reviewed_plan::ReviewedPlan;
use super::selection::{ManifestSelection, SelectionScope, join_descriptions};
use crate::analysis::SettingsCollection;
use crate::model::{DesiredState, PlanInputs, REVERT_OF, ZoneCode};
use crate::plan;

/// Desired state of the selected zones.
#[derive(Clone)]
pub struct SelectedState {
    /// Desired state.
    pub desired: DesiredState,
    /// Selection as text.
    pub description: Option<String>,
    /// Inputs of the plan.
    pub inputs: PlanInputs,
    /// Zones and manifests of the selection.
    pub scope: SelectionScope,
    /// Settings that manifests declare, inside the selection or not; empty without a selection.
    pub declared_settings: BTreeSet<(ZoneCode, SettingsCollection)>,
}

/// Returns the desired state of the selected zones: what the manifests declare or what was there before a
/// run, limited to a reviewed plan.
///
/// # Errors
/// Returns [`SessionError::ReviewedPlan`], [`SessionError::InvalidSelection`] or [`SessionError::Revision`].
pub async fn select(
    session: &NetworkSession,
    selection: &ManifestSelection,
    reviewed: Option<&ReviewedPlan>,
    reverted: Option<&RevertedRun>,
    observer: &dyn SessionObserver,
) -> Result<SelectedState, SessionError> {
    let (config, network) = (&session.config, &session.config.network);
    let mut desired = reverted.map_or(&config.desired, |reverted| &reverted.desired).clone();
    if let Some(reviewed) = reviewed {
        desired = reviewed.limit(network, desired)?;
        reviewed.report_retired_changes(observer);
    }
    let mut desired = selection.narrow(network, desired).map_err(SessionError::InvalidSelection)?;
    if let Some(shard) = selection.shard.filter(|_| desired.zones.is_empty()) {
        observer.notice(&SessionEvent::Note(SessionNote::EmptyShard(shard)));
    }
    let changed = match &selection.changed_since {
        Some(revision) => Some(changed_since::narrow(session, revision, &mut desired, observer).await?),
        None => None,
    };
    let description = match (reviewed, reverted) {
        (Some(reviewed), _) => selection.description().or_else(|| reviewed.selection.clone()),
        (None, Some(reverted)) => {
            let revert = format!("{REVERT_OF}{}", reverted.run);
            join_descriptions(std::iter::once(revert).chain(selection.description()))
        }
        (None, None) => selection.description(),
    };
    let reviewed_scope = reviewed.map(ReviewedPlan::declarations).unwrap_or_default();
    let declarations =
        if selection.declarations.is_everything() { &reviewed_scope } else { &selection.declarations };
    let inputs = PlanInputs {
        reverts: reverted.map(|reverted| reverted.run),
        restores: reverted
            .and_then(|reverted| reverted.restore.as_ref())
            .map(|scope| scope.address.clone().unwrap_or_default()),
        ..plan::made_from(network, &desired, declarations)
    };
    let selected_zones = || {
        let zones = network.zones.iter().filter(|zone| selection.zones.selects(zone));
        let is_changed = |code: &ZoneCode| changed.is_none() || desired.zones.contains_key(code);
        let is_in_shard = |code: &ZoneCode| selection.shard.is_none_or(|shard| shard.contains_zone(code));
        zones.map(|zone| zone.code.clone()).filter(is_in_shard).filter(is_changed)
    };
    let scope = match (reviewed, reverted) {
        (Some(reviewed), _) => SelectionScope {
            zones: selected_zones().filter(|code| reviewed.contains_zone(code)).collect(),
            declarations: reviewed_scope,
        },
        (None, Some(_)) => {
            SelectionScope { zones: desired.zones.keys().cloned().collect(), ..SelectionScope::default() }
        }
        (None, None) => {
            SelectionScope { zones: selected_zones().collect(), declarations: selection.declarations.clone() }
        }
    };
    let description = join_descriptions(description.into_iter().chain(changed));
    let declared_settings = match description {
        Some(_) => declared_settings(&config.desired),
        None => BTreeSet::new(),
    };
    Ok(SelectedState { desired, description, inputs, scope, declared_settings })
}

/// Returns the settings that the manifests declare, by zone.
fn declared_settings(desired: &DesiredState) -> BTreeSet<(ZoneCode, SettingsCollection)> {
    let collections = desired.zones.iter().flat_map(|(code, collections)| {
        collections.iter().filter_map(move |collection| {
            Some((code.clone(), SettingsCollection::from_collection_id(&collection.id)?))
        })
    });
    collections.collect()
}
