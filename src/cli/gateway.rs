//! `zonal gateway check`: tests a gateway against the contract, for gateway developers.

use std::sync::Arc;

use clap::{Args, Subcommand};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::CommandExit;
use super::config::to_json;
use super::context::CommandContext;
use crate::kinds::KINDS;
use crate::model::CollectionId;
use crate::model::network::RateLimit;
use crate::provider::gateway::SharedGateway;
use crate::provider::gateway::contract_check::{
    CheckOutcome, CheckResult, GatewayCheck, ScratchRecord, check,
};

/// Commands for gateway developers
#[derive(Debug, Args)]
pub struct GatewayCommand {
    #[command(subcommand)]
    command: GatewayAction,
}

#[derive(Debug, Subcommand)]
enum GatewayAction {
    Check(GatewayCheckCommand),
}

/// Test a gateway against the contract
///
/// The contract is the OpenAPI document of `zonal schema gateway.openapi`. Without --scratch, zonal sends
/// only GET requests. With --scratch, zonal creates the given record, writes with an outdated revision (must
/// fail), reads back and deletes the record.
#[derive(Debug, Args)]
struct GatewayCheckCommand {
    /// URL of the gateway, without /v1
    #[arg(value_name = "URL")]
    url: String,
    /// Code of a zone that the gateway serves
    #[arg(long, value_name = "CODE")]
    zone: String,
    /// Environment variable that holds the gateway's API key
    #[arg(long, value_name = "NAME", default_value = "ZONAL_GATEWAY_WRITE")]
    key_env: String,
    /// Temporary test record to create and delete, as JSON
    ///
    /// Example: {"kind": "AvailabilityGroups", "key": ["name"], "fields": {"name": "Trial"}}
    #[arg(long, value_name = "JSON", value_parser = scratch)]
    scratch: Option<ScratchRecord>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Result of a gateway check.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal gateway check --json")]
pub struct GatewayCheckJson {
    /// True if no check failed.
    pub passed: bool,
    /// Checks, in order of execution.
    pub checks: Vec<CheckResult>,
}

impl GatewayCommand {
    /// Runs the subcommand.
    pub async fn run(&self, world: &CommandContext) -> CommandExit {
        let GatewayAction::Check(command) = &self.command;
        match command.run(world).await {
            Ok(exit) => exit,
            Err(message) => super::fail(world, message),
        }
    }
}

impl GatewayCheckCommand {
    async fn run(&self, world: &CommandContext) -> Result<CommandExit, String> {
        let url = url::Url::parse(&self.url).map_err(|error| format!("{}: {error}", self.url))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("{}: the URL must start with https:// or http://", self.url));
        }
        let key = world.env.get(&self.key_env).ok_or_else(|| {
            format!(
                "the environment variable {} is not set; choose another variable with --key-env",
                self.key_env
            )
        })?;
        let rate = RateLimit { per_second: 20, daily_reserve: 0 };
        let transport = world.transport();
        let trial = GatewayCheck {
            gateway: Arc::new(SharedGateway::new(self.url.trim_end_matches('/'), rate, transport)),
            zone: self.zone.as_str().into(),
            key: SecretString::from(key.as_str()),
            scratch: self.scratch.clone(),
            retired: KINDS.iter().flat_map(|kind| kind.retired).copied().collect(),
        };
        let Ok(checks) = world.unless_interrupted(check(&trial)).await else {
            return Ok(CommandExit::Interrupted);
        };
        let passed = checks.iter().all(|check| check.outcome != CheckOutcome::Failed);
        if self.json {
            world.out.print_line(to_json(&GatewayCheckJson { passed, checks }));
        } else {
            checks.iter().flat_map(check_lines).for_each(|line| world.out.print_plain_line(line));
            let failed = checks.iter().filter(|check| check.outcome == CheckOutcome::Failed).count();
            world.out.print_line(match failed {
                0 => "All executed checks passed.".to_owned(),
                failed => format!("{failed} of {} checks failed.", checks.len()),
            });
        }
        Ok(if passed { CommandExit::Done } else { CommandExit::Invalid })
    }
}

fn check_lines(check: &CheckResult) -> Vec<String> {
    let mark = match check.outcome {
        CheckOutcome::Passed => "✓",
        CheckOutcome::Failed => "!",
        CheckOutcome::Warned => "?",
        CheckOutcome::Skipped => "-",
    };
    let skipped = if check.outcome == CheckOutcome::Skipped { " (skipped: pass --scratch)" } else { "" };
    let found = check.found.iter().map(|found| format!("    {found}"));
    std::iter::once(format!("{mark} {}{skipped}", check.rule)).chain(found).collect()
}

fn scratch(text: &str) -> Result<ScratchRecord, String> {
    let json: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let kind = json.get("kind").and_then(Json::as_str).ok_or("missing `kind`")?;
    let fields: Map<String, Json> =
        json.get("fields").and_then(Json::as_object).cloned().ok_or("missing `fields`")?;
    let names =
        json.get("key").and_then(Json::as_array).ok_or("missing `key`: expected a list of field names")?;
    let part = |name: &Json| {
        let name = name.as_str().ok_or("`key` must be a list of field names")?;
        let value = fields.get(name).and_then(Json::as_str);
        let value = value.filter(|value| !value.is_empty());
        let part = value.map(|value| (name.to_owned(), value.to_owned()));
        part.ok_or_else(|| format!("`fields` has no text value for the key field `{name}`"))
    };
    let key = names.iter().map(part).collect::<Result<Vec<_>, String>>()?;
    let collection = match json.get("table").and_then(Json::as_str) {
        Some(table) => CollectionId::with_code(kind, table),
        None => CollectionId::of_institution(kind),
    };
    Ok(ScratchRecord { collection, fields, key })
}
