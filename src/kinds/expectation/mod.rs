//! `Expectation`: expected answers to questions, as tests of the manifests or the zones.

mod access;
mod contradictions;
mod fact;
mod import;
mod patron;
mod row;
mod tasks;
#[cfg(test)]
mod tests;
mod visibility;
mod zones;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use self::access::AccessRow;
use self::fact::FactSpec;
use self::import::ImportRow;
use self::patron::PatronRow;
use self::row::{ExpectationRow, ExpectationTable, fact_diagnostic};
use self::tasks::TasksRow;
use self::visibility::VisibilityRow;
use super::manifest_expansion::ManifestExpansion;
use super::{Expansion, KindManifest, KindSpec, ManifestSpec};
use crate::manifest::deserialize::Spanned;
use crate::manifest::parallel::parallel_map;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{self, Manifest, ManifestHeader, diagnostic_codes};
use crate::model::network::Zone;
use crate::model::{self, Diagnostic, ExpectedFact, FieldValue, Network};

/// Table of questions with the expected facts of their answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["import"]}, {"required": ["access"]}, {"required": ["patron"]}, {"required": ["visibility"]},
    {"required": ["tasks"]},
]))]
pub struct ExpectationSpec {
    /// Expectations about contributing records to the Network Zone.
    pub import: Option<ExpectationTable<ImportRow>>,
    /// Expectations about access to electronic resources of the Network Zone.
    pub access: Option<ExpectationTable<AccessRow>>,
    /// Expectations about linked accounts of patrons at other members.
    pub patron: Option<ExpectationTable<PatronRow>>,
    /// Expectations about user groups visible to partners.
    pub visibility: Option<ExpectationTable<VisibilityRow>>,
    /// Expectations about roles in the authority control task list.
    pub tasks: Option<ExpectationTable<TasksRow>>,
}

impl KindSpec for ExpectationSpec {
    const NAME: &'static str = "Expectation";
    const SUMMARY: &'static str = "Expected facts about effective settings, as tests of the manifests.";
    const COLLECTIONS: &'static [&'static str] = &[];
}

impl ManifestSpec for ExpectationSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let Self { import, access, patron, visibility, tasks } = self;
        let mut problems = Vec::new();
        check("import", import.as_ref(), head, &mut problems);
        check("access", access.as_ref(), head, &mut problems);
        check("patron", patron.as_ref(), head, &mut problems);
        check("visibility", visibility.as_ref(), head, &mut problems);
        check("tasks", tasks.as_ref(), head, &mut problems);
        problems
    }

    /// Does nothing: expectations declare no desired state.
    fn expand<'n>(&self, _: &ManifestHeader, _: &'n Network, _: &mut Expansion<'n>) {}
}

/// Checks the rows of a table, without the network.
fn check<R: ExpectationRow>(
    topic: &str,
    table: Option<&ExpectationTable<R>>,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) {
    let Some(ExpectationTable { given, rows }) = table else { return };
    let lost = head.lost_spec().field(topic);
    let given_whole = lost.field("given").is_nothing();
    for Spanned { value: row, extent } in rows {
        let row = with_given_defaults(row, given.as_ref());
        let facts = row.facts();
        // An unreadable field may be the missing one.
        if given_whole && lost.field("rows").item(*extent).is_nothing() {
            for field in row.missing_fields() {
                let message = format!("the row has no field `{field}`");
                problems.push(
                    Diagnostic::error(diagnostic_codes::MISSING_FIELD, head.place(*extent), message)
                        .help(format!("add `{field}: ...` to the row, or to `given` for all rows")),
                );
            }
            if facts.is_empty() {
                let message = "the row expects no fact";
                problems.push(
                    Diagnostic::error(diagnostic_codes::EXPECTS_NOTHING, head.place(*extent), message)
                        .help("add the expected value of a fact; `zonal explain` lists the facts"),
                );
            }
        }
        problems.extend(row.check(head));
        let wrong = facts.into_iter().filter_map(|(_, extent, said)| Some((said.err()?, extent)));
        problems.extend(wrong.map(|(wrong, extent)| fact_diagnostic(wrong, head, extent)));
    }
}

fn with_given_defaults<R: ExpectationRow>(row: &R, given: Option<&R>) -> R {
    given.map_or_else(|| row.clone(), |given| row.with_defaults(given))
}

/// Returns the expectations in manifest order, and their problems in this network.
pub(super) fn collect_expectations(
    network: &Network,
    manifests: &[KindManifest],
) -> (Vec<model::Expectation>, Vec<Diagnostic>) {
    let found = parallel_map(manifests, |Manifest { head, spec }| {
        let spec: &dyn Any = spec.as_ref();
        spec.downcast_ref::<ExpectationSpec>()
            .map(|spec| spec.collect_expectations(head, network))
            .unwrap_or_default()
    });
    let (mut expectations, mut problems) = (Vec::new(), Vec::new());
    for (expected, told) in found {
        expectations.extend(expected);
        problems.extend(told);
    }
    problems.extend(contradictions::find(&expectations));
    manifest::sort(&mut problems);
    (expectations, problems)
}

impl ExpectationSpec {
    fn collect_expectations(
        &self,
        head: &ManifestHeader,
        network: &Network,
    ) -> (Vec<model::Expectation>, Vec<Diagnostic>) {
        let mut expansion = Expansion::new(network);
        let mut expectations = Vec::new();
        let Some(mut scope) = ManifestExpansion::of_parts(head, network, &mut expansion) else {
            return Default::default();
        };
        let Self { import, access, patron, visibility, tasks } = self;
        expand("import", import.as_ref(), &mut scope, &mut expectations);
        expand("access", access.as_ref(), &mut scope, &mut expectations);
        expand("patron", patron.as_ref(), &mut scope, &mut expectations);
        expand("visibility", visibility.as_ref(), &mut scope, &mut expectations);
        expand("tasks", tasks.as_ref(), &mut scope, &mut expectations);
        scope.finish();
        (expectations, expansion.problems)
    }
}

fn expand<R: ExpectationRow>(
    topic: &str,
    table: Option<&ExpectationTable<R>>,
    scope: &mut ManifestExpansion<'_, '_>,
    expectations: &mut Vec<model::Expectation>,
) {
    let Some(ExpectationTable { given, rows }) = table else { return };
    let lost = scope.head.lost_spec().field(topic);
    if !lost.field("given").is_nothing() {
        return;
    }
    for Spanned { value: row, extent } in rows {
        let is_whole = lost.field("rows").item(*extent).is_nothing();
        let row = with_given_defaults(row, given.as_ref());
        // `check` already reported problems of the row itself.
        if is_whole && row.missing_fields().is_empty() {
            expand_row(&row, *extent, scope, expectations);
        }
    }
}

fn expand_row<R: ExpectationRow>(
    row: &R,
    extent: NodeSpan,
    scope: &mut ManifestExpansion<'_, '_>,
    expectations: &mut Vec<model::Expectation>,
) {
    let facts: Vec<(&'static str, NodeSpan, FactSpec)> =
        row.facts().into_iter().filter_map(|(fact, extent, said)| Some((fact, extent, said.ok()?))).collect();
    let because: Option<Arc<str>> = row.reason().map(in_one_line);
    let provenance = scope.head.provenance(extent, None);
    for (question, zone) in row.questions(extent, scope) {
        let facts = expected_facts(&facts, zone, scope);
        if !facts.is_empty() {
            let (because, provenance) = (because.clone(), provenance.clone());
            expectations.push(model::Expectation { question, facts, reason: because, provenance });
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
    for (fact, extent, said) in facts {
        let value = match said {
            FactSpec::Value(value) => Some(value.clone()),
            FactSpec::Var(name) => {
                let text = Spanned { value: TextOrVariable::Var(name.clone()), extent: *extent };
                scope.resolve_text(&text, zone).map(FieldValue::from)
            }
        };
        if let Some(value) = value {
            expected.insert(*fact, ExpectedFact { value, span: scope.head.place(*extent) });
        }
    }
    expected
}

/// Joins the lines of a reason for messages.
fn in_one_line(because: &str) -> Arc<str> {
    because.split_whitespace().collect::<Vec<&str>>().join(" ").into()
}
