//! JUnit output of expectations: one suite per manifest, one case per expectation.

use std::collections::HashMap;

use super::{JunitCase, JunitMessage, document};
use crate::model::text_safety::escape_invisible;
use crate::model::{
    Expectation, ExpectationFailure, ExpectationResult, ExpectationVerdict, Reason, ReasonSource,
};
use crate::render::fact_words::fell_short;

/// Returns expectations as JUnit XML: unmet as failures, unknown as errors.
pub fn expectations(network: &str, tested: &[ExpectationResult]) -> String {
    let suites: Vec<(String, Vec<JunitCase>)> = tested
        .chunk_by(|a, b| a.expectation.provenance.manifest == b.expectation.provenance.manifest)
        .map(|of_one| {
            let name = of_one.first().map_or("", |first| &*first.expectation.provenance.manifest);
            (escape_invisible(name), cases(of_one))
        })
        .collect();
    document(&escape_invisible(&format!("{network}: expectations")), &suites)
}

fn cases(tested: &[ExpectationResult]) -> Vec<JunitCase> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let case = |ExpectationResult { expectation, judged }: &ExpectationResult| {
        let Expectation { question, facts, reason: _, provenance } = expectation;
        let facts: Vec<&str> = facts.keys().copied().collect();
        let name = escape_invisible(&format!("{question}: {}", facts.join(", ")));
        // CI systems merge cases with equal names.
        let times = seen.entry(name.clone()).or_default();
        *times += 1;
        let name = if *times > 1 { format!("{name} ({times})") } else { name };
        JunitCase {
            name,
            class: escape_invisible(&provenance.manifest),
            place: Some((escape_invisible(&provenance.span.file), provenance.span.start.line)),
            verdict: failure_message(expectation, judged),
        }
    };
    tested.iter().map(case).collect()
}

fn failure_message(expectation: &Expectation, judged: &ExpectationVerdict) -> Option<JunitMessage> {
    let (element, sort) = match judged {
        ExpectationVerdict::Met => return None,
        ExpectationVerdict::NotMet(_) => ("failure", "not met"),
        ExpectationVerdict::Unknown(_) => ("error", "unknown"),
    };
    let ExpectationFailure { facts, line, reasons } = judged.shortfall()?;
    let message: Vec<String> = facts.iter().map(|fact| escape_invisible(&fell_short(fact))).collect();
    let because =
        expectation.reason.iter().map(|because| format!("expected because {}", escape_invisible(because)));
    let reasons = reasons.iter().map(|Reason { text: says, ground }| match ground {
        ReasonSource::Declared(_) | ReasonSource::Observed { .. } | ReasonSource::Attested { .. } => {
            escape_invisible(&format!("- {says} ({ground})"))
        }
        ReasonSource::AlmaDefault => escape_invisible(&format!("- {says}")),
    });
    let places = facts.iter().map(|fact| escape_invisible(&format!("{}: {}", fact.span, fact.fact)));
    let text: Vec<String> = places.chain(because).chain([escape_invisible(line)]).chain(reasons).collect();
    Some(JunitMessage { element, sort: sort.to_owned(), message: message.join("; "), text: text.join("\n") })
}
