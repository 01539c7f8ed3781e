//! What is desired of the zones that a command is aimed at, before any of them is asked.

use std::path::Path;

use super::config::{self, Config, Format};
use super::exit::Exit;
use super::remembered::Reach;
use super::reviewed::Reviewed;
use super::selection::Selection;
use super::since;
use super::store::StoreArg;
use super::target::{Target, Terms};
use super::world::World;
use crate::model::{Desired, MadeFrom};
use crate::plan;
use crate::plan::revert::Backwards;

/// What is desired of the zones that a command is aimed at.
pub struct Prepared {
    /// The manifests.
    pub config: Config,
    /// What is desired of the zones that were selected.
    pub desired: Desired,
    /// What it was narrowed to, in words.
    pub selection: Option<String>,
    /// What a plan of it is made from.
    pub made_from: MadeFrom,
    /// The plan file that it is held against, where there is one.
    pub reviewed: Option<Reviewed>,
    /// What it is compared with.
    pub terms: Terms,
    /// Which store to remember by.
    pub store: StoreArg,
    /// What it covers.
    pub reach: Reach,
    /// The run that is taken back, where what is desired comes from the history.
    pub backwards: Option<Backwards>,
}

/// Loads the manifests, and narrows what they want to what the command is aimed at.
pub async fn prepare(
    target: &Target,
    directory: &Path,
    format: Format,
    world: &World,
) -> Result<Prepared, Exit> {
    let config = config::load(directory, target.environment.as_deref(), format, world)?;
    if format == Format::Json {
        config.warn(world);
    }
    let mut desired = narrow(&target.selection, &config, config.desired.clone(), world)?;
    let mut selection = target.selection.words();
    if let Some(since) = &target.changed_since {
        let words = since::narrow(since, &config, &mut desired, directory, world).await?;
        selection = Some(selection.into_iter().chain([words]).collect::<Vec<_>>().join(", "));
    }
    let made_from = plan::made_from(&config.network, &desired, &target.selection.kind);
    let terms = Terms::default();
    let store = target.store.clone();
    let reach =
        Reach { zones: target.zones(&config.network, &desired), kinds: target.selection.kind.clone() };
    Ok(Prepared {
        config,
        desired,
        selection,
        made_from,
        reviewed: None,
        terms,
        store,
        reach,
        backwards: None,
    })
}

/// What a selection leaves of what is desired.
pub fn narrow(
    selection: &Selection,
    config: &Config,
    desired: Desired,
    world: &World,
) -> Result<Desired, Exit> {
    let narrowed = selection.narrow(&config.network, desired).map_err(|problems| {
        problems.iter().for_each(|problem| {
            super::fail(world, problem);
        });
        Exit::Invalid
    })?;
    if let Some(shard) = selection.shard.filter(|_| narrowed.zones.is_empty()) {
        world.err.line(format!("note: there are no zones in shard {shard}, so there is nothing to do"));
    }
    Ok(narrowed)
}
