//! Builder of explanations: first the reasons, then the facts, then the answer line.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Explanation, FieldValue, MaybeKnown, Question, Reason, ReasonSource};

/// Returns the known value, or leaves the function with the reason for an unknown one.
macro_rules! known {
    ($result:expr) => {
        match crate::model::MaybeKnown::from($result) {
            crate::model::MaybeKnown::Known(known) => known,
            crate::model::MaybeKnown::Unknown(why) => return crate::model::MaybeKnown::Unknown(why),
        }
    };
}
pub(super) use known;

/// Explanation under construction.
pub struct ExplanationBuilder {
    question: Question,
    facts: BTreeMap<&'static str, MaybeKnown<FieldValue>>,
    reasons: Vec<Reason>,
}

impl ExplanationBuilder {
    /// Returns an explanation without reasons and facts.
    pub fn new(question: impl Into<Question>) -> Self {
        Self { question: question.into(), facts: BTreeMap::new(), reasons: Vec::new() }
    }

    /// Adds a reason, unless equal to the previous one.
    pub fn add_reason(&mut self, text: impl Into<String>, ground: ReasonSource) {
        let reason = Reason { text: text.into(), ground };
        if self.reasons.last() != Some(&reason) {
            self.reasons.push(reason);
        }
    }

    /// Adds a reason that follows from Alma's behavior.
    pub fn add_alma_reason(&mut self, text: impl Into<String>) {
        self.add_reason(text, ReasonSource::AlmaDefault);
    }

    /// Adds a known fact.
    pub fn add_fact(&mut self, fact: &'static str, value: impl Into<FieldValue>) {
        self.facts.insert(fact, MaybeKnown::Known(value.into()));
    }

    /// Adds a fact, known or unknown.
    pub fn fact(&mut self, fact: &'static str, value: MaybeKnown<FieldValue>) {
        self.facts.insert(fact, value);
    }

    /// Returns the finished explanation.
    pub fn finish(self, line: impl Into<String>) -> Explanation {
        let Self { question, facts, reasons } = self;
        Explanation { question, line: line.into(), facts, reasons }
    }

    /// Returns the explanation for an unknown answer, with the reason for all facts.
    pub fn unknown(mut self, why: &Arc<str>, line: impl FnOnce() -> String) -> Explanation {
        for fact in self.question.definition().fact_names() {
            self.facts.insert(fact, MaybeKnown::Unknown(Arc::clone(why)));
        }
        self.add_alma_reason(why.to_string());
        self.finish(line())
    }
}
