//! Opens the session of a command: loads the manifests, checks the request, opens the store.

use std::path::Path;

use super::CommandExit;
use super::config::{OutputFormat, load_config, print_warnings};
use super::context::CommandContext;
use super::session_output::{CommandObserver, report_error};
use super::store_args::StoreArgs;
use super::target_args::TargetArgs;
use crate::session::NetworkSession;
use crate::session::load::LoadedConfig;
use crate::session::plan::{PlanRequest, PlannedRun, plan};
use crate::store::StoreAccess;

/// Opens a session with the store of its network.
///
/// # Errors
/// Prints the error and returns the exit code if the store cannot be opened.
pub async fn open_session(
    config: LoadedConfig,
    store: &StoreArgs,
    access: StoreAccess,
    directory: &Path,
    world: &CommandContext,
) -> Result<NetworkSession, CommandExit> {
    let store = store.open(access, &config.network, directory, world).await?;
    Ok(NetworkSession { config, store, effects: world.effects(directory) })
}

/// Returns a session without a store.
pub fn session_without_store(
    config: LoadedConfig,
    directory: &Path,
    world: &CommandContext,
) -> NetworkSession {
    NetworkSession { config, store: None, effects: world.effects(directory) }
}

/// Plans for a command that writes to no zone. The selection of the request comes from `target`.
///
/// # Errors
/// Prints the error and returns the exit code of the first failed step.
pub async fn plan_target(
    request: PlanRequest,
    target: &TargetArgs,
    access: StoreAccess,
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
) -> Result<(NetworkSession, PlannedRun), CommandExit> {
    let report = |error| report_error(&error, format, world);
    let config = load_config(directory, target.environment.as_deref(), format, world)?;
    if format == OutputFormat::Json {
        print_warnings(&config, world);
    }
    let request = PlanRequest { selection: target.selection(), ..request };
    request.check(&config).map_err(report)?;
    // A snapshot carries the applied state, so a plan from it opens no store that a manifest names: a pull
    // request can name any server, which would get the password of the pipeline.
    let is_offline = request.snapshot.is_some();
    let store = if is_offline { target.store.offline() } else { target.store.clone() };
    let session = match is_offline && access == StoreAccess::Read && !target.store.is_named() {
        true => session_without_store(config, directory, world),
        false => open_session(config, &store, access, directory, world).await?,
    };
    let planned = plan(&session, request, &CommandObserver::new(world)).await.map_err(report)?;
    Ok((session, planned))
}
