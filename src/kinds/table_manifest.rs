//! Common parts of code tables and mapping tables: keyed rows, row overrides and target zones.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Expansion;
use super::expansion::ExpansionDoubt;
use super::row_checks::RowSpec;
use super::row_expansion::RecordExpansion;
use crate::manifest::ManifestHeader;
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::{self, AppliesToSpec, SelectedZones, SelectionCertainty};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::unreadable::UnreadableParts;
use crate::model::network::Zone;
use crate::model::{
    CollectionId, CollectionOwner, ComparisonOptions, ConflictPolicy, Enforcement, FieldName, Network,
    TableName, UnlistedPolicy,
};

/// Table manifest of any kind.
#[derive(Debug)]
pub struct TableManifest<'a> {
    /// Collection type.
    pub kind: &'static str,
    /// Unreadable parts of the manifest's spec.
    pub lost: &'a UnreadableParts,
    /// Table code or name.
    pub table: TableName,
    /// Language of the texts.
    pub language: Option<&'a str>,
    /// Library of the table.
    pub library: Option<&'a Spanned<TextOrVariable>>,
    /// Key fields of a row.
    pub key: Arc<[FieldName]>,
    /// Selector of the target zones.
    pub applies_to: Option<&'a Spanned<AppliesToSpec>>,
    /// Enforcement of the rows.
    pub enforcement: Enforcement,
    /// Conflict policy.
    pub on_conflict: ConflictPolicy,
    /// Owner of the table.
    pub owner: CollectionOwner,
    /// Fields that adjust the comparison.
    pub options: ComparisonOptions,
    /// Policy for unlisted rows.
    pub unlisted: UnlistedPolicy,
    /// Rows of the manifest.
    pub rows: Vec<RowSpec<'a>>,
    /// Overrides for some of the zones, in order; later overrides take precedence.
    pub overrides: Vec<RowOverride<'a>>,
}

/// Override for some of the manifest's zones, as written; `R` is the row type of the kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound = "R: Deserialize<'de>")]
#[schemars(description = "Different settings and rows for some of the manifest's zones.")]
pub struct RowOverrideSpec<R> {
    /// Selector among the manifest's zones.
    pub applies_to: Spanned<AppliesToSpec>,
    /// Enforcement of all rows in these zones: `enforce`, `createOnly`, `report` or `unmanage`.
    pub enforcement: Option<Enforcement>,
    /// Conflict policy in these zones: `defer`, `ours` or `theirs`.
    pub conflict: Option<ConflictPolicy>,
    /// Owner of the table in these zones: `zonal`, `network` or `undecided`.
    pub owner: Option<CollectionOwner>,
    /// Action for unlisted rows in these zones: `keep`, `disable` or `delete`.
    pub unlisted: Option<UnlistedPolicy>,
    /// Rows for these zones. A row with an existing key changes only its listed fields; a row with a new key
    /// adds a row.
    #[serde(default)]
    pub rows: Vec<Spanned<R>>,
}

impl<R> Spanned<RowOverrideSpec<R>> {
    /// Returns the override with rows converted by `rows`. `lost` holds the unreadable parts of all
    /// overrides.
    pub fn from_spec<'a>(
        &'a self,
        lost: &'a UnreadableParts,
        rows: impl FnOnce(&'a [Spanned<R>], &'a UnreadableParts) -> Vec<RowSpec<'a>>,
    ) -> RowOverride<'a> {
        let RowOverrideSpec { applies_to, enforcement, conflict, owner, unlisted, rows: specs } = &self.value;
        let lost = lost.item(self.extent);
        RowOverride {
            lost,
            applies_to,
            enforcement: *enforcement,
            conflict: *conflict,
            owner: *owner,
            unlisted: *unlisted,
            rows: rows(specs, lost.field("rows")),
        }
    }
}

/// Override for some of the manifest's zones.
#[derive(Debug)]
pub struct RowOverride<'a> {
    /// Unreadable parts of the override.
    pub lost: &'a UnreadableParts,
    /// Selector among the manifest's zones.
    pub applies_to: &'a Spanned<AppliesToSpec>,
    /// Enforcement of all rows in these zones.
    pub enforcement: Option<Enforcement>,
    /// Conflict policy in these zones.
    pub conflict: Option<ConflictPolicy>,
    /// Owner of the table in these zones.
    pub owner: Option<CollectionOwner>,
    /// Policy for unlisted rows in these zones.
    pub unlisted: Option<UnlistedPolicy>,
    /// Override rows.
    pub rows: Vec<RowSpec<'a>>,
}

impl TableManifest<'_> {
    /// Returns the collection in a library, or in the institution.
    pub fn collection_id(&self, library: Option<Arc<str>>) -> CollectionId {
        CollectionId {
            kind: self.kind.into(),
            table: self.table.clone(),
            library,
            language: self.language.map(Into::into),
        }
    }

    /// Expands the manifest for each target zone.
    pub fn expand(&self, head: &ManifestHeader, network: &Network, expansion: &mut Expansion) {
        let mut selected = selection::of_manifest(self.applies_to, network, head, &mut expansion.problems);
        let unknown = selected.certainty == SelectionCertainty::Unknown;
        if unknown {
            // A problem in every zone is also a problem in the intended zones.
            selected.zones = (0..network.zones.len()).collect();
        }
        if selected.zones.is_empty() || unknown && network.unread {
            return;
        }
        let overridden: Vec<SelectedZones> = (self.overrides.iter())
            .map(|each| {
                let applies_to = (each.applies_to, each.lost.field("appliesTo"));
                selection::of_override(applies_to, &selected, network, head, &mut expansion.problems)
            })
            .collect();
        if self.has_doubtful_overrides(&overridden) {
            expansion.doubt(ExpansionDoubt::Manifest(head.span()));
        }
        let mut work = RecordExpansion::new(self, head);
        let mut without_library = Vec::new();
        for &index in &selected.zones {
            let zone = &network.zones[index];
            let applies = |own: &SelectedZones| {
                own.certainty != SelectionCertainty::Unknown && own.zones.contains(&index)
            };
            let overrides: Vec<usize> =
                (0..overridden.len()).filter(|&at| applies(&overridden[at])).collect();
            let library = work.library(zone);
            if let Some(Some(code)) = &library
                && !zone.unread.libraries
                && !zone.libraries.iter().any(|known| *known.code == **code)
            {
                without_library.push((zone, Arc::clone(code)));
            }
            let collection = work.collection(zone, library.clone().flatten(), &overrides);
            let found =
                library.is_some() && without_library.last().is_none_or(|(last, _)| last.code != zone.code);
            if found && !unknown && self.lost.has_all(IDENTITY) {
                expansion.want(zone, collection);
            }
        }
        for doubt in std::mem::take(&mut work.doubts) {
            expansion.doubt(doubt);
        }
        let everywhere = selected.zones.len();
        if network.zones.iter().all(|zone| !zone.unread.code) {
            let overrides = self.overrides.iter().zip(&overridden);
            for (each, _) in overrides.filter(|(_, own)| own.certainty == SelectionCertainty::Unknown) {
                work.override_of_some(each, selected.zones.iter().map(|&zone| &network.zones[zone]));
            }
        }
        if unknown {
            work.lacking.retain(|_, zones| zones.len() == everywhere);
            work.lacking.values_mut().for_each(|zones| zones.retain(|zone| !zone.unread.code));
            let all_lack = without_library.len() == everywhere;
            without_library.retain(|(zone, _)| all_lack && !zone.unread.code);
        } else {
            expansion.problems.append(&mut work.problems);
        }
        for ((extent, missing), zones) in work.lacking.into_iter().filter(|(_, zones)| !zones.is_empty()) {
            expansion.lack_text(head, &missing, extent, &zones);
        }
        self.tell_libraries(&without_library, head, expansion);
    }

    fn tell_libraries(
        &self,
        without: &[(&Zone, Arc<str>)],
        head: &ManifestHeader,
        expansion: &mut Expansion,
    ) {
        let (Some(library), [(_, code), ..]) = (self.library, without) else { return };
        let zones: Vec<&Zone> = without.iter().map(|(zone, _)| *zone).collect();
        expansion.lack_library(head, code, library.extent, &zones);
    }

    /// Returns true if part of a row's key, or of the table's key declaration, is unreadable.
    pub fn lost_key(&self, row: &RowSpec<'_>) -> bool {
        !self.lost.field("key").is_nothing()
            || self.key.iter().any(|field| !row.lost_key.field(field).is_nothing())
    }

    /// Returns true if the content or the selector of an override is unreadable.
    fn has_doubtful_overrides(&self, overridden: &[SelectedZones]) -> bool {
        self.lost.field("overrides").lacks_items()
            || overridden.iter().any(|own| own.certainty != SelectionCertainty::Certain)
            || self.overrides.iter().any(|each| {
                !each.lost.field("unlisted").is_nothing() || each.lost.field("rows").lacks_items()
            })
    }
}

/// Fields that identify the manifest's collection.
const IDENTITY: &[&str] = &["table", "tableName", "language", "library", "key"];
