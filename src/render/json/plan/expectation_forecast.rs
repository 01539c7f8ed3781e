//! JSON format of the forecast for expectations after a plan.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{BrokenExpectation, ExpectationForecast, OtherExpectations, UnmetFact};
use crate::render::json::DeclarationJson;
use crate::render::json::test::UnmetFactJson;

/// Forecast for all expectations.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExpectationForecastJson {
    /// Expectations met now and not met after the plan.
    pub broken: Vec<BrokenExpectationJson>,
    /// Counts of the other expectations, or null if several shards planned the zones.
    pub others: Option<OtherExpectations>,
}

/// Expectation that the plan breaks.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct BrokenExpectationJson {
    /// Question text.
    pub question_text: String,
    /// Location of the expectation.
    pub declared_at: DeclarationJson,
    /// Reason of the expectation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// Facts that differ from the expectation after the plan, with the forecast in `found`.
    pub facts: Vec<UnmetFactJson>,
}

/// Returns the forecast as JSON, or `None` for an empty forecast.
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

/// Returns the forecast from JSON.
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
