//! `zonal snapshot`: saves the observed state to a file that can replace the zones.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::config::{OutputFormat, load_config};
use super::context::CommandContext;
use super::open_session::open_session;
use super::output_files;
use super::session_output::{CommandObserver, report_error};
use super::target_args::TargetArgs;
use crate::local::config_files::FileRights;
use crate::model::{ZoneCode, ZoneFailure};
use crate::render::json::snapshot::to_text;
use crate::render::text::count;
use crate::session::error::SessionError;
use crate::session::snapshot::{TakenSnapshot, take};
use crate::store::StoreAccess;

/// Save the observed configuration to a file
///
/// Reads all collections that the manifests declare, with the read keys. Use the file with `plan --snapshot`.
/// The file also carries the applied state of these collections, if there is a store.
/// Output is reproducible: it contains no timestamps, quotas or keys. A committed snapshot allows plans for
/// pull requests without secrets.
#[derive(Debug, Args)]
pub struct SnapshotCommand {
    /// Save the snapshot to this file, or print it for `-`
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    target: TargetArgs,
}

impl SnapshotCommand {
    /// Creates a snapshot of the zones of the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.take(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn take(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = OutputFormat::Text;
        let report = |error| report_error(&error, format, world);
        let config = load_config(directory, self.target.environment.as_deref(), format, world)?;
        let selection = self.target.selection();
        let checked = selection.check(&config.network, &config.desired);
        checked.map_err(|problems| report(SessionError::InvalidSelection(problems)))?;
        let access = StoreAccess::Read;
        let session = open_session(config, &self.target.store, access, directory, world).await?;
        let taken = take(&session, &selection, &CommandObserver::new(world)).await.map_err(report)?;
        let TakenSnapshot { observed, document } = taken;
        output_files::write(&self.out, &to_text(&document), FileRights::Private, world)?;
        let results = || observed.zones.values().flat_map(|zone| zone.collections.values());
        let read = count(results().filter(|result| result.is_ok()).count(), "collection");
        let zones = count(observed.zones.len(), "zone");
        match output_files::is_stdout(&self.out) {
            true => world.err.print_line(format!("Saved {read} of {zones}.")),
            false => {
                world.out.print_plain_line(format!("Saved {read} of {zones} to {}.", self.out.display()))
            }
        }
        let mut exit = CommandExit::Done;
        for (code, zone) in &observed.zones {
            for (id, result) in &zone.collections {
                let Err(failure) = result else { continue };
                if failure.class.whole_zone() {
                    exit = CommandExit::Incomplete;
                }
                report_failure(code, &id.to_string(), failure, world);
            }
        }
        Ok(exit)
    }
}

fn report_failure(code: &ZoneCode, id: &str, failure: &ZoneFailure, world: &CommandContext) {
    world.err.print_plain_line(format!("? {code}/{id}: {failure}"));
    if let Some(help) = &failure.help {
        world.err.print_plain_line(format!("  help: {help}"));
    }
}
