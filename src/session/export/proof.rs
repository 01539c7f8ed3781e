//! Proves offline that exported manifests declare exactly what was read: no change, no undeclared record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::file_names::join;
use super::omitted_records::count_declared;
use super::{ExportDraft, ExportFolder};
use crate::diff::diff;
use crate::manifest::SourceFile;
use crate::model::{CollectionId, DesiredState, ObservedState, ZoneCode};
use crate::session::error::{LocatedDiagnostics, SessionError};
use crate::session::load::load;
use crate::session::network_session::NetworkSession;
use crate::session::table_kinds::is_table;

/// Longest line of a manifest in a reason.
const LONGEST_LINE: usize = 120;

/// Reason why manifests do not declare exactly what was read.
#[derive(Debug, Default)]
pub(super) struct ProofFailure {
    /// First zone that differs, if known.
    pub(super) zone: Option<ZoneCode>,
    /// Collection that differs, if known.
    pub(super) collection: Option<CollectionId>,
    /// Difference in words.
    pub(super) text: String,
}

impl From<String> for ProofFailure {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

/// What a proved file declares.
#[derive(Default)]
pub(super) struct ProvedFile {
    /// Number of records that it declares.
    pub(super) declared: usize,
    /// Desired state of the file.
    pub(super) desired: DesiredState,
}

/// Proves a file by itself.
///
/// # Errors
/// Returns the first difference. An undeclared record is a difference if `declares` has its table.
pub(super) fn prove(
    session: &NetworkSession,
    declares: &BTreeMap<CollectionId, BTreeSet<ZoneCode>>,
    (file, text): (&str, &str),
    observed: &ObservedState,
) -> Result<ProvedFile, ProofFailure> {
    let mut sources: Vec<SourceFile> =
        network_files(session).filter(|source| *source.file != *file).collect();
    sources.push(source(file, text));
    let config = load(sources, session.config.network.environment.as_deref())
        .map_err(|located| ProofFailure::from(first_error(&located)))?;
    find_difference(config.desired, declares, observed, |name| name == file)
}

/// Proves all files together with the manifests that are there.
///
/// # Errors
/// Returns [`SessionError::InvalidManifests`] for manifests that contradict each other, or
/// [`SessionError::ExportDiffers`].
pub(super) fn prove_together(
    session: &NetworkSession,
    drafts: &[(ExportDraft, String)],
    observed: &ObservedState,
    export_folder: &dyn ExportFolder,
) -> Result<(), SessionError> {
    let prefix = export_folder.path_in_config();
    let path = |draft: &ExportDraft| match &prefix {
        Some(prefix) => join(prefix, &draft.file),
        None => draft.file.clone(),
    };
    let exported: BTreeSet<String> = drafts.iter().map(|(draft, _)| path(draft)).collect();
    let mut sources: Vec<SourceFile> = match &prefix {
        Some(_) => session.config.sources.to_vec(),
        None => network_files(session).collect(),
    };
    sources.retain(|source| !exported.contains(&*source.file));
    sources.extend(drafts.iter().map(|(draft, text)| source(&path(draft), text)));
    sources.sort_by(|one, other| one.file.cmp(&other.file));
    let config = load(sources, session.config.network.environment.as_deref())
        .map_err(SessionError::InvalidManifests)?;
    let mut declares: BTreeMap<CollectionId, BTreeSet<ZoneCode>> = BTreeMap::new();
    for (id, zones) in drafts.iter().flat_map(|(draft, _)| &draft.declares) {
        declares.entry(id.clone()).or_default().extend(zones.iter().cloned());
    }
    let found = find_difference(config.desired, &declares, observed, |file| exported.contains(file));
    found.map(drop).map_err(|failure| SessionError::ExportDiffers(failure.text))
}

fn find_difference(
    mut desired: DesiredState,
    declares: &BTreeMap<CollectionId, BTreeSet<ZoneCode>>,
    observed: &ObservedState,
    is_exported: impl Fn(&str) -> bool,
) -> Result<ProvedFile, ProofFailure> {
    for collections in desired.zones.values_mut() {
        collections.retain(|collection| is_exported(&collection.provenance.span.file));
    }
    desired.zones.retain(|_, collections| !collections.is_empty());
    let mut declared: BTreeMap<CollectionId, BTreeSet<ZoneCode>> = BTreeMap::new();
    for (code, collections) in &desired.zones {
        for collection in collections {
            declared.entry(collection.id.clone()).or_default().insert(code.clone());
        }
    }
    for (id, zones) in declares {
        let found = declared.get(id).cloned().unwrap_or_default();
        if let Some(zone) = found.symmetric_difference(zones).next() {
            return Err(format!("{zone}/{id}: the selector of the manifest is wrong").into());
        }
    }
    let mut proved = ProvedFile::default();
    for (code, collections) in diff(&desired, observed).zones {
        for collection in collections {
            let id = collection.id;
            let fail = |text| ProofFailure { zone: Some(code.clone()), collection: Some(id.clone()), text };
            let changes = collection.outcome.map_err(|failure| fail(format!("{code}/{id}: {failure}")))?;
            if let Some(change) = changes.changes.first() {
                return Err(fail(format!("{} would still change", change.address)));
            }
            proved.declared += match is_table(&id.kind) {
                true => changes.existing - changes.unlisted,
                false => count_declared(&id, &code, &desired, observed),
            };
            if changes.unlisted > 0 && declares.contains_key(&id) {
                return Err(fail(format!("{code}/{id}: {} of its records not declared", changes.unlisted)));
            }
        }
    }
    Ok(ProvedFile { desired, ..proved })
}

fn source(file: &str, text: &str) -> SourceFile {
    SourceFile { file: file.into(), text: Ok(text.to_owned()) }
}

/// Returns the files with the Network manifest.
fn network_files(session: &NetworkSession) -> impl Iterator<Item = SourceFile> + '_ {
    let file: Option<Arc<str>> = session.config.network.zones.first().map(|zone| Arc::clone(&zone.span.file));
    session.config.sources.iter().filter(move |source| Some(&source.file) == file.as_ref()).cloned()
}

/// Returns the first error, with the line that it is about.
fn first_error(located: &LocatedDiagnostics) -> String {
    let Some(problem) = located.first_error() else { return "the manifests cannot be read".to_owned() };
    let line = problem.span.as_ref().and_then(|span| {
        let source = located.sources.iter().find(|source| source.file == span.file)?;
        let (_, line) =
            (1..).zip(source.text.as_ref().ok()?.lines()).find(|(number, _)| *number == span.start.line)?;
        Some(line)
    });
    match line {
        Some(line) => {
            let shown: String = line.trim().chars().take(LONGEST_LINE).collect();
            format!("{}, in `{shown}`", problem.message)
        }
        None => problem.message.clone(),
    }
}
