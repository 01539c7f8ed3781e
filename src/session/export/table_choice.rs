//! Chooses the tables of an export from the lists of the zones.

use std::collections::{BTreeMap, BTreeSet};

use super::file_names::{join, manifest_names};
use super::table_drafts::draft_files;
use super::{ExportFolder, ExportRequest};
use crate::manifest::suggestions::among;
use crate::model::network::Zone;
use crate::model::{CollectionId, TableListing, ZoneCode};
use crate::render::json::export::{ExportJson, OmittedCollection};
use crate::session::error::SessionError;
use crate::session::load::LoadedConfig;
use crate::session::table_inventory::CollectionsByZone;
use crate::session::table_kinds::TABLE_KINDS;

/// Files that this export writes.
#[derive(Clone, Copy)]
pub(super) struct OwnFiles<'a> {
    /// Names of the tables.
    pub(super) names: &'a BTreeMap<CollectionId, String>,
    /// Files of the kinds.
    pub(super) kinds: &'a [String],
}

/// Tables to read, by zone.
pub(super) struct TableChoice {
    pub(super) by_zone: CollectionsByZone,
}

/// Returns the files that the named tables may get, without a question to a zone.
pub(super) fn possible_files(request: &ExportRequest, zones: &[&Zone]) -> Vec<String> {
    let ids: Vec<CollectionId> = request.tables.iter().flat_map(|name| possible_ids(name)).collect();
    let names = manifest_names(&ids);
    ids.iter().flat_map(|id| draft_files(id, &names, request.layout, zones)).collect()
}

/// Returns the collections that a name of a table may mean: `UserGroups`, or `CodeTable/UserGroups`.
fn possible_ids(name: &str) -> Vec<CollectionId> {
    let with_kind = TABLE_KINDS
        .iter()
        .filter_map(|kind| Some(CollectionId::with_code(kind, name.strip_prefix(kind)?.strip_prefix('/')?)));
    match with_kind.collect::<Vec<_>>() {
        found if !found.is_empty() => found,
        _ => TABLE_KINDS.iter().map(|kind| CollectionId::with_code(kind, name)).collect(),
    }
}

/// Returns a table in its own language, and a code table also in further languages.
fn in_languages(id: CollectionId, languages: &[String]) -> Vec<CollectionId> {
    let further = languages.iter().filter(|_| &*id.kind == "CodeTable");
    let further =
        further.map(|language| CollectionId { language: Some(language.as_str().into()), ..id.clone() });
    std::iter::once(id.clone()).chain(further).collect()
}

impl TableChoice {
    /// Chooses the tables of a request.
    ///
    /// # Errors
    /// Returns [`SessionError::UnknownTables`] for tables that no zone lists.
    pub(super) fn choose(
        request: &ExportRequest,
        kinds: &[&str],
        listed: BTreeMap<ZoneCode, Vec<TableListing>>,
        report: &mut ExportJson,
    ) -> Result<Self, SessionError> {
        let ids = |tables: &[TableListing]| {
            let of_kind = tables.iter().filter(|table| kinds.contains(&&*table.kind));
            let of_kind = of_kind.map(TableListing::collection);
            of_kind.flat_map(|id| in_languages(id, &request.languages)).collect()
        };
        let mut by_zone: CollectionsByZone =
            listed.iter().map(|(code, tables)| (code.clone(), ids(tables))).collect();
        if !request.tables.is_empty() {
            let named: BTreeSet<CollectionId> =
                request.tables.iter().flat_map(|name| possible_ids(name)).collect();
            by_zone.values_mut().for_each(|ids| ids.retain(|id| named.contains(&id.without_language())));
        }
        let known: BTreeSet<&CollectionId> = by_zone.values().flatten().collect();
        let is_unknown = |name: &&String| possible_ids(name).iter().all(|id| !known.contains(id));
        let unknown: Vec<&String> = request.tables.iter().filter(is_unknown).collect();
        if !unknown.is_empty() && !by_zone.is_empty() {
            let codes: BTreeSet<&str> = listed.values().flatten().map(|table| &*table.code).collect();
            let problem = |name: &&String| {
                format!("{name}: no zone lists this table; {}", among(name, codes.iter().copied()))
            };
            return Err(SessionError::UnknownTables(unknown.iter().map(problem).collect()));
        }
        for id in &known {
            let without: Vec<ZoneCode> = (by_zone.iter())
                .filter(|(_, ids)| !ids.contains(*id))
                .map(|(code, _)| code.clone())
                .collect();
            if !without.is_empty() {
                report.left_out.push(OmittedCollection {
                    collection: (*id).clone(),
                    zones: without,
                    reason: "the zone does not list it".to_owned(),
                    failed: false,
                });
            }
        }
        Ok(Self { by_zone })
    }

    /// Returns all tables, in order.
    pub(super) fn ids(&self) -> Vec<CollectionId> {
        let ids: BTreeSet<&CollectionId> = self.by_zone.values().flatten().collect();
        ids.into_iter().cloned().collect()
    }

    /// Leaves out the tables that other manifests declare.
    ///
    /// # Errors
    /// Returns [`SessionError::DeclaredTables`] if the request names one of them.
    pub(super) fn leave_out_declared(
        &mut self,
        config: &LoadedConfig,
        request: &ExportRequest,
        export_folder: &dyn ExportFolder,
        own_files: OwnFiles<'_>,
        report: &mut ExportJson,
    ) -> Result<(), SessionError> {
        let Some(prefix) = export_folder.path_in_config() else { return Ok(()) };
        let zones: Vec<&Zone> = config.network.zones.iter().collect();
        let mut declared: BTreeMap<CollectionId, (String, Vec<ZoneCode>)> = BTreeMap::new();
        for (code, collections) in &config.desired.zones {
            let Some(ids) = self.by_zone.get(code) else { continue };
            for collection in collections.iter().filter(|collection| ids.contains(&collection.id)) {
                let mut own = draft_files(&collection.id, own_files.names, request.layout, &zones);
                own.extend_from_slice(own_files.kinds);
                let file = &collection.provenance.span.file;
                if !own.iter().any(|name| join(&prefix, name) == **file) {
                    let manifest = &collection.provenance.manifest;
                    let reason = || (format!("already declared by {manifest} in {file}"), Vec::new());
                    declared.entry(collection.id.clone()).or_insert_with(reason).1.push(code.clone());
                }
            }
        }
        if !declared.is_empty() && !request.tables.is_empty() {
            let problem =
                |(id, (reason, _)): (&CollectionId, &(String, Vec<ZoneCode>))| format!("{id} is {reason}");
            return Err(SessionError::DeclaredTables(declared.iter().map(problem).collect()));
        }
        self.by_zone.values_mut().for_each(|ids| ids.retain(|id| !declared.contains_key(id)));
        let omitted = declared.into_iter().map(|(collection, (reason, zones))| OmittedCollection {
            collection,
            zones,
            reason,
            failed: false,
        });
        report.left_out.extend(omitted);
        Ok(())
    }
}
