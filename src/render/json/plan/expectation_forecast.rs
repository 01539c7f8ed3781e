//! What a plan means for what is expected.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{BrokenExpectation, ExpectationForecast, OtherExpectations, UnmetFact};
use crate::render::json::DeclarationJson;
use crate::render::json::test::UnmetFactJson;

/// What becomes of expectations.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExpectationForecastJson {
    /// Those that are met now and would not be any more.
    pub broken: Vec<BrokenExpectationJson>,
    /// What becomes of the others; null where several runs have planned parts of the zones.
    pub others: Option<OtherExpectations>,
}

/// An expectation that the plan breaks.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct BrokenExpectationJson {
    /// The question, in words.
    pub question_text: String,
    /// Where the row stands that expects it.
    pub declared_at: DeclarationJson,
    /// Why it is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// The facts that would not be as expected; `found` is what they would be.
    pub facts: Vec<UnmetFactJson>,
}

/// `None` where there is nothing to tell.
pub fn json(outlook: &ExpectationForecast) -> Option<ExpectationForecastJson> {
    let broken = |BrokenExpectation { question, reason: because, provenance, facts }: &BrokenExpectation| {
        BrokenExpectationJson {
            question_text: question.clone(),
            declared_at: provenance.into(),
            reason: because.clone(),
            facts: facts.iter().map(UnmetFactJson::from).collect(),
        }
    };
    let ExpectationForecast { broken: all, others } = outlook;
    (!outlook.is_empty())
        .then(|| ExpectationForecastJson { broken: all.iter().map(broken).collect(), others: *others })
}

/// The same, read back.
pub fn from_json(outlook: Option<ExpectationForecastJson>) -> ExpectationForecast {
    let broken = |BrokenExpectationJson { question_text: asked, declared_at, reason: because, facts }: BrokenExpectationJson| {
        BrokenExpectation {
            question: asked,
            reason: because,
            provenance: declared_at.into(),
            facts: facts.into_iter().map(UnmetFact::from).collect(),
        }
    };
    let outlook = outlook.map(|ExpectationForecastJson { broken: all, others }| ExpectationForecast {
        broken: all.into_iter().map(broken).collect(),
        others,
    });
    outlook.unwrap_or_default()
}
