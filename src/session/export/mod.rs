//! Exports the settings of live zones as manifests: reads, factors, proves that nothing is left to change, and
//! writes the files.

mod existing_files;
mod file_names;
mod proof;
mod table_choice;

use std::collections::{BTreeMap, BTreeSet};

use self::existing_files::{HEADER, seal_incomplete};
use self::file_names::{folder, kebab_case, manifest_names};
use self::table_choice::TableChoice;
use super::error::SessionError;
use super::network_session::NetworkSession;
use super::observer::{SessionEvent, SessionNote, SessionObserver};
use super::selection::ZoneSelection;
use super::table_inventory::{ListedZones, TableLists, list_tables, read_tables};
use crate::export::{FieldTerm, RowOutlier, RowValues, SelectorFinder, ZoneSet};
use crate::kinds::{ExportedTable, UndeclarableTable, export_table};
use crate::manifest::write_yaml::{ManifestText, write_manifests};
use crate::model::grouped_number::count;
use crate::model::network::Zone;
use crate::model::{
    CollectionId, FailureClass, Network, ObservedCollection, ObservedState, ZoneCode,
};
use crate::render::json::export::{
    ExportJson, ExportOutlier, ExportOutlierZone, ExportedFile, ExportedFileState, OmittedCollection,
    OutlierValue, ProposedLabel,
};

pub use self::existing_files::ExistingFile;

/// What to export, and how.
#[derive(Debug, Clone, Default)]
pub struct ExportRequest {
    /// Codes of the tables, also with their kind (`CodeTable/UserGroups`); empty for all tables that the zones
    /// list.
    pub tables: Vec<String>,
    /// Zones.
    pub zones: ZoneSelection,
    /// Layout of the manifests.
    pub layout: ExportLayout,
    /// Action for files that exist.
    pub existing: ExistingFiles,
}

/// Layout of the manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExportLayout {
    /// Common rows once, and overrides for the zones that differ.
    #[default]
    Factored,
    /// One manifest for each table and zone.
    AsIs,
}

/// Action for files that exist with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExistingFiles {
    /// Keeps them.
    #[default]
    Keep,
    /// Replaces them.
    Replace,
}

/// Directory of an export.
pub trait ExportFolder: Send + Sync {
    /// Returns the path relative to the config directory; empty for the config directory itself, and `None` for
    /// a directory elsewhere.
    fn path_in_config(&self) -> Option<String>;

    /// Returns a file of the directory.
    fn find(&self, file: &str) -> ExistingFile;

    /// Writes a file of the directory.
    ///
    /// # Errors
    /// Returns the reason.
    fn write(&self, file: &str, text: &str) -> Result<(), String>;
}

/// Manifests for one file.
struct ExportDraft {
    file: String,
    manifests: Vec<ManifestText>,
    /// Declared collections, with their zones.
    declares: BTreeMap<CollectionId, BTreeSet<ZoneCode>>,
    rows: usize,
    overrides: usize,
    observed_rows: usize,
}

/// Answers of the zones for a table, by the index of the zone.
type TableAnswers<'o> = BTreeMap<usize, &'o ObservedCollection>;

/// Exports tables. Sends only reads to the zones.
///
/// # Errors
/// Returns the error of the first failed step. A zone that does not answer is part of the result.
pub async fn export(
    session: &NetworkSession,
    request: &ExportRequest,
    export_folder: &dyn ExportFolder,
    observer: &dyn SessionObserver,
) -> Result<ExportJson, SessionError> {
    let network = &session.config.network;
    let zones = request.zones.zones(network).map_err(SessionError::InvalidSelection)?;
    // Files that people wrote stop the export before the first request, if their names are known.
    existing_files::check(table_choice::possible_files(request, &zones), request.existing, export_folder)?;
    let ListedZones { zones: opened, lists } = list_tables(session, &zones).await?;
    let mut report = ExportJson {
        format_version: "1.0",
        network: network.name.clone(),
        environment: network.environment.clone(),
        ..ExportJson::default()
    };
    // The tables, from the zones' own lists.
    let mut choice = choose_tables(request, lists, &mut report)?;
    let names = manifest_names(&choice.ids());
    choice.leave_out_declared(&session.config, request, export_folder, &names, &mut report)?;
    let planned = choice.ids().into_iter().flat_map(|id| draft_files(&id, &names, request.layout, &zones));
    existing_files::check(planned.collect(), request.existing, export_folder)?;
    let requests = choice.by_zone.values().map(BTreeSet::len).sum();
    observer.notice(&SessionEvent::Note(SessionNote::ExportCost {
        zones: choice.by_zone.len(),
        tables: choice.ids().len(),
        requests,
    }));
    // The rows.
    let observed = read_tables(session, &opened, &choice.by_zone, observer).await?;
    report.requests = observed.zones.values().map(|zone| zone.requests).sum();
    collect_failures(&observed, &mut report);
    report.zones = choice.by_zone.keys().filter(|code| !report.failures.contains_key(code.as_str())).count();
    // The manifests, and the proof that they declare what was read.
    let drafts = draft_tables(&observed, &names, network, request.layout, &mut report);
    write_drafts(session, drafts, &observed, request, export_folder, &mut report)?;
    report.complete = report.failures.is_empty()
        && report.left_out.iter().all(|omitted| !omitted.failed)
        && report.files.iter().all(|file| !matches!(file.state, ExportedFileState::Failed | ExportedFileState::Kept));
    Ok(report)
}

/// Chooses the tables from the zones' own lists.
fn choose_tables(
    request: &ExportRequest,
    lists: TableLists,
    report: &mut ExportJson,
) -> Result<TableChoice, SessionError> {
    let mut listed = BTreeMap::new();
    for (code, answer) in lists {
        match answer {
            Ok(tables) => drop(listed.insert(code, tables)),
            Err(failure) => drop(report.failures.insert(code.to_string(), failure)),
        }
    }
    TableChoice::choose(request, listed, report)
}

/// Moves failures of whole zones to the report.
fn collect_failures(observed: &ObservedState, report: &mut ExportJson) {
    let mut by_reason: BTreeMap<(CollectionId, String, bool), Vec<ZoneCode>> = BTreeMap::new();
    for (code, zone) in &observed.zones {
        let failures = zone.collections.iter().filter_map(|(id, answer)| Some((id, answer.as_ref().err()?)));
        for (id, failure) in failures {
            if failure.class.whole_zone() {
                report.failures.entry(code.to_string()).or_insert_with(|| failure.clone());
                continue;
            }
            let is_hidden = matches!(failure.class, FailureClass::Locked | FailureClass::Missing | FailureClass::UnknownName);
            let reason = (id.clone(), failure.message.clone(), !is_hidden);
            by_reason.entry(reason).or_default().push(code.clone());
        }
        let hidden = zone.collections.iter().filter(|(_, answer)| {
            answer.as_ref().is_ok_and(|found| found.witness.is_people())
        });
        for (id, _) in hidden {
            let reason = (id.clone(), "the zone hides it from the API".to_owned(), false);
            by_reason.entry(reason).or_default().push(code.clone());
        }
    }
    let omitted = by_reason.into_iter().map(|((collection, reason, failed), zones)| OmittedCollection {
        collection,
        zones,
        reason,
        failed,
    });
    report.left_out.extend(omitted);
}

/// Returns the files of a table.
fn draft_files(
    id: &CollectionId,
    names: &BTreeMap<CollectionId, String>,
    layout: ExportLayout,
    zones: &[&Zone],
) -> Vec<String> {
    let Some(name) = names.get(id) else { return Vec::new() };
    let path = format!("{}/{name}.yaml", folder(&id.kind));
    match layout {
        ExportLayout::Factored => vec![path],
        ExportLayout::AsIs => zones.iter().map(|zone| format!("{}/{path}", kebab_case(zone.code.as_str()))).collect(),
    }
}

/// Makes the manifests of all tables that were read.
fn draft_tables(
    observed: &ObservedState,
    names: &BTreeMap<CollectionId, String>,
    network: &Network,
    layout: ExportLayout,
    report: &mut ExportJson,
) -> Vec<ExportDraft> {
    let mut tables: BTreeMap<&CollectionId, TableAnswers<'_>> = BTreeMap::new();
    for (index, zone) in network.zones.iter().enumerate() {
        let Some(answers) = observed.zones.get(&zone.code) else { continue };
        for (id, answer) in &answers.collections {
            if let Ok(found) = answer
                && !found.witness.is_people()
            {
                tables.entry(id).or_default().insert(index, found);
            }
        }
    }
    let mut drafts = Vec::new();
    let mut together: BTreeMap<ZoneSet, (usize, usize)> = BTreeMap::new();
    for (id, answers) in tables {
        let Some(name) = names.get(id) else { continue };
        let parts: Vec<(String, TableAnswers<'_>)> = match layout {
            ExportLayout::Factored => vec![(name.clone(), answers)],
            ExportLayout::AsIs => (answers.into_iter())
                .map(|(zone, found)| {
                    let code = kebab_case(network.zones[zone].code.as_str());
                    (format!("{code}-{name}"), BTreeMap::from([(zone, found)]))
                })
                .collect(),
        };
        for (manifest_name, answers) in parts {
            let zones: Vec<&Zone> = answers.keys().map(|zone| &network.zones[*zone]).collect();
            match export_table(id, &manifest_name, &answers, network) {
                Ok(table) => {
                    for (set, rows) in table.override_zones.iter().filter(|(set, _)| set.len() > 2) {
                        let (all_rows, files) = together.entry(set.clone()).or_default();
                        *all_rows += rows;
                        *files += 1;
                    }
                    report.outliers.extend(table.outliers.iter().map(|(found, text)| outlier_json(id, found, text, network)));
                    drafts.extend(draft(id, table, &answers, names, layout, &zones));
                }
                Err(reason) => report.left_out.push(OmittedCollection {
                    collection: id.clone(),
                    zones: zones.iter().map(|zone| zone.code.clone()).collect(),
                    reason: reason.to_string(),
                    failed: reason != UndeclarableTable::NoRows,
                }),
            }
        }
    }
    report.proposed_labels = proposed_labels(together, network);
    drafts
}

fn draft(
    id: &CollectionId,
    table: ExportedTable,
    answers: &TableAnswers<'_>,
    names: &BTreeMap<CollectionId, String>,
    layout: ExportLayout,
    zones: &[&Zone],
) -> Option<ExportDraft> {
    let file = draft_files(id, names, layout, zones).pop()?;
    let codes = zones.iter().map(|zone| zone.code.clone()).collect();
    Some(ExportDraft {
        file,
        manifests: vec![table.manifest],
        declares: BTreeMap::from([(id.clone(), codes)]),
        rows: table.rows,
        overrides: table.overrides,
        observed_rows: answers.values().map(|found| found.records.len()).sum(),
    })
}

/// Smallest number of rows in which zones differ together, for a proposal.
const PROPOSED_ROWS: usize = 5;

fn proposed_labels(together: BTreeMap<ZoneSet, (usize, usize)>, network: &Network) -> Vec<ProposedLabel> {
    let mut finder = SelectorFinder::of_manifests(network);
    let mut proposed: Vec<ProposedLabel> = (together.into_iter())
        .filter(|(set, (rows, _))| *rows >= PROPOSED_ROWS && !finder.find(set).terms.only.is_empty())
        .map(|(set, (rows, files))| ProposedLabel {
            zones: set.zones().map(|zone| network.zones[zone].code.clone()).collect(),
            rows,
            files,
        })
        .collect();
    proposed.sort_by_key(|proposal| std::cmp::Reverse(proposal.rows));
    proposed
}

fn outlier_json(id: &CollectionId, outlier: &RowOutlier, text: &str, network: &Network) -> ExportOutlier {
    let fields = |values: &RowValues| -> BTreeMap<String, OutlierValue> {
        let value = |term: &FieldTerm| match term {
            FieldTerm::Value(value) => OutlierValue::Value(value.clone()),
            FieldTerm::Variable(name) => OutlierValue::Variable { var: name.to_string() },
        };
        values.iter().map(|(field, term)| (field.to_string(), value(term))).collect()
    };
    let zones = outlier.zones.iter().map(|found| ExportOutlierZone {
        zone: network.zones[found.zone].code.clone(),
        updated_by: found.updated_by.clone(),
        update_date: found.update_date.clone(),
    });
    ExportOutlier {
        collection: id.clone(),
        key: outlier.key.clone(),
        zones: zones.collect(),
        found: outlier.found.as_ref().map(fields),
        usual: outlier.usual.as_ref().map(fields),
        usual_zones: outlier.usual_zones,
        similar_key: outlier.similar_key.clone(),
        text: text.to_owned(),
    }
}

/// Proves each file, and writes what is proved.
fn write_drafts(
    session: &NetworkSession,
    drafts: Vec<ExportDraft>,
    observed: &ObservedState,
    request: &ExportRequest,
    export_folder: &dyn ExportFolder,
    report: &mut ExportJson,
) -> Result<(), SessionError> {
    let missing: Vec<&str> = report.failures.keys().map(String::as_str).collect();
    let mut texts: Vec<(ExportDraft, String)> = Vec::new();
    for mut draft in drafts {
        let zones: BTreeSet<&ZoneCode> = draft.declares.values().flatten().collect();
        let mut header = vec![format!("{HEADER} from {}.", count(zones.len(), "zone"))];
        if !missing.is_empty() {
            header.push(existing_files::incomplete_line(&missing));
        }
        if let Some(first) = draft.manifests.first_mut() {
            first.comments.splice(0..0, header);
        }
        let failure = match write_manifests(&draft.manifests) {
            Ok(text) => {
                let text = seal_incomplete(text);
                match proof::prove(session, &draft.declares, &[(draft.file.as_str(), text.as_str())], observed) {
                    Ok(()) => {
                        texts.push((draft, text));
                        continue;
                    }
                    Err(failure) => failure,
                }
            }
            Err(error) => error.to_string(),
        };
        let omitted = draft.declares.into_iter().map(|(collection, zones)| OmittedCollection {
            collection,
            zones: zones.into_iter().collect(),
            reason: format!("no manifest declares exactly what was read: {failure}"),
            failed: true,
        });
        report.left_out.extend(omitted);
    }
    proof::prove_together(session, &texts, observed, export_folder)?;
    for (draft, text) in texts {
        let written = existing_files::write(&draft.file, &text, request.existing, export_folder);
        let (state, error) = match written {
            Ok(state) => (state, None),
            Err(error) => (ExportedFileState::Failed, Some(error)),
        };
        report.observed_rows += draft.observed_rows;
        report.files.push(ExportedFile {
            file: draft.file,
            manifests: (draft.manifests.iter())
                .map(|manifest| format!("{}/{}", manifest.kind, manifest.name))
                .collect(),
            rows: draft.rows,
            observed_rows: draft.observed_rows,
            overrides: draft.overrides,
            state,
            error,
        });
    }
    report.files.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(())
}
