//! What zones are set to, read for the sake of questions: everything that these need, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::against;
use super::config::{Config, Format};
use super::exit::Exit;
use super::plan::ask;
use super::world::World;
use crate::meaning::{self, Settings, Subject};
use crate::model::place::Place;
use crate::model::{
    Desired, DesiredCollection, Enforcement, OnConflict, Provenance, Question, Standing, Unlisted, ZoneCode,
};

/// What the zones are set to, as far as the questions need it; `against` is a snapshot that stands in for them.
///
/// # Errors
/// An exit code, once it has been said why nothing could be read.
pub async fn observed(
    questions: impl Iterator<Item = &Question>,
    against: Option<&Path>,
    config: &Config,
    directory: &Path,
    format: Format,
    world: &World,
) -> Result<Settings, Exit> {
    let wanted = wanted(questions, config);
    let observed = match against {
        Some(file) => against::observe_in(file, config, &wanted, world).await?,
        None => ask(config, &wanted, directory, format, world, &|_| {}).await?.0,
    };
    Ok(Settings::observed(&config.network, &observed))
}

/// Everything that the questions need, to be looked at and left alone.
fn wanted<'a>(questions: impl Iterator<Item = &'a Question>, config: &Config) -> Desired {
    let mut needed: BTreeMap<ZoneCode, BTreeSet<Subject>> = BTreeMap::new();
    for question in questions {
        for (zone, subjects) in meaning::needs(question, &config.network) {
            needed.entry(zone).or_default().extend(subjects);
        }
    }
    let in_view =
        |(zone, subjects): (ZoneCode, BTreeSet<Subject>)| (zone, subjects.iter().map(in_view).collect());
    Desired { zones: needed.into_iter().map(in_view).collect() }
}

fn in_view(subject: &Subject) -> DesiredCollection {
    let id = subject.collection();
    let shape = crate::kinds::shape(&id.kind).unwrap_or_default();
    DesiredCollection {
        id,
        shape,
        key: [].into(),
        unlisted: Unlisted::Keep,
        enforcement: Enforcement::Observe,
        on_conflict: OnConflict::Stop,
        records: BTreeMap::new(),
        amendments: Vec::new(),
        standing: Standing::InView,
        provenance: Provenance { place: Place::file(""), manifest: "".into(), override_index: None },
    }
}
