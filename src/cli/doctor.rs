//! `zonal doctor`: checks this machine, the keys and the zones.

use std::path::Path;

use clap::Args;

use super::CommandExit;
use super::config::{OutputFormat, load_config, to_json};
use super::context::CommandContext;
use super::open_session::session_without_store;
use super::selection_args::{ZoneSelectionArgs, selected_zones};
use super::session_output::{CommandObserver, report_error};
use super::store_args::StoreArgs;
use crate::model::{Network, error_chain_text};
use crate::render::json::doctor::{
    CheckResult, CheckSide, CheckStatus, CheckSubject, DoctorJson, join_equal,
};
use crate::render::text;
use crate::render::text::count;
use crate::session::doctor::{WriteKeyChecks, check_zones};
use crate::session::effects::RunOrigin as _;
use crate::session::load::LoadedConfig;
use crate::store::StoreAccess;

/// Check keys, zones and this machine, with a fix for each failure
///
/// Asks each zone whose key it is, which environment and which areas it opens, and how many calls are left;
/// compares clock, libraries and campuses; reads the tables that the manifests name, and tells which are hidden,
/// unknown, or written by the network's distribution jobs as well. Sends only GET requests, except with
/// --write-keys: the vendor's test request, which changes nothing, proves that a write key may write.
#[derive(Debug, Args)]
pub struct DoctorCommand {
    /// Also test the write keys, with a request that changes nothing
    #[arg(long)]
    write_keys: bool,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    selection: ZoneSelectionArgs,
    #[command(flatten)]
    store: StoreArgs,
}

impl DoctorCommand {
    /// Checks the config directory and the zones of its network.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.check(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn check(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let report = |error| report_error(&error, format, world);
        let config = load_config(directory, self.environment.as_deref(), format, world)?;
        let mut results = vec![check_manifests(&config), check_git(directory, world).await];
        results.push(self.check_store(&config.network, directory, world).await);
        let session = session_without_store(config, directory, world);
        let network = &session.config.network;
        let zones = selected_zones(&self.selection.selection(), network, format, world)?;
        let write_keys = if self.write_keys { WriteKeyChecks::Test } else { WriteKeyChecks::Skip };
        let observer = CommandObserver::new(world);
        results.extend(check_zones(&session, &zones, write_keys, &observer).await.map_err(report)?);
        let checks = join_equal(results);
        let number = |status| checks.iter().filter(|check| check.status == status).count();
        let result = DoctorJson {
            network: network.name.clone(),
            environment: network.environment.clone(),
            zones: zones.len(),
            failures: number(CheckStatus::Failure),
            warnings: number(CheckStatus::Warning),
            checks,
        };
        match self.json {
            true => world.out.print_line(to_json(&result)),
            false => world.out.print(text::doctor(&result)),
        }
        let failed = |side| {
            result.checks.iter().any(|check| check.status == CheckStatus::Failure && check.side == side)
        };
        Ok(match (failed(CheckSide::Local), failed(CheckSide::Zone)) {
            (true, _) => CommandExit::Invalid,
            (false, true) => CommandExit::Incomplete,
            (false, false) => CommandExit::Done,
        })
    }

    async fn check_store(&self, network: &Network, directory: &Path, world: &CommandContext) -> CheckResult {
        let check = CheckSubject::Store;
        match self.store.try_open(StoreAccess::Read, network, directory, world).await {
            Ok(Some(store)) => {
                store.close().await;
                CheckResult::ok(check, "opens")
            }
            Ok(None) => CheckResult::ok(check, "none yet; the first apply creates it"),
            Err(error) => CheckResult::failure(
                check,
                error_chain_text(&error),
                Some("correct --store, ZONAL_STORE or `store` in the Network manifest".to_owned()),
            ),
        }
    }
}

fn check_manifests(config: &LoadedConfig) -> CheckResult {
    let (manifests, zones) = (count(config.manifests, "manifest"), count(config.network.zones.len(), "zone"));
    CheckResult::ok(CheckSubject::Manifests, format!("{manifests}, {zones}"))
}

async fn check_git(directory: &Path, world: &CommandContext) -> CheckResult {
    match world.machine(directory).author().await.commit {
        Some(commit) => {
            let (commit, changes) = match commit.strip_suffix('+') {
                Some(commit) => (commit, ", with uncommitted changes"),
                None => (commit.as_str(), ""),
            };
            let commit = commit.get(..10).unwrap_or(commit);
            CheckResult::ok(CheckSubject::Git, format!("commit {commit}{changes}"))
        }
        None => CheckResult::warning(
            CheckSubject::Git,
            "no commit of these manifests",
            "run `git init`, `git add .` and `git commit`, so that plans can tell who changed what",
        ),
    }
}
