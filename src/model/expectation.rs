//! Expectations: asserted answers and their verdicts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::explanation::{MaybeKnown, Reason};
use super::question::Question;
use super::source_span::{Provenance, SourceSpan};
use super::value::FieldValue;

/// Expected answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Question.
    pub question: Question,
    /// Expected facts by name; never empty.
    pub facts: BTreeMap<&'static str, ExpectedFact>,
    /// Reason, as in the manifest.
    pub reason: Option<Arc<str>>,
    /// Location of the row.
    pub provenance: Provenance,
}

/// Expected value of one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFact {
    /// Value.
    pub value: FieldValue,
    /// Location of the value: in the row, or in the defaults for all rows.
    pub span: SourceSpan,
}

/// Verdict on an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectationVerdict {
    /// Every fact as expected.
    Met,
    /// Different value of at least one fact.
    NotMet(ExpectationFailure),
    /// No fact known to differ, and at least one unknown.
    Unknown(ExpectationFailure),
}

impl ExpectationVerdict {
    /// Returns the unmet or unknown facts; `None` if the expectation is met.
    pub fn shortfall(&self) -> Option<&ExpectationFailure> {
        match self {
            Self::Met => None,
            Self::NotMet(shortfall) | Self::Unknown(shortfall) => Some(shortfall),
        }
    }
}

/// Facts of an answer that do not match the expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectationFailure {
    /// Different or unknown facts, by name; never empty.
    pub facts: Vec<UnmetFact>,
    /// Answer in one sentence.
    pub line: String,
    /// Reasons for the answer.
    pub reasons: Vec<Reason>,
}

/// Fact that does not match the expectation.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct UnmetFact {
    /// Name of the fact.
    pub fact: Arc<str>,
    /// Expected value.
    pub expected: FieldValue,
    /// Value in the answer.
    pub found: MaybeKnown<FieldValue>,
    /// Location of the expected value.
    #[serde(rename = "declared_at")]
    pub span: SourceSpan,
}

/// Expectation with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectationResult {
    /// Expectation.
    pub expectation: Expectation,
    /// Verdict.
    pub judged: ExpectationVerdict,
}

/// Number of expectations by verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, schemars::JsonSchema)]
pub struct ExpectationCounts {
    /// Expectations with every fact as expected.
    pub met: usize,
    /// Expectations with a different fact.
    pub not_met: usize,
    /// Expectations with an unknown fact and no different one.
    pub unknown: usize,
}

impl ExpectationCounts {
    /// Counts one verdict.
    pub fn count(&mut self, judged: &ExpectationVerdict) {
        *match judged {
            ExpectationVerdict::Met => &mut self.met,
            ExpectationVerdict::NotMet(_) => &mut self.not_met,
            ExpectationVerdict::Unknown(_) => &mut self.unknown,
        } += 1;
    }

    /// Returns the counts of these verdicts.
    pub fn from_verdicts<'a>(judged: impl IntoIterator<Item = &'a ExpectationVerdict>) -> Self {
        let mut tally = Self::default();
        judged.into_iter().for_each(|verdict| tally.count(verdict));
        tally
    }

    /// Returns true if there are no expectations.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Forecast of the expectations after a plan; empty without expectations.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct ExpectationForecast {
    /// Expectations that the plan breaks, in manifest order: met now, and not met afterwards.
    pub broken: Vec<BrokenExpectation>,
    /// Verdicts on the other expectations; `null` for a sharded plan, because each shard knows only its own
    /// zones.
    pub others: Option<OtherExpectations>,
}

/// Expectations that a plan does not break.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct OtherExpectations {
    /// Expectations met after the plan.
    pub met: usize,
    /// Expectations not met after the plan, and not known to be met now.
    pub not_met: usize,
    /// Expectations with an unknown verdict, from the zones that the plan has read.
    pub unknown: usize,
    /// Expectations with an unknown verdict because the selection of the plan leaves tables out.
    #[serde(default)]
    pub left_out: usize,
}

/// Expectation that a plan breaks.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct BrokenExpectation {
    // The first field, to sort by location.
    /// Location of the expectation.
    #[serde(rename = "declared_at")]
    pub provenance: Provenance,
    /// Question text.
    #[serde(rename = "question_text")]
    pub question: String,
    /// Reason for the expectation, as in the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// Facts that would not match, with the forecast in `found`; never empty.
    pub facts: Vec<UnmetFact>,
}

impl ExpectationForecast {
    /// Returns true for an empty forecast.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
