//! `FulfillmentRules`: what is the network's in rules that are the members' own.
//!
//! A rule of a member's fulfillment unit is amended where it is, under the name that it has at every
//! member; its other fields, its other input parameters and whatever else their lists hold stay local.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::scope::Scope;
use super::{Expansion, GatewayCollection, KindSpec, Reach, Spec};
use crate::manifest::check::FILLED;
use crate::manifest::node::Extent;
use crate::manifest::selection::AppliesTo;
use crate::manifest::text::Text;
use crate::manifest::typed::At;
use crate::manifest::{Head, codes};
use crate::model::network::Zone;
use crate::model::{
    Amend, AmendTo, Amendment, CollectionId, Diagnostic, Enforcement, Expected, Field, Network, OnConflict,
    Reference, Shape, Value,
};

/// What holds in rules of members' own fulfillment units.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FulfillmentRules {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// How strongly it is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: OnConflict,
    /// The rules.
    #[schemars(length(min = 1))]
    pub rules: Vec<At<Rule>>,
}

/// A rule that zones have. A zone that has none of this name is told in the plan, and gets none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Its name.
    #[schemars(regex(pattern = FILLED))]
    pub name: At<String>,
    /// Name of its fulfillment unit; the rules of this name in all units where nothing is said.
    pub unit: Option<At<Text>>,
    /// What the rule is set to.
    #[serde(default)]
    pub set: Setting,
    /// What its input parameters let in and keep out.
    #[serde(default)]
    pub inputs: Vec<At<Input>>,
}

/// What a rule is set to. What is left out stays as it is.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Setting {
    /// Name of the terms of use that it leads to.
    pub terms_of_use: Option<At<Text>>,
    /// Whether it is used.
    pub enabled: Option<At<bool>>,
}

/// What one input parameter of a rule lets in and keeps out, whichever operator the rule uses. Values
/// that are named in neither list stay as they are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// The parameter: `userGroup`, `itemPolicy`, `location`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]*$"))]
    pub parameter: At<String>,
    /// The operator that the parameter gets where the rule does not have it yet. A rule that has it keeps
    /// the operator that it has.
    pub operator: Option<At<Operator>>,
    /// Values that the rule is to hold for: in the list of `INLIST`, out of the list of `NOTINLIST`.
    #[serde(default)]
    pub include: Vec<At<Text>>,
    /// Values that the rule is not to hold for: out of the list of `INLIST`, in the list of `NOTINLIST`.
    #[serde(default)]
    pub exclude: Vec<At<Text>>,
}

/// How a list is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operator {
    /// The rule holds for what is in the list.
    InList,
    /// The rule holds for what is not in the list.
    NotInList,
}

impl Operator {
    fn word(self) -> &'static str {
        match self {
            Self::InList => "INLIST",
            Self::NotInList => "NOTINLIST",
        }
    }
}

impl KindSpec for FulfillmentRules {
    const NAME: &'static str = "FulfillmentRules";
    const ABOUT: &'static str = "Parts of rules of members' own fulfillment units, the rest being local.";
    const COLLECTIONS: &'static [&'static str] = &["FulfillmentRules"];
    const GATEWAY: &'static [GatewayCollection] = &[GatewayCollection {
        kind: "FulfillmentRules",
        reach: Reach::Members,
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

    fn shape(collection: &str) -> Option<Arc<Shape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

const UNIT: &str = "unit";
const NAME: &str = "name";
const TERMS: &str = "termsOfUse";
const ENABLED: &str = "enabled";

static SHAPE: LazyLock<Arc<Shape>> = LazyLock::new(|| {
    Arc::new(Shape {
        stage: 4,
        menu: "Configuration > Fulfillment > Physical Fulfillment > Fulfillment Units > a unit > its rules"
            .into(),
        ..Shape::default()
    })
});

impl Spec for FulfillmentRules {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut rules: BTreeMap<(&str, Option<&Text>), Extent> = BTreeMap::new();
        for At { value: rule, .. } in &self.rules {
            let name = &rule.name;
            let unit = rule.unit.as_ref().map(|unit| &unit.value);
            if let Some(first) = rules.insert((&name.value, unit), name.extent) {
                problems.push(twice(head, name, first, "rule"));
            }
            let Setting { terms_of_use, enabled } = &rule.set;
            if terms_of_use.is_none() && enabled.is_none() && rule.inputs.is_empty() {
                let message = format!("nothing is said of the rule `{}`", name.value);
                problems.push(
                    Diagnostic::error(codes::EMPTY_INPUT, head.place(name.extent), message)
                        .help("add `set` or `inputs`, or remove the rule"),
                );
            }
            let mut parameters: BTreeMap<&str, Extent> = BTreeMap::new();
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

    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = Scope::new(head, network, expansion) else { return };
        for zone in scope.zones(self.applies_to.as_ref()) {
            let mut collection = scope
                .collection(CollectionId::whole(Self::NAME), &[UNIT, NAME], &SHAPE)
                .enforced(self.enforcement, self.conflict);
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

fn twice(head: &Head, name: &At<String>, first: Extent, what: &str) -> Diagnostic {
    let message = format!("{what} `{}` is there twice", name.value);
    Diagnostic::error(codes::DUPLICATE_ROW, head.place(name.extent), message)
        .related(head.place(first), "first here")
        .help("remove one of them")
}

fn input_problems(head: &Head, input: &At<Input>) -> Vec<Diagnostic> {
    let Input { parameter, operator, include, exclude } = &input.value;
    let mut problems = Vec::new();
    if [UNIT, NAME, TERMS, ENABLED].contains(&parameter.value.as_str()) {
        let message = format!("an input parameter cannot be called `{}`", parameter.value);
        problems.push(
            Diagnostic::error(codes::RESERVED_NAME, head.place(parameter.extent), message)
                .help("that is a field of the rule itself: write it under `set`"),
        );
    }
    let lacking = match operator.map(|operator| operator.value) {
        Some(Operator::InList) => include.is_empty().then_some("include"),
        Some(Operator::NotInList) => exclude.is_empty().then_some("exclude"),
        None => (include.is_empty() && exclude.is_empty()).then_some("include` or `exclude"),
    };
    if let Some(lacking) = lacking {
        let place = head.place(operator.map_or(parameter.extent, |operator| operator.extent));
        let message = match operator {
            Some(_) => format!("a rule that does not have `{}` yet would get it empty", parameter.value),
            None => format!("nothing is said of `{}`", parameter.value),
        };
        problems.push(Diagnostic::error(codes::EMPTY_INPUT, place, message).help(format!("add `{lacking}`")));
    }
    for value in include {
        if let Some(other) = exclude.iter().find(|other| other.value == value.value) {
            problems.push(
                Diagnostic::error(
                    codes::BOTH_WAYS,
                    head.place(other.extent),
                    "the same value is included and excluded",
                )
                .related(head.place(value.extent), "included here")
                .help("remove one of them"),
            );
        }
    }
    problems
}

/// What is wanted of a rule in a zone; `None` where a variable is lacking.
fn amendment<'n>(
    scope: &mut Scope<'_, 'n>,
    rule: &At<Rule>,
    zone: &'n Zone,
    enforcement: Enforcement,
) -> Option<Amendment> {
    let Rule { name, unit, set: Setting { terms_of_use, enabled }, inputs } = &rule.value;
    let mut amendment = scope.amendment(rule.extent, enforcement);
    amendment.expected = Expected::InEach;
    amendment.select.push((NAME.into(), Value::from(name.value.as_str())));
    if let Some(unit) = unit {
        amendment.select.push((UNIT.into(), Value::from(scope.text(unit, zone)?)));
    }
    if let Some(terms) = terms_of_use {
        let name = scope.text(terms, zone)?;
        let to = AmendTo::Value(Value::from(Arc::clone(&name)));
        let reference = Reference {
            to: CollectionId::whole("TermsOfUse"),
            fields: vec![("name".into(), name)],
            what: "terms of use",
        };
        let amend = scope.amend(TERMS, to, terms.extent);
        amendment.amends.push(Amend { reference: Some(reference), ..amend });
    }
    if let Some(enabled) = enabled {
        amendment.amends.push(scope.amend(ENABLED, AmendTo::Value(enabled.value.into()), enabled.extent));
    }
    for input in inputs {
        amendment.amends.extend(input_amends(scope, &input.value, zone)?);
    }
    Some(amendment)
}

fn input_amends<'n>(scope: &mut Scope<'_, 'n>, input: &Input, zone: &'n Zone) -> Option<Vec<Amend>> {
    let Input { parameter, operator, include, exclude } = input;
    let by: Field = format!("{}.operator", parameter.value).into();
    let mut amends = Vec::new();
    if let Some(operator) = operator {
        let to = AmendTo::Filled(Value::from(operator.value.word()));
        amends.push(scope.amend(&by, to, operator.extent));
    }
    for value in include {
        let to = AmendTo::Passing { text: scope.text(value, zone)?, operator: Arc::clone(&by) };
        amends.push(scope.amend(&parameter.value, to, value.extent));
    }
    for value in exclude {
        let to = AmendTo::Stopping { text: scope.text(value, zone)?, operator: Arc::clone(&by) };
        amends.push(scope.amend(&parameter.value, to, value.extent));
    }
    Some(amends)
}
