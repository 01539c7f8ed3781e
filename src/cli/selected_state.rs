//! What is desired of the zones that a command is aimed at, before any of them is asked.

use std::path::Path;

use super::changed_since;
use super::comparison_base::CommandScope;
use super::config::{self, ConfigDirectory, OutputFormat};
use super::context::CommandContext;
use super::exit_code::CommandExit;
use super::reviewed_plan::ReviewedPlan;
use super::selection_args::SelectionArgs;
use super::store::StoreArgs;
use super::target_args::{PlanOptions, TargetArgs};
use crate::model::{DesiredState, PlanInputs};
use crate::plan;
use crate::plan::revert::RunRevert;

/// What is desired of the zones that a command is aimed at.
pub struct SelectedState {
    /// The manifests.
    pub config: ConfigDirectory,
    /// What is desired of the zones that were selected.
    pub desired: DesiredState,
    /// What it was narrowed to, in words.
    pub selection: Option<String>,
    /// What a plan of it is made from.
    pub made_from: PlanInputs,
    /// The plan file that it is held against, where there is one.
    pub reviewed: Option<ReviewedPlan>,
    /// What it is compared with.
    pub terms: PlanOptions,
    /// Which store to remember by.
    pub store: StoreArgs,
    /// What it covers.
    pub reach: CommandScope,
    /// The run that is taken back, where what is desired comes from the history.
    pub backwards: Option<RunRevert>,
}

/// Loads the manifests, and narrows what they want to what the command is aimed at.
pub async fn prepare(
    target: &TargetArgs,
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
) -> Result<SelectedState, CommandExit> {
    let config = config::load(directory, target.environment.as_deref(), format, world)?;
    if format == OutputFormat::Json {
        config.warn(world);
    }
    let mut desired = narrow(&target.selection, &config, config.desired.clone(), world)?;
    let mut selection = target.selection.description();
    if let Some(since) = &target.changed_since {
        let words = changed_since::narrow(since, &config, &mut desired, directory, world).await?;
        selection = Some(selection.into_iter().chain([words]).collect::<Vec<_>>().join(", "));
    }
    let made_from = plan::made_from(&config.network, &desired, &target.selection.kind);
    let terms = PlanOptions::default();
    let store = target.store.clone();
    let reach =
        CommandScope { zones: target.zones(&config.network, &desired), kinds: target.selection.kind.clone() };
    Ok(SelectedState {
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
    selection: &SelectionArgs,
    config: &ConfigDirectory,
    desired: DesiredState,
    world: &CommandContext,
) -> Result<DesiredState, CommandExit> {
    let narrowed = selection.narrow(&config.network, desired).map_err(|problems| {
        problems.iter().for_each(|problem| {
            super::fail(world, problem);
        });
        CommandExit::Invalid
    })?;
    if let Some(shard) = selection.shard.filter(|_| narrowed.zones.is_empty()) {
        world.err.print_line(format!("note: there are no zones in shard {shard}, so there is nothing to do"));
    }
    Ok(narrowed)
}
