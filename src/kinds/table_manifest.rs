//! What code tables and mapping tables have in common: rows with a key, overrides of rows, and which
//! zones they are for.

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
    CollectionShape, ConflictPolicy, Enforcement, FieldName, Network, TableName, UnlistedPolicy,
};

/// A manifest of rows, whatever its kind calls them.
#[derive(Debug)]
pub struct TableManifest<'a> {
    /// The collection's type.
    pub kind: &'static str,
    /// What of the manifest's spec could not be read.
    pub lost: &'a UnreadableParts,
    /// Which table.
    pub table: TableName,
    /// The language of its texts.
    pub language: Option<&'a str>,
    /// The library it belongs to.
    pub library: Option<&'a Spanned<TextOrVariable>>,
    /// The fields that identify a row.
    pub key: Arc<[FieldName]>,
    /// How such a collection behaves.
    pub shape: Arc<CollectionShape>,
    /// Which zones the manifest is about.
    pub applies_to: Option<&'a Spanned<AppliesToSpec>>,
    /// How strongly rows are meant.
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have moved.
    pub on_conflict: ConflictPolicy,
    /// What happens to other rows.
    pub unlisted: UnlistedPolicy,
    /// The rows.
    pub rows: Vec<RowSpec<'a>>,
    /// What is different in some of the zones, in order: later ones win.
    pub overrides: Vec<RowOverride<'a>>,
}

/// What is different in some of the manifest's zones, as it is written; `R` is a row of the kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound = "R: Deserialize<'de>")]
#[schemars(description = "What is different in some of the manifest's zones.")]
pub struct RowOverrideSpec<R> {
    /// Which of the manifest's own zones.
    pub applies_to: Spanned<AppliesToSpec>,
    /// How strongly all rows are meant there.
    pub enforcement: Option<Enforcement>,
    /// What is done there where both the manifests and the zone have changed something, each in its own way.
    pub conflict: Option<ConflictPolicy>,
    /// What happens there to rows that no manifest mentions.
    pub unlisted: Option<UnlistedPolicy>,
    /// Rows whose fields are laid over those of the same key, or that are added.
    #[serde(default)]
    pub rows: Vec<Spanned<R>>,
}

impl<R> Spanned<RowOverrideSpec<R>> {
    /// The override, its rows read by `rows`. `lost` is what could not be read of all overrides.
    pub fn from_spec<'a>(
        &'a self,
        lost: &'a UnreadableParts,
        rows: impl FnOnce(&'a [Spanned<R>], &'a UnreadableParts) -> Vec<RowSpec<'a>>,
    ) -> RowOverride<'a> {
        let RowOverrideSpec { applies_to, enforcement, conflict, unlisted, rows: specs } = &self.value;
        let lost = lost.item(self.extent);
        RowOverride {
            lost,
            applies_to,
            enforcement: *enforcement,
            conflict: *conflict,
            unlisted: *unlisted,
            rows: rows(specs, lost.field("rows")),
        }
    }
}

/// What is different in some zones.
#[derive(Debug)]
pub struct RowOverride<'a> {
    /// What of it could not be read.
    pub lost: &'a UnreadableParts,
    /// Which of the manifest's own zones.
    pub applies_to: &'a Spanned<AppliesToSpec>,
    /// How strongly all rows are meant there.
    pub enforcement: Option<Enforcement>,
    /// What is done there where both the manifests and the zone have moved.
    pub conflict: Option<ConflictPolicy>,
    /// What happens to other rows there.
    pub unlisted: Option<UnlistedPolicy>,
    /// Rows that are laid over those of the same key, or added.
    pub rows: Vec<RowSpec<'a>>,
}

impl TableManifest<'_> {
    /// What the manifest wants of each zone it applies to.
    pub fn expand(&self, head: &ManifestHeader, network: &Network, expansion: &mut Expansion) {
        let mut selected = selection::of_manifest(self.applies_to, network, head, &mut expansion.problems);
        let unknown = selected.certainty == SelectionCertainty::Unknown;
        if unknown {
            // What is wrong in every zone is wrong in those that are meant.
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
        for ((extent, name), zones) in work.lacking.into_iter().filter(|(_, zones)| !zones.is_empty()) {
            expansion.lack_var(head, &name, extent, &zones);
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

    /// Whether the key of a row, or what the key is made of, could not be read.
    pub fn lost_key(&self, row: &RowSpec<'_>) -> bool {
        !self.lost.field("key").is_nothing()
            || self.key.iter().any(|field| !row.lost_key.field(field).is_nothing())
    }

    /// Whether it is not known what the overrides say, or where.
    fn has_doubtful_overrides(&self, overridden: &[SelectedZones]) -> bool {
        self.lost.field("overrides").lacks_items()
            || overridden.iter().any(|own| own.certainty != SelectionCertainty::Certain)
            || self.overrides.iter().any(|each| {
                !each.lost.field("unlisted").is_nothing() || each.lost.field("rows").lacks_items()
            })
    }
}

/// What a manifest's records are called by.
const IDENTITY: &[&str] = &["table", "tableName", "language", "library", "key"];
