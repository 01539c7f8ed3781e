//! `zonal runs prune`: removes old plans, reports, journals and images from the store.

use std::path::Path;

use clap::Args;

use super::CommandExit;
use super::confirm::confirm;
use super::context::CommandContext;
use super::store_query::{StoreQueryArgs, report_store_error};
use crate::render::json::compact_lines::compact_lines;
use crate::render::json::run_details::PrunedRunsJson;
use crate::render::text::{byte_size, count};
use crate::session::scope;
use crate::store::{PrunableRuns, RunsToKeep, Store, StoreAccess, StoreErrorType};

/// Remove plans, reports and images of old runs from the store
///
/// Keeps the list of runs, the history, the applied state, and everything of runs that have not ended. A
/// pruned run can still be reverted, but not restored from images or merged.
#[derive(Debug, Args)]
pub struct PruneRunsCommand {
    /// Keep the latest N runs
    #[arg(
        long,
        value_name = "N",
        required_unless_present = "older_than",
        default_value_if("older_than", clap::builder::ArgPredicate::IsPresent, "0")
    )]
    keep: Option<u32>,
    /// Prune only runs that ended more than DAYS days ago
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    older_than: Option<u16>,
    /// Prune without asking for confirmation
    #[arg(long)]
    yes: bool,
    /// Print the result as JSON (requires --yes)
    #[arg(long, requires = "yes")]
    json: bool,
    #[command(flatten)]
    place: StoreQueryArgs,
}

impl PruneRunsCommand {
    /// Prunes runs of the network below `directory`.
    ///
    /// # Errors
    /// Prints the error and returns the exit code if the store cannot be changed.
    pub async fn prune(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let (network, store) = self.place.open_for(StoreAccess::Existing, directory, world).await?;
        let latest = usize::try_from(self.keep.unwrap_or_default()).unwrap_or(usize::MAX);
        let keep = RunsToKeep { latest, ended_since: self.ended_since(world)? };
        let searching = world.unless_interrupted(store.prunable(scope(&network), keep)).await?;
        let found = searching.map_err(|error| report_store_error(error, world))?;
        if !self.json {
            if found.runs.is_empty() {
                world.out.print_line("Nothing to prune.");
                return Ok(CommandExit::Done);
            }
            world.out.print_line(description(&found));
        }
        if !self.yes {
            confirm(world).await?;
        }
        let file_bytes_before = file_bytes(&store);
        let pruned = world.unless_interrupted(store.prune(found.runs.clone())).await?;
        pruned.map_err(|error| report_store_error(error, world))?;
        if !found.runs.is_empty() {
            self.compact(&store, world).await?;
        }
        let result = PrunedRunsJson {
            runs: found.runs,
            document_bytes: found.document_bytes,
            images: found.images,
            image_bytes: found.image_bytes,
            file_bytes_before,
            file_bytes_after: file_bytes(&store),
        };
        match (self.json, result.file_bytes_before, result.file_bytes_after) {
            (true, _, _) => world.out.print_line(compact_lines(&result)),
            (false, Some(before), Some(after)) => world.out.print_line(format!(
                "Pruned {}. The store's file had {}, and has {} now.",
                count(result.runs.len(), "run"),
                byte_size(before),
                byte_size(after)
            )),
            (false, _, _) => {
                world.out.print_line(format!("Pruned {}.", count(result.runs.len(), "run")));
            }
        }
        Ok(CommandExit::Done)
    }

    /// Returns the time since which ended runs are kept.
    fn ended_since(&self, world: &CommandContext) -> Result<Option<String>, CommandExit> {
        let Some(days) = self.older_than else { return Ok(None) };
        let now: Option<jiff::Timestamp> = (world.now)().parse().ok();
        let hours = jiff::SignedDuration::from_hours(24 * i64::from(days));
        let since = now.and_then(|now| now.checked_sub(hours).ok());
        let since = since.ok_or_else(|| super::fail(world, "cannot determine the current date"))?;
        Ok(Some(since.to_string()))
    }

    /// Returns the free space to the disk, if no other process uses the file.
    async fn compact(&self, store: &Store, world: &CommandContext) -> Result<(), CommandExit> {
        match store.compact().await {
            Ok(()) => Ok(()),
            Err(error) if matches!(error.class, StoreErrorType::Busy | StoreErrorType::Full) => {
                world.err.print_line(
                    "The store's file keeps its size: another process uses it, or the disk is full. \
                     Later runs reuse the free space.",
                );
                Ok(())
            }
            Err(error) => Err(report_store_error(error, world)),
        }
    }
}

fn description(found: &PrunableRuns) -> String {
    let names: Vec<String> = found.runs.iter().map(ToString::to_string).collect();
    let names = match names.as_slice() {
        [first, .., last] if names.len() > 10 => format!("{first} to {last}"),
        names => names.join(", "),
    };
    format!(
        "{} with removable data: {names}\n  plans, reports and journals: {}\n  {}: {}\n\
         The history and the applied state stay. These runs can no longer be restored from images.",
        count(found.runs.len(), "run"),
        byte_size(found.document_bytes),
        count(found.images, "image"),
        byte_size(found.image_bytes)
    )
}

/// Returns the size of a SQLite store with its log.
fn file_bytes(store: &Store) -> Option<u64> {
    let files = store.location().files()?;
    Some(files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|file| file.len()).sum())
}
