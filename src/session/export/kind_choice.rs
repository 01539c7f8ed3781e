//! Chooses the kinds of an export, and the collections that their way back needs.

use std::collections::{BTreeMap, BTreeSet};

use super::file_names::{folder, join, kebab_case};
use super::{ExportDraft, ExportFolder, ExportRequest};
use crate::kinds::{CollectionSource, KINDS, ManifestKind, ObservedSettings, ZoneCoverage};
use crate::manifest::suggestions::among;
use crate::manifest::write_yaml::ManifestText;
use crate::model::calendar::CalendarRules;
use crate::model::network::Zone;
use crate::model::{CollectionId, Network, ObservedCollection, ObservedState};
use crate::render::json::export::{ExportJson, OmittedCollection};
use crate::session::error::SessionError;
use crate::session::load::LoadedConfig;
use crate::session::selection::{SelectionPart, SelectionProblem};
use crate::session::table_inventory::CollectionsByZone;
use crate::session::table_kinds::{TABLE_KINDS, is_table};

/// Kinds of an export.
pub(super) struct KindChoice {
    /// Table kinds of the request; empty if the request excludes tables.
    pub(super) tables: Vec<&'static str>,
    kinds: Vec<&'static ManifestKind>,
}

impl KindChoice {
    /// Chooses the kinds of a request: all kinds with a way back, or only tables if the request names tables.
    ///
    /// # Errors
    /// Returns [`SessionError::InvalidSelection`] for an unknown kind, or one without a way back.
    pub(super) fn choose(request: &ExportRequest, network: &Network) -> Result<Self, SessionError> {
        let can_export = |kind: &&ManifestKind| kind.export.is_some();
        let known: Vec<&str> =
            TABLE_KINDS.into_iter().chain(KINDS.iter().filter(can_export).map(|kind| kind.name)).collect();
        let unknown = request.kinds.iter().filter(|kind| !known.contains(&kind.as_str()));
        let problems: Vec<SelectionProblem> = unknown
            .map(|kind| {
                let reason = match KINDS.iter().any(|each| each.name == kind) {
                    true => format!("zonal cannot export this kind yet; known: {}", known.join(", ")),
                    false => format!("unknown kind; {}", among(kind, known.iter().copied())),
                };
                SelectionProblem::Value { part: SelectionPart::Kind, value: kind.clone(), reason }
            })
            .collect();
        if !problems.is_empty() {
            return Err(SessionError::InvalidSelection(problems));
        }
        let is_selected =
            |name: &str| request.kinds.is_empty() || request.kinds.iter().any(|kind| kind == name);
        // A named table stands for its own kind alone.
        let has_kinds = request.tables.is_empty() || !request.kinds.is_empty();
        let kinds = KINDS.iter().filter(can_export);
        let is_readable = |kind: &ManifestKind| {
            network.gateway.is_some() || kind.export_source != CollectionSource::Gateway
        };
        let kinds = kinds.filter(|kind| has_kinds && is_readable(kind) && is_selected(kind.name));
        let tables = TABLE_KINDS.into_iter().filter(|name| is_selected(name));
        Ok(Self { tables: tables.collect(), kinds: kinds.collect() })
    }

    /// Returns the chosen kinds.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &'static ManifestKind> + '_ {
        self.kinds.iter().copied()
    }

    /// Returns true for a file that an export of the kind writes.
    pub(super) fn is_own_file(
        &self,
        kind: &ManifestKind,
        file: &str,
        export_folder: &dyn ExportFolder,
    ) -> bool {
        let Some(prefix) = export_folder.path_in_config() else { return false };
        match kind.export_source {
            CollectionSource::ChangedObjects => {
                file.starts_with(join(&prefix, &format!("{}/", folder(kind.name))).as_str())
            }
            _ => file == join(&prefix, &kind_file(kind)),
        }
    }

    /// Leaves out the kinds with a collection that other manifests declare.
    pub(super) fn leave_out_declared(
        &mut self,
        config: &LoadedConfig,
        export_folder: &dyn ExportFolder,
        report: &mut ExportJson,
    ) {
        let Some(prefix) = export_folder.path_in_config() else { return };
        let mut omitted: BTreeMap<CollectionId, OmittedCollection> = BTreeMap::new();
        self.kinds.retain(|kind| {
            let own_file = join(&prefix, &kind_file(kind));
            let needed = needed_collections(kind).map(|(id, _)| id);
            let ids: BTreeSet<CollectionId> =
                needed.filter(|id| kind.collections.contains(&&*id.kind)).collect();
            let declared = config
                .desired
                .zones
                .iter()
                .flat_map(|(zone, found)| found.iter().map(move |each| (zone, each)));
            // Tables of an earlier export are written again, without the rows of the kind.
            let table_folders = TABLE_KINDS.map(|kind| join(&prefix, &format!("{}/", folder(kind))));
            let is_own = |file: &str| {
                file == own_file || table_folders.iter().any(|tables| file.starts_with(tables.as_str()))
            };
            let mut is_free = true;
            for (zone, collection) in declared {
                let file = &collection.provenance.span.file;
                if ids.contains(&collection.id) && !is_own(file) {
                    is_free = false;
                    let omit = || OmittedCollection {
                        collection: collection.id.clone(),
                        zones: Vec::new(),
                        reason: format!("already declared by {} in {file}", collection.provenance.manifest),
                        failed: false,
                    };
                    omitted.entry(collection.id.clone()).or_insert_with(omit).zones.push(zone.clone());
                }
            }
            is_free
        });
        report.left_out.extend(omitted.into_values().filter(|omitted| !is_table(&omitted.collection.kind)));
    }

    /// Returns the collections that the kinds need, by zone.
    pub(super) fn collections(&self, zones: &[&Zone]) -> CollectionsByZone {
        let of_zone = |zone: &Zone| {
            let needed = self.kinds.iter().flat_map(|kind| needed_collections(kind));
            needed.filter(|(_, reach)| reach.covers(zone.role)).map(|(id, _)| id).collect()
        };
        zones.iter().map(|zone| (zone.code.clone(), of_zone(zone))).collect()
    }

    /// Returns the files of the kinds, as far as their names are known.
    pub(super) fn files(&self) -> Vec<String> {
        let has_one_file = |kind: &&&ManifestKind| kind.export_source != CollectionSource::ChangedObjects;
        self.kinds.iter().filter(has_one_file).map(|kind| kind_file(kind)).collect()
    }

    /// Makes the manifests of the kinds. A kind without manifests has an empty draft.
    pub(super) fn drafts(&self, settings: &ObservedSettings<'_>) -> Vec<ExportDraft> {
        let drafts = self.kinds.iter().flat_map(|kind| {
            let manifests = kind.export.map(|export| export(settings)).unwrap_or_default();
            let draft = |file, manifests, zones| ExportDraft {
                file,
                manifests,
                kind: Some(kind),
                declares: BTreeMap::new(),
                zones,
                rows: 0,
                overrides: 0,
                observed_rows: 0,
            };
            match kind.export_source {
                CollectionSource::ChangedObjects if !manifests.is_empty() => {
                    let file = |name: &str| format!("{}/{name}.yaml", folder(kind.name));
                    // The number of zones would change the files of other objects.
                    let own = |manifest: ManifestText| draft(file(&manifest.name), vec![manifest], 0);
                    manifests.into_iter().map(own).collect()
                }
                _ => vec![draft(kind_file(kind), manifests, settings_zones(settings, kind))],
            }
        });
        drafts.collect()
    }
}

/// Returns the records of all zones, for the way back of the kinds.
pub(super) fn observed_settings<'o>(
    network: &'o Network,
    observed: &'o ObservedState,
    calendar: CalendarRules,
) -> ObservedSettings<'o> {
    let mut collections: BTreeMap<CollectionId, BTreeMap<usize, &ObservedCollection>> = BTreeMap::new();
    for (index, zone) in network.zones.iter().enumerate() {
        let answers = observed.zones.get(&zone.code).into_iter().flat_map(|zone| &zone.collections);
        for (id, found) in answers.filter_map(|(id, answer)| Some((id, answer.as_ref().ok()?))) {
            if !found.witness.is_people() {
                collections.entry(id.clone()).or_default().insert(index, found);
            }
        }
    }
    ObservedSettings { network, calendar, collections }
}

/// Returns the collections that the way back of a kind needs, with the zones that have them.
fn needed_collections(kind: &ManifestKind) -> impl Iterator<Item = (CollectionId, ZoneCoverage)> + '_ {
    // The status of a zone is no setting.
    let gateway = kind.gateway.iter().filter(|collection| collection.kind != "IndexingStatus");
    let gateway = gateway.map(|collection| (CollectionId::of_institution(collection.kind), collection.reach));
    let tables = kind.export_tables.iter().map(|table| (table(), ZoneCoverage::Members));
    gateway.chain(tables)
}

fn settings_zones(settings: &ObservedSettings<'_>, kind: &ManifestKind) -> usize {
    let needed: BTreeSet<CollectionId> = needed_collections(kind).map(|(id, _)| id).collect();
    let is_needed = |id: &CollectionId| {
        needed.contains(id)
            || kind.export_source != CollectionSource::Gateway && kind.collections.contains(&&*id.kind)
    };
    let answers = settings.collections.iter().filter(|(id, _)| is_needed(id));
    answers.flat_map(|(_, answers)| answers.keys()).collect::<BTreeSet<_>>().len()
}

fn kind_file(kind: &ManifestKind) -> String {
    format!("{}.yaml", kebab_case(kind.name))
}
