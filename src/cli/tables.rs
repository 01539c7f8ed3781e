//! `zonal tables`: lists the tables of all zones, and compares their contents.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;

use super::CommandExit;
use super::config::{OutputFormat, load_config, to_json};
use super::context::CommandContext;
use super::open_session::session_without_store;
use super::selection_args::{ZoneSelectionArgs, selected_zones};
use super::session_output::{CommandObserver, report_error};
use crate::model::{Network, ZoneCode};
use crate::render::json::tables::TablesJson;
use crate::render::text::{TableDetail, count, tables};
use crate::session::table_inventory::{
    CollectionsByZone, ListedZones, TableFilter, TableLists, inventory, list_tables, read_tables,
};

/// List the tables of all zones, with their rows and forms
///
/// Each zone is asked for its two lists of tables: 2 requests a zone. With --table or --forms, zonal also reads
/// the selected tables, one request a table and zone, and says first what that costs. A form is what some
/// zones have in common: the same rows, whatever their order, author and date. Only GET requests are sent.
#[derive(Debug, Args)]
pub struct TablesCommand {
    /// List only tables with this text in code, name or subsystem (can be repeated)
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    /// Read this table, named by its code, and show the zones of each form (can be repeated)
    #[arg(long, value_name = "CODE")]
    table: Vec<String>,
    /// Read the listed tables, and count their rows and forms
    #[arg(long)]
    forms: bool,
    /// Read code tables in this language (default: each institution's own)
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// Print the inventory as JSON
    #[arg(long)]
    json: bool,
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    selection: ZoneSelectionArgs,
}

impl TablesCommand {
    /// Lists the tables of the zones below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.show(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn show(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let report = |error| report_error(&error, format, world);
        let config = load_config(directory, self.environment.as_deref(), format, world)?;
        let session = session_without_store(config, directory, world);
        let network = &session.config.network;
        let zones = selected_zones(&self.selection.selection(), network, format, world)?;
        let ListedZones { zones, lists } = list_tables(&session, &zones).await.map_err(report)?;
        let filter = TableFilter { codes: self.table.clone(), texts: self.text.clone() };
        check_filter(&filter, &lists, world)?;
        let collections = filter.collections(&lists, self.language.as_deref());
        let cost = reading_cost(network, &collections);
        let is_read = self.forms || !self.table.is_empty();
        let observed = match is_read {
            true => {
                world.err.print_plain_line(format!("Reading {cost}."));
                let observer = CommandObserver::new(world);
                Some(read_tables(&session, &zones, &collections, &observer).await.map_err(report)?)
            }
            false => None,
        };
        let inventory = inventory(network, &filter, &lists, observed.as_ref());
        match self.json {
            true => world.out.print_line(to_json(&inventory)),
            false => {
                let detail =
                    if self.table.is_empty() { TableDetail::Counts } else { TableDetail::ZonesOfForms };
                world.out.print(tables(&inventory, detail));
                if !is_read && !collections.is_empty() {
                    world.out.print_line(format!("Rows and forms: add `--forms`, which reads {cost}."));
                }
            }
        }
        Ok(inventory_exit(&inventory))
    }
}

/// Checks that the zones list the tables of a filter.
///
/// # Errors
/// Prints the problems and returns the exit code.
pub(super) fn check_filter(
    filter: &TableFilter,
    lists: &TableLists,
    world: &CommandContext,
) -> Result<(), CommandExit> {
    let problems = filter.problems(lists);
    let exits: Vec<CommandExit> = problems.iter().map(|problem| super::fail(world, problem)).collect();
    exits.into_iter().next().map_or(Ok(()), Err)
}

/// Returns the outcome: incomplete if a zone or a table could not be read.
pub(super) fn inventory_exit(inventory: &TablesJson) -> CommandExit {
    let unread = inventory.tables.iter().filter_map(|table| table.content.as_ref());
    let is_complete = inventory.zones.iter().all(|zone| zone.failure.is_none())
        && unread.flat_map(|content| &content.failures).next().is_none();
    if is_complete { CommandExit::Done } else { CommandExit::Incomplete }
}

/// Returns the cost of reading collections as text: requests, and the time of the slowest zone.
pub(super) fn reading_cost(network: &Network, collections: &CollectionsByZone) -> String {
    let requests: usize = collections.values().map(|tables| tables.len()).sum();
    let tables: BTreeSet<_> = collections.values().flatten().collect();
    let seconds = |(zone, tables): (&ZoneCode, &BTreeSet<_>)| {
        let pace = network.zone(zone).map_or(1, |zone| zone.rate.per_second.max(1));
        tables.len().div_ceil(pace as usize)
    };
    let longest = collections.iter().map(seconds).max().unwrap_or_default();
    format!(
        "{} of {}: {}, at least {longest} s",
        count(tables.len(), "table"),
        count(collections.len(), "zone"),
        count(requests, "request"),
    )
}
