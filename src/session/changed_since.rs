//! Selects zones whose desired state differs from a revision.
//!
//! Moved, reworded or equivalent manifests select no zones.

use std::collections::BTreeSet;

use super::base_revision::{self, LoadedRevision};
use super::error::{RevisionUse, SessionError};
use super::load::LoadedConfig;
use super::network_session::NetworkSession;
use super::observer::{SessionEvent, SessionNote, SessionObserver};
use crate::model::{DesiredState, ZoneCode};
use crate::plan::manifest_digest;

/// Keeps zones in `desired` whose configuration changed since a revision, and returns the selection as text.
///
/// # Errors
/// Returns [`SessionError::Revision`] if the revision cannot be read.
pub async fn narrow(
    session: &NetworkSession,
    revision: &str,
    desired: &mut DesiredState,
    observer: &dyn SessionObserver,
) -> Result<String, SessionError> {
    let config = &session.config;
    let note = |note| observer.notice(&SessionEvent::Note(note));
    let revision_name = || revision.to_owned();
    let loaded = base_revision::load_at(session, revision, RevisionUse::ChangedSince).await?;
    let changed: BTreeSet<ZoneCode> = match loaded {
        LoadedRevision { config: Ok(before), .. } => {
            let removed = zone_codes(&before, |code| config.network.zone(code).is_none());
            if !removed.is_empty() {
                note(SessionNote::RemovedZones { revision: revision_name(), zones: removed });
            }
            let changed = changed_zones(&before, config);
            let is_undeclared = |code: &&ZoneCode| !config.desired.zones.contains_key(code);
            let zones: Vec<ZoneCode> = changed.iter().filter(is_undeclared).cloned().collect();
            if !zones.is_empty() {
                note(SessionNote::UndeclaredZones { revision: revision_name(), zones });
            }
            desired.service.retain(|now| !before.desired.service.iter().any(|then| now.means_the_same(then)));
            changed
        }
        LoadedRevision { config: Err(reason), .. } => {
            note(SessionNote::AllZonesChanged(reason));
            zone_codes(config, |_| true).into_iter().collect()
        }
    };
    desired.zones.retain(|code, _| changed.contains(code));
    if changed.is_empty() {
        note(SessionNote::NoChangedZones { revision: revision_name() });
    }
    let (number, all) = (changed.len(), config.network.zones.len());
    Ok(format!("zones whose configuration changed since {revision}: {number} of {all}"))
}

/// Returns the zones with another desired state or another connection.
fn changed_zones(before: &LoadedConfig, after: &LoadedConfig) -> BTreeSet<ZoneCode> {
    let gateway_url =
        |config: &LoadedConfig| config.network.gateway.as_ref().map(|gateway| gateway.url.clone());
    let gateway_moved = gateway_url(before) != gateway_url(after);
    let digests_before = manifest_digest::zones(&before.desired);
    let digests_after = manifest_digest::zones(&after.desired);
    let zones = after.network.zones.iter().filter(|zone| {
        let desired_before = digests_before.get(&zone.code);
        let desired_after = digests_after.get(&zone.code);
        let connection_before = before.network.zone(&zone.code).map(manifest_digest::zone);
        let is_declared = desired_before.is_some() || desired_after.is_some();
        desired_before != desired_after
            || is_declared && (gateway_moved || connection_before != Some(manifest_digest::zone(zone)))
    });
    zones.map(|zone| zone.code.clone()).collect()
}

fn zone_codes(config: &LoadedConfig, filter: impl Fn(&ZoneCode) -> bool) -> Vec<ZoneCode> {
    config.network.zones.iter().map(|zone| &zone.code).filter(|code| filter(code)).cloned().collect()
}
