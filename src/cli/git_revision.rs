//! Loads the manifests of a git revision.
//!
//! Extracts the revision to a temporary directory with plain git, then uses the normal manifest loader.

use std::path::Path;
use std::process::{Output, Stdio};

use super::config::{self, ConfigDirectory};
use super::config_files;
use super::context::CommandContext;
use crate::model::Severity;

/// Error during the extraction of a git revision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// Git not found; install git.
    #[error("cannot run git: {0}; install git to compare with a revision")]
    NotInstalled(String),
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
    #[error("cannot create a temporary directory: {0}")]
    NoRoom(String),
}

/// Config directory at a git revision.
pub struct GitRevision {
    /// Full commit hash.
    pub commit: String,
    /// Manifests of the revision, or the text of the first error.
    pub config: Result<ConfigDirectory, String>,
}

/// Loads and expands the config directory at a revision.
///
/// # Errors
/// Returns a [`GitError`]. Invalid manifests at the revision are part of the result, not an error.
pub async fn load_revision(
    revision: &str,
    directory: &Path,
    environment: Option<&str>,
    world: &CommandContext,
) -> Result<GitRevision, GitError> {
    let prefix = git(&["rev-parse", "--show-prefix"], None, directory, world).await?;
    let named = format!("{revision}^{{commit}}");
    let verify = ["rev-parse", "--verify", "--quiet", "--end-of-options", &named];
    let commit = match git(&verify, None, directory, world).await {
        // Expressions such as `^main` exclude commits.
        Ok(commit) if commit.bytes().all(|byte| byte.is_ascii_hexdigit()) => commit,
        Ok(_) | Err(GitError::Failed(..)) => return Err(GitError::UnknownRevision(revision.to_owned())),
        Err(error) => return Err(error),
    };
    let below = format!("{commit}:{}", prefix.trim_end_matches('/'));
    let there = ["rev-parse", "--verify", "--quiet", "--end-of-options", &below];
    match git(&there, None, directory, world).await {
        Ok(_) => {}
        Err(GitError::Failed(..)) => {
            let config = Err(format!("{revision} does not contain the directory {prefix}"));
            return Ok(GitRevision { commit, config });
        }
        Err(error) => return Err(error),
    }
    let odd = git(&["ls-tree", "-r", "-z", "--full-tree", &below], None, directory, world).await?;
    let odd: Vec<SpecialTreeEntry<'_>> = odd.split('\0').filter_map(entry).collect();
    let is_needed = |path: &str| !config_files::read_manifest_files(&directory.join(path)).is_empty();
    let elsewhere = odd.iter().find_map(|entry| match entry {
        SpecialTreeEntry::Submodule(path) if is_needed(path) => Some(path),
        SpecialTreeEntry::Submodule(_) | SpecialTreeEntry::Link => None,
    });
    if let Some(path) = elsewhere {
        let config = Err(format!("{path} is a submodule; zonal cannot read its content at {revision}"));
        return Ok(GitRevision { commit, config });
    }
    // A link may point anywhere in the repository.
    let (laid_out, within) = match odd.iter().any(|entry| matches!(entry, SpecialTreeEntry::Link)) {
        true => (&commit, prefix.as_str()),
        false => (&below, ""),
    };
    let room = tempfile::tempdir().map_err(|error| GitError::NoRoom(error.to_string()))?;
    let (index, tree) = (room.path().join("index"), room.path().join("tree"));
    std::fs::create_dir(&tree).map_err(|error| GitError::NoRoom(error.to_string()))?;
    // In a subdirectory, git would extract only this subdirectory.
    let top = git(&["rev-parse", "--show-toplevel"], None, directory, world).await?;
    let top = Path::new(&top);
    git(&["read-tree", laid_out], Some(&index), top, world).await?;
    let target = format!("--prefix={}/", tree.display());
    git(&["checkout-index", "--all", "--quiet", &target], Some(&index), top, world).await?;
    let config = config::examine(&tree.join(within), environment).map_err(|wrong| {
        let mut errors = wrong.found.iter().filter(|problem| problem.severity == Severity::Error);
        let first = errors.next().map(|first| match &first.span {
            Some(place) => format!(": {place}: {}", first.message),
            None => format!(": {}", first.message),
        });
        format!("the manifests at {revision} are not valid{}", first.unwrap_or_default())
    });
    Ok(GitRevision { commit, config })
}

/// Commit that is checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHead {
    /// Full commit hash, with a trailing `+` if the config directory has uncommitted changes.
    pub commit: String,
    /// Committer, as `Name <address>`.
    pub committer: String,
}

/// Returns the checked-out commit of the config directory; `None` without a repository or if git fails.
pub async fn head(directory: &Path, world: &CommandContext) -> Option<GitHead> {
    let said = git(&["log", "-1", "--no-show-signature", "--format=%H %an <%ae>"], None, directory, world)
        .await
        .ok()?;
    let (commit, committer) = said.split_once(' ')?;
    let differs = git(&["--no-optional-locks", "status", "--porcelain", "--", "."], None, directory, world)
        .await
        .ok()?;
    let differs = if differs.is_empty() { "" } else { "+" };
    Some(GitHead { commit: format!("{commit}{differs}"), committer: committer.to_owned() })
}

/// Entry of a git tree besides plain files and folders.
enum SpecialTreeEntry<'a> {
    Link,
    Submodule(&'a str),
}

/// Parses a line of `git ls-tree`: `120000 blob 3b18e5`, a tab, and the path.
fn entry(line: &str) -> Option<SpecialTreeEntry<'_>> {
    let (about, path) = line.split_once('\t')?;
    match about.split(' ').next()? {
        "120000" => Some(SpecialTreeEntry::Link),
        "160000" => Some(SpecialTreeEntry::Submodule(path)),
        _ => None,
    }
}

/// Git options that prevent side effects: no hooks or monitors, no index parts in the repository, no sparse
/// checkout.
const QUIETLY: [&str; 8] = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.splitIndex=false",
    "-c",
    "core.sparseCheckout=false",
];

/// Variables that git sets for its hooks; they may name another repository than the one of the manifests.
///
/// Excludes variables with git settings, which may be required to read the repository.
const OF_HOOKS: [&str; 14] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_NAMESPACE",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_ATTR_SOURCE",
];

/// Returns the output of a git command, without the final line break.
async fn git(
    words: &[&str],
    index: Option<&Path>,
    directory: &Path,
    world: &CommandContext,
) -> Result<String, GitError> {
    let mut command = tokio::process::Command::new("git");
    command.args(QUIETLY).args(words).current_dir(directory).env_clear().envs(&world.env).env("LC_ALL", "C");
    OF_HOOKS.iter().for_each(|name| {
        command.env_remove(name);
    });
    if let Some(index) = index {
        command.env("GIT_INDEX_FILE", index);
    }
    let Output { status, stdout, stderr } = (command.stdin(Stdio::null()).kill_on_drop(true).output().await)
        .map_err(|error| GitError::NotInstalled(error.to_string()))?;
    match status.success() {
        true => Ok(String::from_utf8_lossy(&stdout).trim_end_matches('\n').to_owned()),
        false => {
            let said = String::from_utf8_lossy(&stderr);
            let said = said.lines().map(|line| line.trim_start_matches("fatal: ")).next().unwrap_or_default();
            if said.starts_with("not a git repository") {
                return Err(GitError::NoRepository);
            }
            if let Some(at) = said.strip_prefix("detected dubious ownership in repository at ") {
                return Err(GitError::OtherOwner(at.trim_matches('\'').to_owned(), at.to_owned()));
            }
            Err(GitError::Failed(words.first().copied().unwrap_or_default().to_owned(), said.to_owned()))
        }
    }
}
