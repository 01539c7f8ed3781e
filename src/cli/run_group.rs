//! Runs that belong together: several machines that each take a part of the zones, and one report of them all.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;

use super::context::CommandContext;
use super::exit_code::CommandExit;
use super::plan::PlanResult;
use super::plan_file;
use super::run_author::author;
use super::run_journal::{self, JournalOptions, RunJournal, RunMetadata};
use super::store;
use crate::model::{RunOperation, RunState, ZoneShard};
use crate::store::StoreAccess;

/// What runs that belong together are called by.
#[derive(Debug, Clone, Default, Args)]
pub struct RunGroupArgs {
    /// What runs that belong together are called by; with --shard, the pipeline's own name where nothing is said
    ///
    /// The pipeline's name is ZONAL_RUN_GROUP, the run on GitHub, the pipeline's number on GitLab, the build on
    /// Jenkins, or the Job on Kubernetes. Such a run is remembered in the store, whatever it does.
    #[arg(long, value_name = "NAME")]
    run_group: Option<String>,
}

impl RunGroupArgs {
    /// What is known of a run by it.
    ///
    /// # Errors
    /// [`Exit::Invalid`], once it has been said that a part of the zones is asked for and nothing tells what the other
    /// parts are called by.
    pub fn about(
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
                super::fail(world, format!("nothing tells which runs belong together with --shard {shard}"));
                world
                    .err
                    .print_line("help: give all of them the same `--run-group NAME`, or set ZONAL_RUN_GROUP");
                Err(CommandExit::Invalid)
            }
            (_, _) => Ok(RunMetadata { shard, group, ..RunMetadata::default() }),
        }
    }
}

/// What the pipeline calls what it does now, so that all its jobs come to the same name and no other pipeline does.
pub fn of_pipeline(world: &CommandContext) -> Option<String> {
    let said = |name: &str| world.env.get(name).filter(|said| !said.is_empty()).cloned();
    // Not the attempt as well: who runs the failed jobs again wants them to be together with those that did not fail.
    let github = || Some(format!("github-{}", said("GITHUB_RUN_ID")?));
    let gitlab = || Some(format!("gitlab-{}", said("CI_PIPELINE_ID")?));
    // Jenkins has a name for a job, which is the same in each of its builds.
    let jenkins = || Some(format!("{}-{}", said("JOB_NAME")?, said("BUILD_NUMBER")?));
    // A pod of an Indexed Job is called after its Job and its index.
    let kubernetes = || {
        let (host, index) = (said("HOSTNAME")?, said("JOB_COMPLETION_INDEX")?);
        host.strip_suffix(&format!("-{index}")).map(str::to_owned)
    };
    said("ZONAL_RUN_GROUP").or_else(github).or_else(gitlab).or_else(jenkins).or_else(kubernetes)
}

impl RunMetadata {
    /// Whether the store is only looked at.
    pub fn access(&self) -> StoreAccess {
        match &self.group {
            Some(_) => StoreAccess::Write,
            None => StoreAccess::Read,
        }
    }

    /// Remembers a run that wrote nothing, where it belongs together with others.
    ///
    /// # Errors
    /// [`Exit::Invalid`], once it has been said why the store cannot keep it.
    pub async fn remember(
        &self,
        planned: &PlanResult,
        deed: RunOperation,
        exits: &BTreeSet<CommandExit>,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<(), CommandExit> {
        if self.group.is_none() {
            return Ok(());
        }
        let PlanResult { config, plan, store, .. } = planned;
        let Some(store) = store else {
            world.err.print_line("note: there is no store, so this run cannot be merged with others");
            return Ok(());
        };
        let author = world.unless_interrupted(author(directory, world)).await?;
        let run = run_journal::new(plan, deed, self, author, world);
        let text = serde_json::to_string(&plan_file::plan_json(plan)).unwrap_or_default();
        let kept = async {
            let journal =
                RunJournal::begin(store, &config.network, run, text, JournalOptions::default(), world)
                    .await?;
            let codes = exits.iter().map(|exit| exit.code()).collect();
            journal.finish(RunState::Ended, codes, "{}".to_owned()).await
        };
        kept.await.map(drop).map_err(|error| store::report_error(&error, world))
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
    fn what_runs_belong_together_is_what_the_pipeline_says() {
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
