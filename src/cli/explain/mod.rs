//! `zonal explain`: answers questions about effective settings, with reasons.

mod args;

use std::path::{Path, PathBuf};

use clap::Args;

use self::args::ExplainTopic;
use super::CommandExit;
use super::config::{self, OutputFormat, to_json};
use super::context::CommandContext;
use super::network_settings;
use crate::analysis::{self, NetworkSettings};
use crate::model::{Explanation, FactComparison, MaybeKnown, Question};
use crate::render;
use crate::render::json::explanation::{AnswerJson, ExplanationJson, explain};

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

/// Question with its answers.
struct QuestionAnswers {
    question: Question,
    declared: Option<Explanation>,
    observed: Option<Explanation>,
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
        let config = config::load(directory, self.environment.as_deref(), format, world)?;
        if format == OutputFormat::Json {
            config.warn(world);
        }
        let questions =
            self.asked.questions(&config.network).map_err(|problem| super::fail(world, problem))?;
        let looks = self.observed || self.both;
        if self.snapshot.is_some() && !looks {
            let message = "--snapshot FILE replaces the zones; add --observed or --both";
            return Err(super::fail(world, message));
        }
        let declared = match self.observed {
            true => None,
            false => Some(NetworkSettings::from_desired(&config.network, &config.desired)),
        };
        let observed = match looks {
            true => {
                let against = self.snapshot.as_deref();
                Some(
                    network_settings::read_settings(
                        questions.iter(),
                        against,
                        &config,
                        directory,
                        format,
                        world,
                    )
                    .await?,
                )
            }
            false => None,
        };
        let answered: Vec<QuestionAnswers> = questions
            .into_iter()
            .map(|question| {
                let answer = |settings: &Option<NetworkSettings>| {
                    settings.as_ref().map(|settings| analysis::explain(&question, settings))
                };
                let (declared, observed) = (answer(&declared), answer(&observed));
                QuestionAnswers { declared, observed, question }
            })
            .collect();
        let untold = answered
            .iter()
            .filter_map(|answered| answered.observed.as_ref())
            .any(|explanation| explanation.facts.values().any(|fact| matches!(fact, MaybeKnown::Unknown(_))));
        match format {
            OutputFormat::Text => world.out.print(answers_text(&answered)),
            OutputFormat::Json | OutputFormat::Lines => {
                let answers = answered.into_iter().map(json).collect();
                world.out.print_line(to_json(&explain(answers)));
            }
        }
        Ok(if untold { CommandExit::Incomplete } else { CommandExit::Done })
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
    let differs_in = match (&declared, &observed) {
        (Some(declared), Some(observed)) => {
            let differs = |fact: &&&str| declared.compare(observed, fact) == FactComparison::Different;
            Some(declared.facts.keys().filter(differs).copied().collect())
        }
        (_, _) => None,
    };
    AnswerJson {
        question,
        declared: declared.as_ref().map(ExplanationJson::from),
        observed: observed.as_ref().map(ExplanationJson::from),
        differs_in,
    }
}
