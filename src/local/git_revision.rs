//! Reads the manifest files of a git revision.
//!
//! Extracts the revision to a temporary directory with plain git.

use std::path::Path;
use std::process::{Output, Stdio};

use super::machine::LocalMachine;
use super::{config_files, platform};
use crate::session::config_source::{RevisionError, RevisionFiles, UnusableRevision};

/// Reads the manifest files of the config directory at a revision.
///
/// # Errors
/// Returns a [`RevisionError`]. Manifests that cannot be read at the revision are part of the result.
pub async fn manifest_files_at(
    revision: &str,
    machine: &LocalMachine,
) -> Result<RevisionFiles, RevisionError> {
    let directory = machine.directory.as_path();
    let prefix = git(&["rev-parse", "--show-prefix"], None, directory, machine).await?;
    let named = format!("{revision}^{{commit}}");
    let verify = ["rev-parse", "--verify", "--quiet", "--end-of-options", &named];
    let commit = match git(&verify, None, directory, machine).await {
        // Expressions such as `^main` exclude commits.
        Ok(commit) if commit.bytes().all(|byte| byte.is_ascii_hexdigit()) => commit,
        Ok(_) | Err(RevisionError::Failed(..)) => {
            return Err(RevisionError::UnknownRevision(revision.to_owned()));
        }
        Err(error) => return Err(error),
    };
    let below = format!("{commit}:{}", prefix.trim_end_matches('/'));
    let there = ["rev-parse", "--verify", "--quiet", "--end-of-options", &below];
    match git(&there, None, directory, machine).await {
        Ok(_) => {}
        Err(RevisionError::Failed(..)) => {
            let files =
                Err(UnusableRevision::NoDirectory { revision: revision.to_owned(), directory: prefix });
            return Ok(RevisionFiles { commit, files });
        }
        Err(error) => return Err(error),
    }
    let listed = git(&["ls-tree", "-r", "-z", "--full-tree", &below], None, directory, machine).await?;
    let special: Vec<SpecialTreeEntry<'_>> = listed.split('\0').filter_map(entry).collect();
    let is_needed = |path: &str| !config_files::read_manifest_files(&directory.join(path)).is_empty();
    let submodule = special.iter().find_map(|entry| match entry {
        SpecialTreeEntry::Submodule(path) if is_needed(path) => Some((*path).to_owned()),
        SpecialTreeEntry::Submodule(_) | SpecialTreeEntry::Link => None,
    });
    if let Some(path) = submodule {
        let files = Err(UnusableRevision::Submodule { revision: revision.to_owned(), path });
        return Ok(RevisionFiles { commit, files });
    }
    // A link may point anywhere in the repository.
    let (tree_name, within) = match special.iter().any(|entry| matches!(entry, SpecialTreeEntry::Link)) {
        true => (&commit, prefix.as_str()),
        false => (&below, ""),
    };
    let folder = tempfile::tempdir().map_err(RevisionError::NoRoom)?;
    let (index, tree) = (folder.path().join("index"), folder.path().join("tree"));
    std::fs::create_dir(&tree).map_err(RevisionError::NoRoom)?;
    // In a subdirectory, git would extract only this subdirectory.
    let top = git(&["rev-parse", "--show-toplevel"], None, directory, machine).await?;
    let top = Path::new(&top);
    git(&["read-tree", tree_name], Some(&index), top, machine).await?;
    let target = format!("--prefix={}/", tree.display());
    git(&["checkout-index", "--all", "--quiet", &target], Some(&index), top, machine).await?;
    Ok(RevisionFiles { commit, files: Ok(config_files::read_manifest_files(&tree.join(within))) })
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
pub async fn head(machine: &LocalMachine) -> Option<GitHead> {
    let directory = machine.directory.as_path();
    let said = git(&["log", "-1", "--no-show-signature", "--format=%H %an <%ae>"], None, directory, machine)
        .await
        .ok()?;
    let (commit, committer) = said.split_once(' ')?;
    let differs = git(&["--no-optional-locks", "status", "--porcelain", "--", "."], None, directory, machine)
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
    platform::NO_GIT_HOOKS,
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
    machine: &LocalMachine,
) -> Result<String, RevisionError> {
    let mut command = tokio::process::Command::new("git");
    command
        .args(QUIETLY)
        .args(words)
        .current_dir(directory)
        .env_clear()
        .envs(&*machine.env)
        .env("LC_ALL", "C");
    OF_HOOKS.iter().for_each(|name| {
        command.env_remove(name);
    });
    if let Some(index) = index {
        command.env("GIT_INDEX_FILE", index);
    }
    let Output { status, stdout, stderr } = (command.stdin(Stdio::null()).kill_on_drop(true).output().await)
        .map_err(RevisionError::NotInstalled)?;
    match status.success() {
        true => Ok(String::from_utf8_lossy(&stdout).trim_end_matches('\n').to_owned()),
        false => {
            let said = String::from_utf8_lossy(&stderr);
            let said = said.lines().map(|line| line.trim_start_matches("fatal: ")).next().unwrap_or_default();
            if said.starts_with("not a git repository") {
                return Err(RevisionError::NoRepository);
            }
            if let Some(at) = said.strip_prefix("detected dubious ownership in repository at ") {
                return Err(RevisionError::OtherOwner(at.trim_matches('\'').to_owned(), at.to_owned()));
            }
            Err(RevisionError::Failed(words.first().copied().unwrap_or_default().to_owned(), said.to_owned()))
        }
    }
}
