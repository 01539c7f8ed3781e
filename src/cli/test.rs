//! `zonal test`: checks expectations.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::config::{self, ConfigDirectory, OutputFormat, to_json};
use super::context::CommandContext;
use super::network_settings;
use super::plan_outputs::{is_stdout, root, write};
use crate::analysis::{self, NetworkSettings};
use crate::model::{Expectation, ExpectationResult, ExpectationVerdict};
use crate::render::json::test::TestedAgainst;
use crate::render::{self, github, json, junit};

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
        let mut config = config::load(directory, self.environment.as_deref(), format, world)?;
        if format == OutputFormat::Json {
            config.warn(world);
        }
        let (against, settings) = match self.observed || self.snapshot.is_some() {
            false => {
                (TestedAgainst::Declared, NetworkSettings::from_desired(&config.network, &config.desired))
            }
            true => {
                let questions = config.expectations.iter().map(|expectation| &expectation.question);
                let file = self.snapshot.as_deref();
                let observed =
                    network_settings::read_settings(questions, file, &config, directory, format, world)
                        .await?;
                (TestedAgainst::Observed, observed)
            }
        };
        let expectations = std::mem::take(&mut config.expectations);
        let judged = analysis::judge_all(&expectations, &settings);
        let tested = expectations.into_iter().zip(judged);
        let tested: Vec<ExpectationResult> =
            tested.map(|(expectation, judged)| ExpectationResult { expectation, judged }).collect();
        self.print(&tested, against, directory, format, world);
        self.write(&tested, &config, world)?;
        Ok(exit(&tested, against, &config, &settings))
    }

    fn print(
        &self,
        tested: &[ExpectationResult],
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
                let text = self.report_text(tested, against);
                world.out.print(if self.github { github::escape_workflow_command(&text) } else { text });
                world.out.print(annotations);
            }
        }
    }

    fn report_text(&self, tested: &[ExpectationResult], against: TestedAgainst) -> String {
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
        heading + &render::text::expectations(tested)
    }

    fn write(
        &self,
        tested: &[ExpectationResult],
        config: &ConfigDirectory,
        world: &CommandContext,
    ) -> Result<(), CommandExit> {
        let Some(file) = &self.junit else { return Ok(()) };
        let text = junit::of_expectations(&config.network.name, tested);
        match is_stdout(file) {
            true => {
                world.out.print(text);
                Ok(())
            }
            false => write(&world.directory.join(file), &text).map_err(|problem| super::fail(world, problem)),
        }
    }
}

/// Returns the result: an unmet expectation takes precedence over an unknown result caused by an unreadable
/// zone.
fn exit(
    tested: &[ExpectationResult],
    against: TestedAgainst,
    config: &ConfigDirectory,
    settings: &NetworkSettings,
) -> CommandExit {
    let is_silent = |expectation: &Expectation| {
        let needs = analysis::needs(&expectation.question, &config.network);
        needs
            .iter()
            .any(|(zone, subjects)| subjects.iter().any(|subject| settings.table(zone, subject).is_err()))
    };
    let exits = tested.iter().map(|ExpectationResult { expectation, judged }| match (judged, against) {
        (ExpectationVerdict::Met, _) => CommandExit::Done,
        (ExpectationVerdict::Unknown(_), TestedAgainst::Observed) if is_silent(expectation) => {
            CommandExit::Incomplete
        }
        (ExpectationVerdict::NotMet(_) | ExpectationVerdict::Unknown(_), _) => CommandExit::Invalid,
    });
    exits.min().unwrap_or(CommandExit::Done)
}
