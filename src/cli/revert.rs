//! `zonal revert` and `zonal restore`: return to the state before a run.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::apply_output::{ApplyOutput, EventAudience};
use super::config::{OutputFormat, load_config};
use super::confirm::confirm_apply;
use super::context::CommandContext;
use super::lease_args::LeaseArgs;
use super::open_session::open_session;
use super::override_args::OverrideArgs;
use super::plan_file;
use super::selection_args::ZoneSelectionArgs;
use super::session_output::{CommandObserver, report_error};
use super::store_args::StoreArgs;
use crate::model::RunId;
use crate::render::text::PlanDetail;
use crate::session::apply::apply;
use crate::session::execute_plan::ApplyOptions;
use crate::session::plan::{PlanRequest, plan};
use crate::session::reverted_run::RestoreScope;
use crate::session::run_outcome::{self, DetailedExitCode};
use crate::session::selection::ManifestSelection;
use crate::store::StoreAccess;

/// Undo the changes of a run
///
/// Plans the return to the state before the run, asks for confirmation, and writes with all checks of an
/// apply. Touches only fields and records that the run changed. Keeps and reports records that changed since.
#[derive(Debug, Args)]
pub struct RevertCommand {
    #[command(flatten)]
    undo: UndoArgs,
}

/// Bring back what the writes of a run replaced
///
/// The store keeps each table as it was before its PUT. Plans the return to these images, rows without an
/// owner included, and writes with all checks of an apply. Keeps and reports rows that no longer hold what the
/// run left.
#[derive(Debug, Args)]
pub struct RestoreCommand {
    #[command(flatten)]
    undo: UndoArgs,
    /// Zone or collection, such as `01OMNI_ALPHA/CodeTable/UserGroups` (default: all of the run)
    #[arg(value_name = "ADDRESS")]
    address: Option<String>,
}

/// Arguments for the return to the state before a run.
#[derive(Debug, Args)]
struct UndoArgs {
    /// Run, as listed by `zonal runs`
    #[arg(value_name = "RUN")]
    run: RunId,
    /// Save the plan to this file and write to no zone
    #[arg(long, value_name = "FILE", conflicts_with_all = ["yes", "json"])]
    out: Option<PathBuf>,
    /// Revert without asking for confirmation
    #[arg(long)]
    yes: bool,
    /// Print events as newline-delimited JSON (requires --yes)
    #[arg(long, requires = "yes")]
    json: bool,
    #[command(flatten)]
    leases: LeaseArgs,
    #[command(flatten)]
    overrides: OverrideArgs,
    /// Environment of the run
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    zones: ZoneSelectionArgs,
    #[command(flatten)]
    store: StoreArgs,
}

impl RevertCommand {
    /// Reverts a run of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.undo.run(None, directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }
}

impl RestoreCommand {
    /// Restores collections of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        let scope = RestoreScope { address: self.address.clone() };
        match self.undo.run(Some(scope), directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }
}

impl UndoArgs {
    async fn run(
        &self,
        restore: Option<RestoreScope>,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Lines } else { OutputFormat::Text };
        let output = ApplyOutput::new(format, EventAudience::None, world);
        let observer = CommandObserver::with_output(&output, world);
        let report = |error| report_error(&error, format, world);
        output.print_header();
        let config = load_config(directory, self.environment.as_deref(), format, world)?;
        let access = if self.out.is_some() { StoreAccess::Read } else { StoreAccess::Existing };
        let session = open_session(config, &self.store, access, directory, world).await?;
        let selection = ManifestSelection { zones: self.zones.selection(), ..ManifestSelection::default() };
        let overrides = self.overrides.overrides();
        let request = PlanRequest { overrides, restore, ..PlanRequest::for_revert(self.run, selection) };
        let planned = plan(&session, request, &observer).await.map_err(report)?;
        output.plan(&planned.plan, PlanDetail::Decisions);
        if let Some(file) = &self.out {
            plan_file::save(file, &planned.plan, world)?;
            return Ok(run_outcome::worst(&run_outcome::of_plan(&planned.plan, DetailedExitCode::No)));
        }
        self.overrides.check_digest(&planned.plan, world)?;
        if planned.plan.is_writable() && !self.yes {
            confirm_apply(&planned.plan, world).await?;
        }
        let options = ApplyOptions { lease_wait: self.leases.lease_wait(), ..ApplyOptions::default() };
        let executed = apply(&session, &planned, &options, &observer).await.map_err(report)?.executed;
        output.print_json_result(&planned.plan, &executed);
        output.remind_of_git(&executed);
        Ok(run_outcome::worst(&executed.outcomes))
    }
}
