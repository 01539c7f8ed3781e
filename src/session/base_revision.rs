//! Base of a comparison from a revision of the config directory.
//!
//! A base distinguishes drift in a zone from pending changes in the manifests.

use super::config_source::{RevisionError, RevisionFiles, UnusableRevision};
use super::error::{RevisionUse, SessionError};
use super::load::{LoadedConfig, load};
use super::network_session::NetworkSession;
use super::observer::{SessionEvent, SessionNote, SessionObserver};
use crate::model::{ComparisonBase, DesiredCollection, DesiredState};

/// Source of the base of a comparison.
#[derive(Debug, Clone, Default)]
pub enum BaseSource {
    /// No base besides the applied state.
    #[default]
    None,
    /// Manifests of this revision.
    Revision(String),
    /// Manifests of `HEAD`, if the directory is in a git repository and the applied state is empty.
    HeadRevision,
}

/// Manifests of a revision, used as the base.
#[derive(Clone)]
pub struct BaseRevision {
    /// Full commit hash of the revision.
    pub commit: String,
    /// Desired state at the revision.
    pub desired: DesiredState,
}

/// Manifests at a revision.
pub struct LoadedRevision {
    /// Full commit hash.
    pub commit: String,
    /// Manifests, or the reason why they cannot be compared with.
    pub config: Result<LoadedConfig, UnusableRevision>,
}

/// Loads the base from a revision; `None` without a source or a repository.
///
/// # Errors
/// Returns [`SessionError::Revision`] or [`SessionError::UnusableRevision`].
pub async fn find(
    session: &NetworkSession,
    source: &BaseSource,
    applied: Option<&ComparisonBase>,
    observer: &dyn SessionObserver,
) -> Result<Option<BaseRevision>, SessionError> {
    let has_applied_state = applied.is_some_and(|base| !base.applied_state.zones.is_empty());
    let (revision, used_as) = match source {
        BaseSource::None => return Ok(None),
        // The applied state in the store is more reliable than the last commit.
        BaseSource::HeadRevision if has_applied_state => return Ok(None),
        BaseSource::Revision(revision) => (revision.as_str(), RevisionUse::Base),
        BaseSource::HeadRevision => ("HEAD", RevisionUse::HeadBase),
    };
    match load_at(session, revision, used_as).await {
        Ok(LoadedRevision { commit, config: Ok(config) }) => {
            Ok(Some(BaseRevision { commit, desired: config.desired }))
        }
        Ok(LoadedRevision { config: Err(source), .. }) => {
            Err(SessionError::UnusableRevision { used_as, source })
        }
        Err(SessionError::Revision {
            used_as: RevisionUse::HeadBase,
            source: RevisionError::NoRepository,
            ..
        }) => {
            observer.notice(&SessionEvent::Note(SessionNote::NoRepository));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Loads the manifests at a revision.
///
/// # Errors
/// Returns [`SessionError::Revision`] if the revision cannot be read.
pub async fn load_at(
    session: &NetworkSession,
    revision: &str,
    used_as: RevisionUse,
) -> Result<LoadedRevision, SessionError> {
    let reading = session.effects.config.manifest_files_at(revision);
    let RevisionFiles { commit, files } = session
        .effects
        .cancel
        .before_writing(reading)
        .await?
        .map_err(|source| SessionError::Revision { used_as, revision: revision.to_owned(), source })?;
    let environment = session.config.network.environment.as_deref();
    let config = files.and_then(|files| {
        load(files, environment).map_err(|located| {
            let first_error = located.first_error().map(|first| match &first.span {
                Some(span) => format!(": {span}: {}", first.message),
                None => format!(": {}", first.message),
            });
            UnusableRevision::InvalidManifests {
                revision: revision.to_owned(),
                first_error: first_error.unwrap_or_default(),
            }
        })
    });
    Ok(LoadedRevision { commit, config })
}

/// Returns the collections to observe for a comparison with the base.
///
/// Contains the desired collections, and the base's collections of the same kinds, possibly under another
/// name.
pub fn collections_to_observe(desired: &DesiredState, base: Option<&BaseRevision>) -> DesiredState {
    let mut collections = desired.clone();
    let Some(base) = base else { return collections };
    for (code, zone) in &mut collections.zones {
        let before = base.desired.zones.get(code).map(Vec::as_slice).unwrap_or_default();
        let is_of_kind = |before: &&DesiredCollection| zone.iter().any(|each| each.id.kind == before.id.kind);
        let before: Vec<DesiredCollection> = before.iter().filter(is_of_kind).cloned().collect();
        zone.extend(before);
    }
    collections
}
