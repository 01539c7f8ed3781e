//! Run groups: several machines process one shard of the zones each, and share one report.

use clap::Args;

use super::CommandExit;
use super::context::CommandContext;
use crate::model::ZoneShard;
use crate::session::run_journal::RunMetadata;
use crate::store::StoreAccess;

/// Options that assign a run to a run group.
#[derive(Debug, Clone, Default, Args)]
pub struct RunGroupArgs {
    /// Name that links the runs of one sharded job (default: the ID of the CI pipeline)
    ///
    /// The variable ZONAL_RUN_GROUP replaces the ID. Used as ID: GitHub run, GitLab pipeline, Jenkins build,
    /// or Kubernetes Job. zonal records every run of a run group in the store, also runs without writes.
    #[arg(long, value_name = "NAME")]
    run_group: Option<String>,
}

impl RunGroupArgs {
    /// Returns the run metadata from the shard and the run group.
    ///
    /// # Errors
    /// Prints an error and returns [`CommandExit::Invalid`] for a shard without a run group.
    pub fn metadata(
        &self,
        shard: Option<ZoneShard>,
        world: &CommandContext,
    ) -> Result<RunMetadata, CommandExit> {
        let group = match (&self.run_group, shard) {
            (Some(group), _) if group.is_empty() => None,
            (Some(group), _) => Some(group.clone()),
            (None, Some(_)) => of_pipeline(world),
            (None, None) => None,
        };
        match (&group, shard) {
            (None, Some(shard)) => {
                super::fail(world, format!("--shard {shard} requires a run group"));
                world.err.print_line(
                    "help: pass the same `--run-group NAME` to all shards, or set ZONAL_RUN_GROUP",
                );
                Err(CommandExit::Invalid)
            }
            (_, _) => Ok(RunMetadata { shard, group }),
        }
    }
}

/// Returns the ID of the CI pipeline: equal for all jobs of the pipeline, different for other pipelines.
pub fn of_pipeline(world: &CommandContext) -> Option<String> {
    let said = |name: &str| world.env.get(name).filter(|said| !said.is_empty()).cloned();
    // Without the attempt: a repeated job must join the jobs that succeeded earlier.
    let github = || Some(format!("github-{}", said("GITHUB_RUN_ID")?));
    let gitlab = || Some(format!("gitlab-{}", said("CI_PIPELINE_ID")?));
    // `JOB_NAME` on Jenkins is equal in all builds, so the build number is needed.
    let jenkins = || Some(format!("{}-{}", said("JOB_NAME")?, said("BUILD_NUMBER")?));
    // Pods of an Indexed Job are named after the Job and the index.
    let kubernetes = || {
        let (host, index) = (said("HOSTNAME")?, said("JOB_COMPLETION_INDEX")?);
        host.strip_suffix(&format!("-{index}")).map(str::to_owned)
    };
    said("ZONAL_RUN_GROUP").or_else(github).or_else(gitlab).or_else(jenkins).or_else(kubernetes)
}

/// Returns the store access that a run without writes needs: only runs of a group are recorded.
pub fn store_access(metadata: &RunMetadata) -> StoreAccess {
    match &metadata.group {
        Some(_) => StoreAccess::Write,
        None => StoreAccess::Read,
    }
}

#[cfg(test)]
mod tests {
    use super::of_pipeline;
    use crate::cli::context::{CommandContext, OutputStream, TerminalKind};

    fn group(env: &[(&str, &str)]) -> Option<String> {
        let nowhere = || OutputStream::new(std::io::sink(), TerminalKind::Pipe);
        of_pipeline(&CommandContext {
            env: env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            directory: ".".into(),
            out: nowhere(),
            err: nowhere(),
            input: None,
            now: String::new,
            transport: None,
            interrupts: tokio::sync::watch::channel(0).1,
        })
    }

    #[test]
    fn run_group_defaults_to_pipeline_id() {
        let named = |env: &[(&str, &str)]| group(env).unwrap_or_default();
        assert_eq!(named(&[("GITHUB_RUN_ID", "7"), ("GITHUB_RUN_ATTEMPT", "2")]), "github-7");
        assert_eq!(named(&[("CI_PIPELINE_ID", "7")]), "gitlab-7");
        assert_eq!(named(&[("JOB_NAME", "drift"), ("BUILD_NUMBER", "7")]), "drift-7");
        assert_eq!(named(&[("HOSTNAME", "zonal-apply-3"), ("JOB_COMPLETION_INDEX", "3")]), "zonal-apply");
        assert_eq!(named(&[("ZONAL_RUN_GROUP", "mine"), ("GITHUB_RUN_ID", "7")]), "mine");
        assert_eq!(group(&[("JOB_NAME", "drift")]), None);
        assert_eq!(group(&[("HOSTNAME", "zonal-apply-3")]), None);
    }
}
