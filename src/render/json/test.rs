//! What became of expectations, for programs.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DeclarationJson;
use super::RuleLocationJson;
use super::explanation::{FactJson, ReasonJson};
use crate::model::{
    Expectation, ExpectationCounts, ExpectationResult, ExpectationVerdict, FieldValue, MaybeKnown, Question,
    UnmetFact,
};

/// What `zonal test --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal test --json")]
pub struct TestJson {
    /// Version of this format.
    pub format_version: &'static str,
    /// What they were held against.
    pub tested_against: TestedAgainst,
    /// How many ended in which way.
    pub counts: ExpectationCounts,
    /// All of them, in the order of the manifests.
    pub expectations: Vec<ExpectationResultJson>,
}

/// What expectations are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestedAgainst {
    /// What the manifests come to.
    Declared,
    /// What the zones, or a snapshot of them, hold.
    Observed,
}

/// One expectation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExpectationResultJson {
    /// The question.
    pub question: Question,
    /// The question in words.
    pub question_text: String,
    /// Where the row stands that expects it.
    pub declared_at: DeclarationJson,
    /// Why it is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What became of it.
    pub verdict: ExpectationVerdictJson,
    /// The facts that are otherwise or not known; none where it is met.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<UnmetFactJson>,
    /// The answer in one sentence, where it is not as expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Why the answer is what it is, where it is not as expected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ReasonJson>,
}

/// What became of an expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpectationVerdictJson {
    /// Every fact is as expected.
    Met,
    /// At least one is not.
    NotMet,
    /// None is known to be otherwise, and at least one is not known.
    NotKnown,
}

/// A fact that is not as expected.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct UnmetFactJson {
    /// Its name.
    pub fact: Arc<str>,
    /// What it was expected to be.
    pub expected: FieldValue,
    /// What it is.
    pub found: FactJson,
    /// Where it is expected.
    pub declared_at: RuleLocationJson,
}

/// The version of the format.
const VERSION: &str = "1.0";

/// All of them.
pub fn test(tested: &[ExpectationResult], against: TestedAgainst) -> TestJson {
    TestJson {
        format_version: VERSION,
        tested_against: against,
        counts: ExpectationCounts::from_verdicts(tested.iter().map(|each| &each.judged)),
        expectations: tested.iter().map(result_json).collect(),
    }
}

fn result_json(ExpectationResult { expectation, judged }: &ExpectationResult) -> ExpectationResultJson {
    let Expectation { question, facts: _, reason: because, provenance } = expectation;
    let shortfall = judged.shortfall();
    ExpectationResultJson {
        question: question.clone(),
        question_text: question.to_string(),
        declared_at: provenance.into(),
        reason: because.as_deref().map(str::to_owned),
        verdict: match judged {
            ExpectationVerdict::Met => ExpectationVerdictJson::Met,
            ExpectationVerdict::NotMet(_) => ExpectationVerdictJson::NotMet,
            ExpectationVerdict::Unknown(_) => ExpectationVerdictJson::NotKnown,
        },
        unmet: shortfall
            .map(|shortfall| shortfall.facts.iter().map(UnmetFactJson::from).collect())
            .unwrap_or_default(),
        answer: shortfall.map(|shortfall| shortfall.line.clone()),
        reasons: shortfall
            .map(|shortfall| shortfall.reasons.iter().map(ReasonJson::from).collect())
            .unwrap_or_default(),
    }
}

impl From<&UnmetFact> for UnmetFactJson {
    fn from(UnmetFact { fact, expected, found, span: place }: &UnmetFact) -> Self {
        Self {
            fact: Arc::clone(fact),
            expected: expected.clone(),
            found: match found {
                MaybeKnown::Known(value) => FactJson::Is(value.clone()),
                MaybeKnown::Unknown(why) => FactJson::Unknown(why.to_string()),
            },
            declared_at: place.into(),
        }
    }
}

impl From<UnmetFactJson> for UnmetFact {
    fn from(UnmetFactJson { fact, expected, found, declared_at }: UnmetFactJson) -> Self {
        let found = match found {
            FactJson::Is(value) => MaybeKnown::Known(value),
            FactJson::Unknown(why) => MaybeKnown::Unknown(why.into()),
        };
        Self { fact, expected, found, span: declared_at.into() }
    }
}
