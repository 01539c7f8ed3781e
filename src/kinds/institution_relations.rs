//! `InstitutionRelations`: pickup and return of items at other members.
//!
//! Only the Network Zone has this page; members cannot even see it (documented by a consortium, WRLC).
//! Therefore the central office maintains all pairs. zonal generates one record per member from the network.

mod export;

use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::ManifestExpansion;
use super::way_back::ExportKind;
use super::{Expansion, GatewayCollection, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::unlisted_spec::{UnlistedAction, UnlistedSpec};
use crate::manifest::{ManifestHeader, diagnostic_codes, suggestions};
use crate::model::network::Zone;
use crate::model::{
    CollectionId, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, FieldValue, Network,
};

/// Pickup and return of items at other members.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstitutionRelationsSpec {
    /// Relations of some members. At most one relation per member.
    #[schemars(length(min = 1))]
    pub relations: Vec<Spanned<InstitutionRelationSpec>>,
    /// Enforcement: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// Action for relations of unlisted members: `keep` (default) or `delete`.
    #[serde(default)]
    pub unlisted: UnlistedSpec<UnlistedAction>,
}

/// Destinations of some members' items. zonal never makes a member its own partner and does not manage
/// omitted fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("anyOf" = [{"required": ["pickupAt"]}, {"required": ["returnAt"]}]))]
pub struct InstitutionRelationSpec {
    /// Selector of the owning members. Default: all members.
    pub institutions: Option<Spanned<AppliesToSpec>>,
    /// Selector of other members for pickup of the items.
    pub pickup_at: Option<Spanned<AppliesToSpec>>,
    /// Selector of other members for return of the items.
    pub return_at: Option<Spanned<AppliesToSpec>>,
}

impl KindSpec for InstitutionRelationsSpec {
    const NAME: &'static str = "InstitutionRelations";
    const SUMMARY: &'static str = "Pickup and return of items at other members.";
    const EXPORT: Option<ExportKind> = Some(export::export);
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::Network;
    const GATEWAY_COLLECTIONS: &'static [GatewayCollection] = &[GatewayCollection {
        kind: Self::NAME,
        reach: ZoneCoverage::Network,
        key: &["institution"],
        fields: &["pickupAt", "returnAt"],
    }];

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        menu: "Network Zone: Configuration > General > Network Groups, Institutions Relations".into(),
        ..CollectionShape::default()
    })
});

impl ManifestSpec for InstitutionRelationsSpec {
    fn validate(&self, _: &ManifestHeader) -> Vec<Diagnostic> {
        Vec::new()
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        let Some(nz) = scope.network_zone() else { return };
        let collection = scope.collection(CollectionId::of_institution(Self::NAME), &["institution"]);
        let mut collection =
            collection.with_enforcement(self.enforcement, self.conflict).with_unlisted(&self.unlisted);
        for Spanned { value: InstitutionRelationSpec { institutions, pickup_at, return_at }, extent } in
            &self.relations
        {
            let said = [("pickupAt", pickup_at), ("returnAt", return_at)]
                .map(|(field, at)| at.as_ref().map(|at| (field, scope.zones(Some(at)), at.extent)));
            let mut again = Vec::new();
            for zone in scope.zones(institutions.as_ref()) {
                let entry = scope.record(*extent).with_field("institution", zone.code.as_str(), *extent);
                let entry = said.iter().flatten().fold(entry, |entry, (field, partners, extent)| {
                    entry.with_field(field, other_members(partners, zone), *extent)
                });
                again.extend(collection.add(entry).map(|first| (zone.code.as_str(), first)));
            }
            if let Some((_, first)) = again.first() {
                let message = format!(
                    "duplicate relations of {}",
                    suggestions::abbreviated_list(again.iter().map(|(code, _)| *code))
                );
                scope.report(
                    Diagnostic::error(diagnostic_codes::DUPLICATE_ROW, head.place(*extent), message)
                        .with_secondary_span(first.provenance.span.clone(), "first here")
                        .help("exclude these members from one of the relations with `institutions`"),
                );
            }
        }
        scope.want(nz, collection);
        scope.finish();
    }
}

/// Returns the codes of the zones, without the member itself.
fn other_members(zones: &[&Zone], than: &Zone) -> FieldValue {
    FieldValue::list(zones.iter().filter(|zone| zone.code != than.code).map(|zone| zone.code.as_str()))
}

#[cfg(test)]
mod tests {
    use crate::test_notation::desired;

    #[test]
    fn member_is_never_its_own_partner() {
        let spec = "relations: [{institutions: {only: [A, B]}, pickupAt: {only: [A, B]}, returnAt: {except: [C]}}, \
                    {institutions: {only: [D]}, pickupAt: {only: [D]}}]";
        let (_, desired) = desired(&["A", "B", "C", "D"], &format!("InstitutionRelations r\n{spec}"));
        let records = desired.zones.values().flatten().flat_map(|collection| &collection.records);
        let told: Vec<String> = records
            .map(|(key, record)| {
                let fields = record.fields.iter().filter(|(field, _)| **field != "institution".into());
                let fields: Vec<String> =
                    fields.map(|(field, said)| format!("{field} {}", said.value)).collect();
                format!("{key}: {}", fields.join(", "))
            })
            .collect();
        let none_left = "D: pickupAt null";
        assert_eq!(
            told,
            [
                "A: pickupAt [\"B\"], returnAt [\"B\", \"D\"]",
                "B: pickupAt [\"A\"], returnAt [\"A\", \"D\"]",
                none_left
            ]
        );
    }
}
