//! `Policy`: the network's own rules over plans.

use std::any::Any;
use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::{Expansion, KindManifest, KindSpec, ManifestSpec};
use crate::guard::policy::{self, ExpressionError};
use crate::manifest::deserialize::Spanned;
use crate::manifest::schema_check::{FILLED, NAME};
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{Manifest, ManifestHeader, diagnostic_codes, suggestions};
use crate::model::{self, Diagnostic, FindingEffect, Network, PolicyRule, PolicyScope, SourcePosition};

/// Rules over plans.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicySpec {
    /// Subject of the rules: every `change` made by apply or by people, every `zone` with changes, or the
    /// whole `plan` once.
    #[serde(default)]
    pub scope: PolicyScope,
    /// Rules. zonal evaluates all of them.
    #[schemars(length(min = 1))]
    pub rules: Vec<Spanned<PolicyRuleSpec>>,
}

/// Condition for a plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyRuleSpec {
    /// Name of the rule. `--override policy/MANIFEST/NAME` overrides the rule.
    #[schemars(regex(pattern = NAME))]
    pub name: Spanned<String>,
    /// Condition.
    pub expression: Spanned<CelExpression>,
    /// Action for an unmet condition: `deny` (default), `warn` or `requireApproval`.
    #[serde(default)]
    pub action: PolicyAction,
    /// Message for an unmet condition.
    #[schemars(regex(pattern = FILLED))]
    pub message: String,
}

/// Action for an unmet condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PolicyAction {
    /// Denies the whole plan.
    #[default]
    Deny,
    /// Warns.
    Warn,
    /// Defers all writes to the affected zones until approval.
    RequireApproval,
}

impl From<PolicyAction> for FindingEffect {
    fn from(action: PolicyAction) -> Self {
        match action {
            PolicyAction::Deny => Self::Deny,
            PolicyAction::Warn => Self::Warn,
            PolicyAction::RequireApproval => Self::RequireApproval,
        }
    }
}

/// CEL expression.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct CelExpression(String);

impl JsonSchema for CelExpression {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Expression".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names = |names: &[&str]| names.join(", ");
        let about = format!(
            "Condition in CEL (cel.dev). `change` has {}; `zone` has {}; `plan` has {}; both `counts` have \
             {}. Any result other than `true` violates the rule, also an error, such as a missing field of \
             a record (check `has(change.before.enabled)` first).",
            names(&policy::CHANGE),
            names(&policy::ZONE),
            names(&policy::PLAN),
            names(&policy::COUNTS)
        );
        json_schema!({
            "type": "string", "minLength": 1, "maxLength": policy::LONGEST, "description": about
        })
    }
}

impl KindSpec for PolicySpec {
    const NAME: &'static str = "Policy";
    const SUMMARY: &'static str = "Rules over plans, which deny them, warn, or require approval.";
    const COLLECTIONS: &'static [&'static str] = &[];
}

impl ManifestSpec for PolicySpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for Spanned { value: rule, .. } in &self.rules {
            problems.extend(mistake(&rule.expression, self.scope, head));
        }
        let names = self.rules.iter().map(|rule| &rule.value.name);
        super::network::distinct_names("rules", names, head, &mut problems);
        problems
    }

    /// Does nothing: a policy declares no desired state.
    fn expand<'n>(&self, _: &ManifestHeader, _: &'n Network, _: &mut Expansion<'n>) {}
}

fn mistake(
    expression: &Spanned<CelExpression>,
    each: PolicyScope,
    head: &ManifestHeader,
) -> Option<Diagnostic> {
    let ExpressionError { message, at, name } = policy::compile(&expression.value.0, each).err()?;
    let place = head.place(span_at(expression, at));
    let code = match name {
        Some(_) => diagnostic_codes::EXPRESSION_NAME,
        None => diagnostic_codes::EXPRESSION,
    };
    let problem = Diagnostic::error(code, place, message);
    Some(match name {
        Some((name, known)) => problem.help(suggestions::among(&name, known)),
        None => problem.help("see https://cel.dev for the language"),
    })
}

/// Returns the span from a byte offset to the end of an expression. The position is exact only for a text on
/// one line, with or without quotes, without escapes.
fn span_at(expression: &Spanned<CelExpression>, at: Option<usize>) -> NodeSpan {
    let whole = expression.extent;
    let text = &expression.value.0;
    let long = whole.end.byte.saturating_sub(whole.start.byte) as usize;
    let quote = match long.checked_sub(text.len()) {
        Some(0) => 0,
        Some(2) => 1,
        Some(_) | None => return whole,
    };
    let Some(before) = at.and_then(|at| text.get(..at)) else { return whole };
    if whole.start.line != whole.end.line {
        return whole;
    }
    let SourcePosition { line, column, byte } = whole.start;
    // The length of an expression fits into 32 bits.
    let columns = before.chars().count() as u32;
    let start =
        SourcePosition { line, column: column + quote + columns, byte: byte + quote + before.len() as u32 };
    NodeSpan { start, end: whole.end }
}

/// Returns the policies of the manifests.
pub(super) fn collect_policies(manifests: &[KindManifest]) -> Vec<model::Policy> {
    let policies = manifests.iter().filter_map(|Manifest { head, spec }| {
        let spec: &dyn Any = spec.as_ref();
        spec.downcast_ref::<PolicySpec>().map(|policy| (head, policy))
    });
    let rule = |head: &ManifestHeader, rule: &PolicyRuleSpec| PolicyRule {
        name: rule.name.value.as_str().into(),
        expression: rule.expression.value.0.as_str().into(),
        action: rule.action.into(),
        message: rule.message.trim().into(),
        span: head.place(rule.name.extent),
    };
    policies
        .map(|(head, PolicySpec { scope: each, rules })| model::Policy {
            name: head.name.clone(),
            scope: *each,
            rules: rules.iter().map(|each| rule(head, &each.value)).collect(),
        })
        .collect()
}
