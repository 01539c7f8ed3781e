//! Opens zones with their read keys, and observes them.

use std::collections::BTreeMap;

use super::error::{SessionError, SessionStage};
use super::network_session::NetworkSession;
use super::observer::{SessionEvent, SessionObserver};
use super::provider_factory::ProviderFactory;
use super::snapshot_reader::ObservedSnapshot;
use crate::model::network::Zone;
use crate::model::{AppliedState, DesiredState, ObservedState, ZoneCode};
use crate::observe::observe;
use crate::provider::channel_routing::RoutingReader;

/// Zones opened for reading.
pub struct ZoneReaders {
    /// Factory of the providers, with the read keys.
    pub providers: ProviderFactory,
    /// Readers by zone.
    pub readers: BTreeMap<ZoneCode, RoutingReader>,
}

/// Observed state, with the providers that returned it.
pub struct ObservedZones {
    /// Observed state.
    pub observed: ObservedState,
    /// Factory of the providers, with the read keys.
    pub providers: ProviderFactory,
}

/// Opens zones with their read keys.
///
/// # Errors
/// Returns [`SessionError::MissingKeys`] for missing keys, or the error of another effect.
pub async fn open_zones(session: &NetworkSession, zones: &[&Zone]) -> Result<ZoneReaders, SessionError> {
    let NetworkSession { config, effects, .. } = session;
    let attested = effects.config.attestations()?;
    let fetching = effects.keys.read_keys(&config.network, zones);
    let keys = effects.cancel.before_writing(fetching).await?;
    let keys = keys.map_err(|found| SessionError::MissingKeys(config.locate(found)))?;
    let providers = ProviderFactory::new(&config.network, (effects.transport)(), keys);
    let readers = providers.readers(&config.network, attested.by_zone());
    Ok(ZoneReaders { providers, readers })
}

/// Reads the given collections of the zones, or of a snapshot. Needs no key without collections.
///
/// Answers of zones are compared with the sizes of the last `accepted` readings; see [`observe`].
///
/// # Errors
/// Returns the errors of [`open_zones`], [`SessionError::OtherSnapshot`], or [`SessionError::Interrupted`].
pub async fn observe_zones(
    session: &NetworkSession,
    collections: &DesiredState,
    snapshot: Option<&ObservedSnapshot>,
    accepted: Option<&AppliedState>,
    observer: &dyn SessionObserver,
) -> Result<ObservedZones, SessionError> {
    let network = &session.config.network;
    if let Some(snapshot) = snapshot {
        let observed = snapshot.observe(network, collections).await?;
        return Ok(ObservedZones { observed, providers: ProviderFactory::offline(network) });
    }
    let zones: Vec<&Zone> =
        network.zones.iter().filter(|zone| collections.zones.contains_key(&zone.code)).collect();
    if zones.is_empty() {
        let observed = ObservedState::default();
        return Ok(ObservedZones { observed, providers: ProviderFactory::offline(network) });
    }
    let ZoneReaders { providers, readers } = open_zones(session, &zones).await?;
    let stage = SessionStage::Reading;
    observer.notice(&SessionEvent::StageStart { stage, zones: readers.len() });
    let notice = |event| observer.notice(&SessionEvent::Zone(&event));
    let observed =
        session.effects.cancel.interruptible(stage, observe(&readers, collections, accepted, &notice)).await;
    observer.notice(&SessionEvent::StageEnd(stage));
    Ok(ObservedZones { observed: observed?, providers })
}
