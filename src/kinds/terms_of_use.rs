//! `TermsOfUse`: policies for loans and requests, and attachment of the members' terms to the network.
//!
//! A member that edits terms distributed by the network detaches them (reported by consortia): later changes
//! of the network no longer reach the member. Detachment is therefore a separate difference type, in addition
//! to the edited policies.

mod export;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::{ManifestExpansion, RecordDraft};
use super::way_back::ExportKind;
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

/// Terms of use in the zones, complete or in part.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TermsOfUseSpec {
    /// Selector of the target zones. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Enforcement of the terms: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// Terms of use.
    #[schemars(length(min = 1))]
    pub terms: Vec<Spanned<TermsSpec>>,
}

/// Terms of use. zonal does not manage omitted fields and policies.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TermsSpec {
    /// Name of the terms, the same in all zones.
    #[schemars(regex(pattern = FILLED))]
    pub name: Spanned<String>,
    /// Type of the terms, such as `loan`, `request` or `booking`. Required for terms that a zone does not
    /// have yet.
    #[schemars(regex(pattern = FILLED))]
    pub r#type: Option<Spanned<String>>,
    /// Description; `null` clears the text.
    pub description: Option<Spanned<Nullable<TextOrVariable>>>,
    /// True if the members' terms follow the network's terms. The plan reports detached terms, edited by a
    /// member. Ignored in the Network Zone.
    pub attached_to_network: Option<Spanned<bool>>,
    /// Policies by name, such as `Hold shelf period: 14 days`; `null` for none. zonal does not manage omitted
    /// policies.
    #[serde(default)]
    pub policies: OrderedFields<Spanned<Nullable<TextOrVariable>>>,
}

impl KindSpec for TermsOfUseSpec {
    const NAME: &'static str = "TermsOfUse";
    const SUMMARY: &'static str =
        "Terms of use, their network-wide policies, and their attachment to the network.";
    const EXPORT: Option<ExportKind> = Some(export::export);
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

/// Field names not available as policy names.
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
                let message = format!("terms of use `{}` are declared twice", name.value);
                problems.push(
                    Diagnostic::error(diagnostic_codes::DUPLICATE_ROW, head.place(name.extent), message)
                        .with_secondary_span(head.place(first), "first here")
                        .help("remove one of the declarations"),
                );
            }
            for (policy, _) in &policies.0 {
                let own = OWN.contains(&policy.value.as_str());
                if own || policy.value.trim().is_empty() {
                    let message = format!("`{}` is not allowed as the name of a policy", policy.value);
                    let help = match own {
                        true => "put this field of the terms next to `policies`",
                        false => "enter the policy's name in Alma, such as `Hold shelf period`",
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
                .collection(CollectionId::of_institution(Self::NAME), &[NAME])
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

/// Returns the record of terms in a zone, or `None` for a missing variable.
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
