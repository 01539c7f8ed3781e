//! Determines the base of a comparison from git: the manifests at a revision.
//!
//! A base distinguishes drift in a zone from pending changes in the manifests.

use std::path::Path;

use super::CommandExit;
use super::config::ConfigDirectory;
use super::context::CommandContext;
use super::git_revision::{self, GitError, GitRevision};
use crate::model::{DesiredCollection, DesiredState};

/// Source of the base of a comparison.
#[derive(Debug, Clone, Default)]
pub enum BaseSource {
    /// No base: two-way comparison.
    #[default]
    None,
    /// Manifests of this git revision.
    Revision(String),
    /// Manifests of `HEAD`, if the directory is in a git repository.
    HeadRevision,
}

/// Manifests of a git revision, used as the base.
pub struct BaseRevision {
    /// Full commit hash of the revision.
    pub commit: String,
    /// Desired state at the revision.
    pub desired: DesiredState,
}

impl BaseSource {
    /// Loads the base; `None` without a source or a repository.
    ///
    /// # Errors
    /// Prints the error and returns the exit code if the revision cannot be used.
    pub async fn find(
        &self,
        config: &ConfigDirectory,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<Option<BaseRevision>, CommandExit> {
        let (revision, flag) = match self {
            Self::None => return Ok(None),
            Self::Revision(revision) => (revision.as_str(), "--base"),
            Self::HeadRevision => ("HEAD", "--only-drift"),
        };
        let environment = config.network.environment.as_deref();
        let then = world
            .unless_interrupted(git_revision::load_revision(revision, directory, environment, world))
            .await?;
        match (then, self) {
            (Ok(GitRevision { commit, config: Ok(then) }), _) => {
                Ok(Some(BaseRevision { commit, desired: then.desired }))
            }
            (Ok(GitRevision { commit: _, config: Err(why) }), _) => {
                Err(super::fail(world, format!("{flag}: cannot compare with the revision: {why}")))
            }
            (Err(GitError::NoRepository), Self::HeadRevision) => {
                world.err.print_line(
                    "note: the manifests are not in a git repository, so the comparison has no base: every \
                     difference counts as drift",
                );
                Ok(None)
            }
            (Err(error), _) => Err(super::fail(world, format!("{flag} {revision}: {error}"))),
        }
    }
}

impl BaseRevision {
    /// Returns the collections to observe for a comparison with the base.
    ///
    /// Contains the desired collections, and the base's collections of the same kinds, possibly under another
    /// name.
    pub fn collections_to_observe(&self, now: &DesiredState) -> DesiredState {
        let mut both = now.clone();
        for (code, wanted) in &mut both.zones {
            let then = self.desired.zones.get(code).map(Vec::as_slice).unwrap_or_default();
            let of_a_kind = |then: &&DesiredCollection| wanted.iter().any(|now| now.id.kind == then.id.kind);
            let then: Vec<DesiredCollection> = then.iter().filter(of_a_kind).cloned().collect();
            wanted.extend(then);
        }
        both
    }
}
