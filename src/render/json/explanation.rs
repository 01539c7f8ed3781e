//! JSON output of `zonal explain`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::DeclarationJson;
use crate::model::{Explanation, FieldValue, MaybeKnown, Question, Reason, ReasonSource};

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
    pub declared: Option<ExplanationJson>,
    /// Answer from the zones, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<ExplanationJson>,
    /// Names of facts with different known values in both answers, if both were requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differences: Option<Vec<&'static str>>,
}

/// Answer to a question.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplanationJson {
    /// Answer in one sentence.
    pub answer: String,
    /// Facts of the answer, available to expectations.
    pub facts: BTreeMap<&'static str, MaybeKnown<FieldValue>>,
    /// Reasons, in order of evaluation.
    pub reasons: Vec<ReasonJson>,
}

/// Reason for an answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReasonJson {
    /// Statement of the reason.
    pub text: String,
    /// Manifest that declares the statement, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_at: Option<DeclarationJson>,
    /// Address of the record that shows the statement, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Person who attested the record, if zonal cannot verify the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attested_by: Option<String>,
    /// Date of the attestation, as `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attested_on: Option<String>,
    /// User who changed the record last, if known from the zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
    /// Date of the last change, in the zone's format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_date: Option<String>,
}

/// Version of the format.
const VERSION: &str = "2.0";

/// Returns all answers.
pub fn explain(answers: Vec<AnswerJson>) -> ExplainJson {
    ExplainJson { format_version: VERSION, answers }
}

impl From<&Explanation> for ExplanationJson {
    fn from(explanation: &Explanation) -> Self {
        let Explanation { question: _, line, facts, reasons } = explanation;
        Self {
            answer: line.clone(),
            facts: facts.clone(),
            reasons: reasons.iter().map(ReasonJson::from).collect(),
        }
    }
}

impl From<&Reason> for ReasonJson {
    fn from(Reason { text: says, ground }: &Reason) -> Self {
        let mut reason = Self {
            text: says.clone(),
            declared_at: None,
            address: None,
            attested_by: None,
            attested_on: None,
            updated_by: None,
            update_date: None,
        };
        match ground {
            ReasonSource::Declared(provenance) => reason.declared_at = Some(provenance.into()),
            ReasonSource::Observed { address, updated_by, update_date } => {
                reason.address = Some(address.to_string());
                reason.updated_by.clone_from(updated_by);
                reason.update_date.clone_from(update_date);
            }
            ReasonSource::Attested { address, by, date } => {
                reason.address = Some(address.to_string());
                reason.attested_by.clone_from(by);
                reason.attested_on.clone_from(date);
            }
            ReasonSource::AlmaDefault => {}
        }
        reason
    }
}
