//! Determines the author and the host of a run from git and the pipeline's variables.

use std::path::Path;

use super::context::CommandContext;
use super::git_revision;
use crate::model::{RunAuthor, RunHost};

/// Variables of CI systems and shells that name the person, in order of precedence.
const ACTORS: [&str; 6] =
    ["ZONAL_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_USER_ID", "USER", "LOGNAME"];
/// Variables with the URL of a pipeline run.
const PIPELINES: [&str; 2] = ["CI_PIPELINE_URL", "BUILD_URL"];

/// Returns the person, commit and pipeline that started a command.
pub async fn author(directory: &Path, world: &CommandContext) -> RunAuthor {
    let head = at_once(git_revision::head(directory, world), world).await;
    let said = |name: &&str| world.env.get(*name).filter(|said| !said.is_empty()).cloned();
    RunAuthor {
        committer: head.as_ref().map(|head| head.committer.clone()),
        commit: head.map(|head| head.commit),
        actor: ACTORS.iter().find_map(said),
        pipeline: on_github(world).or_else(|| PIPELINES.iter().find_map(said)),
    }
}

/// Waits for another process.
///
/// The clock of a simulated network would advance meanwhile, unless a thread of its runtime is busy.
async fn at_once<T>(work: impl Future<Output = T>, world: &CommandContext) -> T {
    let (done, waits) = std::sync::mpsc::channel::<()>();
    if world.transport.is_some() {
        drop(tokio::task::spawn_blocking(move || waits.recv()));
    }
    let result = work.await;
    drop(done);
    result
}

fn on_github(world: &CommandContext) -> Option<String> {
    let said = |name: &str| world.env.get(name).filter(|said| !said.is_empty());
    let (server, repository) = (said("GITHUB_SERVER_URL")?, said("GITHUB_REPOSITORY")?);
    Some(format!("{server}/{repository}/actions/runs/{}", said("GITHUB_RUN_ID")?))
}

/// Returns the machine and the process; without a host name, the machine name comes from `HOSTNAME`.
pub fn host(world: &CommandContext) -> RunHost {
    let said = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let said = said.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let name =
        said.or_else(|| world.env.get("HOSTNAME").cloned()).unwrap_or_else(|| "this machine".to_owned());
    RunHost { name, process: std::process::id() }
}

/// Returns a host as text for people.
pub fn place(host: &RunHost) -> String {
    format!("{} (process {})", host.name, host.process)
}

/// Returns true if a run's process no longer exists; known only for runs of this machine.
pub fn is_gone(theirs: &RunHost, ours: &RunHost) -> bool {
    let called = |process: &str| std::fs::read(Path::new("/proc").join(process).join("comm")).ok();
    let Some(us) = called("self").filter(|_| theirs.name == ours.name) else { return false };
    // The system may have reused the number for another program, or for this process.
    theirs.process == ours.process || called(&theirs.process.to_string()) != Some(us)
}
