//! Answers that somebody has written down beforehand, and what became of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::explanation::{Reason, Told};
use super::place::{Place, Provenance};
use super::question::Question;
use super::value::Value;

/// What a network's people expect of the answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The question.
    pub question: Question,
    /// What is expected of which fact. Never empty.
    pub facts: BTreeMap<&'static str, ExpectedFact>,
    /// Why it is expected, in the words of the manifest.
    pub because: Option<Arc<str>>,
    /// Where the row stands that expects it.
    pub provenance: Provenance,
}

/// What one fact is expected to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFact {
    /// The value.
    pub value: Value,
    /// Where it is said: in the row, or in what holds for all rows.
    pub place: Place,
}

/// What became of an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// Every fact is as expected.
    Met,
    /// At least one fact is not.
    Missed(Shortfall),
    /// No fact is known to be otherwise, and at least one is not known.
    Unknown(Shortfall),
}

impl Judged {
    /// What is not as expected, or not known; `None` where nothing is.
    pub fn shortfall(&self) -> Option<&Shortfall> {
        match self {
            Self::Met => None,
            Self::Missed(shortfall) | Self::Unknown(shortfall) => Some(shortfall),
        }
    }
}

/// In what an answer falls short of what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
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
    pub expected: Value,
    /// What it is.
    pub found: Told<Value>,
    /// Where it is expected.
    pub place: Place,
}

/// One expectation and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// What was expected.
    pub expectation: Expectation,
    /// What became of it.
    pub judged: Judged,
}

/// How many expectations ended in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, schemars::JsonSchema)]
pub struct Tally {
    /// Those of which every fact is as expected.
    pub met: usize,
    /// Those of which a fact is otherwise.
    pub not_met: usize,
    /// Those of which a fact is not known, and none is otherwise.
    pub not_known: usize,
}

impl Tally {
    /// One more.
    pub fn count(&mut self, judged: &Judged) {
        *match judged {
            Judged::Met => &mut self.met,
            Judged::Missed(_) => &mut self.not_met,
            Judged::Unknown(_) => &mut self.not_known,
        } += 1;
    }

    /// What these come to.
    pub fn of<'a>(judged: impl IntoIterator<Item = &'a Judged>) -> Self {
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
pub struct Outlook {
    /// Those that are met now and would not be any more, in the order of the manifests.
    pub broken: Vec<Broken>,
    /// What becomes of the others; `None` where nothing is expected, or where parts of the zones were planned apart,
    /// so that nobody has held the whole against them.
    pub others: Option<Others>,
}

/// Expectations that a plan does not break.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Others {
    /// Those that will be met.
    pub met: usize,
    /// Those that will not be met, and are not now either, as far as that is known.
    pub not_met: usize,
    /// Those of which that is not known, from what the plan has read.
    pub not_known: usize,
}

/// An expectation that a plan breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// Where the row stands that expects it.
    pub provenance: Provenance,
    /// The question, in words.
    pub question: String,
    /// Why the answer is expected, in the words of the manifest.
    pub because: Option<Arc<str>>,
    /// The facts that would not be as expected. Never empty.
    pub facts: Vec<UnmetFact>,
}

impl Outlook {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
