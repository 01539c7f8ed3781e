//! Reads the settings of zones that questions need.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::CommandExit;
use super::config::{ConfigDirectory, OutputFormat};
use super::context::CommandContext;
use super::plan::observe_zones;
use super::snapshot_reader;
use crate::analysis::{self, NetworkSettings, SettingsCollection};
use crate::model::source_span::SourceSpan;
use crate::model::{
    CollectionRole, ConflictPolicy, DesiredCollection, DesiredState, Enforcement, Provenance, Question,
    UnlistedPolicy, ZoneCode,
};

/// Reads the settings for the questions, from the zones or from the snapshot `against`.
///
/// # Errors
/// Prints the error and returns the exit code if the settings cannot be read.
pub async fn read_settings(
    questions: impl Iterator<Item = &Question>,
    against: Option<&Path>,
    config: &ConfigDirectory,
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
) -> Result<NetworkSettings, CommandExit> {
    let wanted = desired_for_questions(questions, config);
    let observed = match against {
        Some(file) => snapshot_reader::observe_in(file, config, &wanted, world).await?,
        None => observe_zones(config, &wanted, directory, format, world, &|_| {}).await?.0,
    };
    Ok(NetworkSettings::from_observed(&config.network, &observed))
}

/// Returns the collections that the questions need, for reading only.
fn desired_for_questions<'a>(
    questions: impl Iterator<Item = &'a Question>,
    config: &ConfigDirectory,
) -> DesiredState {
    let mut needed: BTreeMap<ZoneCode, BTreeSet<SettingsCollection>> = BTreeMap::new();
    for question in questions {
        for (zone, subjects) in analysis::needs(question, &config.network) {
            needed.entry(zone).or_default().extend(subjects);
        }
    }
    let in_view = |(zone, subjects): (ZoneCode, BTreeSet<SettingsCollection>)| {
        (zone, subjects.iter().map(in_view).collect())
    };
    DesiredState { zones: needed.into_iter().map(in_view).collect() }
}

fn in_view(subject: &SettingsCollection) -> DesiredCollection {
    let id = subject.collection();
    let shape = crate::kinds::shape(&id.kind).unwrap_or_default();
    DesiredCollection {
        id,
        shape,
        key: [].into(),
        unlisted: UnlistedPolicy::Keep,
        enforcement: Enforcement::Report,
        on_conflict: ConflictPolicy::Defer,
        records: BTreeMap::new(),
        amendments: Vec::new(),
        standing: CollectionRole::ReferenceOnly,
        provenance: Provenance { span: SourceSpan::file(""), manifest: "".into(), override_index: None },
    }
}
