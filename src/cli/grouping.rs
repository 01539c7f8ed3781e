//! Runs that belong together: several machines that each take a part of the zones, and one report of them all.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;

use super::author::author;
use super::exit::Exit;
use super::journal::{self, About, RunJournal, Ways};
use super::plan::Planned;
use super::planfile;
use super::store;
use super::world::World;
use crate::model::{RunDeed, RunState, Shard};
use crate::store::Access;

/// What runs that belong together are called by.
#[derive(Debug, Clone, Default, Args)]
pub struct Grouping {
    /// What runs that belong together are called by; with --shard, the pipeline's own name where nothing is said
    ///
    /// The pipeline's name is ZONAL_GROUP, the run on GitHub, the pipeline's number on GitLab, the build on
    /// Jenkins, or the Job on Kubernetes. Such a run is remembered in the store, whatever it does.
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
}

impl Grouping {
    /// What is known of a run by it.
    ///
    /// # Errors
    /// [`Exit::Invalid`], once it has been said that a part of the zones is asked for and nothing tells what the other
    /// parts are called by.
    pub fn about(&self, shard: Option<Shard>, world: &World) -> Result<About, Exit> {
        let group = match (&self.group, shard) {
            (Some(group), _) if group.is_empty() => None,
            (Some(group), _) => Some(group.clone()),
            (None, Some(_)) => of_pipeline(world),
            (None, None) => None,
        };
        match (&group, shard) {
            (None, Some(shard)) => {
                super::fail(world, format!("nothing tells which runs belong together with --shard {shard}"));
                world.err.line("help: give all of them the same `--group NAME`, or set ZONAL_GROUP");
                Err(Exit::Invalid)
            }
            (_, _) => Ok(About { shard, group, ..About::default() }),
        }
    }
}

/// What the pipeline calls what it does now, so that all its jobs come to the same name and no other pipeline does.
pub fn of_pipeline(world: &World) -> Option<String> {
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
    said("ZONAL_GROUP").or_else(github).or_else(gitlab).or_else(jenkins).or_else(kubernetes)
}

impl About {
    /// Whether the store is only looked at.
    pub fn access(&self) -> Access {
        match &self.group {
            Some(_) => Access::Write,
            None => Access::Read,
        }
    }

    /// Remembers a run that wrote nothing, where it belongs together with others.
    ///
    /// # Errors
    /// [`Exit::Invalid`], once it has been said why the store cannot keep it.
    pub async fn remember(
        &self,
        planned: &Planned,
        deed: RunDeed,
        exits: &BTreeSet<Exit>,
        directory: &Path,
        world: &World,
    ) -> Result<(), Exit> {
        if self.group.is_none() {
            return Ok(());
        }
        let Planned { config, plan, store, .. } = planned;
        let Some(store) = store else {
            world.err.line("note: there is no store, so this run cannot be merged with others");
            return Ok(());
        };
        let author = world.unless_interrupted(author(directory, world)).await?;
        let run = journal::new(plan, deed, self, author, world);
        let text = serde_json::to_string(&planfile::plan_json(plan)).unwrap_or_default();
        let kept = async {
            let journal =
                RunJournal::begin(store, &config.network, run, text, Ways::default(), world).await?;
            let codes = exits.iter().map(|exit| exit.code()).collect();
            journal.end(RunState::Ended, codes, "{}".to_owned()).await
        };
        kept.await.map(drop).map_err(|error| store::told(&error, world))
    }
}

#[cfg(test)]
mod tests {
    use super::of_pipeline;
    use crate::cli::world::{Look, Output, World};

    fn group(env: &[(&str, &str)]) -> Option<String> {
        let nowhere = || Output::new(std::io::sink(), Look::Piped);
        of_pipeline(&World {
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
        assert_eq!(named(&[("ZONAL_GROUP", "mine"), ("GITHUB_RUN_ID", "7")]), "mine");
        assert_eq!(group(&[("JOB_NAME", "drift")]), None);
        assert_eq!(group(&[("HOSTNAME", "zonal-apply-3")]), None);
    }
}
