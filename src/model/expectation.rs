//! Answers that somebody has written down beforehand, and what became of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::explanation::{MaybeKnown, Reason};
use super::question::Question;
use super::source_span::{Provenance, SourceSpan};
use super::value::FieldValue;

/// What a network's people expect of the answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The question.
    pub question: Question,
    /// What is expected of which fact. Never empty.
    pub facts: BTreeMap<&'static str, ExpectedFact>,
    /// Why it is expected, in the words of the manifest.
    pub reason: Option<Arc<str>>,
    /// Where the row stands that expects it.
    pub provenance: Provenance,
}

/// What one fact is expected to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFact {
    /// The value.
    pub value: FieldValue,
    /// Where it is said: in the row, or in what holds for all rows.
    pub span: SourceSpan,
}

/// What became of an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectationVerdict {
    /// Every fact is as expected.
    Met,
    /// At least one fact is not.
    NotMet(ExpectationFailure),
    /// No fact is known to be otherwise, and at least one is not known.
    Unknown(ExpectationFailure),
}

impl ExpectationVerdict {
    /// What is not as expected, or not known; `None` where nothing is.
    pub fn shortfall(&self) -> Option<&ExpectationFailure> {
        match self {
            Self::Met => None,
            Self::NotMet(shortfall) | Self::Unknown(shortfall) => Some(shortfall),
        }
    }
}

/// In what an answer falls short of what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectationFailure {
    /// The facts that are otherwise or not known, by name. Never empty.
    pub facts: Vec<UnmetFact>,
    /// The answer in one sentence.
    pub line: String,
    /// Why the answer is what it is.
    pub reasons: Vec<Reason>,
}

/// A fact that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnmetFact {
    /// Its name.
    pub fact: Arc<str>,
    /// What it was expected to be.
    pub expected: FieldValue,
    /// What it is.
    pub found: MaybeKnown<FieldValue>,
    /// Where it is expected.
    pub span: SourceSpan,
}

/// One expectation and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectationResult {
    /// What was expected.
    pub expectation: Expectation,
    /// What became of it.
    pub judged: ExpectationVerdict,
}

/// How many expectations ended in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, schemars::JsonSchema)]
pub struct ExpectationCounts {
    /// Those of which every fact is as expected.
    pub met: usize,
    /// Those of which a fact is otherwise.
    pub not_met: usize,
    /// Those of which a fact is not known, and none is otherwise.
    pub unknown: usize,
}

impl ExpectationCounts {
    /// One more.
    pub fn count(&mut self, judged: &ExpectationVerdict) {
        *match judged {
            ExpectationVerdict::Met => &mut self.met,
            ExpectationVerdict::NotMet(_) => &mut self.not_met,
            ExpectationVerdict::Unknown(_) => &mut self.unknown,
        } += 1;
    }

    /// What these come to.
    pub fn from_verdicts<'a>(judged: impl IntoIterator<Item = &'a ExpectationVerdict>) -> Self {
        let mut tally = Self::default();
        judged.into_iter().for_each(|each| tally.count(each));
        tally
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of the expectations once a plan is done. Where nothing is expected it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpectationForecast {
    /// Those that are met now and would not be any more, in the order of the manifests.
    pub broken: Vec<BrokenExpectation>,
    /// What becomes of the others; `None` where nothing is expected, or where parts of the zones were planned apart,
    /// so that nobody has held the whole against them.
    pub others: Option<OtherExpectations>,
}

/// Expectations that a plan does not break.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct OtherExpectations {
    /// Those that will be met.
    pub met: usize,
    /// Those that will not be met, and are not now either, as far as that is known.
    pub not_met: usize,
    /// Those of which that is not known, from what the plan has read.
    pub unknown: usize,
}

/// An expectation that a plan breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrokenExpectation {
    /// Where the row stands that expects it.
    pub provenance: Provenance,
    /// The question, in words.
    pub question: String,
    /// Why the answer is expected, in the words of the manifest.
    pub reason: Option<Arc<str>>,
    /// The facts that would not be as expected. Never empty.
    pub facts: Vec<UnmetFact>,
}

impl ExpectationForecast {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
