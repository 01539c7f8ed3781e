//! Determines the author and the host of a run from git and the pipeline's variables.

use super::machine::{LocalMachine, ProcessClock};
use super::{git_revision, platform};
use crate::model::{RunAuthor, RunHost};
use crate::session::effect_future::EffectFuture;
use crate::session::effects::RunOrigin;

/// Variables of CI systems and shells that name the person, in order of precedence.
const ACTORS: [&str; 6] =
    ["ZONAL_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_USER_ID", "USER", "LOGNAME"];
/// Variables with the URL of a pipeline run.
const PIPELINES: [&str; 2] = ["CI_PIPELINE_URL", "BUILD_URL"];

impl RunOrigin for LocalMachine {
    fn host(&self) -> RunHost {
        let name = gethostname::gethostname().to_string_lossy().into_owned();
        RunHost { name, process: std::process::id() }
    }

    fn author(&self) -> EffectFuture<'_, RunAuthor> {
        Box::pin(author(self))
    }

    fn is_gone(&self, other: &RunHost) -> bool {
        let host = self.host();
        // The system may have reused the number for another program, or for this process.
        other.name == host.name
            && platform::runs_this_program(other.process)
                .is_some_and(|is_running| !is_running || other.process == host.process)
    }
}

/// Returns the person, commit and pipeline that started a run.
async fn author(machine: &LocalMachine) -> RunAuthor {
    let head = hold_clock(machine.clock, git_revision::head(machine)).await;
    let variable = |name: &&str| machine.variable(name);
    RunAuthor {
        committer: head.as_ref().map(|head| head.committer.clone()),
        commit: head.map(|head| head.commit),
        actor: ACTORS.iter().find_map(variable),
        pipeline: github_run(machine).or_else(|| PIPELINES.iter().find_map(variable)),
    }
}

/// Waits for another process.
///
/// The clock of a simulated network would advance meanwhile, unless a thread of its runtime is busy.
async fn hold_clock<T>(clock: ProcessClock, work: impl Future<Output = T>) -> T {
    let (done, waits) = std::sync::mpsc::channel::<()>();
    if clock == ProcessClock::Simulated {
        drop(tokio::task::spawn_blocking(move || waits.recv()));
    }
    let result = work.await;
    drop(done);
    result
}

fn github_run(machine: &LocalMachine) -> Option<String> {
    let (server, repository) =
        (machine.variable("GITHUB_SERVER_URL")?, machine.variable("GITHUB_REPOSITORY")?);
    Some(format!("{server}/{repository}/actions/runs/{}", machine.variable("GITHUB_RUN_ID")?))
}
