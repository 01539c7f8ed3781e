//! `zonal capabilities`: shows the channel of each kind in each zone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use comfy_table::{ContentArrangement, Table as Grid, presets};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use schemars::JsonSchema;
use serde::Serialize;

use super::config::{self, OutputFormat, to_json};
use super::context::CommandContext;
use super::exit_code::CommandExit;
use super::selection_args::ZoneSelectionArgs;
use super::zone_readers;
use crate::kinds::KINDS;
use crate::model::network::Zone;
use crate::model::{Channel, DesiredCollection, TableName, ZoneCode, ZoneFailure};
use crate::provider::channel_routing::ZoneCapabilities;
use crate::render::text::{count, zone_list};

/// Show which channel serves each kind in each zone
///
/// The channels are Alma's API, the gateway, and manual steps. zonal reads the two table lists of each zone,
/// and the list of collections that the gateway serves. Zones with equal results share a column.
#[derive(Debug, Args)]
pub struct CapabilitiesCommand {
    /// Print the matrix as JSON
    #[arg(long)]
    json: bool,
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    selection: ZoneSelectionArgs,
}

/// Channels by zone and kind.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal capabilities --json")]
pub struct CapabilityMatrix {
    /// Name of the network.
    pub network: String,
    /// Selected environment; null without an environment.
    pub environment: Option<String>,
    /// Queried zones.
    pub zones: Vec<CapabilityRow>,
}

/// Channels of one zone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CapabilityRow {
    /// Alma's institution code.
    pub zone: String,
    /// Failure of the query, if the zone or its gateway did not answer.
    pub failure: Option<ZoneFailure>,
    /// Channel of each collection type, by kind; null if the gateway gave no information.
    ///
    /// Without kinds that do not apply to the zone; empty if the zone did not answer.
    pub kinds: BTreeMap<String, BTreeMap<String, Option<Channel>>>,
    /// Number of code tables in the API's list.
    pub code_tables: usize,
    /// Number of mapping tables in the API's list.
    pub mapping_tables: usize,
    /// Desired tables that the API does not list, such as hidden tables.
    pub tables_not_in_api: Vec<String>,
}

impl CapabilitiesCommand {
    /// Queries the channels of the zones below `directory` and prints the matrix.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.query_channels(directory, world).await {
            Ok(matrix) => {
                match self.json {
                    true => world.out.print_line(to_json(&matrix)),
                    false => world.out.print(matrix_text(&matrix)),
                }
                match matrix.zones.iter().any(|row| row.failure.is_some()) {
                    true => CommandExit::Incomplete,
                    false => CommandExit::Done,
                }
            }
            Err(exit) => exit,
        }
    }

    async fn query_channels(
        &self,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<CapabilityMatrix, CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let config = config::load(directory, self.environment.as_deref(), format, world)?;
        let told = |problems: Vec<String>| {
            problems.iter().fold(CommandExit::Invalid, |_, problem| super::fail(world, problem))
        };
        let zones = self.selection.zones(&config.network).map_err(told)?;
        let readers = zone_readers::open(&config, &zones, directory, format, world).await?.readers;
        let asking: FuturesUnordered<_> =
            readers.iter().map(|(code, reader)| async move { (code, reader.capabilities().await) }).collect();
        let answers: BTreeMap<_, _> = world.unless_interrupted(asking.collect()).await?;
        let rows = zones.iter().filter_map(|zone| {
            let desired = config.desired.zones.get(&zone.code).map(Vec::as_slice).unwrap_or_default();
            Some(row(zone, answers.get(&zone.code)?, desired))
        });
        Ok(CapabilityMatrix {
            network: config.network.name.clone(),
            environment: config.network.environment.clone(),
            zones: rows.collect(),
        })
    }
}

fn row(
    zone: &Zone,
    answer: &Result<ZoneCapabilities, ZoneFailure>,
    desired: &[DesiredCollection],
) -> CapabilityRow {
    let known = match answer {
        Ok(known) => known,
        Err(failure) => {
            return CapabilityRow {
                zone: zone.code.to_string(),
                failure: Some(failure.clone()),
                kinds: BTreeMap::new(),
                code_tables: 0,
                mapping_tables: 0,
                tables_not_in_api: Vec::new(),
            };
        }
    };
    let kinds = KINDS.iter().filter(|kind| kind.reach.covers(zone.role) && !kind.collections.is_empty());
    let [code_tables, mapping_tables] = &known.tables;
    let unlisted = desired.iter().filter(|collection| {
        let listed = match &*collection.id.kind {
            "CodeTable" => code_tables,
            "MappingTable" => mapping_tables,
            _ => return false,
        };
        matches!(&collection.id.table, TableName::Code(code) if !listed.iter().any(|each| **each == **code))
    });
    let unlisted: BTreeSet<String> =
        unlisted.map(|collection| collection.id.without_language().to_string()).collect();
    CapabilityRow {
        zone: zone.code.to_string(),
        failure: known.gateway.as_ref().err().cloned(),
        kinds: kinds
            .map(|kind| {
                let elsewhere =
                    |name| kind.gateway.iter().any(|each| each.kind == name && !each.reach.covers(zone.role));
                let here = kind.collections.iter().copied().filter(|name| !elsewhere(*name));
                let channels = here.map(|name| (name.to_owned(), known.channel(name)));
                (kind.name.to_owned(), channels.collect())
            })
            .collect(),
        code_tables: code_tables.len(),
        mapping_tables: mapping_tables.len(),
        tables_not_in_api: unlisted.into_iter().collect(),
    }
}

/// Returns the matrix as text; zones with equal channels share a column.
fn matrix_text(matrix: &CapabilityMatrix) -> String {
    let mut columns: Vec<(&CapabilityRow, Vec<&str>)> = Vec::new();
    for row in matrix.zones.iter().filter(|row| !row.kinds.is_empty()) {
        match columns.iter_mut().find(|(first, _)| first.kinds == row.kinds) {
            Some((_, zones)) => zones.push(&row.zone),
            None => columns.push((row, vec![&row.zone])),
        }
    }
    let mut out = String::new();
    let mut grid = Grid::new();
    grid.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    let heads = columns.iter().enumerate().map(|(index, (_, zones))| match zones.as_slice() {
        [only] => (*only).to_owned(),
        several => format!("{}: {}", column_name(index), count(several.len(), "zone")),
    });
    grid.set_header(std::iter::once("kind".to_owned()).chain(heads));
    for kind in KINDS.iter().filter(|kind| columns.iter().any(|(row, _)| row.kinds.contains_key(kind.name))) {
        let cells = columns.iter().map(|(row, _)| row.kinds.get(kind.name).map_or("-".to_owned(), cell));
        grid.add_row(std::iter::once(kind.name.to_owned()).chain(cells));
    }
    if !columns.is_empty() {
        out.push_str(&grid.to_string());
        out.push_str("\n\n");
    }
    for (index, (_, zones)) in columns.iter().enumerate().filter(|(_, (_, zones))| zones.len() > 1) {
        let zones: Vec<_> = zones.iter().map(|zone| (*zone).into()).collect();
        out.push_str(&format!("{}:\n{}\n", column_name(index), zone_list(&zones, "  ")));
    }
    let mut unlisted: BTreeMap<String, Vec<ZoneCode>> = BTreeMap::new();
    let mut failures: BTreeMap<(&str, Option<&str>), Vec<ZoneCode>> = BTreeMap::new();
    for row in &matrix.zones {
        if let Some(failure) = &row.failure {
            let told = (failure.message.as_str(), failure.help.as_deref());
            failures.entry(told).or_default().push(row.zone.as_str().into());
        }
        if !row.tables_not_in_api.is_empty() {
            unlisted.entry(row.tables_not_in_api.join(", ")).or_default().push(row.zone.as_str().into());
        }
    }
    for ((message, help), zones) in &failures {
        out.push_str(&format!("? {message}\n"));
        out.extend(help.iter().map(|help| format!("  help: {help}\n")));
        out.push_str(&format!("{}\n", zone_list(zones, "  ")));
    }
    for (tables, zones) in &unlisted {
        out.push_str(&format!("! not listed by the API, only by the gateway or manually: {tables}\n"));
        out.push_str(&format!("{}\n", zone_list(zones, "  ")));
    }
    out.push_str(
        "The API can still reject changes to a listed table; zonal detects this at the first write.\n",
    );
    out
}

fn column_name(index: usize) -> String {
    format!("group {}", index + 1)
}

/// Returns the channel of a kind, or each channel with its collections if they differ.
fn cell(channels: &BTreeMap<String, Option<Channel>>) -> String {
    let ways: BTreeSet<Option<Channel>> = channels.values().copied().collect();
    let word = |way: &Option<Channel>| way.map_or_else(|| "?".to_owned(), |way| way.to_string());
    if let (1, Some(way)) = (ways.len(), ways.first()) {
        return word(way);
    }
    let of = |way: &Option<Channel>| {
        let names: Vec<&str> =
            channels.iter().filter(|(_, each)| *each == way).map(|(name, _)| name.as_str()).collect();
        format!("{}: {}", word(way), names.join(",\n  "))
    };
    ways.iter().map(of).collect::<Vec<_>>().join("\n")
}
