//! Exports the settings of live zones as manifests: reads, factors, proves that nothing is left to change, and
//! writes the files.

mod claimed_rows;
mod existing_files;
mod file_names;
mod kept_reading;
mod kind_choice;
mod listed_collections;
mod omitted_records;
mod proof;
mod proved_files;
mod table_choice;
mod table_drafts;
mod table_remarks;

use std::collections::{BTreeMap, BTreeSet};

use self::claimed_rows::{ProvedKinds, without_claims};
use self::file_names::manifest_names;
use self::kept_reading::KeptReading;
use self::kind_choice::{KindChoice, observed_settings};
use self::listed_collections::list_collections;
use self::omitted_records::name_omitted_records;
use self::proved_files::{prove_drafts, write_proved};
use self::table_choice::{OwnFiles, TableChoice};
use self::table_drafts::{draft_files, draft_tables};
use self::table_remarks::TableRemarks;
use super::error::SessionError;
use super::network_session::NetworkSession;
use super::observe_zones::ZoneReaders;
use super::observer::{SessionEvent, SessionNote, SessionObserver};
use super::selection::ZoneSelection;
use super::table_inventory::{CollectionsByZone, ListedZones, TableLists, list_tables};
use crate::kinds::ManifestKind;
use crate::manifest::write_yaml::ManifestText;
use crate::model::calendar::CalendarRules;
use crate::model::network::Zone;
use crate::model::{CollectionId, FailureClass, ObservedState, ZoneCode};
use crate::render::json::export::{ExportJson, ExportedFileState, OmittedCollection};

pub use self::existing_files::ExistingFile;
pub use self::kept_reading::MAX_MINUTES;

/// What to export, and how.
#[derive(Debug, Clone, Default)]
pub struct ExportRequest {
    /// Codes of the tables, also with their kind (`CodeTable/UserGroups`); empty for all tables that the zones
    /// list.
    pub tables: Vec<String>,
    /// Further languages of the code tables.
    pub languages: Vec<String>,
    /// Kinds of the manifests; empty for all kinds with a way back.
    pub kinds: Vec<String>,
    /// E-resources whose groups to export.
    pub resources: NamedResources,
    /// True to export the calendars of libraries, too.
    pub libraries: bool,
    /// Zones.
    pub zones: ZoneSelection,
    /// Layout of the manifests.
    pub layout: ExportLayout,
    /// Action for files that exist.
    pub existing: ExistingFiles,
    /// Use of the answers that an earlier export kept.
    pub earlier: EarlierReading,
}

/// Use of the answers that an earlier export kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EarlierReading {
    /// Uses answers that are younger than [`MAX_MINUTES`].
    #[default]
    Reuse,
    /// Reads everything again.
    Ignore,
}

/// E-resources of a request.
#[derive(Debug, Clone, Default)]
pub struct NamedResources {
    /// IDs, joined by dots: `61100.62110`.
    pub ids: Vec<String>,
    /// True for all e-collections and e-services that the zone lists.
    pub all_listed: bool,
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

    /// Returns the reading that an earlier export kept.
    fn kept_reading(&self) -> Option<String>;

    /// Keeps a reading for the next export, for no other user of the machine; `None` removes it.
    ///
    /// # Errors
    /// Returns the reason.
    fn keep_reading(&self, text: Option<&str>) -> Result<(), String>;
}

/// Manifests for one file.
struct ExportDraft {
    file: String,
    manifests: Vec<ManifestText>,
    /// Kind of the manifests; `None` for tables.
    kind: Option<&'static ManifestKind>,
    /// Declared tables, with their zones; empty for a kind, which declares what it can.
    declares: BTreeMap<CollectionId, BTreeSet<ZoneCode>>,
    /// Number of zones that the records come from; 0 if the file does not tell.
    zones: usize,
    rows: usize,
    overrides: usize,
    observed_rows: usize,
}

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
    let mut kind_choice = KindChoice::choose(request, network)?;
    // Files that people wrote stop the export before the first request, if their names are known.
    let mut known_files = table_choice::possible_files(request, &zones);
    known_files.extend(kind_choice.files());
    existing_files::check(known_files, request.existing, export_folder)?;
    let ListedZones { zones: opened, lists } = list_tables(session, &zones).await?;
    let mut report = ExportJson {
        format_version: "1.0",
        network: network.name.clone(),
        environment: network.environment.clone(),
        ..ExportJson::default()
    };
    // The tables, from the zones' own lists.
    let mut remarks = TableRemarks::of_lists(&lists);
    let mut choice = choose_tables(request, &kind_choice, lists, &mut report)?;
    let names = manifest_names(&choice.ids());
    kind_choice.leave_out_declared(&session.config, export_folder, &mut report);
    let kind_files = kind_choice.files();
    let own_files = OwnFiles { names: &names, kinds: &kind_files };
    choice.leave_out_declared(&session.config, request, export_folder, own_files, &mut report)?;
    let planned = choice.ids().into_iter().flat_map(|id| draft_files(&id, &names, request.layout, &zones));
    existing_files::check(planned.collect(), request.existing, export_folder)?;
    let mut to_read = kind_choice.collections(&zones);
    to_read.retain(|code, ids| choice.by_zone.contains_key(code) && !ids.is_empty());
    let answering: Vec<&Zone> =
        zones.iter().filter(|zone| choice.by_zone.contains_key(&zone.code)).copied().collect();
    let listed =
        list_collections(session, &kind_choice, &opened, &answering, request, export_folder, &mut report)
            .await?;
    for (code, ids) in choice.by_zone.iter().chain(&listed) {
        to_read.entry(code.clone()).or_default().extend(ids.iter().cloned());
    }
    // The rows. What was read before an interrupt or a failure is kept.
    let kept = KeptReading::load(session, request.earlier, export_folder)?;
    let observed = read_rows(session, &opened, &to_read, &kept, export_folder, observer).await?;
    report.requests = observed.zones.values().map(|zone| zone.requests).sum();
    collect_failures(&observed, &mut report);
    report.zones = choice.by_zone.keys().filter(|code| !report.failures.contains_key(code.as_str())).count();
    // The manifests, and the proof that they declare what was read.
    let settings = observed_settings(network, &observed, CalendarRules::at(session.effects.timestamp()?));
    let mut proved_kinds = ProvedKinds::default();
    let kind_drafts = kind_choice.drafts(&settings);
    let mut proved = prove_drafts(session, kind_drafts, &observed, Some(&mut proved_kinds), &mut report);
    name_omitted_records(kind_choice.kinds(), &settings, &proved_kinds, &mut remarks, &mut report);
    let claims = &proved_kinds.claims;
    let rest = without_claims(&observed, claims, network);
    let table_drafts = draft_tables(&rest, &names, (claims, &remarks), network, request.layout, &mut report);
    proved.extend(prove_drafts(session, table_drafts, &rest, None, &mut report));
    write_proved(session, proved, &observed, request, export_folder, &mut report)?;
    report.complete = report.failures.is_empty()
        && report.left_out.iter().all(|omitted| !omitted.failed)
        && report
            .files
            .iter()
            .all(|file| !matches!(file.state, ExportedFileState::Failed | ExportedFileState::Kept));
    if report.complete {
        // A file that stays is too old before it can do harm.
        let _ = export_folder.keep_reading(None);
    }
    Ok(report)
}

/// Reads what no earlier export has read, and keeps all answers.
async fn read_rows(
    session: &NetworkSession,
    opened: &ZoneReaders,
    to_read: &CollectionsByZone,
    kept: &KeptReading,
    export_folder: &dyn ExportFolder,
    observer: &dyn SessionObserver,
) -> Result<ObservedState, SessionError> {
    let reused = kept.count(to_read);
    observer.notice(&SessionEvent::Note(SessionNote::ExportCost {
        zones: to_read.len(),
        collections: to_read.values().flatten().collect::<BTreeSet<_>>().len(),
        requests: to_read.values().map(BTreeSet::len).sum::<usize>() - reused,
    }));
    if reused > 0 {
        let minutes = kept.minutes;
        observer.notice(&SessionEvent::Note(SessionNote::ReadingReused { answers: reused, minutes }));
    }
    let observed = kept.read(session, opened, to_read, observer).await;
    if let Err(reason) = kept.save(&session.config.network, export_folder) {
        observer.notice(&SessionEvent::Note(SessionNote::ReadingNotKept { reason }));
    }
    observed
}

/// Chooses the tables from the zones' own lists.
fn choose_tables(
    request: &ExportRequest,
    kind_choice: &KindChoice,
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
    TableChoice::choose(request, &kind_choice.tables, listed, report)
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
            let is_hidden = matches!(
                failure.class,
                FailureClass::Mismatch
                    | FailureClass::Locked
                    | FailureClass::Missing
                    | FailureClass::UnknownName
            );
            let reason = (id.clone(), failure.message.clone(), !is_hidden);
            by_reason.entry(reason).or_default().push(code.clone());
        }
        let hidden = zone
            .collections
            .iter()
            .filter(|(_, answer)| answer.as_ref().is_ok_and(|found| found.witness.is_people()));
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
