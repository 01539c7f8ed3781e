//! Checks expectations against answers.

use std::collections::HashMap;
use std::sync::Arc;

use super::needs;
use super::settings::NetworkSettings;
use crate::model::{
    BrokenExpectation, Expectation, ExpectationFailure, ExpectationForecast, ExpectationVerdict,
    ExpectedFact, Explanation, FieldValue, MaybeKnown, Network, OtherExpectations, Question, UnmetFact,
};

/// Returns the verdict on an expectation.
pub fn check_expectation(expectation: &Expectation, settings: &NetworkSettings) -> ExpectationVerdict {
    weigh(expectation, &super::explain(&expectation.question, settings))
}

/// Returns the verdicts on all expectations, in order.
///
/// Answers a question only once, even if several expectations share the question.
pub fn judge_all(expectations: &[Expectation], settings: &NetworkSettings) -> Vec<ExpectationVerdict> {
    let mut answers: HashMap<&Question, Explanation> = HashMap::new();
    expectations
        .iter()
        .map(|expectation| {
            let question = &expectation.question;
            let answer = answers.entry(question).or_insert_with(|| super::explain(question, settings));
            weigh(expectation, answer)
        })
        .collect()
}

fn weigh(expectation: &Expectation, answer: &Explanation) -> ExpectationVerdict {
    let mut facts = Vec::new();
    for (fact, ExpectedFact { value, span: place }) in &expectation.facts {
        let found = answer.facts.get(fact).cloned().unwrap_or_else(|| unanswered_reason(answer));
        if found.get() != Some(value) {
            facts.push(UnmetFact {
                fact: (*fact).into(),
                expected: value.clone(),
                found,
                span: place.clone(),
            });
        }
    }
    if facts.is_empty() {
        return ExpectationVerdict::Met;
    }
    let is_otherwise = facts.iter().any(|fact| fact.found.get().is_some());
    let shortfall = ExpectationFailure { facts, line: answer.line.clone(), reasons: answer.reasons.clone() };
    match is_otherwise {
        true => ExpectationVerdict::NotMet(shortfall),
        false => ExpectationVerdict::Unknown(shortfall),
    }
}

/// Returns the reason for a missing fact.
///
/// An incomplete answer omits facts, and its reason applies to all of them.
fn unanswered_reason(answer: &Explanation) -> MaybeKnown<FieldValue> {
    let why = answer.facts.values().find_map(|fact| match fact {
        MaybeKnown::Known(_) => None,
        MaybeKnown::Unknown(why) => Some(Arc::clone(why)),
    });
    MaybeKnown::Unknown(why.unwrap_or_else(|| "the answer does not contain this fact".into()))
}

/// Returns the forecast of the expectations after a plan.
///
/// `before` holds the observed settings, `after` the settings after the plan. A plan breaks an expectation
/// with a fact that is met before and not after.
pub fn outlook(
    network: &Network,
    expectations: &[Expectation],
    before: &NetworkSettings,
    after: &NetworkSettings,
) -> ExpectationForecast {
    if expectations.is_empty() {
        return ExpectationForecast::default();
    }
    let settings = after;
    let after = judge_all(expectations, settings);
    let before = judge_all(expectations, before);
    let mut broken = Vec::new();
    let mut others = OtherExpectations::default();
    for ((expectation, before), after) in expectations.iter().zip(before).zip(after) {
        let facts = match (before, after) {
            (ExpectationVerdict::Met, ExpectationVerdict::NotMet(shortfall)) => shortfall.facts,
            (ExpectationVerdict::Unknown(unknown), ExpectationVerdict::NotMet(mut shortfall)) => {
                let was_unknown =
                    |fact: &UnmetFact| unknown.facts.iter().any(|other| other.fact == fact.fact);
                shortfall.facts.retain(|fact| !was_unknown(fact));
                shortfall.facts
            }
            (ExpectationVerdict::NotMet(_), ExpectationVerdict::NotMet(_)) => Vec::new(),
            (_, ExpectationVerdict::Met) => {
                others.met += 1;
                continue;
            }
            (_, ExpectationVerdict::Unknown(_)) => {
                let is_left_out = needs(&expectation.question, network).iter().any(|(code, subjects)| {
                    subjects.iter().any(|subject| settings.leaves_out(code, subject))
                });
                match is_left_out {
                    true => others.left_out += 1,
                    false => others.unknown += 1,
                }
                continue;
            }
        };
        if facts.iter().all(|fact| fact.found.get().is_none()) {
            others.not_met += 1;
            continue;
        }
        broken.push(BrokenExpectation {
            question: expectation.question.to_string(),
            reason: expectation.reason.clone(),
            provenance: expectation.provenance.clone(),
            facts,
        });
    }
    ExpectationForecast { broken, others: Some(others) }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::{check_expectation, judge_all, outlook};
    use crate::analysis::{NetworkSettings, SettingsCollection};
    use crate::diff::diff;
    use crate::model::{
        Deferral, Expectation, ExpectationForecast, ExpectationVerdict, ExpectedFact, FieldValue,
        ImportQuestion, Plan, Provenance, Question, RecordType, SourceSpan, UnmetFact,
    };
    use crate::test_notation::{desired, observed};

    const DENY: &str = "\
ImportPermissions i
default: {bibliographic: deny, authority: deny, linking: allow}
exceptions: [{appliesTo: {only: [C]}, bibliographic: allow}]";
    const ALLOWED: &str = "\
whole ImportPermissions
institution=A bibliographic=allow authority=deny linking=allow
institution=B bibliographic=deny authority=deny linking=allow
institution=C bibliographic=allow authority=deny linking=allow";

    fn expect(member: &str, facts: &[(&'static str, bool)]) -> Expectation {
        let place = SourceSpan::file("e.yaml");
        let expected = |value: &bool| ExpectedFact { value: FieldValue::Bool(*value), span: place.clone() };
        Expectation {
            question: Question::Import(ImportQuestion {
                member: member.into(),
                record: RecordType::Bibliographic,
            }),
            facts: facts.iter().map(|(fact, value)| (*fact, expected(value))).collect(),
            reason: None,
            provenance: Provenance {
                span: place.clone(),
                manifest: "Expectation/e".into(),
                override_index: None,
            },
        }
    }

    fn facts(facts: &[UnmetFact]) -> String {
        facts.iter().map(|fact| format!(" {} {} is {}", fact.fact, fact.expected, fact.found)).collect()
    }

    fn shown(judged: &ExpectationVerdict) -> String {
        match judged {
            ExpectationVerdict::Met => "met".to_owned(),
            ExpectationVerdict::NotMet(shortfall) => format!("not met:{}", facts(&shortfall.facts)),
            ExpectationVerdict::Unknown(shortfall) => format!("not known:{}", facts(&shortfall.facts)),
        }
    }

    #[test]
    fn different_fact_outweighs_unknown_fact() {
        let (network, wanted) = desired(&["A", "B", "C"], DENY);
        let settings = NetworkSettings::from_desired(&network, &wanted);
        let judged = |member: &str, facts: &[(&'static str, bool)]| {
            shown(&check_expectation(&expect(member, facts), &settings))
        };
        assert_eq!(judged("A", &[("allowed", false), ("linking", true)]), "met");
        assert_eq!(judged("A", &[("allowed", true), ("linking", true)]), "not met: allowed true is false");
        let unheard = "heard true is unknown (the answer does not contain this fact)";
        assert_eq!(judged("A", &[("allowed", false), ("heard", true)]), format!("not known: {unheard}"));
        assert_eq!(
            judged("A", &[("allowed", true), ("heard", true)]),
            format!("not met: allowed true is false {unheard}")
        );
        let why = "unknown (no manifest declares ImportPermissions at NZ)";
        assert_eq!(
            shown(&check_expectation(
                &expect("A", &[("allowed", true), ("heard", true)]),
                &NetworkSettings::from_desired(&network, &Default::default())
            )),
            format!("not known: allowed true is {why} heard true is {why}"),
            "an incomplete answer gives the reason for every fact"
        );
    }

    #[test]
    fn expectations_with_same_question_get_separate_verdicts() {
        let (network, wanted) = desired(&["A", "B", "C"], DENY);
        let settings = NetworkSettings::from_desired(&network, &wanted);
        let twice = [expect("A", &[("allowed", false)]), expect("A", &[("linking", false)])];
        let judged: Vec<String> = judge_all(&twice, &settings).iter().map(shown).collect();
        assert_eq!(judged, ["met", "not met: linking false is true"]);
        assert_eq!(judged, twice.each_ref().map(|each| shown(&check_expectation(each, &settings))));
    }

    #[test]
    fn broken_fact_counts_despite_unknown_fact() {
        let (network, wanted) = desired(&["A", "B", "C"], DENY);
        let observed = observed(&wanted, ALLOWED);
        let plan = crate::plan::plan(&network, diff(&wanted, &observed), &observed, None);
        let before = NetworkSettings::from_observed(&network, &observed);
        let expectations = [
            expect("A", &[("allowed", true), ("heard", true)]),
            expect("A", &[("allowed", false), ("heard", true)]),
            expect("B", &[("allowed", true), ("heard", true)]),
        ];
        let broken =
            "broken: may A contribute bibliographic records to the Network Zone allowed true is false\n";
        assert_eq!(
            told(&outlook(&network, &expectations, &before, &before.with_plan_applied(&plan))),
            format!("{broken}Some(OtherExpectations {{ met: 0, not_met: 1, unknown: 1, left_out: 0 }})")
        );
    }

    #[test]
    fn tables_outside_the_selection_make_expectations_unknown() {
        let (network, wanted) = desired(&["A", "B", "C"], DENY);
        let mut settings = NetworkSettings::from_observed(&network, &Default::default());
        settings.leave_out(&[("NZ".into(), SettingsCollection::ImportPermissions)].into());
        let expectation = expect("A", &[("allowed", false)]);
        let why = "unknown (the selection of this plan leaves ImportPermissions at NZ out)";
        assert_eq!(
            shown(&check_expectation(&expectation, &settings)),
            format!("not known: allowed false is {why}")
        );
        assert_eq!(
            told(&outlook(&network, std::slice::from_ref(&expectation), &settings, &settings)),
            "Some(OtherExpectations { met: 0, not_met: 0, unknown: 0, left_out: 1 })"
        );
        let mut settings = NetworkSettings::from_observed(&network, &observed(&wanted, ALLOWED));
        settings.leave_out(&[("NZ".into(), SettingsCollection::ImportPermissions)].into());
        assert_eq!(
            told(&outlook(&network, &[expectation], &settings, &settings)),
            "Some(OtherExpectations { met: 0, not_met: 1, unknown: 0, left_out: 0 })",
            "a table that was read counts"
        );
    }

    fn told(ExpectationForecast { broken, others }: &ExpectationForecast) -> String {
        let mut out = String::new();
        for each in broken {
            let _ = writeln!(out, "broken: {}{}", each.question, facts(&each.facts));
        }
        let _ = write!(out, "{others:?}");
        out
    }

    #[test]
    fn plan_breaks_met_expectations_except_in_conflicts() {
        let (network, wanted) = desired(&["A", "B", "C"], DENY);
        let observed = observed(&wanted, ALLOWED);
        let mut plan = crate::plan::plan(&network, diff(&wanted, &observed), &observed, None);
        let expectations = [
            expect("A", &[("allowed", true), ("linking", true)]),
            expect("A", &[("allowed", false)]),
            expect("B", &[("allowed", true)]),
            expect("C", &[("allowed", true)]),
            expect("C", &[("heard", true)]),
        ];
        let before = NetworkSettings::from_observed(&network, &observed);
        let broken =
            "broken: may A contribute bibliographic records to the Network Zone allowed true is false\n";
        assert_eq!(
            told(&outlook(&network, &expectations, &before, &before.with_plan_applied(&plan))),
            format!("{broken}Some(OtherExpectations {{ met: 2, not_met: 1, unknown: 1, left_out: 0 }})")
        );
        let hold = |plan: &mut Plan, hold: Deferral| {
            let steps = plan.zones.values_mut().flat_map(|zone| &mut zone.collections);
            steps.for_each(|step| step.deferral = Some(hold.clone()));
        };
        hold(&mut plan, Deferral::ApprovalRequired);
        assert_eq!(
            outlook(&network, &expectations, &before, &before.with_plan_applied(&plan)).broken.len(),
            1,
            "a missing approval does not count"
        );
        hold(&mut plan, Deferral::Conflict);
        assert_eq!(
            told(&outlook(&network, &expectations, &before, &before.with_plan_applied(&plan))),
            "Some(OtherExpectations { met: 2, not_met: 2, unknown: 1, left_out: 0 })",
            "a conflict is not applied"
        );
        assert_eq!(
            told(&outlook(&network, &[], &before, &before.with_plan_applied(&plan))),
            "None",
            "no expectations"
        );
    }
}
