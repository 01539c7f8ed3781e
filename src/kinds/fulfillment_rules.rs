//! `FulfillmentRules`: amendments of rules that belong to the members.
//!
//! zonal changes a rule in a member's fulfillment unit and keeps its place. The rule must have the same name
//! at every member. Other fields, other input parameters and other list values stay local.

mod export;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::ManifestExpansion;
use super::way_back::{ExplainOmission, ExportKind};
use super::{Expansion, GatewayCollection, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::Spanned;
use crate::manifest::schema_check::FILLED;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::network::Zone;
use crate::model::{
    Amendment, AmendmentOperation, AmendmentTarget, CollectionId, CollectionShape, ConflictPolicy,
    Diagnostic, Enforcement, FieldAmendment, FieldName, FieldValue, Network, RecordReference,
};

/// Amendments of rules in the members' fulfillment units.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FulfillmentRulesSpec {
    /// Selector of the target zones. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Enforcement: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// Rules to amend.
    #[schemars(length(min = 1))]
    pub rules: Vec<Spanned<FulfillmentRuleSpec>>,
}

/// Amendment of an existing rule. zonal does not create rules; the plan reports zones without a rule of this
/// name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FulfillmentRuleSpec {
    /// Name of the rule.
    #[schemars(regex(pattern = FILLED))]
    pub name: Spanned<String>,
    /// Name of the fulfillment unit. Default: rules of this name in all units.
    pub unit: Option<Spanned<TextOrVariable>>,
    /// Fields to set.
    #[serde(default)]
    pub set: RuleSettingSpec,
    /// Input parameters to amend.
    #[serde(default)]
    pub inputs: Vec<Spanned<InputParameterSpec>>,
}

/// Fields of a rule to set. zonal does not change omitted fields.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleSettingSpec {
    /// Name of the terms of use.
    pub terms_of_use: Option<Spanned<TextOrVariable>>,
    /// True for an enabled rule.
    pub enabled: Option<Spanned<bool>>,
}

/// Values to include in, or exclude from, one input parameter, with either list operator. zonal does not
/// change unlisted values.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InputParameterSpec {
    /// Name of the parameter, such as `userGroup`, `itemPolicy` or `location`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]*$"))]
    pub parameter: Spanned<String>,
    /// Operator for rules without this parameter: `INLIST` or `NOTINLIST`. zonal does not change an existing
    /// operator.
    pub operator: Option<Spanned<ListOperator>>,
    /// Values for the rule to match. zonal adds them to an `INLIST` list or removes them from a `NOTINLIST`
    /// list.
    #[serde(default)]
    pub include: Vec<Spanned<TextOrVariable>>,
    /// Values for the rule not to match. zonal removes them from an `INLIST` list or adds them to a
    /// `NOTINLIST` list.
    #[serde(default)]
    pub exclude: Vec<Spanned<TextOrVariable>>,
}

/// List operator of an input parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ListOperator {
    /// The rule matches values in the list.
    InList,
    /// The rule matches values outside the list.
    NotInList,
}

impl ListOperator {
    fn as_str(self) -> &'static str {
        match self {
            Self::InList => "INLIST",
            Self::NotInList => "NOTINLIST",
        }
    }
}

impl KindSpec for FulfillmentRulesSpec {
    const NAME: &'static str = "FulfillmentRules";
    const SUMMARY: &'static str = "Amendments of rules in the members' own fulfillment units; other parts of \
                                 the rules stay local.";
    const COLLECTIONS: &'static [&'static str] = &["FulfillmentRules"];
    const EXPORT: Option<ExportKind> = Some(export::export);
    // Rules name terms of use.
    const EXPORT_TABLES: &'static [fn() -> CollectionId] = &[|| CollectionId::of_institution("TermsOfUse")];
    const EXPLAIN_OMISSION: ExplainOmission = export::explain_omission;
    const GATEWAY_COLLECTIONS: &'static [GatewayCollection] = &[GatewayCollection {
        kind: "FulfillmentRules",
        reach: ZoneCoverage::Members,
        key: &["unit", "name"],
        fields: &[
            "enabled",
            "termsOfUse",
            "userGroup.operator",
            "userGroup",
            "itemPolicy.operator",
            "itemPolicy",
            "*",
        ],
    }];

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

const UNIT: &str = "unit";
const NAME: &str = "name";
const TERMS: &str = "termsOfUse";
const ENABLED: &str = "enabled";

static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        stage: 4,
        menu: "Configuration > Fulfillment > Physical Fulfillment > Fulfillment Units > a unit > its rules"
            .into(),
        ..CollectionShape::default()
    })
});

impl ManifestSpec for FulfillmentRulesSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut rules: BTreeMap<(&str, Option<&TextOrVariable>), NodeSpan> = BTreeMap::new();
        for Spanned { value: rule, .. } in &self.rules {
            let name = &rule.name;
            let unit = rule.unit.as_ref().map(|unit| &unit.value);
            if let Some(first) = rules.insert((&name.value, unit), name.extent) {
                problems.push(twice(head, name, first, "rule"));
            }
            let RuleSettingSpec { terms_of_use, enabled } = &rule.set;
            if terms_of_use.is_none() && enabled.is_none() && rule.inputs.is_empty() {
                let message = format!("rule `{}` has no `set` and no `inputs`", name.value);
                problems.push(
                    Diagnostic::error(diagnostic_codes::EMPTY_INPUT, head.place(name.extent), message)
                        .help("add `set` or `inputs`, or remove the rule"),
                );
            }
            let mut parameters: BTreeMap<&str, NodeSpan> = BTreeMap::new();
            for input in &rule.inputs {
                let parameter = &input.value.parameter;
                if let Some(first) = parameters.insert(&parameter.value, parameter.extent) {
                    problems.push(twice(head, parameter, first, "parameter"));
                }
                problems.extend(input_problems(head, input));
            }
        }
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        for zone in scope.zones(self.applies_to.as_ref()) {
            let mut collection = scope
                .collection(CollectionId::of_institution(Self::NAME), &[UNIT, NAME])
                .with_enforcement(self.enforcement, self.conflict);
            for rule in &self.rules {
                if let Some(amendment) = amendment(&mut scope, rule, zone, self.enforcement) {
                    collection.amend(amendment);
                }
            }
            scope.want(zone, collection);
        }
        scope.finish();
    }
}

fn twice(head: &ManifestHeader, name: &Spanned<String>, first: NodeSpan, what: &str) -> Diagnostic {
    let message = format!("{what} `{}` is declared twice", name.value);
    Diagnostic::error(diagnostic_codes::DUPLICATE_ROW, head.place(name.extent), message)
        .with_secondary_span(head.place(first), "first here")
        .help("remove one of the declarations")
}

fn input_problems(head: &ManifestHeader, input: &Spanned<InputParameterSpec>) -> Vec<Diagnostic> {
    let InputParameterSpec { parameter, operator, include, exclude } = &input.value;
    let mut problems = Vec::new();
    if [UNIT, NAME, TERMS, ENABLED].contains(&parameter.value.as_str()) {
        let message = format!("`{}` is not allowed as the name of an input parameter", parameter.value);
        problems.push(
            Diagnostic::error(diagnostic_codes::RESERVED_NAME, head.place(parameter.extent), message)
                .help("put this field of the rule under `set`"),
        );
    }
    let lacking = match operator.map(|operator| operator.value) {
        Some(ListOperator::InList) => include.is_empty().then_some("include"),
        Some(ListOperator::NotInList) => exclude.is_empty().then_some("exclude"),
        None => (include.is_empty() && exclude.is_empty()).then_some("include` or `exclude"),
    };
    if let Some(lacking) = lacking {
        let place = head.place(operator.map_or(parameter.extent, |operator| operator.extent));
        let message = match operator {
            Some(_) => {
                format!("`{}` would be an empty list in rules without this parameter", parameter.value)
            }
            None => format!("input parameter `{}` has no values", parameter.value),
        };
        problems.push(
            Diagnostic::error(diagnostic_codes::EMPTY_INPUT, place, message).help(format!("add `{lacking}`")),
        );
    }
    for value in include {
        if let Some(other) = exclude.iter().find(|other| other.value == value.value) {
            problems.push(
                Diagnostic::error(
                    diagnostic_codes::BOTH_WAYS,
                    head.place(other.extent),
                    "the same value is included and excluded",
                )
                .with_secondary_span(head.place(value.extent), "included here")
                .help("remove one of the values"),
            );
        }
    }
    problems
}

/// Returns the amendment of a rule in a zone, or `None` for a missing variable.
fn amendment<'n>(
    scope: &mut ManifestExpansion<'_, 'n>,
    rule: &Spanned<FulfillmentRuleSpec>,
    zone: &'n Zone,
    enforcement: Enforcement,
) -> Option<Amendment> {
    let FulfillmentRuleSpec { name, unit, set: RuleSettingSpec { terms_of_use, enabled }, inputs } =
        &rule.value;
    let mut amendment = scope.amendment(rule.extent, enforcement);
    amendment.expected = AmendmentTarget::Required;
    amendment.select.push((NAME.into(), FieldValue::from(name.value.as_str())));
    if let Some(unit) = unit {
        amendment.select.push((UNIT.into(), FieldValue::from(scope.resolve_text(unit, zone)?)));
    }
    if let Some(terms) = terms_of_use {
        let name = scope.resolve_text(terms, zone)?;
        let to = AmendmentOperation::Set(FieldValue::from(Arc::clone(&name)));
        let reference = RecordReference {
            to: CollectionId::of_institution("TermsOfUse"),
            fields: vec![("name".into(), name)],
            what: "terms of use",
        };
        let amend = scope.amend(TERMS, to, terms.extent);
        amendment.amends.push(FieldAmendment { reference: Some(reference), ..amend });
    }
    if let Some(enabled) = enabled {
        amendment.amends.push(scope.amend(
            ENABLED,
            AmendmentOperation::Set(enabled.value.into()),
            enabled.extent,
        ));
    }
    for input in inputs {
        amendment.amends.extend(input_amends(scope, &input.value, zone)?);
    }
    Some(amendment)
}

fn input_amends<'n>(
    scope: &mut ManifestExpansion<'_, 'n>,
    input: &InputParameterSpec,
    zone: &'n Zone,
) -> Option<Vec<FieldAmendment>> {
    let InputParameterSpec { parameter, operator, include, exclude } = input;
    let by: FieldName = format!("{}.operator", parameter.value).into();
    let mut amends = Vec::new();
    if let Some(operator) = operator {
        let to = AmendmentOperation::SetIfEmpty(FieldValue::from(operator.value.as_str()));
        amends.push(scope.amend(&by, to, operator.extent));
    }
    for value in include {
        let to = AmendmentOperation::AllowInRule {
            text: scope.resolve_text(value, zone)?,
            operator: Arc::clone(&by),
        };
        amends.push(scope.amend(&parameter.value, to, value.extent));
    }
    for value in exclude {
        let to = AmendmentOperation::BlockInRule {
            text: scope.resolve_text(value, zone)?,
            operator: Arc::clone(&by),
        };
        amends.push(scope.amend(&parameter.value, to, value.extent));
    }
    Some(amends)
}
