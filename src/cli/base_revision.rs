//! What the manifests said when they were applied last, as far as git knows: so that what a zone did can be
//! told from what the manifests ask for since.

use std::path::Path;

use super::config::ConfigDirectory;
use super::context::CommandContext;
use super::exit_code::CommandExit;
use super::git_revision::{self, GitError, GitRevision};
use crate::model::{DesiredCollection, DesiredState};

/// Where a command looks for what was applied last.
#[derive(Debug, Clone, Default)]
pub enum BaseSource {
    /// Nowhere: every difference is as good as any other.
    #[default]
    None,
    /// In this revision.
    Revision(String),
    /// In what is committed, where there is a repository at all.
    HeadRevision,
}

/// What was applied last.
pub struct BaseRevision {
    /// The full name of the revision.
    pub commit: String,
    /// What its manifests want.
    pub desired: DesiredState,
}

impl BaseSource {
    /// Looks there. `None` where there is nothing to look at.
    ///
    /// # Errors
    /// An exit code, once it has been said why the revision says nothing.
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
                Err(super::fail(world, format!("{flag}: {why}, so nothing can be compared with it")))
            }
            (Err(GitError::NoRepository), Self::HeadRevision) => {
                world.err.print_line(
                    "note: the manifests are in no git repository, so nothing tells what was applied last: every \
                     difference counts as drift",
                );
                Ok(None)
            }
            (Err(error), _) => Err(super::fail(world, format!("{flag} {revision}: {error}"))),
        }
    }
}

impl BaseRevision {
    /// What has to be observed to compare with it: what is wanted now, and what the base calls the same sort of
    /// collection, perhaps by another name.
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
