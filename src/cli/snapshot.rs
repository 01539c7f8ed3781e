//! `zonal snapshot`: saves the observed state to a file that can replace the zones.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::comparison_base;
use super::config::OutputFormat;
use super::config_files;
use super::context::CommandContext;
use super::plan;
use super::selected_state;
use super::target_args::TargetArgs;
use crate::model::{ZoneCode, ZoneFailure};
use crate::render::json::snapshot;
use crate::render::text::count;

/// Save the observed configuration to a file
///
/// Reads all collections that the manifests declare, with the read keys. Use the file with `plan --snapshot`.
/// Output is reproducible: it contains no timestamps, quotas or keys. A committed snapshot allows plans for
/// pull requests without secrets.
#[derive(Debug, Args)]
pub struct SnapshotCommand {
    /// Save the snapshot to this file
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
        let mut prepared =
            selected_state::prepare(&self.target, directory, OutputFormat::Text, world).await?;
        let store = prepared.store.open_read_only(&prepared.config.network, directory, world).await?;
        let base = comparison_base::base(store.as_ref(), &prepared.config, &prepared.reach, world).await?;
        comparison_base::look_at(&mut prepared.desired, base.as_ref());
        let (config, wanted) = (&prepared.config, &prepared.desired);
        let (observed, _, _) =
            plan::observe_zones(config, wanted, directory, OutputFormat::Text, world, &|_| {}).await?;
        let taken = snapshot::snapshot(&config.network, &observed);
        config_files::write(&self.out, &snapshot::to_text(&taken), world)?;
        let answers = || observed.zones.values().flat_map(|zone| zone.collections.values());
        let read = count(answers().filter(|answer| answer.is_ok()).count(), "collection");
        let zones = count(observed.zones.len(), "zone");
        world.out.print_line(format!("Saved {read} of {zones} to {}.", self.out.display()));
        let mut incomplete = false;
        for (code, zone) in &observed.zones {
            for (id, answer) in &zone.collections {
                if let Err(failure) = answer {
                    incomplete |= failure.class.whole_zone();
                    report_failure(code, &id.to_string(), failure, world);
                }
            }
        }
        Ok(if incomplete { CommandExit::Incomplete } else { CommandExit::Done })
    }
}

fn report_failure(code: &ZoneCode, id: &str, failure: &ZoneFailure, world: &CommandContext) {
    world.err.print_line(format!("? {code}/{id}: {failure}"));
    if let Some(help) = &failure.help {
        world.err.print_line(format!("  help: {help}"));
    }
}
