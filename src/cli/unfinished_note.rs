//! Note about an incomplete run, before a plan or an apply.

use super::CommandExit;
use super::config::OutputFormat;
use super::context::CommandContext;
use super::session_output::report_error;
use crate::session::NetworkSession;
use crate::session::unfinished_runs::newest_interrupted;

/// Prints a note about the latest incomplete run.
///
/// # Errors
/// Prints the error and returns [`CommandExit::Invalid`] if the store cannot be read.
pub async fn note_unfinished_run(
    session: &NetworkSession,
    format: OutputFormat,
    world: &CommandContext,
) -> Result<(), CommandExit> {
    let newest = newest_interrupted(session).await;
    if let Some(run) = newest.map_err(|error| report_error(&error, format, world))? {
        world.err.print_line(format!("note: {run} is incomplete; run `zonal resume {run}` to finish it"));
    }
    Ok(())
}
