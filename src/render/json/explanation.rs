//! Answers, for programs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DeclarationJson;
use crate::model::{Explanation, FieldValue, MaybeKnown, Question, Reason, ReasonSource};

/// What `zonal explain --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainJson {
    /// Version of this format.
    pub format_version: &'static str,
    /// One answer for each question that was asked.
    pub answers: Vec<AnswerJson>,
}

/// One question and its answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AnswerJson {
    /// What was asked.
    pub question: Question,
    /// How the manifests declare it, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<ExplanationJson>,
    /// How the zones were found, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<ExplanationJson>,
    /// Facts that are known of both and in which they differ, where both were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differs_in: Option<Vec<&'static str>>,
}

/// One answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplanationJson {
    /// In one sentence, for people.
    pub answer: String,
    /// In its parts: what expectations can say of it.
    pub facts: BTreeMap<&'static str, FactJson>,
    /// Why, in the order in which it was found out.
    pub reasons: Vec<ReasonJson>,
}

/// One part of an answer.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactJson {
    /// It is so.
    Is(FieldValue),
    /// Nobody can tell, and why.
    Unknown(String),
}

/// One step on the way to an answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReasonJson {
    /// What is so.
    pub text: String,
    /// The manifest that says so, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_at: Option<DeclarationJson>,
    /// The record that says so, where one was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Who says to have made that record so by hand, where nothing but that is known of it: it is not verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attested_by: Option<String>,
    /// When that was, as `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attested_on: Option<String>,
    /// Who changed that record last, where the zone says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
    /// When, as the zone writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_date: Option<String>,
}

/// The version of the format.
const VERSION: &str = "1.0";

/// All answers.
pub fn explain(answers: Vec<AnswerJson>) -> ExplainJson {
    ExplainJson { format_version: VERSION, answers }
}

impl From<&Explanation> for ExplanationJson {
    fn from(explanation: &Explanation) -> Self {
        let Explanation { question: _, line, facts, reasons } = explanation;
        let fact = |told: &MaybeKnown<FieldValue>| match told {
            MaybeKnown::Known(value) => FactJson::Is(value.clone()),
            MaybeKnown::Unknown(why) => FactJson::Unknown(why.to_string()),
        };
        Self {
            answer: line.clone(),
            facts: facts.iter().map(|(name, told)| (*name, fact(told))).collect(),
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
