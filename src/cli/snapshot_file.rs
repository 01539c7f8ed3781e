//! Reads a snapshot file.

use std::path::Path;

use super::CommandExit;
use super::context::CommandContext;
use super::output_files;
use crate::render::json::snapshot::SnapshotError;
use crate::session::snapshot_reader::ObservedSnapshot;

/// Reads the snapshot file of a command, if any.
///
/// # Errors
/// Prints the error in the file and returns the exit code.
pub fn read_snapshot(
    file: Option<&Path>,
    world: &CommandContext,
) -> Result<Option<ObservedSnapshot>, CommandExit> {
    let Some(file) = file else { return Ok(None) };
    let shown = file.display();
    let fail = |reason: String| super::fail(world, reason);
    let text = output_files::read(file, world)?;
    let snapshot = ObservedSnapshot::parse(shown.to_string(), &text).map_err(|error| {
        let separator = match error {
            SnapshotError::NotASnapshot { .. } => ":",
            SnapshotError::Version(_) | SnapshotError::Twice(_) => ": ",
        };
        fail(format!("{shown}{separator}{error}; create a snapshot with `zonal snapshot --out FILE`"))
    })?;
    Ok(Some(snapshot))
}
