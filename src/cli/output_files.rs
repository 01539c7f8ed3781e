//! Writes files named on the command line.

use std::path::Path;

use super::CommandExit;
use super::context::CommandContext;
use crate::local::config_files::replace;

/// Writes a file named on the command line.
///
/// # Errors
/// Prints the error and returns the exit code if the file cannot be written.
pub fn write(file: &Path, text: &str, world: &CommandContext) -> Result<(), CommandExit> {
    replace(&world.directory.join(file), text)
        .map_err(|error| super::fail(world, format!("cannot write {}: {error}", file.display())))
}
