//! Desired state of the selected zones, before any request to a zone.

use std::path::Path;

use super::CommandExit;
use super::changed_since;
use super::comparison_base::CommandScope;
use super::config::{self, ConfigDirectory, OutputFormat};
use super::context::CommandContext;
use super::reviewed_plan::ReviewedPlan;
use super::selection_args::SelectionArgs;
use super::store::StoreArgs;
use super::target_args::{PlanOptions, TargetArgs};
use crate::model::{DesiredState, PlanInputs};
use crate::plan;
use crate::plan::revert::RunRevert;

/// Desired state of the selected zones, with the options of a plan.
pub struct SelectedState {
    /// Manifests.
    pub config: ConfigDirectory,
    /// Desired state of the selected zones.
    pub desired: DesiredState,
    /// Selection as text.
    pub selection: Option<String>,
    /// Inputs of the plan.
    pub made_from: PlanInputs,
    /// Reviewed plan file, if any.
    pub reviewed: Option<ReviewedPlan>,
    /// Options of the comparison.
    pub terms: PlanOptions,
    /// Store options.
    pub store: StoreArgs,
    /// Zones and kinds of the command.
    pub reach: CommandScope,
    /// Reverted run, if the desired state comes from the history.
    pub backwards: Option<RunRevert>,
}

/// Loads the manifests and reduces the desired state to the selection.
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

/// Returns the desired state of a selection.
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
        world.err.print_line(format!("note: shard {shard} contains no zones; no changes to make"));
    }
    Ok(narrowed)
}
