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

use super::manifest_expansion::{ManifestExpansion, RecordDraft};
use super::{Expansion, GatewayCollection, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::{Nullable, OrderedFields, Spanned};
use crate::manifest::schema_check::FILLED;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::network::{Zone, ZoneRole};
use crate::model::{
    CollectionId, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, FieldValue, Network,
};

/// Terms of use that zones shall have, as far as the manifest speaks of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TermsOfUseSpec {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// How strongly the terms are meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// The terms of use.
    #[schemars(length(min = 1))]
    pub terms: Vec<Spanned<TermsSpec>>,
}

/// One bundle of policies. What is left out is not zonal's and never changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TermsSpec {
    /// Its name, which is the same in all zones.
    #[schemars(regex(pattern = FILLED))]
    pub name: Spanned<String>,
    /// What it is for, in the zone's own word: `loan`, `request`, `booking`. Needed where a zone does not
    /// have the terms yet.
    #[schemars(regex(pattern = FILLED))]
    pub r#type: Option<Spanned<String>>,
    /// What people read about it; `null` clears it.
    pub description: Option<Spanned<Nullable<TextOrVariable>>>,
    /// Whether members' terms follow the network's. Where `true` is wanted and a member has edited its
    /// own, the plan says that they are detached. Means nothing in the network zone, and is left out there.
    pub attached_to_network: Option<Spanned<bool>>,
    /// Policies by their name, such as `Hold shelf period: 14 days`; `null` for none. Those that are not
    /// named are the zone's own.
    #[serde(default)]
    pub policies: OrderedFields<Spanned<Nullable<TextOrVariable>>>,
}

impl KindSpec for TermsOfUseSpec {
    const NAME: &'static str = "TermsOfUse";
    const SUMMARY: &'static str =
        "Terms of use, which of their policies are the same everywhere, and whether they follow the network.";
    const COLLECTIONS: &'static [&'static str] = &["TermsOfUse"];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::All;
    const GATEWAY_COLLECTIONS: &'static [GatewayCollection] = &[GatewayCollection {
        kind: "TermsOfUse",
        reach: ZoneCoverage::All,
        key: &["name"],
        fields: &["type", "description", "attachedToNetwork", "overruledAt", "*"],
    }];

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
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

static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        stage: 3,
        required: vec![TYPE.into()],
        attachment: Some(ATTACHED.into()),
        shadow: Some(OVERRULED.into()),
        menu: "Configuration > Fulfillment > Physical Fulfillment > Terms of Use".into(),
        ..CollectionShape::default()
    })
});

impl ManifestSpec for TermsOfUseSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut seen: BTreeMap<&str, NodeSpan> = BTreeMap::new();
        for Spanned { value: TermsSpec { name, policies, .. }, .. } in &self.terms {
            if let Some(first) = seen.insert(&name.value, name.extent) {
                let message = format!("terms of use `{}` are there twice", name.value);
                problems.push(
                    Diagnostic::error(diagnostic_codes::DUPLICATE_ROW, head.place(name.extent), message)
                        .with_secondary_span(head.place(first), "first here")
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
                        Diagnostic::error(
                            diagnostic_codes::RESERVED_NAME,
                            head.place(policy.extent),
                            message,
                        )
                        .help(help),
                    );
                }
            }
        }
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        for zone in scope.zones(self.applies_to.as_ref()) {
            let mut collection = scope
                .collection(CollectionId::of_institution(Self::NAME), &[NAME], &SHAPE)
                .with_enforcement(self.enforcement, self.conflict);
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
fn record<'a, 'n>(
    scope: &mut ManifestExpansion<'a, 'n>,
    terms: &Spanned<TermsSpec>,
    zone: &'n Zone,
) -> Option<RecordDraft<'a>> {
    let TermsSpec { name, r#type, description, attached_to_network, policies } = &terms.value;
    let mut entry = scope.record(terms.extent).with_field(NAME, name.value.as_str(), name.extent);
    if let Some(of) = r#type {
        entry = entry.with_field(TYPE, of.value.as_str(), of.extent);
    }
    if zone.role == ZoneRole::Member {
        entry = entry.with_some(ATTACHED, attached_to_network.as_ref());
    }
    let said = description.iter().map(|text| (DESCRIPTION, text));
    for (field, text) in said.chain(policies.0.iter().map(|(name, text)| (name.value.as_str(), text))) {
        entry = entry.with_field(field, value(scope, text, zone)?, text.extent);
    }
    Some(entry)
}

fn value<'n>(
    scope: &mut ManifestExpansion<'_, 'n>,
    text: &Spanned<Nullable<TextOrVariable>>,
    zone: &'n Zone,
) -> Option<FieldValue> {
    match &text.value {
        Nullable::Null => Some(FieldValue::Null),
        Nullable::Value(said) => scope
            .resolve_text(&Spanned { value: said.clone(), extent: text.extent }, zone)
            .map(FieldValue::from),
    }
}
