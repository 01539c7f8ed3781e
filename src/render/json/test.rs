//! What became of expectations, for programs.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DeclaredAt;
use super::RuleAt;
use super::explanation::{FactJson, ReasonJson};
use crate::model::{Expectation, Judged, Question, Tally, Tested, Told, UnmetFact, Value};

/// What `zonal test --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal test --json")]
pub struct TestJson {
    /// Version of this format.
    pub format_version: &'static str,
    /// What they were held against.
    pub against: Against,
    /// How many ended in which way.
    pub counts: Tally,
    /// All of them, in the order of the manifests.
    pub expectations: Vec<TestedJson>,
}

/// What expectations are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// What the manifests come to.
    Declared,
    /// What the zones, or a snapshot of them, hold.
    Observed,
}

/// One expectation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TestedJson {
    /// The question.
    pub question: Question,
    /// The question in words.
    pub asked: String,
    /// Where the row stands that expects it.
    pub declared_at: DeclaredAt,
    /// Why it is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What became of it.
    pub verdict: VerdictJson,
    /// The facts that are otherwise or not known; none where it is met.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<UnmetJson>,
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
pub enum VerdictJson {
    /// Every fact is as expected.
    Met,
    /// At least one is not.
    NotMet,
    /// None is known to be otherwise, and at least one is not known.
    NotKnown,
}

/// A fact that is not as expected.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct UnmetJson {
    /// Its name.
    pub fact: Arc<str>,
    /// What it was expected to be.
    pub expected: Value,
    /// What it is.
    pub found: FactJson,
    /// Where it is expected.
    pub declared_at: RuleAt,
}

/// The version of the format.
const VERSION: &str = "1.0";

/// All of them.
pub fn test(tested: &[Tested], against: Against) -> TestJson {
    TestJson {
        format_version: VERSION,
        against,
        counts: Tally::of(tested.iter().map(|each| &each.judged)),
        expectations: tested.iter().map(one).collect(),
    }
}

fn one(Tested { expectation, judged }: &Tested) -> TestedJson {
    let Expectation { question, facts: _, because, provenance } = expectation;
    let shortfall = judged.shortfall();
    TestedJson {
        question: question.clone(),
        asked: question.to_string(),
        declared_at: provenance.into(),
        because: because.as_deref().map(str::to_owned),
        verdict: match judged {
            Judged::Met => VerdictJson::Met,
            Judged::Missed(_) => VerdictJson::NotMet,
            Judged::Unknown(_) => VerdictJson::NotKnown,
        },
        unmet: shortfall
            .map(|shortfall| shortfall.facts.iter().map(UnmetJson::from).collect())
            .unwrap_or_default(),
        answer: shortfall.map(|shortfall| shortfall.line.clone()),
        reasons: shortfall
            .map(|shortfall| shortfall.reasons.iter().map(ReasonJson::from).collect())
            .unwrap_or_default(),
    }
}

impl From<&UnmetFact> for UnmetJson {
    fn from(UnmetFact { fact, expected, found, place }: &UnmetFact) -> Self {
        Self {
            fact: Arc::clone(fact),
            expected: expected.clone(),
            found: match found {
                Told::Is(value) => FactJson::Is(value.clone()),
                Told::Not(why) => FactJson::Unknown(why.to_string()),
            },
            declared_at: place.into(),
        }
    }
}

impl From<UnmetJson> for UnmetFact {
    fn from(UnmetJson { fact, expected, found, declared_at }: UnmetJson) -> Self {
        let found = match found {
            FactJson::Is(value) => Told::Is(value),
            FactJson::Unknown(why) => Told::Not(why.into()),
        };
        Self { fact, expected, found, place: declared_at.into() }
    }
}
