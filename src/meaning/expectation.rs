//! Holds what was expected against what is.

use std::collections::HashMap;
use std::sync::Arc;

use super::settings::Settings;
use crate::model::{
    Broken, Expectation, ExpectedFact, Explanation, Judged, Others, Outlook, Plan, Question, Shortfall, Told,
    UnmetFact, Value,
};

/// What becomes of an expectation.
pub fn judge(expectation: &Expectation, settings: &Settings) -> Judged {
    weigh(expectation, &super::explain(&expectation.question, settings))
}

/// What becomes of each expectation, in their order. A question that several ask is answered once.
pub fn judge_all(expectations: &[Expectation], settings: &Settings) -> Vec<Judged> {
    let mut answers: HashMap<&Question, Explanation> = HashMap::new();
    let judge = |expectation: &Expectation, answer: &Explanation| weigh(expectation, answer);
    expectations
        .iter()
        .map(|expectation| {
            let question = &expectation.question;
            let answer = answers.entry(question).or_insert_with(|| super::explain(question, settings));
            judge(expectation, answer)
        })
        .collect()
}

fn weigh(expectation: &Expectation, answer: &Explanation) -> Judged {
    let mut facts = Vec::new();
    for (fact, ExpectedFact { value, place }) in &expectation.facts {
        let found = answer.facts.get(fact).cloned().unwrap_or_else(|| unsaid(answer));
        if found.get() != Some(value) {
            facts.push(UnmetFact {
                fact: (*fact).into(),
                expected: value.clone(),
                found,
                place: place.clone(),
            });
        }
    }
    if facts.is_empty() {
        return Judged::Met;
    }
    let is_otherwise = facts.iter().any(|fact| fact.found.get().is_some());
    let shortfall = Shortfall { facts, line: answer.line.clone(), reasons: answer.reasons.clone() };
    match is_otherwise {
        true => Judged::Missed(shortfall),
        false => Judged::Unknown(shortfall),
    }
}

/// An answer that ends early does not name every fact; why it ended is why none of them is known.
fn unsaid(answer: &Explanation) -> Told<Value> {
    let why = answer.facts.values().find_map(|told| match told {
        Told::Is(_) => None,
        Told::Not(why) => Some(Arc::clone(why)),
    });
    Told::Not(why.unwrap_or_else(|| "the answer says nothing of it".into()))
}

/// What becomes of expectations once a plan is done. `before` is what the zones were observed to hold. One is broken
/// where it is met before and not after.
pub fn outlook(expectations: &[Expectation], before: &Settings, plan: &Plan) -> Outlook {
    if expectations.is_empty() {
        return Outlook::default();
    }
    let after = judge_all(expectations, &before.after(plan));
    let before = judge_all(expectations, before);
    let mut broken = Vec::new();
    let mut others = Others::default();
    for ((expectation, before), after) in expectations.iter().zip(before).zip(after) {
        match (before, after) {
            (Judged::Met, Judged::Missed(shortfall)) => broken.push(Broken {
                question: expectation.question.to_string(),
                because: expectation.because.clone(),
                provenance: expectation.provenance.clone(),
                facts: shortfall.facts,
            }),
            (_, Judged::Met) => others.met += 1,
            (Judged::Missed(_) | Judged::Unknown(_), Judged::Missed(_)) => others.not_met += 1,
            (_, Judged::Unknown(_)) => others.not_known += 1,
        }
    }
    Outlook { broken, others: Some(others) }
}
