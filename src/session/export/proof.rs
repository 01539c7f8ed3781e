//! Proves offline that exported manifests declare exactly what was read: no change, no undeclared record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::file_names::join;
use super::{ExportDraft, ExportFolder};
use crate::diff::diff;
use crate::manifest::SourceFile;
use crate::model::{CollectionId, DesiredState, ObservedState, ZoneCode};
use crate::session::error::{LocatedDiagnostics, SessionError};
use crate::session::load::load;
use crate::session::network_session::NetworkSession;

/// Number of records that no manifest declares, by collection and zone.
pub(super) type UndeclaredCounts = BTreeMap<(CollectionId, ZoneCode), usize>;

/// What a proved file declares.
#[derive(Default)]
pub(super) struct ProvedFile {
    /// Records that it does not declare.
    pub(super) undeclared: UndeclaredCounts,
    /// Number of records that it declares.
    pub(super) declared: usize,
    /// Desired state of the file.
    pub(super) desired: DesiredState,
}

/// Proves a file by itself.
///
/// # Errors
/// Returns the first difference in words. An undeclared record is a difference if `declares` has its table.
pub(super) fn prove(
    session: &NetworkSession,
    declares: &BTreeMap<CollectionId, BTreeSet<ZoneCode>>,
    (file, text): (&str, &str),
    observed: &ObservedState,
) -> Result<ProvedFile, String> {
    let mut sources: Vec<SourceFile> =
        network_files(session).filter(|source| *source.file != *file).collect();
    sources.push(source(file, text));
    let config = load(sources, session.config.network.environment.as_deref())
        .map_err(|located| first_error(&located))?;
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
    found.map(drop).map_err(SessionError::ExportDiffers)
}

fn find_difference(
    mut desired: DesiredState,
    declares: &BTreeMap<CollectionId, BTreeSet<ZoneCode>>,
    observed: &ObservedState,
    is_exported: impl Fn(&str) -> bool,
) -> Result<ProvedFile, String> {
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
            return Err(format!("{zone}/{id}: the selector of the manifest is wrong"));
        }
    }
    let mut proved = ProvedFile::default();
    for (code, collections) in diff(&desired, observed).zones {
        for collection in collections {
            let changes =
                collection.outcome.map_err(|failure| format!("{code}/{}: {failure}", collection.id))?;
            if let Some(change) = changes.changes.first() {
                return Err(format!("{} would still change", change.address));
            }
            proved.declared += changes.existing - changes.unlisted;
            let id = collection.id;
            match changes.unlisted {
                0 => {}
                unlisted if declares.contains_key(&id) => {
                    return Err(format!("{code}/{id}: {unlisted} of its records not declared"));
                }
                unlisted => drop(proved.undeclared.insert((id, code.clone()), unlisted)),
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

fn first_error(located: &LocatedDiagnostics) -> String {
    located
        .first_error()
        .map_or_else(|| "the manifests cannot be read".to_owned(), |problem| problem.message.clone())
}
