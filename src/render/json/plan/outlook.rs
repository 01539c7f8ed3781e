//! What a plan means for what is expected.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Broken, Others, Outlook, UnmetFact};
use crate::render::json::DeclaredAt;
use crate::render::json::test::UnmetJson;

/// What becomes of expectations.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutlookJson {
    /// Those that are met now and would not be any more.
    pub broken: Vec<BrokenJson>,
    /// What becomes of the others; null where several runs have planned parts of the zones.
    pub others: Option<Others>,
}

/// An expectation that the plan breaks.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct BrokenJson {
    /// The question, in words.
    pub asked: String,
    /// Where the row stands that expects it.
    pub declared_at: DeclaredAt,
    /// Why it is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Arc<str>>,
    /// The facts that would not be as expected; `found` is what they would be.
    pub facts: Vec<UnmetJson>,
}

/// `None` where there is nothing to tell.
pub fn json(outlook: &Outlook) -> Option<OutlookJson> {
    let broken = |Broken { question, because, provenance, facts }: &Broken| BrokenJson {
        asked: question.clone(),
        declared_at: provenance.into(),
        because: because.clone(),
        facts: facts.iter().map(UnmetJson::from).collect(),
    };
    let Outlook { broken: all, others } = outlook;
    (!outlook.is_empty()).then(|| OutlookJson { broken: all.iter().map(broken).collect(), others: *others })
}

/// The same, read back.
pub fn read(outlook: Option<OutlookJson>) -> Outlook {
    let broken = |BrokenJson { asked, declared_at, because, facts }: BrokenJson| Broken {
        question: asked,
        because,
        provenance: declared_at.into(),
        facts: facts.into_iter().map(UnmetFact::from).collect(),
    };
    let outlook = outlook.map(|OutlookJson { broken: all, others }| Outlook {
        broken: all.into_iter().map(broken).collect(),
        others,
    });
    outlook.unwrap_or_default()
}
