//! `Policy`: rules over plans that a network's own people write down.

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

/// Rules that every plan must keep to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicySpec {
    /// What the rules are asked about: every change that apply or people would make, every zone in which
    /// something changes, or the plan, once.
    #[serde(default)]
    pub scope: PolicyScope,
    /// The rules. All are asked.
    #[schemars(length(min = 1))]
    pub rules: Vec<Spanned<PolicyRuleSpec>>,
}

/// One thing that must be true.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyRuleSpec {
    /// What it is called: it is overridden as `policy/MANIFEST/NAME`.
    #[schemars(regex(pattern = NAME))]
    pub name: Spanned<String>,
    /// What must be true.
    pub expression: Spanned<CelExpression>,
    /// What happens where it is not.
    #[serde(default)]
    pub action: PolicyAction,
    /// What to tell then.
    #[schemars(regex(pattern = FILLED))]
    pub message: String,
}

/// What happens where a rule is not kept to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PolicyAction {
    /// Nothing at all is written.
    #[default]
    Deny,
    /// It is told, and nothing else.
    Warn,
    /// Nothing is written to its zones before somebody has approved it.
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

/// An expression in CEL.
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
            "What must be true, in CEL (cel.dev). `change` has {}; `zone` has {}; `plan` has {}; both `counts` \
             have {}. Whatever is not `true` counts as not kept to: an error, too, such as a field that a \
             record does not have (ask `has(change.before.enabled)` first).",
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
    const SUMMARY: &'static str = "Rules over plans: what they deny, warn of, or want approved.";
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

    /// A policy says what may be done, not what is wanted.
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
        None => problem.help("the language is described at https://cel.dev"),
    })
}

/// Where a byte of an expression stands in its file. That is known where the text stands in one line, in
/// quotes or without, and each character for itself.
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
    // An expression is far shorter than a number of 32 bits can say.
    let columns = before.chars().count() as u32;
    let start =
        SourcePosition { line, column: column + quote + columns, byte: byte + quote + before.len() as u32 };
    NodeSpan { start, end: whole.end }
}

/// The policies among the manifests.
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
