//! Writes the files that are proved.

use super::claimed_rows::{ProvedKinds, add_claims};
use super::existing_files::{self, HEADER, seal_incomplete};
use super::proof::{self, ProofFailure, ProvedFile};
use super::{ExportDraft, ExportFolder, ExportRequest};
use crate::kinds::ManifestKind;
use crate::manifest::write_yaml::{ManifestText, YamlPart, write_manifests};
use crate::model::grouped_number::count;
use crate::model::{CollectionId, ObservedState};
use crate::render::json::export::{ExportJson, ExportedFile, ExportedFileState, OmittedCollection};
use crate::session::error::SessionError;
use crate::session::network_session::NetworkSession;

/// Proves each file by itself. Files that are not exact are left out, and reported.
pub(super) fn prove_drafts(
    session: &NetworkSession,
    drafts: Vec<ExportDraft>,
    observed: &ObservedState,
    mut kinds: Option<&mut ProvedKinds>,
    report: &mut ExportJson,
) -> Vec<(ExportDraft, String)> {
    let missing: Vec<String> = report.failures.keys().cloned().collect();
    let mut texts: Vec<(ExportDraft, String)> = Vec::new();
    for mut draft in drafts.into_iter().filter(|draft| !draft.manifests.is_empty()) {
        match prove_draft(session, &mut draft, observed, &missing, report) {
            Ok((text, proved)) => {
                if let (Some(kinds), Some(kind)) = (kinds.as_deref_mut(), draft.kind) {
                    add_claims(&mut kinds.claims, &proved.desired, observed, &session.config.network);
                    kinds.desired.entry(kind.name).or_default().push(proved.desired);
                }
                texts.push((draft, text));
            }
            // A kind has named its manifests.
            Err(_) if draft.kind.is_some() => {}
            Err(failure) => {
                let omitted = draft.declares.into_iter().map(|(collection, zones)| OmittedCollection {
                    collection,
                    zones: zones.into_iter().collect(),
                    reason: format!("no manifest declares exactly what was read: {}", failure.text),
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

/// Returns the proved text of a file. Manifests of a kind that are not exact are left out, and reported.
///
/// # Errors
/// Returns the first difference.
fn prove_draft(
    session: &NetworkSession,
    draft: &mut ExportDraft,
    observed: &ObservedState,
    missing: &[String],
    report: &mut ExportJson,
) -> Result<(String, ProvedFile), ProofFailure> {
    let header = |zones: usize| {
        let mut lines = vec![match zones {
            0 => format!("{HEADER}."),
            zones => format!("{HEADER} from {}.", count(zones, "zone")),
        }];
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
        let text = write_manifests(&manifests).map_err(|error| error.to_string())?;
        let text = seal_incomplete(text);
        let declared = proof::prove(session, &draft.declares, (&draft.file, &text), observed)?;
        Ok::<_, ProofFailure>((text, declared))
    };
    let Some(kind) = draft.kind else { return prove(&draft.manifests) };
    // A kind declares what it can: a manifest that is not exact is left out.
    let (text, proved) = match prove(&draft.manifests) {
        Ok(proved) => proved,
        Err(first_failure) => {
            let mut kept: Vec<ManifestText> = Vec::new();
            for manifest in &draft.manifests {
                kept.push(manifest.clone());
                if let Err(failure) = prove(&kept) {
                    kept.pop();
                    report.left_out.push(omitted_manifest(kind, manifest, failure));
                    let is_exact = |part: &ManifestText| {
                        prove(&kept.iter().chain([part]).cloned().collect::<Vec<_>>()).is_ok()
                    };
                    kept.extend(exact_part(manifest, is_exact));
                }
            }
            if kept.is_empty() {
                return Err(first_failure);
            }
            let proved = prove(&kept)?;
            draft.manifests = kept;
            proved
        }
    };
    draft.observed_rows = proved.declared;
    Ok((text, proved))
}

/// Returns the manifest without the items of its lists that are not exact; `None` if no item is left.
fn exact_part(manifest: &ManifestText, is_exact: impl Fn(&ManifestText) -> bool) -> Option<ManifestText> {
    let is_list = |(_, part): &&(&'static str, YamlPart)| matches!(part, YamlPart::Items(_));
    let mut kept = manifest.clone();
    kept.spec.retain(|field| !is_list(&field));
    let mut has_items = false;
    for (name, part) in manifest.spec.iter().filter(is_list) {
        let YamlPart::Items(items) = part else { continue };
        for item in items {
            let mut longer = kept.clone();
            match longer.spec.iter_mut().find(|(known, _)| known == name) {
                Some((_, YamlPart::Items(known))) => known.push(item.clone()),
                Some(_) | None => longer.spec.push((name, YamlPart::Items(vec![item.clone()]))),
            }
            if is_exact(&longer) {
                kept = longer;
                has_items = true;
            }
        }
    }
    has_items.then_some(kept)
}

/// Returns the report of a manifest that does not declare exactly what was read. Rows of tables are then exported with
/// the table.
fn omitted_manifest(
    kind: &ManifestKind,
    manifest: &ManifestText,
    failure: ProofFailure,
) -> OmittedCollection {
    let ProofFailure { zone, collection, text } = failure;
    OmittedCollection {
        collection: collection.unwrap_or_else(|| CollectionId::of_institution(kind.name)),
        zones: zone.into_iter().collect(),
        reason: format!(
            "{}/{} would not declare exactly what was read: {text} (report this to the project)",
            manifest.kind, manifest.name
        ),
        failed: true,
    }
}
