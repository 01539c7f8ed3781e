//! `zonal support`: shows operational data of the zones for the central office.

mod indexing_status;
mod jobs;
mod privileges;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use clap::{Args, Subcommand};
use comfy_table::presets::NOTHING;

pub use self::indexing_status::IndexingJson;
pub use self::jobs::JobsJson;
pub use self::privileges::PrivilegesJson;

use super::CommandExit;
use super::config::{OutputFormat, load_config, print_warnings};
use super::context::CommandContext;
use super::open_session::session_without_store;
use super::progress::ProgressReporter;
use super::selection_args::ZoneSelectionArgs;
use super::session_output::report_error;
use crate::model::network::Zone;
use crate::model::text_safety::escape_invisible;
use crate::model::{
    CollectionId, CollectionOwner, CollectionRole, CollectionShape, ComparisonOptions, ConflictPolicy,
    DesiredCollection, DesiredState, Enforcement, Network, ObservedState, Provenance, SourceSpan,
    UnlistedPolicy, ZoneCode, ZoneFailure,
};
use crate::observe::observe;
use crate::provider::channel_routing::RoutingReader;
use crate::render::text::{REMOVE, styled};
use crate::session::observe_zones::open_zones;
use crate::session::{NetworkSession, SessionError};

/// Show operational data of the zones
///
/// All subcommands are read-only. Data outside Alma's public API comes from the network's gateway. Without a
/// gateway, zonal prints the menu path in Alma.
#[derive(Debug, Args)]
pub struct SupportCommand {
    #[command(subcommand)]
    what: SupportAction,
}

#[derive(Debug, Subcommand)]
enum SupportAction {
    Jobs(jobs::JobsCommand),
    IndexingStatus(indexing_status::IndexingStatusCommand),
    Privileges(privileges::PrivilegesCommand),
}

/// Zones and output format of a support command.
#[derive(Debug, Clone, Args)]
struct SupportContext {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    selection: ZoneSelectionArgs,
}

impl SupportCommand {
    /// Runs the subcommand for the zones of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        let looked = match &self.what {
            SupportAction::Jobs(command) => command.run(directory, world).await,
            SupportAction::IndexingStatus(command) => command.run(directory, world).await,
            SupportAction::Privileges(command) => command.run(directory, world).await,
        };
        looked.unwrap_or_else(|exit| exit)
    }
}

impl SupportContext {
    fn format(&self) -> OutputFormat {
        if self.json { OutputFormat::Json } else { OutputFormat::Text }
    }

    /// Returns the session of the network, without a store.
    fn session(&self, directory: &Path, world: &CommandContext) -> Result<NetworkSession, CommandExit> {
        let config = load_config(directory, self.environment.as_deref(), self.format(), world)?;
        if self.json {
            print_warnings(&config, world);
        }
        Ok(session_without_store(config, directory, world))
    }

    /// Returns the selected zones.
    fn zones<'n>(&self, network: &'n Network, world: &CommandContext) -> Result<Vec<&'n Zone>, CommandExit> {
        let zones = self.selection.selection().zones(network).map_err(SessionError::InvalidSelection);
        zones.map_err(|error| report_error(&error, self.format(), world))
    }

    /// Opens the given zones for reading.
    async fn open(
        &self,
        session: &NetworkSession,
        zones: &[&Zone],
        world: &CommandContext,
    ) -> Result<BTreeMap<ZoneCode, RoutingReader>, CommandExit> {
        let opened = open_zones(session, zones).await;
        opened.map(|opened| opened.readers).map_err(|error| report_error(&error, self.format(), world))
    }

    /// Reads one collection in each of the given zones.
    async fn observe(
        &self,
        session: &NetworkSession,
        zones: &[&Zone],
        id: &CollectionId,
        world: &CommandContext,
    ) -> Result<ObservedState, CommandExit> {
        let readers = self.open(session, zones, world).await?;
        let nothing = |zone: &&Zone| (zone.code.clone(), vec![nothing_of(id, &zone.span)]);
        let desired = DesiredState { zones: zones.iter().map(nothing).collect(), ..DesiredState::default() };
        let progress = ProgressReporter::new(world, "Reading", readers.len());
        let shown = |event| progress.handle_event(&event);
        let observed = world.unless_interrupted(observe(&readers, &desired, None, &shown)).await;
        progress.finish();
        observed
    }
}

/// Returns a read-only desired collection without records.
fn nothing_of(id: &CollectionId, place: &SourceSpan) -> DesiredCollection {
    DesiredCollection {
        id: id.clone(),
        shape: Arc::new(CollectionShape::default()),
        key: [].into(),
        unlisted: UnlistedPolicy::Keep,
        enforcement: Enforcement::Report,
        records: BTreeMap::new(),
        amendments: Vec::new(),
        on_conflict: ConflictPolicy::default(),
        owner: CollectionOwner::default(),
        options: ComparisonOptions::default(),
        standing: CollectionRole::Desired,
        provenance: Provenance { span: place.clone(), manifest: "Network".into(), override_index: None },
    }
}

/// Returns a table with headings as text.
fn table<const N: usize>(headings: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = comfy_table::Table::new();
    let rows = rows.into_iter().map(|row| row.map(|cell| escape_invisible(&cell)));
    table.load_style(NOTHING).set_header(headings).add_rows(rows);
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Returns the failure of a zone as text.
fn could_not(zone: &ZoneCode, failure: &ZoneFailure) -> String {
    let help =
        failure.help.as_ref().map(|help| format!("\n  help: {}", escape_invisible(help))).unwrap_or_default();
    let what = escape_invisible(&format!("{zone} could not be read: {failure}"));
    format!("{} {what}{help}\n", styled(REMOVE, "!"))
}
