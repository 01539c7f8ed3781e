//! `zonal test`: checks expectations.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::config::{OutputFormat, load_config, print_warnings, to_json};
use super::context::CommandContext;
use super::open_session::session_without_store;
use super::output_files::is_stdout;
use super::plan_outputs::{root, write};
use super::session_output::{CommandObserver, report_error};
use super::snapshot_file::read_snapshot;
use crate::local::config_files::FileRights;
use crate::model::{ExpectationResult, PlanPopulation};
use crate::plan::population;
use crate::render::json::test::TestedAgainst;
use crate::render::{self, github, json, junit};
use crate::session::expectations::{TestedExpectations, test};

/// Check expectations against the manifests or the zones
///
/// Answers the questions of all Expectation manifests from the manifests: the state after a complete apply.
/// Exits with code 1 if an answer differs from the expected value. With --observed, answers from the current
/// settings of the zones, read with the read keys.
#[derive(Debug, Args)]
pub struct TestCommand {
    /// Check against the zones instead of the manifests
    #[arg(long)]
    observed: bool,
    /// Check against a snapshot file instead of the zones (no API key needed)
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
    /// Write JUnit XML with one test suite per manifest
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print GitHub annotations at the lines of the manifests
    #[arg(long)]
    github: bool,
}

impl TestCommand {
    /// Tests the manifests below `directory`, or the zones of their network.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.test(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn test(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        if self.json && self.junit.as_deref().is_some_and(is_stdout) {
            let message = "--json already writes to stdout; use a file name instead of `-`";
            return Err(super::fail(world, message));
        }
        let config = load_config(directory, self.environment.as_deref(), format, world)?;
        if format == OutputFormat::Json {
            print_warnings(&config, world);
        }
        let against = match self.observed || self.snapshot.is_some() {
            true => TestedAgainst::Observed,
            false => TestedAgainst::Declared,
        };
        let snapshot = read_snapshot(self.snapshot.as_deref(), world)?;
        let session = session_without_store(config, directory, world);
        let tested = test(&session, against, snapshot.as_ref(), &CommandObserver::new(world)).await;
        let TestedExpectations { results, outcome } =
            tested.map_err(|error| report_error(&error, format, world))?;
        let population = population::zones(&session.config.network);
        self.print(&results, &population, against, directory, format, world);
        self.write(&results, &session.config.network.name, world)?;
        Ok(outcome)
    }

    fn print(
        &self,
        tested: &[ExpectationResult],
        population: &PlanPopulation,
        against: TestedAgainst,
        directory: &Path,
        format: OutputFormat,
        world: &CommandContext,
    ) {
        let annotations = match self.github {
            true => github::expectations(tested, &root(directory, world)),
            false => String::new(),
        };
        match format {
            OutputFormat::Json | OutputFormat::Lines => {
                world.out.print_line(to_json(&json::test::test(tested, against)));
                world.err.print(annotations);
            }
            OutputFormat::Text if self.junit.as_deref().is_some_and(is_stdout) => {
                world.err.print(annotations)
            }
            OutputFormat::Text => {
                let text = self.report_text(tested, population, against);
                world.out.print(if self.github { github::escape_workflow_command(&text) } else { text });
                world.out.print(annotations);
            }
        }
    }

    fn report_text(
        &self,
        tested: &[ExpectationResult],
        population: &PlanPopulation,
        against: TestedAgainst,
    ) -> String {
        if tested.is_empty() {
            return "No expectations: no manifest has the kind `Expectation`.\n".to_owned();
        }
        let heading = match (against, &self.snapshot) {
            (TestedAgainst::Declared, _) => String::new(),
            (TestedAgainst::Observed, Some(file)) => {
                format!("Tested against the snapshot {}, without requests to zones.\n\n", file.display())
            }
            (TestedAgainst::Observed, None) => {
                "Tested against the observed state of the zones.\n\n".to_owned()
            }
        };
        heading + &render::text::expectations(tested, population)
    }

    fn write(
        &self,
        tested: &[ExpectationResult],
        network: &str,
        world: &CommandContext,
    ) -> Result<(), CommandExit> {
        let Some(file) = &self.junit else { return Ok(()) };
        let text = junit::of_expectations(network, tested);
        match is_stdout(file) {
            true => {
                world.out.print(text);
                Ok(())
            }
            false => write(&world.directory.join(file), &text, FileRights::Shared)
                .map_err(|problem| super::fail(world, problem)),
        }
    }
}
