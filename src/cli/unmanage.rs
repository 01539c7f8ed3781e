//! `zonal unmanage`: stops managing records without changing them.

use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::CommandExit;
use super::config::{OutputFormat, load_config, to_json};
use super::confirm::confirm;
use super::context::CommandContext;
use super::open_session::open_session;
use super::session_output::report_error;
use super::store_args::StoreArgs;
use crate::model::RunId;
use crate::render::text::count;
use crate::session::unmanage;
use crate::store::StoreAccess;

/// Stop managing records without changing them
///
/// Removes the records from the applied state. Writes nothing to any zone. A record that a manifest still
/// declares cannot be unmanaged: first remove it from the manifest, or set `enforcement: unmanage`.
#[derive(Debug, Args)]
pub struct UnmanageCommand {
    /// Record, collection or manifest to stop managing
    ///
    /// Either the address of a record or collection as printed in plans, or a manifest, for example
    /// `CodeTable/blocks`.
    #[arg(value_name = "ADDRESS|MANIFEST", required = true)]
    what: Vec<String>,
    /// Unmanage without asking for confirmation
    #[arg(long)]
    yes: bool,
    /// Print the unmanaged records as JSON (requires --yes)
    #[arg(long, requires = "yes")]
    json: bool,
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

/// Result of `zonal unmanage`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal unmanage --json")]
pub struct UnmanageJson {
    /// Recorded run.
    pub run: RunId,
    /// Addresses of the records.
    pub unmanaged: Vec<String>,
}

impl UnmanageCommand {
    /// Unmanages records of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.unmanage(directory, world).await {
            Ok(()) => CommandExit::Done,
            Err(exit) => exit,
        }
    }

    async fn unmanage(&self, directory: &Path, world: &CommandContext) -> Result<(), CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let report = |error| report_error(&error, format, world);
        let config = load_config(directory, self.environment.as_deref(), format, world)?;
        // A missing store is not created only to remove records.
        let session = open_session(config, &self.store, StoreAccess::Existing, directory, world).await?;
        let records = unmanage::find(&session, &self.what).await.map_err(report)?;
        let addresses = records.addresses();
        let number = count(addresses.len(), "record");
        if !self.json {
            addresses.iter().for_each(|address| world.out.print_plain_line(format!("  {address}")));
            world.out.print_line(format!("\nzonal will stop managing {number}. No zone will be changed."));
        }
        if !self.yes {
            confirm(world).await?;
        }
        let run = unmanage::unmanage(&session, records).await.map_err(report)?;
        match self.json {
            true => world.out.print_line(to_json(&UnmanageJson { run, unmanaged: addresses })),
            false => world.out.print_line(format!("Unmanaged {number}.")),
        }
        Ok(())
    }
}
