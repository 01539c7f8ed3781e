//! `zonal compare`: shows the rows and fields in which the tables of zones differ.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::config::{OutputFormat, load_config, to_json};
use super::context::CommandContext;
use super::open_session::session_without_store;
use super::selection_args::{ZoneSelectionArgs, selected_zones};
use super::session_output::{CommandObserver, report_error};
use super::snapshot_file::read_snapshot;
use super::tables::{check_filter, inventory_exit, reading_cost};
use crate::model::network::Zone;
use crate::model::{ObservedState, ZoneCode};
use crate::render::text;
use crate::session::NetworkSession;
use crate::session::selection::ZoneSelection;
use crate::session::table_inventory::{
    ListedZones, TableFilter, TableLists, inventory, list_tables, read_tables,
};
use crate::session::zone_comparison::compare_zones;

/// Show how the tables of two zones differ, or of all
///
/// Reads the tables of both zones, one request a table and zone, and says first what that costs. Shows for each
/// table the rows that only one zone has, and the fields that differ. With --all, zones with the same rows are
/// one form, whatever the order, author and date of the rows, and each form is compared with the most frequent
/// one. Sends only GET requests, and none with --snapshot.
#[derive(Debug, Args)]
pub struct CompareCommand {
    /// First zone
    #[arg(value_name = "ZONE", required_unless_present = "all", requires = "second")]
    first: Option<String>,
    /// Second zone
    #[arg(value_name = "ZONE")]
    second: Option<String>,
    /// Compare all zones
    #[arg(long, conflicts_with_all = ["first", "second"])]
    all: bool,
    /// Compare only this table, named by its code (can be repeated; default: all tables that the zones list)
    #[arg(long, value_name = "CODE")]
    table: Vec<String>,
    /// Compare the tables of a snapshot file instead of the zones (no API key needed)
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// Compare code tables in this language (default: each institution's own)
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// Print the comparison as JSON
    #[arg(long)]
    json: bool,
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    selection: ZoneSelectionArgs,
}

impl CompareCommand {
    /// Compares zones of the Network manifest below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.compare(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn compare(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let pair = self.pair().map_err(|message| super::fail(world, message))?;
        let config = load_config(directory, self.environment.as_deref(), format, world)?;
        let session = session_without_store(config, directory, world);
        let network = &session.config.network;
        let zones = selected_zones(&self.zone_selection(pair.as_ref()), network, format, world)?;
        let filter = TableFilter { codes: self.table.clone(), texts: Vec::new() };
        let (lists, observed) = self.read(&session, &zones, &filter, format, world).await?;
        let inventory = inventory(network, &filter, &lists, Some(&observed));
        let exit = inventory_exit(&inventory);
        let mut compared = compare_zones(network, inventory, &observed, pair);
        compared.snapshot = self.snapshot.as_ref().map(|file| file.display().to_string());
        match self.json {
            true => world.out.print_line(to_json(&compared)),
            false => world.out.print(text::comparison(&compared)),
        }
        Ok(exit)
    }

    /// Returns the pair of zones; `None` for all zones.
    fn pair(&self) -> Result<Option<[ZoneCode; 2]>, String> {
        let (Some(first), Some(second)) = (&self.first, &self.second) else { return Ok(None) };
        let ZoneSelection { zones, labels, excluded } = self.selection.selection();
        if !(zones.is_empty() && labels.is_empty() && excluded.is_empty()) {
            return Err(
                "`--zone`, `--label` and `--exclude` select zones of `--all`, not of a pair".to_owned()
            );
        }
        match first == second {
            true => Err(format!("{first} cannot be compared with itself; name two zones, or use `--all`")),
            false => Ok(Some([first.as_str().into(), second.as_str().into()])),
        }
    }

    fn zone_selection(&self, pair: Option<&[ZoneCode; 2]>) -> ZoneSelection {
        match pair {
            Some(pair) => {
                ZoneSelection { zones: pair.iter().map(ToString::to_string).collect(), ..Default::default() }
            }
            None => self.selection.selection(),
        }
    }

    /// Reads the tables from the snapshot or the zones.
    async fn read(
        &self,
        session: &NetworkSession,
        zones: &[&Zone],
        filter: &TableFilter,
        format: OutputFormat,
        world: &CommandContext,
    ) -> Result<(TableLists, ObservedState), CommandExit> {
        let report = |error| report_error(&error, format, world);
        let network = &session.config.network;
        let language = self.language.as_deref();
        if let Some(snapshot) = read_snapshot(self.snapshot.as_deref(), world)? {
            let (lists, observed) = snapshot.tables(network, zones, language).map_err(report)?;
            check_filter(filter, &lists, world)?;
            return Ok((lists, observed));
        }
        let ListedZones { zones, lists } = list_tables(session, zones).await.map_err(report)?;
        check_filter(filter, &lists, world)?;
        let collections = filter.collections(&lists, language);
        world.err.print_plain_line(format!("Reading {}.", reading_cost(network, &collections)));
        let observer = CommandObserver::new(world);
        let observed = read_tables(session, &zones, &collections, &observer).await.map_err(report)?;
        Ok((lists, observed))
    }
}
