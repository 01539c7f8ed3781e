//! JSON output of `zonal test`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{
    Expectation, ExpectationCounts, ExpectationResult, ExpectationVerdict, Provenance, Question, Reason,
    UnmetFact,
};

/// Output of `zonal test --json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal test --json")]
pub struct TestJson {
    /// Version of this format.
    pub format_version: &'static str,
    /// State used for the test.
    pub tested_against: TestedAgainst,
    /// Number of expectations by verdict.
    pub counts: ExpectationCounts,
    /// Results, in the order of the manifests.
    pub expectations: Vec<ExpectationResultJson>,
}

/// State used to test expectations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestedAgainst {
    /// Desired state, from the manifests.
    Declared,
    /// Observed state, from the zones or a snapshot.
    Observed,
}

/// Result of an expectation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExpectationResultJson {
    /// Question.
    pub question: Question,
    /// Question text.
    pub question_text: String,
    /// Location of the expectation.
    pub declared_at: Provenance,
    /// Reason of the expectation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Verdict.
    pub verdict: ExpectationVerdictJson,
    /// Facts that differ or are unknown; empty if the expectation is met.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<UnmetFact>,
    /// Answer in one sentence, unless the expectation is met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Reasons of the answer, unless the expectation is met.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

/// Verdict on an expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpectationVerdictJson {
    /// All facts as expected.
    Met,
    /// At least one different fact.
    NotMet,
    /// No different fact, but at least one unknown fact.
    Unknown,
}

/// Version of the format.
const VERSION: &str = "2.0";

/// Returns all results.
pub fn test(tested: &[ExpectationResult], against: TestedAgainst) -> TestJson {
    TestJson {
        format_version: VERSION,
        tested_against: against,
        counts: ExpectationCounts::from_verdicts(tested.iter().map(|each| &each.judged)),
        expectations: tested.iter().map(result_json).collect(),
    }
}

fn result_json(ExpectationResult { expectation, judged }: &ExpectationResult) -> ExpectationResultJson {
    let Expectation { question, facts: _, reason, provenance } = expectation;
    let shortfall = judged.shortfall();
    ExpectationResultJson {
        question: question.clone(),
        question_text: question.to_string(),
        declared_at: provenance.clone(),
        reason: reason.as_deref().map(str::to_owned),
        verdict: match judged {
            ExpectationVerdict::Met => ExpectationVerdictJson::Met,
            ExpectationVerdict::NotMet(_) => ExpectationVerdictJson::NotMet,
            ExpectationVerdict::Unknown(_) => ExpectationVerdictJson::Unknown,
        },
        unmet: shortfall.map(|shortfall| shortfall.facts.clone()).unwrap_or_default(),
        answer: shortfall.map(|shortfall| shortfall.line.clone()),
        reasons: shortfall.map(|shortfall| shortfall.reasons.clone()).unwrap_or_default(),
    }
}
