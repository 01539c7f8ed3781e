//! Settings that questions refer to: declared by the manifests, or observed in the zones.

use std::collections::{BTreeMap, BTreeSet};

use super::error::SessionError;
use super::network_session::NetworkSession;
use super::observe_zones::observe_zones;
use super::observer::SessionObserver;
use super::snapshot_reader::ObservedSnapshot;
use crate::analysis::{self, NetworkSettings, SettingsCollection};
use crate::model::source_span::SourceSpan;
use crate::model::{
    CollectionOwner, CollectionRole, ComparisonOptions, ConflictPolicy, DesiredCollection, DesiredState,
    Enforcement, Network, Provenance, Question, UnlistedPolicy, ZoneCode,
};

/// Returns the settings that the manifests declare: the state after a complete apply.
pub fn declared_settings(session: &NetworkSession) -> NetworkSettings {
    NetworkSettings::from_desired(&session.config.network, &session.config.desired)
}

/// Reads the settings for the questions, from the zones or from a snapshot.
///
/// # Errors
/// Returns the error of an effect, if the zones or the snapshot cannot be read.
pub async fn observed_settings(
    session: &NetworkSession,
    questions: impl Iterator<Item = &Question>,
    snapshot: Option<&ObservedSnapshot>,
    observer: &dyn SessionObserver,
) -> Result<NetworkSettings, SessionError> {
    let network = &session.config.network;
    let collections = collections_for_questions(questions, network);
    let observed = observe_zones(session, &collections, snapshot, None, observer).await?.observed;
    Ok(NetworkSettings::from_observed(network, &observed))
}

/// Returns the collections that the questions need, for reading only.
fn collections_for_questions<'a>(
    questions: impl Iterator<Item = &'a Question>,
    network: &Network,
) -> DesiredState {
    let mut needed: BTreeMap<ZoneCode, BTreeSet<SettingsCollection>> = BTreeMap::new();
    for question in questions {
        for (zone, collections) in analysis::needs(question, network) {
            needed.entry(zone).or_default().extend(collections);
        }
    }
    let zones = needed.into_iter();
    DesiredState {
        zones: zones.map(|(zone, each)| (zone, each.iter().map(reference_to).collect())).collect(),
        ..DesiredState::default()
    }
}

fn reference_to(collection: &SettingsCollection) -> DesiredCollection {
    let id = collection.collection();
    let shape = crate::kinds::shape(&id).unwrap_or_default();
    DesiredCollection {
        id,
        shape,
        key: [].into(),
        unlisted: UnlistedPolicy::Keep,
        enforcement: Enforcement::Report,
        on_conflict: ConflictPolicy::Defer,
        owner: CollectionOwner::default(),
        options: ComparisonOptions::default(),
        records: BTreeMap::new(),
        amendments: Vec::new(),
        standing: CollectionRole::ReferenceOnly,
        provenance: Provenance { span: SourceSpan::file(""), manifest: "".into(), override_index: None },
    }
}
