//! How an answer is put together: reasons one after the other, then the facts, then one line.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Explanation, FieldValue, MaybeKnown, Question, Reason, ReasonSource};

/// What is known, or the end of the function with why it is not.
macro_rules! known {
    ($result:expr) => {
        match $result {
            Ok(known) => known,
            Err(why) => return crate::model::MaybeKnown::Unknown(why),
        }
    };
}
pub(super) use known;

/// An answer in the making.
pub struct ExplanationBuilder {
    question: Question,
    facts: BTreeMap<&'static str, MaybeKnown<FieldValue>>,
    reasons: Vec<Reason>,
}

impl ExplanationBuilder {
    /// Nothing is told yet.
    pub fn new(question: Question) -> Self {
        Self { question, facts: BTreeMap::new(), reasons: Vec::new() }
    }

    /// One more reason. What has just been said is not said again.
    pub fn add_reason(&mut self, says: impl Into<String>, ground: ReasonSource) {
        let reason = Reason { text: says.into(), ground };
        if self.reasons.last() != Some(&reason) {
            self.reasons.push(reason);
        }
    }

    /// A fact that is known.
    pub fn add_fact(&mut self, fact: &'static str, value: impl Into<FieldValue>) {
        self.facts.insert(fact, MaybeKnown::Known(value.into()));
    }

    /// A fact that may not be known.
    pub fn fact(&mut self, fact: &'static str, value: MaybeKnown<FieldValue>) {
        self.facts.insert(fact, value);
    }

    /// The answer.
    pub fn finish(self, line: impl Into<String>) -> Explanation {
        let Self { question, facts, reasons } = self;
        Explanation { question, line: line.into(), facts, reasons }
    }

    /// There is none: none of these facts is known, and why.
    pub fn unknown(
        mut self,
        facts: &[&'static str],
        why: &Arc<str>,
        line: impl FnOnce() -> String,
    ) -> Explanation {
        for fact in facts {
            self.facts.insert(fact, MaybeKnown::Unknown(Arc::clone(why)));
        }
        self.add_reason(why.to_string(), ReasonSource::AlmaDefault);
        self.finish(line())
    }
}
