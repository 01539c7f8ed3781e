//! What code tables and mapping tables have in common: rows with a key, overrides of rows, and which
//! zones they are for.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Expansion;
use super::expansion::Doubt;
use super::records::Work;
use super::rows::Row;
use crate::manifest::Head;
use crate::manifest::lost::Lost;
use crate::manifest::selection::{self, AppliesTo, Certainty, Selection};
use crate::manifest::text::Text;
use crate::manifest::typed::At;
use crate::model::network::Zone;
use crate::model::{Enforcement, Field, Network, OnConflict, Shape, Table as TableName, Unlisted};

/// A manifest of rows, whatever its kind calls them.
#[derive(Debug)]
pub struct Table<'a> {
    /// The collection's type.
    pub kind: &'static str,
    /// What of the manifest's spec could not be read.
    pub lost: &'a Lost,
    /// Which table.
    pub table: TableName,
    /// The language of its texts.
    pub language: Option<&'a str>,
    /// The library it belongs to.
    pub library: Option<&'a At<Text>>,
    /// The fields that identify a row.
    pub key: Arc<[Field]>,
    /// How such a collection behaves.
    pub shape: Arc<Shape>,
    /// Which zones the manifest is about.
    pub applies_to: Option<&'a At<AppliesTo>>,
    /// How strongly rows are meant.
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have moved.
    pub on_conflict: OnConflict,
    /// What happens to other rows.
    pub unlisted: Unlisted,
    /// The rows.
    pub rows: Vec<Row<'a>>,
    /// What is different in some of the zones, in order: later ones win.
    pub overrides: Vec<Override<'a>>,
}

/// What is different in some of the manifest's zones, as it is written; `R` is a row of the kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound = "R: Deserialize<'de>")]
#[schemars(description = "What is different in some of the manifest's zones.")]
pub struct OverrideSpec<R> {
    /// Which of the manifest's own zones.
    pub applies_to: At<AppliesTo>,
    /// How strongly all rows are meant there.
    pub enforcement: Option<Enforcement>,
    /// What is done there where both the manifests and the zone have changed something, each in its own way.
    pub conflict: Option<OnConflict>,
    /// What happens there to rows that no manifest mentions.
    pub unlisted: Option<Unlisted>,
    /// Rows whose fields are laid over those of the same key, or that are added.
    #[serde(default)]
    pub rows: Vec<At<R>>,
}

impl<R> At<OverrideSpec<R>> {
    /// The override, its rows read by `rows`. `lost` is what could not be read of all overrides.
    pub fn read<'a>(
        &'a self,
        lost: &'a Lost,
        rows: impl FnOnce(&'a [At<R>], &'a Lost) -> Vec<Row<'a>>,
    ) -> Override<'a> {
        let OverrideSpec { applies_to, enforcement, conflict, unlisted, rows: specs } = &self.value;
        let lost = lost.item(self.extent);
        Override {
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
pub struct Override<'a> {
    /// What of it could not be read.
    pub lost: &'a Lost,
    /// Which of the manifest's own zones.
    pub applies_to: &'a At<AppliesTo>,
    /// How strongly all rows are meant there.
    pub enforcement: Option<Enforcement>,
    /// What is done there where both the manifests and the zone have moved.
    pub conflict: Option<OnConflict>,
    /// What happens to other rows there.
    pub unlisted: Option<Unlisted>,
    /// Rows that are laid over those of the same key, or added.
    pub rows: Vec<Row<'a>>,
}

impl Table<'_> {
    /// What the manifest wants of each zone it applies to.
    pub fn expand(&self, head: &Head, network: &Network, expansion: &mut Expansion) {
        let mut selected = selection::of_manifest(self.applies_to, network, head, &mut expansion.problems);
        let unknown = selected.certainty == Certainty::Unknown;
        if unknown {
            // What is wrong in every zone is wrong in those that are meant.
            selected.zones = (0..network.zones.len()).collect();
        }
        if selected.zones.is_empty() || unknown && network.unread {
            return;
        }
        let overridden: Vec<Selection> = (self.overrides.iter())
            .map(|each| {
                let applies_to = (each.applies_to, each.lost.field("appliesTo"));
                selection::of_override(applies_to, &selected, network, head, &mut expansion.problems)
            })
            .collect();
        if self.has_doubtful_overrides(&overridden) {
            expansion.doubt(Doubt::Manifest(head.here()));
        }
        let mut work = Work::new(self, head);
        let mut without_library = Vec::new();
        for &index in &selected.zones {
            let zone = &network.zones[index];
            let applies = |own: &Selection| own.certainty != Certainty::Unknown && own.zones.contains(&index);
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
            for (each, _) in overrides.filter(|(_, own)| own.certainty == Certainty::Unknown) {
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

    fn tell_libraries(&self, without: &[(&Zone, Arc<str>)], head: &Head, expansion: &mut Expansion) {
        let (Some(library), [(_, code), ..]) = (self.library, without) else { return };
        let zones: Vec<&Zone> = without.iter().map(|(zone, _)| *zone).collect();
        expansion.lack_library(head, code, library.extent, &zones);
    }

    /// Whether the key of a row, or what the key is made of, could not be read.
    pub fn lost_key(&self, row: &Row<'_>) -> bool {
        !self.lost.field("key").is_nothing()
            || self.key.iter().any(|field| !row.lost_key.field(field).is_nothing())
    }

    /// Whether it is not known what the overrides say, or where.
    fn has_doubtful_overrides(&self, overridden: &[Selection]) -> bool {
        self.lost.field("overrides").lacks_items()
            || overridden.iter().any(|own| own.certainty != Certainty::Sure)
            || self.overrides.iter().any(|each| {
                !each.lost.field("unlisted").is_nothing() || each.lost.field("rows").lacks_items()
            })
    }
}

/// What a manifest's records are called by.
const IDENTITY: &[&str] = &["table", "tableName", "language", "library", "key"];
