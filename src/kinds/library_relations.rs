//! `LibraryRelations`: relations between libraries of one institution.

mod export;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::ManifestExpansion;
use super::way_back::{CollectionSource, ExplainOmission, ExportKind};
use super::{Expansion, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::unlisted_spec::{UnlistedAction, UnlistedSpec};
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::{
    CollectionId, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, FieldValue, Network,
};

/// Relations of one library with other libraries of its institution.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LibraryRelationsSpec {
    /// Selector of the target zones. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Code of the library with these relations.
    pub library: Spanned<TextOrVariable>,
    /// Enforcement: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// Action for unlisted relations: `keep` (default) or `delete`.
    #[serde(default)]
    pub unlisted: UnlistedSpec<UnlistedAction>,
    /// Relations, identified by the other library's code.
    #[serde(default)]
    pub relations: Vec<Spanned<LibraryRelationSpec>>,
}

/// Relation with one library.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LibraryRelationSpec {
    /// Code of the other library.
    pub library: Spanned<TextOrVariable>,
    /// Complete list of relation types, as Alma's codes. Ex Libris publishes no list; `zonal plan` shows the
    /// types in a zone. zonal does not manage omitted types.
    pub types: Option<Spanned<Vec<String>>>,
    /// True to delete the relation.
    pub absent: Option<bool>,
}

impl KindSpec for LibraryRelationsSpec {
    const NAME: &'static str = "LibraryRelations";
    const SUMMARY: &'static str = "Relations between libraries of an institution, with their types.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::All;
    const EXPORT: Option<ExportKind> = Some(export::export);
    const EXPORT_SOURCE: CollectionSource = CollectionSource::SeveralLibraries;
    const EXPLAIN_OMISSION: ExplainOmission = export::explain_omission;

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
                        "library is declared twice",
                    )
                    .with_secondary_span(head.place(*first), "first here")
                    .help("remove one of the relations; one relation can have several `types`"),
                );
            } else {
                seen.insert(&library.value, library.extent);
            }
            if let (Some(true), Some(types)) = (relation.absent, &relation.types) {
                let message = "`types` is not allowed in a relation with `absent: true`";
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
                    .help("set `absent: true` to delete the relation, or omit `types`"),
                );
            }
        }
        if self.relations.is_empty()
            && self.unlisted.action == UnlistedAction::Keep
            && head.lost_spec().has_all(&["relations", "unlisted"])
        {
            problems.push(
                Diagnostic::warning(
                    diagnostic_codes::DOES_NOTHING,
                    head.span(),
                    format!("`{}` has no effect", head.manifest),
                )
                .help(
                    "the manifest has no relations and `unlisted` is `keep`: add relations, or remove the \
                       manifest",
                ),
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
                scope.collection(id, &["library"]).with_enforcement(self.enforcement, self.conflict);
            let mut collection = collection.with_unlisted(&self.unlisted);
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
            let message = format!("library `{target}` is declared twice");
            scope.report(
                Diagnostic::error(diagnostic_codes::DUPLICATE_ROW, head.place(extent), message)
                    .with_secondary_span(head.place(first), "first here")
                    .help(
                        "remove one of the relations; the variable may have the code of a library that is \
                           already listed",
                    ),
            );
        }
        scope.finish();
    }
}
