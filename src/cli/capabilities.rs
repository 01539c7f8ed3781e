//! `zonal capabilities`: shows the channel of each kind in each zone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use comfy_table::{ContentArrangement, Table as Grid, presets};

use super::CommandExit;
use super::config::{OutputFormat, load_config, to_json};
use super::context::CommandContext;
use super::open_session::session_without_store;
use super::selection_args::ZoneSelectionArgs;
use super::session_output::report_error;
use crate::kinds::KINDS;
use crate::model::text_safety::escape_invisible;
use crate::model::{Channel, ZoneCode};
use crate::render::text::{count, zone_list};
use crate::session::capabilities::{CapabilityMatrix, CapabilityRow, capabilities};

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

impl CapabilitiesCommand {
    /// Queries the channels of the zones below `directory` and prints the matrix.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.show(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn show(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let config = load_config(directory, self.environment.as_deref(), format, world)?;
        let session = session_without_store(config, directory, world);
        let matrix = capabilities(&session, &self.selection.selection())
            .await
            .map_err(|error| report_error(&error, format, world))?;
        match self.json {
            true => world.out.print_line(to_json(&matrix)),
            false => world.out.print(matrix_text(&matrix)),
        }
        match matrix.zones.iter().any(|row| row.failure.is_some()) {
            true => Ok(CommandExit::Incomplete),
            false => Ok(CommandExit::Done),
        }
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
        [only] => escape_invisible(only),
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
    let mut retired: BTreeMap<String, Vec<ZoneCode>> = BTreeMap::new();
    let mut failures: BTreeMap<(&str, Option<&str>), Vec<ZoneCode>> = BTreeMap::new();
    for row in &matrix.zones {
        if let Some(failure) = &row.failure {
            let told = (failure.message.as_str(), failure.help.as_deref());
            failures.entry(told).or_default().push(row.zone.as_str().into());
        }
        if !row.tables_not_in_api.is_empty() {
            unlisted.entry(row.tables_not_in_api.join(", ")).or_default().push(row.zone.as_str().into());
        }
        if !row.retired_in_gateway.is_empty() {
            retired.entry(row.retired_in_gateway.join(", ")).or_default().push(row.zone.as_str().into());
        }
    }
    for ((message, help), zones) in &failures {
        out.push_str(&format!("? {}\n", escape_invisible(message)));
        out.extend(help.iter().map(|help| format!("  help: {}\n", escape_invisible(help))));
        out.push_str(&format!("{}\n", zone_list(zones, "  ")));
    }
    for (tables, zones) in &unlisted {
        let tables = escape_invisible(tables);
        out.push_str(&format!("! not listed by the API, only by the gateway or manually: {tables}\n"));
        out.push_str(&format!("{}\n", zone_list(zones, "  ")));
    }
    for (collections, zones) in &retired {
        let collections = escape_invisible(collections);
        out.push_str(&format!("! listed by the gateway, but no longer used by zonal: {collections}\n"));
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{CapabilityMatrix, CapabilityRow, matrix_text};
    use crate::model::{Channel, FailureClass, ZoneFailure};

    #[test]
    fn texts_of_servers_are_safe() {
        let hostile = "x\n::stop-commands::x\n\u{1b}[2J\u{9b}##[add-mask]".to_owned();
        let row = |failure| CapabilityRow {
            zone: hostile.clone(),
            failure,
            kinds: BTreeMap::from([(
                "CodeTable".to_owned(),
                BTreeMap::from([("T".to_owned(), Some(Channel::Api))]),
            )]),
            code_tables: 0,
            mapping_tables: 0,
            tables_not_in_api: vec![hostile.clone()],
            retired_in_gateway: vec![hostile.clone()],
        };
        let failure = ZoneFailure::new(FailureClass::Denied, hostile.clone()).help(hostile.clone());
        let zones = vec![row(Some(failure)), row(None)];
        let text = matrix_text(&CapabilityMatrix { network: hostile.clone(), environment: None, zones });
        let is_order = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
        assert!(!text.lines().any(is_order), "{text}");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    }
}
