//! `Expectation`: expected answers to questions, as tests of the manifests or the zones.
//!
//! Tables, rows and schema follow the definitions of the questions in `model::question`.

mod contradictions;
mod row;
mod schema;
#[cfg(test)]
mod tests;
mod zones;

use std::any::Any;
use std::collections::BTreeMap;

use serde::Deserialize;

use self::row::{ExpectationRow, ExpectationTable, FactSpec};
use super::manifest_expansion::ManifestExpansion;
use super::{Expansion, KindManifest, KindSpec, ManifestSpec};
use crate::manifest::deserialize::OrderedFields;
use crate::manifest::parallel::parallel_map;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{self, Manifest, ManifestHeader, diagnostic_codes};
use crate::model::network::Zone;
use crate::model::question::QUESTIONS;
use crate::model::{Diagnostic, Expectation, ExpectedFact, FieldValue, Network};

/// Table of questions with the expected facts of their answers.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct ExpectationSpec(OrderedFields<ExpectationTable>);

impl KindSpec for ExpectationSpec {
    const NAME: &'static str = "Expectation";
    const SUMMARY: &'static str = "Expected facts about effective settings, as tests of the manifests.";
    const COLLECTIONS: &'static [&'static str] = &[];
}

impl ManifestSpec for ExpectationSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        self.rows(head).flat_map(|(row, is_complete)| check(&row, is_complete, head)).collect()
    }

    /// Does nothing: expectations declare no desired state.
    fn expand<'n>(&self, _: &ManifestHeader, _: &'n Network, _: &mut Expansion<'n>) {}
}

/// Checks a row without the network.
fn check(row: &ExpectationRow<'_>, is_complete: bool, head: &ManifestHeader) -> Vec<Diagnostic> {
    let mut problems = row.check(head);
    // An unreadable field may be the missing one.
    if is_complete {
        let place = || head.place(row.own.extent);
        for field in row.missing_fields() {
            let message = format!("the row has no field `{field}`");
            problems.push(
                Diagnostic::error(diagnostic_codes::MISSING_FIELD, place(), message)
                    .help(format!("add `{field}: ...` to the row, or to `given` for all rows")),
            );
        }
        if row.facts().is_empty() {
            problems.push(
                Diagnostic::error(diagnostic_codes::EXPECTS_NOTHING, place(), "the row expects no fact")
                    .help("add the expected value of a fact; `zonal explain` lists the facts"),
            );
        }
    }
    problems
}

/// Returns the expectations in manifest order, and their problems in this network.
pub(super) fn collect_expectations(
    network: &Network,
    manifests: &[KindManifest],
) -> (Vec<Expectation>, Vec<Diagnostic>) {
    let found = parallel_map(manifests, |Manifest { head, spec }| {
        let spec: &dyn Any = spec.as_ref();
        let spec = spec.downcast_ref::<ExpectationSpec>();
        spec.map(|spec| spec.collect_expectations(head, network)).unwrap_or_default()
    });
    let (mut expectations, mut problems) = (Vec::new(), Vec::new());
    for (expected, found_problems) in found {
        expectations.extend(expected);
        problems.extend(found_problems);
    }
    problems.extend(contradictions::find(&expectations));
    manifest::sort(&mut problems);
    (expectations, problems)
}

impl ExpectationSpec {
    /// Returns the rows of all tables, each with true if the row and its defaults are complete.
    fn rows<'a>(&'a self, head: &'a ManifestHeader) -> impl Iterator<Item = (ExpectationRow<'a>, bool)> {
        let tables = self.0.0.iter().filter_map(|(topic, table)| {
            let definition = QUESTIONS.iter().find(|question| question.topic == topic.value)?;
            Some((*definition, table, head.lost_spec().field(definition.topic)))
        });
        tables.flat_map(|(definition, ExpectationTable { given, rows }, lost)| {
            let is_given_complete = lost.field("given").is_nothing();
            rows.iter().map(move |own| {
                let row = ExpectationRow { definition, own, given: given.as_ref() };
                let is_row_complete = lost.field("rows").item(own.extent).is_nothing();
                (row, is_given_complete && is_row_complete)
            })
        })
    }

    fn collect_expectations(
        &self,
        head: &ManifestHeader,
        network: &Network,
    ) -> (Vec<Expectation>, Vec<Diagnostic>) {
        let mut expansion = Expansion::new(network);
        let mut expectations = Vec::new();
        let Some(mut scope) = ManifestExpansion::of_parts(head, network, &mut expansion) else {
            return Default::default();
        };
        // `check` already reported problems of the row itself.
        let is_askable = |(row, is_complete): &(ExpectationRow<'_>, bool)| {
            *is_complete && row.missing_fields().next().is_none()
        };
        for (row, _) in self.rows(head).filter(is_askable) {
            expand_row(&row, &mut scope, &mut expectations);
        }
        scope.finish();
        (expectations, expansion.problems)
    }
}

fn expand_row(
    row: &ExpectationRow<'_>,
    scope: &mut ManifestExpansion<'_, '_>,
    expectations: &mut Vec<Expectation>,
) {
    let facts = row.facts().into_iter();
    let facts: Vec<(&'static str, NodeSpan, FactSpec)> =
        facts.filter_map(|(fact, extent, value)| Some((fact, extent, value.ok()?))).collect();
    let reason = row.reason();
    let provenance = scope.head.provenance(row.own.extent, None);
    for (question, zone) in row.questions(scope) {
        let facts = expected_facts(&facts, zone, scope);
        if !facts.is_empty() {
            let (reason, provenance) = (reason.clone(), provenance.clone());
            expectations.push(Expectation { question, facts, reason, provenance });
        }
    }
}

/// Returns the expected facts of a question about a zone.
fn expected_facts<'n>(
    facts: &[(&'static str, NodeSpan, FactSpec)],
    zone: &'n Zone,
    scope: &mut ManifestExpansion<'_, 'n>,
) -> BTreeMap<&'static str, ExpectedFact> {
    let mut expected = BTreeMap::new();
    for (fact, extent, value) in facts {
        let value = match value {
            FactSpec::Value(value) => Some(value.clone()),
            FactSpec::Variable(text) => scope.resolve_text(text, zone).map(FieldValue::from),
        };
        if let Some(value) = value {
            expected.insert(*fact, ExpectedFact { value, span: scope.head.place(*extent) });
        }
    }
    expected
}
