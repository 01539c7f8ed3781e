//! Source of the configuration: manifests, approvals, attestations, and revisions.

use std::io;

use super::attestations::AttestationFile;
use super::effect_future::EffectFuture;
use crate::manifest::SourceFile;
use crate::model::Approval;

/// Config directory: on disk, in a git commit, or in memory.
pub trait ConfigSource: Send + Sync {
    /// Returns the manifest files, sorted by path.
    fn manifest_files(&self) -> Vec<SourceFile>;

    /// Returns the manifest files at a revision.
    ///
    /// # Errors
    /// Returns a [`RevisionError`] if the revision cannot be read.
    fn manifest_files_at<'a>(
        &'a self,
        revision: &'a str,
    ) -> EffectFuture<'a, Result<RevisionFiles, RevisionError>>;

    /// Returns all approvals.
    ///
    /// # Errors
    /// Returns a [`ConfigFileError`] if an approval cannot be read.
    fn approvals(&self) -> Result<Vec<Approval>, ConfigFileError>;

    /// Returns all attestations.
    ///
    /// # Errors
    /// Returns a [`ConfigFileError`] if the attestations cannot be read.
    fn attestations(&self) -> Result<AttestationFile, ConfigFileError>;
}

/// Manifest files at a revision.
#[derive(Debug, Clone)]
pub struct RevisionFiles {
    /// Full commit hash.
    pub commit: String,
    /// Manifest files, or the reason why the revision has no usable files.
    pub files: Result<Vec<SourceFile>, UnusableRevision>,
}

/// Error when reading a revision.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// Git not found; install git.
    #[error("cannot run git")]
    NotInstalled(#[source] io::Error),
    /// Config directory outside any git repository.
    #[error("the config directory is not in a git repository")]
    NoRepository,
    /// Revision not found in the repository.
    #[error(
        "revision `{0}` not found, see `git log`; a shallow clone contains only the newest commit: \
         fetch the history (`git fetch --unshallow`, or `fetch-depth: 0` in the checkout step)"
    )]
    UnknownRevision(String),
    /// Repository owned by another user; git requires `safe.directory`.
    #[error("{0} belongs to another user; run `git config --global --add safe.directory {1}`")]
    OtherOwner(String, String),
    /// Other failure of a git command.
    #[error("`git {0}` failed: {1}")]
    Failed(String, String),
    /// Temporary directory not available.
    #[error("cannot create a temporary directory")]
    NoRoom(#[source] io::Error),
}

/// Reason why a revision cannot be compared with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableRevision {
    /// Config directory not in the revision.
    #[error("{revision} does not contain the directory {directory}")]
    NoDirectory {
        /// Revision as given.
        revision: String,
        /// Config directory, relative to the repository.
        directory: String,
    },
    /// Manifests in a submodule, whose content at the revision is not available.
    #[error("{path} is a submodule; zonal cannot read its content at {revision}")]
    Submodule {
        /// Revision as given.
        revision: String,
        /// Path of the submodule.
        path: String,
    },
    /// Invalid manifests at the revision.
    #[error("the manifests at {revision} are not valid{first_error}")]
    InvalidManifests {
        /// Revision as given.
        revision: String,
        /// First error, after a colon; empty without an error.
        first_error: String,
    },
}

/// Error in a file of the config directory besides the manifests.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFileError {
    /// File or folder not readable.
    #[error("cannot read {file}")]
    Unreadable {
        /// Path relative to the config directory.
        file: String,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// File not writable.
    #[error("cannot write {file}")]
    Unwritable {
        /// Path relative to the config directory.
        file: String,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// Invalid approval file.
    #[error("{file} is not a valid approval")]
    InvalidApproval {
        /// Path relative to the config directory.
        file: String,
        /// Cause.
        #[source]
        source: serde_json::Error,
    },
    /// Invalid attestation file.
    #[error("{file}:{}:{}: invalid attestation file: {}", source.line(), source.column().max(1), json_fact(source))]
    InvalidAttestations {
        /// Path relative to the config directory.
        file: String,
        /// Cause, included in the message without its location.
        source: serde_json::Error,
    },
    /// File of another version.
    #[error("{file} has version {version}, but this zonal reads version {supported}; update zonal")]
    Version {
        /// Path relative to the config directory.
        file: String,
        /// Version of the file.
        version: u32,
        /// Version that this zonal reads.
        supported: u32,
    },
}

/// Returns a JSON error without its location.
fn json_fact(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}
