//! `zonal explain`: answers questions about effective settings, with reasons.

mod args;

use std::path::{Path, PathBuf};

use clap::Args;

use self::args::ExplainTopic;
use super::CommandExit;
use super::config::{OutputFormat, load_config, print_warnings, to_json};
use super::context::CommandContext;
use super::open_session::session_without_store;
use super::session_output::{CommandObserver, report_error};
use super::snapshot_file::read_snapshot;
use crate::model::{FactComparison, MaybeKnown};
use crate::render;
use crate::render::json::explanation::{self, AnswerJson};
use crate::session::explain::{QuestionAnswers, SettingsSource, explain};

/// Answer a question about effective settings, with reasons
///
/// Answers from the manifests by default: the state after a complete apply. With --observed, answers from the
/// current settings of the zones, read with the read keys.
#[derive(Debug, Args)]
pub struct ExplainCommand {
    #[command(subcommand)]
    asked: ExplainTopic,
    /// Answer from the zones instead of the manifests
    #[arg(long, global = true, conflicts_with = "both")]
    observed: bool,
    /// Answer from both and show differences
    #[arg(long, global = true)]
    both: bool,
    /// Read this snapshot file instead of the zones (requires --observed or --both; no API key needed)
    #[arg(long, value_name = "FILE", global = true)]
    snapshot: Option<PathBuf>,
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME", global = true)]
    environment: Option<String>,
    /// Print the answers as JSON
    #[arg(long, global = true)]
    json: bool,
}

impl ExplainCommand {
    /// Answers from the manifests below `directory`, or from the zones of their network.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.answer_question(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn answer_question(
        &self,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let config = load_config(directory, self.environment.as_deref(), format, world)?;
        if format == OutputFormat::Json {
            print_warnings(&config, world);
        }
        let questions =
            self.asked.questions(&config.network).map_err(|problem| super::fail(world, problem))?;
        let source = match (self.observed, self.both) {
            (true, _) => SettingsSource::Observed,
            (false, true) => SettingsSource::Both,
            (false, false) => SettingsSource::Declared,
        };
        if self.snapshot.is_some() && source == SettingsSource::Declared {
            let message = "--snapshot FILE replaces the zones; add --observed or --both";
            return Err(super::fail(world, message));
        }
        let snapshot = read_snapshot(self.snapshot.as_deref(), world)?;
        let session = session_without_store(config, directory, world);
        let observer = CommandObserver::new(world);
        let answers = explain(&session, questions, source, snapshot.as_ref(), &observer)
            .await
            .map_err(|error| report_error(&error, format, world))?;
        let is_unknown = |answer: &QuestionAnswers| {
            let facts = answer.observed.iter().flat_map(|explanation| explanation.facts.values());
            facts.into_iter().any(|fact| matches!(fact, MaybeKnown::Unknown(_)))
        };
        let exit = if answers.iter().any(is_unknown) { CommandExit::Incomplete } else { CommandExit::Done };
        match format {
            OutputFormat::Text => world.out.print(answers_text(&answers)),
            OutputFormat::Json | OutputFormat::Lines => {
                let answers = answers.into_iter().map(json).collect();
                world.out.print_line(to_json(&explanation::explain(answers)));
            }
        }
        Ok(exit)
    }
}

fn answers_text(answered: &[QuestionAnswers]) -> String {
    let parts = answered.iter().map(|QuestionAnswers { question: _, declared, observed }| {
        let mut out = String::new();
        if let Some(declared) = declared {
            out.push_str(&render::text::explanation(declared, "as declared"));
        }
        if let Some(observed) = observed {
            out.push_str(if declared.is_some() { "\n" } else { "" });
            out.push_str(&render::text::explanation(observed, "as observed"));
        }
        if let (Some(declared), Some(observed)) = (declared, observed) {
            out.push('\n');
            out.push_str(&render::text::explained_differently(declared, observed));
        }
        out
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn json(answered: QuestionAnswers) -> AnswerJson {
    let QuestionAnswers { question, declared, observed } = answered;
    let differences = match (&declared, &observed) {
        (Some(declared), Some(observed)) => {
            let differs = |fact: &&&str| declared.compare(observed, fact) == FactComparison::Different;
            Some(declared.facts.keys().filter(differs).copied().collect())
        }
        (_, _) => None,
    };
    AnswerJson { question, declared, observed, differences }
}
