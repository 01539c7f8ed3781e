//! JSON output of `zonal explain`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Explanation, Question};

/// Output of `zonal explain --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainJson {
    /// Version of this format.
    pub format_version: &'static str,
    /// One answer per question.
    pub answers: Vec<AnswerJson>,
}

/// Question with its answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AnswerJson {
    /// Question.
    pub question: Question,
    /// Answer from the manifests, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<Explanation>,
    /// Answer from the zones, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<Explanation>,
    /// Names of facts with different known values in both answers, if both were requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differences: Option<Vec<&'static str>>,
}

/// Version of the format.
const VERSION: &str = "2.0";

/// Returns all answers.
pub fn explain(answers: Vec<AnswerJson>) -> ExplainJson {
    ExplainJson { format_version: VERSION, answers }
}
