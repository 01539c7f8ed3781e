//! `zonal export`: writes manifests that declare what the zones contain.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::config::{OutputFormat, load_config, to_json};
use super::context::CommandContext;
use super::open_session::session_without_store;
use super::selection_args::ZoneSelectionArgs;
use super::session_output::{CommandObserver, report_error};
use crate::local::export_folder::LocalExportFolder;
use crate::model::ResourceId;
use crate::render::json::export::{ExportJson, ExportedFileState};
use crate::render::text;
use crate::session::error::{SessionError, SessionStage};
use crate::session::export::{
    EarlierReading, ExistingFiles, ExportLayout, ExportRequest, MAX_MINUTES, NamedResources, export,
};

/// Write manifests that declare what the zones contain
///
/// Reads the tables of the zones and writes each common row once, with overrides for the zones that differ.
/// Values that only one or two of many zones have are listed as likely mistakes. Before a file is written, zonal
/// proves offline that the manifests declare exactly what was read, so the next plan is empty. Letters that no zone
/// changed since delivery are left out. Sends only GET requests. The Network manifest is enough to start.
#[derive(Debug, Args)]
pub struct ExportCommand {
    /// Write the files to this directory (default: the config directory)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Export only this table, by code or as KIND/CODE (can be repeated; default: all tables that the zones list)
    #[arg(long, value_name = "TABLE")]
    table: Vec<String>,
    /// Export only manifests of this kind (can be repeated; default: all kinds, or tables alone with --table)
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kind: Vec<String>,
    /// Export the texts of code tables in this language, too (can be repeated)
    #[arg(long, value_name = "LANG", value_delimiter = ',')]
    language: Vec<String>,
    /// Export the groups of this e-resource of the Network Zone, by its IDs joined by dots: e-collection, e-service,
    /// portfolio; `all` for all e-collections and e-services, with a request for each (can be repeated; default: those
    /// that an earlier export names)
    #[arg(long, value_name = "ID.ID", value_delimiter = ',', value_parser = parse_resource)]
    resource: Vec<String>,
    /// Export the opening hours of all libraries in the Network manifest, too
    #[arg(long)]
    libraries: bool,
    /// Write one manifest for each table and zone, without common rows
    #[arg(long)]
    as_is: bool,
    /// Replace existing files
    #[arg(long)]
    force: bool,
    /// Read everything again, also what an unfinished export has read in the last 30 minutes
    #[arg(long)]
    fresh: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    selection: ZoneSelectionArgs,
}

impl ExportCommand {
    /// Exports the zones of the Network manifest below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.export(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn export(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let config = load_config(directory, self.environment.as_deref(), format, world)?;
        let session = session_without_store(config, directory, world);
        let out = self.out.as_ref().map_or_else(|| directory.to_path_buf(), |out| world.directory.join(out));
        let shown = self.out.as_deref().unwrap_or(directory);
        let folder = LocalExportFolder::open(&out, directory).map_err(|error| {
            super::fail(world, format!("cannot write to {}: {error}; nothing was read", shown.display()))
        })?;
        let request = ExportRequest {
            tables: self.table.clone(),
            kinds: self.kind.clone(),
            languages: self.language.clone(),
            resources: NamedResources {
                ids: self.resource.iter().filter(|ids| *ids != ALL_RESOURCES).cloned().collect(),
                all_listed: self.resource.iter().any(|ids| ids == ALL_RESOURCES),
            },
            libraries: self.libraries,
            zones: self.selection.selection(),
            layout: if self.as_is { ExportLayout::AsIs } else { ExportLayout::Factored },
            existing: if self.force { ExistingFiles::Replace } else { ExistingFiles::Keep },
            earlier: if self.fresh { EarlierReading::Ignore } else { EarlierReading::Reuse },
        };
        let exported = export(&session, &request, &folder, &CommandObserver::new(world))
            .await
            .map_err(|error| {
                let exit = report_error(&error, format, world);
                if matches!(error, SessionError::Interrupted { during: SessionStage::Reading }) {
                    world.err.print_line(format!(
                        "What was read is kept for {MAX_MINUTES} minutes: run the same command again to go on."
                    ));
                }
                exit
            })?;
        match self.json {
            true => world.out.print_line(to_json(&exported)),
            false => world.out.print(text::export(&exported, world.out.columns())),
        }
        Ok(outcome(&exported))
    }
}

/// Word for all e-resources of a zone's lists.
const ALL_RESOURCES: &str = "all";

/// Parses the IDs of an e-resource.
fn parse_resource(text: &str) -> Result<String, &'static str> {
    if text == ALL_RESOURCES {
        return Ok(text.to_owned());
    }
    let ids = ResourceId::parse(text);
    ids.map(|ids| ids.to_string())
        .ok_or("expected one to three IDs joined by dots, such as 61100.62110, or `all`")
}

/// Returns the exit code: a failed or kept file comes first, then a zone that could not be read.
fn outcome(exported: &ExportJson) -> CommandExit {
    let is_refused = |state| matches!(state, ExportedFileState::Kept | ExportedFileState::Failed);
    match (exported.files.iter().any(|file| is_refused(file.state)), exported.complete) {
        (true, _) => CommandExit::Invalid,
        (false, false) => CommandExit::Incomplete,
        (false, true) => CommandExit::Done,
    }
}
