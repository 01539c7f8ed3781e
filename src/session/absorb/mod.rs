//! Takes what zones changed into the manifests: the smallest edit of the files that declares exactly the
//! observed values.

mod edit_groups;
mod meaning;
mod spec_edits;
mod spec_tree;
mod zone_differences;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::edit_groups::{EditGroup, group};
use self::meaning::{meaning, other_documents};
use self::spec_tree::SpecTree;
use self::zone_differences::collect;
use super::SessionEffects;
use super::export::{ExistingFile, ExportFolder};
use super::load::{LoadedConfig, load};
use crate::manifest::SourceFile;
use crate::manifest::edit_yaml::edit_manifest;
use crate::model::Plan;
use crate::render::json::absorb::{
    AbsorbJson, AbsorbLayer, AbsorbedFile, AbsorbedFileState, LeftDifference, file_difference,
};

/// What to absorb, and into which layer.
#[derive(Debug, Clone)]
pub struct AbsorbRequest {
    /// Addresses of records, collections or zones; empty for all differences.
    pub addresses: Vec<String>,
    /// Layer of the manifests.
    pub layer: AbsorbLayer,
    /// What happens to the edited files.
    pub output: AbsorbOutput,
}

/// What happens to the edited files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsorbOutput {
    /// Shown only.
    Show,
    /// Written.
    Write,
}

/// Returns true if the config directory is in git and has uncommitted changes.
pub async fn has_uncommitted_changes(effects: &SessionEffects) -> bool {
    effects.origin.author().await.commit.is_some_and(|commit| commit.ends_with('+'))
}

/// Absorbs the differences of a plan from the zones.
pub fn absorb(
    config: &LoadedConfig,
    plan: &Plan,
    request: &AbsorbRequest,
    folder: &dyn ExportFolder,
) -> AbsorbJson {
    let mut collected = collect(plan, config, &request.addresses, request.layer);
    let groups = group(&mut collected, &config.desired, request.layer);
    let mut current = config.clone();
    let mut edited: BTreeMap<Arc<str>, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for group in groups {
        let addresses = group.differences.iter().map(|each| each.address.to_string());
        match edit_group(&current, &group, request.layer) {
            Ok((file, next)) => {
                current = next;
                let (manifests, records) = edited.entry(file).or_default();
                manifests.insert(group.manifest.to_string());
                records.extend(addresses);
            }
            Err(reason) => collected
                .left
                .extend(addresses.map(|address| LeftDifference { address, reason: reason.clone() })),
        }
    }
    collected.left.sort();
    let files = edited.into_iter().map(|(file, (manifests, records))| {
        let [before, after] =
            [config, &current].map(|state| text_of(state, &file).unwrap_or_default().to_owned());
        let (state, error) = match request.output {
            AbsorbOutput::Show => (AbsorbedFileState::Proposed, None),
            AbsorbOutput::Write => match write(folder, &file, &before, &after) {
                Ok(()) => (AbsorbedFileState::Written, None),
                Err(error) => (AbsorbedFileState::Failed, Some(error)),
            },
        };
        AbsorbedFile {
            file: file.to_string(),
            manifests: manifests.into_iter().collect(),
            records: records.into_iter().collect(),
            state,
            error,
            difference: file_difference(&before, &after),
            before,
            after,
        }
    });
    let mut failures = BTreeMap::new();
    for (code, zone) in &plan.zones {
        let of_steps = zone.collections.iter().filter_map(|step| step.diff.outcome.as_ref().err());
        if let Some(failure) = zone.failure.iter().chain(of_steps).next() {
            failures.insert(code.to_string(), failure.clone());
        }
    }
    AbsorbJson {
        format_version: "1.0",
        network: config.network.name.clone(),
        environment: config.network.environment.clone(),
        into: request.layer,
        complete: failures.is_empty(),
        files: files.collect(),
        left: collected.left,
        failures,
    }
}

/// Edits the manifest of a group. Returns its file, and the manifests after the edit.
///
/// # Errors
/// Returns the reason if the edit is impossible, or if the manifests would declare anything but the observed
/// values of the group.
fn edit_group(
    config: &LoadedConfig,
    group: &EditGroup,
    layer: AbsorbLayer,
) -> Result<(Arc<str>, LoadedConfig), String> {
    let manifest = &*group.manifest;
    let collections = config.desired.zones.values().flatten();
    let declared = collections.map(|each| &each.provenance).find(|place| *place.manifest == *manifest);
    let file = Arc::clone(&declared.ok_or("the manifest declares nothing any more")?.span.file);
    let source = config.sources.iter().find(|source| source.file == file);
    let source = source.ok_or("zonal cannot find the file of the manifest")?;
    let tree = SpecTree::parse(source, manifest).ok_or("zonal cannot find the manifest in its file")?;
    let mut expected = meaning(&config.desired, manifest);
    let edits = spec_edits::edits(group, &tree, &config.desired, layer, &mut expected)?;
    let (kind, name) = manifest.split_once('/').unwrap_or_default();
    let text = text_of(config, &file).unwrap_or_default();
    let text =
        edit_manifest(text, kind, name, &edits).map_err(|error| format!("{error}; edit {file} by hand"))?;
    // The file as edited must declare the observed values, and nothing else may change.
    let edited = SourceFile { file: Arc::clone(&file), text: Ok(text) };
    let has_same_rest = other_documents(source, manifest) == other_documents(&edited, manifest);
    let sources = config.sources.iter().map(|source| match source.file == file {
        true => edited.clone(),
        false => source.clone(),
    });
    let reloaded = load(sources.collect(), config.network.environment.as_deref()).map_err(|problems| {
        let reason = problems.first_error().map_or("", |problem| &problem.message);
        format!("the edited manifest would not be valid: {reason}; edit {file} by hand")
    })?;
    match has_same_rest && meaning(&reloaded.desired, manifest) == expected {
        true => Ok((file, reloaded)),
        false => Err(format!("an edit of {file} would declare more than the difference; edit it by hand")),
    }
}

fn text_of<'a>(config: &'a LoadedConfig, file: &str) -> Option<&'a str> {
    let source = config.sources.iter().find(|source| *source.file == *file)?;
    source.text.as_deref().ok()
}

fn write(folder: &dyn ExportFolder, file: &str, before: &str, after: &str) -> Result<(), String> {
    match folder.find(file) {
        ExistingFile::Text(text) if text == before => folder.write(file, after),
        ExistingFile::Text(_) | ExistingFile::Missing => {
            Err("the file has changed since zonal read it; run absorb again".to_owned())
        }
        ExistingFile::Unreadable(reason) => Err(reason),
    }
}
