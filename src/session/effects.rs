//! Effects that a session is given: configuration, keys, origin of runs, transport, clock and cancellation.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::watch;

use super::attestations::AttestationFile;
use super::error::{SessionError, SessionStage};
use crate::manifest::SourceFile;
use crate::model::network::Zone;
use crate::model::{Approval, Diagnostic, Network, RunAuthor, RunHost, ZoneCode};
use crate::provider::transport::{Transport, TransportError};

/// Pending result of an effect.
pub type EffectFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Creates the transport of requests; called when a zone is opened.
pub type TransportSource = Arc<dyn Fn() -> Result<Arc<dyn Transport>, TransportError> + Send + Sync>;

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

/// Source of API keys.
pub trait KeySource: Send + Sync {
    /// Returns the read keys of some zones and of the gateway.
    ///
    /// # Errors
    /// Returns one diagnostic per missing key.
    fn read_keys<'a>(
        &'a self,
        network: &'a Network,
        zones: &'a [&'a Zone],
    ) -> EffectFuture<'a, Result<ZoneKeys, Vec<Diagnostic>>>;

    /// Returns the write keys of some zones and of the gateway.
    ///
    /// # Errors
    /// Returns one diagnostic per missing key.
    fn write_keys<'a>(
        &'a self,
        network: &'a Network,
        zones: &'a [&'a Zone],
    ) -> EffectFuture<'a, Result<WriteKeys, Vec<Diagnostic>>>;
}

/// Origin of a run: host, author, and knowledge about other processes.
pub trait RunOrigin: Send + Sync {
    /// Returns the machine and the process.
    fn host(&self) -> RunHost;

    /// Returns the person, commit and pipeline that started a run.
    fn author(&self) -> EffectFuture<'_, RunAuthor>;

    /// Returns true if the process of a run no longer exists, or had the ID of this process.
    fn is_gone(&self, other: &RunHost) -> bool;
}

/// Effects of a session.
#[derive(Clone)]
pub struct SessionEffects {
    /// Source of the transport.
    pub transport: TransportSource,
    /// Config directory.
    pub config: Arc<dyn ConfigSource>,
    /// Source of API keys.
    pub keys: Arc<dyn KeySource>,
    /// Origin of runs.
    pub origin: Arc<dyn RunOrigin>,
    /// Clock, in RFC 3339.
    pub clock: fn() -> String,
    /// Cancellation by the user.
    pub cancel: CancelSignal,
}

impl SessionEffects {
    /// Returns the current time.
    ///
    /// # Errors
    /// Returns [`SessionError::InvalidClock`] for an invalid clock value.
    pub fn timestamp(&self) -> Result<jiff::Timestamp, SessionError> {
        let now = (self.clock)();
        now.parse().map_err(|_| SessionError::InvalidClock(now))
    }
}

/// Number of cancel requests: the first finishes writes in flight, the second stops at once.
#[derive(Debug, Clone)]
pub struct CancelSignal(watch::Receiver<u32>);

impl CancelSignal {
    /// Creates a signal from the number of requests.
    pub fn new(requests: watch::Receiver<u32>) -> Self {
        Self(requests)
    }

    /// Creates a signal that is never sent.
    pub fn never() -> Self {
        Self(watch::channel(0).1)
    }

    /// Waits for a number of cancel requests.
    pub async fn requested(&self, times: u32) {
        let mut requests = self.0.clone();
        if requests.wait_for(|count| *count >= times).await.is_err() {
            // The sender no longer exists, so no request can arrive.
            std::future::pending::<()>().await;
        }
    }

    /// Waits for a future before the first write, or until a cancel request.
    ///
    /// # Errors
    /// Returns [`SessionError::Interrupted`] after a cancel request.
    pub async fn before_writing<T>(&self, work: impl Future<Output = T>) -> Result<T, SessionError> {
        self.interruptible(SessionStage::Preparing, work).await
    }

    /// Waits for a future of a stage, or until a cancel request.
    ///
    /// # Errors
    /// Returns [`SessionError::Interrupted`] after a cancel request.
    pub async fn interruptible<T>(
        &self,
        stage: SessionStage,
        work: impl Future<Output = T>,
    ) -> Result<T, SessionError> {
        tokio::select! {
            result = work => Ok(result),
            () = self.requested(1) => Err(SessionError::Interrupted { during: stage }),
        }
    }
}

/// API keys of some zones.
#[derive(Debug, Default)]
pub struct ZoneKeys {
    /// Keys by zone.
    pub zones: BTreeMap<ZoneCode, SecretString>,
    /// Key of the gateway, if the network has one.
    pub gateway: Option<SecretString>,
}

/// API keys with write access.
#[derive(Debug, Default)]
pub struct WriteKeys(pub ZoneKeys);

impl ZoneKeys {
    /// Returns the number of zones that use one key for reads and writes.
    pub fn shared_with(&self, write_keys: &WriteKeys) -> usize {
        let is_shared = |(code, key): &(&ZoneCode, &SecretString)| {
            self.zones.get(*code).is_some_and(|read| read.expose_secret() == key.expose_secret())
        };
        write_keys.0.zones.iter().filter(is_shared).count()
    }
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
