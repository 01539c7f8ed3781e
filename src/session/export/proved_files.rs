//! Writes the files that are proved.

use std::collections::{BTreeMap, BTreeSet};

use super::claimed_rows::{ClaimsByTable, add_claims};
use super::existing_files::{self, HEADER, seal_incomplete};
use super::proof::{self, ProvedFile, UndeclaredCounts};
use super::{ExportDraft, ExportFolder, ExportRequest};
use crate::manifest::write_yaml::{ManifestText, write_manifests};
use crate::model::grouped_number::count;
use crate::model::{CollectionId, ObservedState};
use crate::render::json::export::{ExportJson, ExportedFile, ExportedFileState, OmittedCollection};
use crate::session::error::SessionError;
use crate::session::network_session::NetworkSession;
use crate::session::table_kinds::is_table;

/// Proves each file by itself. Files that are not exact are left out, and reported.
pub(super) fn prove_drafts(
    session: &NetworkSession,
    drafts: Vec<ExportDraft>,
    observed: &ObservedState,
    mut claims: Option<&mut ClaimsByTable>,
    report: &mut ExportJson,
) -> Vec<(ExportDraft, String)> {
    let missing: Vec<String> = report.failures.keys().cloned().collect();
    let mut texts: Vec<(ExportDraft, String)> = Vec::new();
    for mut draft in drafts {
        match prove_draft(session, &mut draft, observed, &missing, report) {
            Ok((text, proved)) => {
                if let Some(claims) = claims.as_deref_mut() {
                    add_claims(claims, &proved.desired, observed, &session.config.network);
                }
                texts.push((draft, text));
            }
            Err(failure) => {
                let mut declares: Vec<_> = draft.declares.into_iter().collect();
                if declares.is_empty() {
                    // The kind is named by its manifests.
                    let kind = draft.manifests.first().map_or("kind", |manifest| manifest.kind);
                    declares.push((CollectionId::of_institution(kind), BTreeSet::new()));
                }
                let omitted = declares.into_iter().map(|(collection, zones)| OmittedCollection {
                    collection,
                    zones: zones.into_iter().collect(),
                    reason: format!("no manifest declares exactly what was read: {failure}"),
                    failed: true,
                });
                report.left_out.extend(omitted);
            }
        }
    }
    texts
}

/// Proves all files together, and writes them.
///
/// # Errors
/// Returns the errors of [`proof::prove_together`].
pub(super) fn write_proved(
    session: &NetworkSession,
    texts: Vec<(ExportDraft, String)>,
    observed: &ObservedState,
    request: &ExportRequest,
    export_folder: &dyn ExportFolder,
    report: &mut ExportJson,
) -> Result<(), SessionError> {
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

/// Returns the proved text of a file.
///
/// # Errors
/// Returns the first difference in words.
fn prove_draft(
    session: &NetworkSession,
    draft: &mut ExportDraft,
    observed: &ObservedState,
    missing: &[String],
    report: &mut ExportJson,
) -> Result<(String, ProvedFile), String> {
    let header = |zones: usize| {
        let mut lines = vec![format!("{HEADER} from {}.", count(zones, "zone"))];
        if !missing.is_empty() {
            lines.push(existing_files::incomplete_line(missing));
        }
        lines
    };
    let prove = |manifests: &[ManifestText]| {
        let mut manifests = manifests.to_vec();
        if let Some(first) = manifests.first_mut() {
            first.comments.splice(0..0, header(draft.zones));
        }
        let text = seal_incomplete(write_manifests(&manifests).map_err(|error| error.to_string())?);
        let declared = proof::prove(session, &draft.declares, (&draft.file, &text), observed)?;
        Ok::<_, String>((text, declared))
    };
    if !draft.declares.is_empty() {
        return prove(&draft.manifests);
    }
    // A kind declares what it can: a manifest that is not exact is left out, and its records are named.
    let (text, proved) = match prove(&draft.manifests) {
        Ok(proved) => proved,
        Err(failure) => {
            let mut kept: Vec<ManifestText> = Vec::new();
            for manifest in &draft.manifests {
                kept.push(manifest.clone());
                if prove(&kept).is_err() {
                    kept.pop();
                }
            }
            let left_out = draft.manifests.len() - kept.len();
            tracing::debug!("{}: {left_out} manifests left out: {failure}", draft.file);
            if kept.is_empty() {
                return Err(failure);
            }
            let proved = prove(&kept)?;
            draft.manifests = kept;
            proved
        }
    };
    draft.observed_rows = proved.declared;
    report.left_out.extend(omitted_records(&proved.undeclared, draft));
    Ok((text, proved))
}

fn omitted_records(undeclared: &UndeclaredCounts, draft: &ExportDraft) -> Vec<OmittedCollection> {
    let kind = draft.manifests.first().map_or("kind", |manifest| manifest.kind);
    let mut by_number: BTreeMap<_, Vec<_>> = BTreeMap::new();
    // Rows of tables that the kind leaves out are exported with the table.
    for ((collection, zone), records) in undeclared.iter().filter(|((id, _), _)| !is_table(&id.kind)) {
        by_number.entry((collection.clone(), *records)).or_default().push(zone.clone());
    }
    let omitted = by_number.into_iter().map(|((collection, records), zones)| OmittedCollection {
        collection,
        zones,
        reason: format!("no manifest of kind {kind} can declare {} of it", count(records, "record")),
        failed: false,
    });
    omitted.collect()
}
