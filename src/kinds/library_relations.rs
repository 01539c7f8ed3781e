//! `LibraryRelations`: which libraries of one institution serve each other.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::ManifestExpansion;
use super::{Expansion, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::{TextOrVariable, UnlistedAction};
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::{
    CollectionId, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, FieldValue, Network,
};

/// The relations that one library shall have with other libraries of its institution.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LibraryRelationsSpec {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Code of the library whose relations these are.
    pub library: Spanned<TextOrVariable>,
    /// How strongly this is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// What happens to relations that no manifest mentions.
    #[serde(default)]
    pub unlisted: UnlistedAction,
    /// The relations, by the code of the other library.
    #[serde(default)]
    pub relations: Vec<Spanned<LibraryRelationSpec>>,
}

/// The relation with one library.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LibraryRelationSpec {
    /// Code of the other library.
    pub library: Spanned<TextOrVariable>,
    /// What it does for the library, in Alma's codes, all of them. The vendor publishes no list; `zonal
    /// plan` shows those that a zone has. Left out, they are the zone's own.
    pub types: Option<Spanned<Vec<String>>>,
    /// True for a relation that shall not be there.
    pub absent: Option<bool>,
}

impl KindSpec for LibraryRelationsSpec {
    const NAME: &'static str = "LibraryRelations";
    const SUMMARY: &'static str = "Which libraries of an institution serve each other, and how.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::All;

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape { required: vec!["types".into()], ..CollectionShape::default() })
});

impl ManifestSpec for LibraryRelationsSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut seen: BTreeMap<&TextOrVariable, NodeSpan> = BTreeMap::new();
        for Spanned { value: relation, extent } in &self.relations {
            let library = &relation.library;
            if let Some(first) = seen.get(&library.value) {
                problems.push(
                    Diagnostic::error(
                        diagnostic_codes::DUPLICATE_ROW,
                        head.place(library.extent),
                        "this library is there twice",
                    )
                    .with_secondary_span(head.place(*first), "first here")
                    .help("remove one of them; a relation can have several `types`"),
                );
            } else {
                seen.insert(&library.value, library.extent);
            }
            if let (Some(true), Some(types)) = (relation.absent, &relation.types) {
                let message = "an absent relation says something of `types`";
                problems.push(
                    Diagnostic::error(
                        diagnostic_codes::ABSENT_WITH_FIELDS,
                        head.place(types.extent),
                        message,
                    )
                    .help("remove the other fields, or remove `absent: true`"),
                );
            }
            let empty = |types: &Spanned<Vec<String>>| types.value.iter().all(|each| each.trim().is_empty());
            if relation.types.as_ref().is_some_and(empty) && relation.absent != Some(true) {
                problems.push(
                    Diagnostic::error(
                        diagnostic_codes::OUT_OF_RANGE,
                        head.place(*extent),
                        "the relation has no types",
                    )
                    .help("say `absent: true` where it shall not be there, or leave `types` out"),
                );
            }
        }
        if self.relations.is_empty()
            && self.unlisted == UnlistedAction::Keep
            && head.lost_spec().has_all(&["relations", "unlisted"])
        {
            problems.push(
                Diagnostic::warning(
                    diagnostic_codes::DOES_NOTHING,
                    head.span(),
                    format!("`{}` does nothing", head.manifest),
                )
                .help("it has no relations and keeps unlisted ones: add some, or remove the manifest"),
            );
        }
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        let mut twice: BTreeMap<NodeSpan, (Arc<str>, NodeSpan)> = BTreeMap::new();
        for zone in scope.zones(self.applies_to.as_ref()) {
            let Some(source) = scope.library(&self.library, zone) else { continue };
            let id = CollectionId { library: Some(source), ..CollectionId::of_institution(Self::NAME) };
            let collection =
                scope.collection(id, &["library"], &SHAPE).with_enforcement(self.enforcement, self.conflict);
            let mut collection = collection.with_unlisted_policy(self.unlisted.into());
            for Spanned { value: LibraryRelationSpec { library, types, absent }, extent } in &self.relations {
                let Some(target) = scope.library(library, zone) else { continue };
                let mut record =
                    scope.record(*extent).with_field("library", Arc::clone(&target), library.extent);
                if let Some(types) = types {
                    let texts = types.value.iter().map(|each| each.trim()).filter(|each| !each.is_empty());
                    record = record.with_field("types", FieldValue::list(texts), types.extent);
                }
                if *absent == Some(true) {
                    record = record.absent();
                }
                if let Some(first) = collection.add(record)
                    && let Some(first) =
                        self.relations.iter().find(|each| head.place(each.extent) == first.provenance.span)
                    && first.value.library.value != library.value
                {
                    twice.entry(library.extent).or_insert((target, first.value.library.extent));
                }
            }
            scope.want(zone, collection);
        }
        for (extent, (target, first)) in twice {
            let message = format!("the library `{target}` is there twice");
            scope.report(
                Diagnostic::error(diagnostic_codes::DUPLICATE_ROW, head.place(extent), message)
                    .with_secondary_span(head.place(first), "first here")
                    .help("remove one of them; a variable may well name a library that stands there already"),
            );
        }
        scope.finish();
    }
}
