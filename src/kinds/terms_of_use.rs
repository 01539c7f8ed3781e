//! `TermsOfUse`: the bundles of policies that loans and requests follow, and whether members still get
//! the network's.
//!
//! A member that edits terms which the network has distributed detaches them (reported by consortia):
//! nothing the network changes reaches it any more. That is a drift of its own, beside the policies that
//! were edited.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::scope::{Entry, Scope};
use super::{Expansion, GatewayCollection, KindSpec, Reach, Spec};
use crate::manifest::check::FILLED;
use crate::manifest::node::Extent;
use crate::manifest::selection::AppliesTo;
use crate::manifest::text::Text;
use crate::manifest::typed::{At, Fields, Nullable};
use crate::manifest::{Head, codes};
use crate::model::network::{Role, Zone};
use crate::model::{CollectionId, Diagnostic, Enforcement, Network, OnConflict, Shape, Value};

/// Terms of use that zones shall have, as far as the manifest speaks of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TermsOfUse {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// How strongly the terms are meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: OnConflict,
    /// The terms of use.
    #[schemars(length(min = 1))]
    pub terms: Vec<At<Terms>>,
}

/// One bundle of policies. What is left out is not zonal's and never changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Terms {
    /// Its name, which is the same in all zones.
    #[schemars(regex(pattern = FILLED))]
    pub name: At<String>,
    /// What it is for, in the zone's own word: `loan`, `request`, `booking`. Needed where a zone does not
    /// have the terms yet.
    #[schemars(regex(pattern = FILLED))]
    pub r#type: Option<At<String>>,
    /// What people read about it; `null` clears it.
    pub description: Option<At<Nullable<Text>>>,
    /// Whether members' terms follow the network's. Where `true` is wanted and a member has edited its
    /// own, the plan says that they are detached. Means nothing in the network zone, and is left out there.
    pub attached_to_network: Option<At<bool>>,
    /// Policies by their name, such as `Hold shelf period: 14 days`; `null` for none. Those that are not
    /// named are the zone's own.
    #[serde(default)]
    pub policies: Fields<At<Nullable<Text>>>,
}

impl KindSpec for TermsOfUse {
    const NAME: &'static str = "TermsOfUse";
    const ABOUT: &'static str =
        "Terms of use, which of their policies are the same everywhere, and whether they follow the network.";
    const COLLECTIONS: &'static [&'static str] = &["TermsOfUse"];
    const REACH: Reach = Reach::All;
    const GATEWAY: &'static [GatewayCollection] = &[GatewayCollection {
        kind: "TermsOfUse",
        reach: Reach::All,
        key: &["name"],
        fields: &["type", "description", "attachedToNetwork", "overruledAt", "*"],
    }];

    fn shape(collection: &str) -> Option<Arc<Shape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

const NAME: &str = "name";
const TYPE: &str = "type";
const DESCRIPTION: &str = "description";
const ATTACHED: &str = "attachedToNetwork";
const OVERRULED: &str = "overruledAt";

/// The fields that no policy can be called: the record's own.
const OWN: [&str; 5] = [NAME, TYPE, DESCRIPTION, ATTACHED, OVERRULED];

static SHAPE: LazyLock<Arc<Shape>> = LazyLock::new(|| {
    Arc::new(Shape {
        stage: 3,
        required: vec![TYPE.into()],
        attachment: Some(ATTACHED.into()),
        shadow: Some(OVERRULED.into()),
        menu: "Configuration > Fulfillment > Physical Fulfillment > Terms of Use".into(),
        ..Shape::default()
    })
});

impl Spec for TermsOfUse {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut seen: BTreeMap<&str, Extent> = BTreeMap::new();
        for At { value: Terms { name, policies, .. }, .. } in &self.terms {
            if let Some(first) = seen.insert(&name.value, name.extent) {
                let message = format!("terms of use `{}` are there twice", name.value);
                problems.push(
                    Diagnostic::error(codes::DUPLICATE_ROW, head.place(name.extent), message)
                        .related(head.place(first), "first here")
                        .help("remove one of them"),
                );
            }
            for (policy, _) in &policies.0 {
                let own = OWN.contains(&policy.value.as_str());
                if own || policy.value.trim().is_empty() {
                    let message = format!("a policy cannot be called `{}`", policy.value);
                    let help = match own {
                        true => "that is a field of the terms themselves: write it beside `policies`",
                        false => "write the policy's name as Alma shows it, `Hold shelf period`",
                    };
                    problems.push(
                        Diagnostic::error(codes::RESERVED_NAME, head.place(policy.extent), message)
                            .help(help),
                    );
                }
            }
        }
        problems
    }

    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = Scope::new(head, network, expansion) else { return };
        for zone in scope.zones(self.applies_to.as_ref()) {
            let mut collection = scope
                .collection(CollectionId::whole(Self::NAME), &[NAME], &SHAPE)
                .enforced(self.enforcement, self.conflict);
            for terms in &self.terms {
                if let Some(entry) = record(&mut scope, terms, zone) {
                    collection.add(entry);
                }
            }
            scope.want(zone, collection);
        }
        scope.finish();
    }
}

/// What a zone's terms shall hold; `None` where a variable is lacking.
fn record<'a, 'n>(scope: &mut Scope<'a, 'n>, terms: &At<Terms>, zone: &'n Zone) -> Option<Entry<'a>> {
    let Terms { name, r#type, description, attached_to_network, policies } = &terms.value;
    let mut entry = scope.record(terms.extent).with(NAME, name.value.as_str(), name.extent);
    if let Some(of) = r#type {
        entry = entry.with(TYPE, of.value.as_str(), of.extent);
    }
    if zone.role == Role::Member {
        entry = entry.with_some(ATTACHED, attached_to_network.as_ref());
    }
    let said = description.iter().map(|text| (DESCRIPTION, text));
    for (field, text) in said.chain(policies.0.iter().map(|(name, text)| (name.value.as_str(), text))) {
        entry = entry.with(field, value(scope, text, zone)?, text.extent);
    }
    Some(entry)
}

fn value<'n>(scope: &mut Scope<'_, 'n>, text: &At<Nullable<Text>>, zone: &'n Zone) -> Option<Value> {
    match &text.value {
        Nullable::Null => Some(Value::Null),
        Nullable::Value(said) => {
            scope.text(&At { value: said.clone(), extent: text.extent }, zone).map(Value::from)
        }
    }
}
