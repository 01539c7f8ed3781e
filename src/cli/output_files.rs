//! Reads and writes files named on the command line.

use std::path::Path;

use super::CommandExit;
use super::context::CommandContext;
use crate::local::config_files::{FileRights, replace};
use crate::local::regular_file::read_given_text;

/// Maximum size of a plan or snapshot file in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// Returns true if the path stands for stdout.
pub fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes a file named on the command line, or stdout for `-`.
///
/// # Errors
/// Prints the error and returns the exit code if the file cannot be written.
pub fn write(file: &Path, text: &str, rights: FileRights, world: &CommandContext) -> Result<(), CommandExit> {
    if is_stdout(file) {
        world.out.print(text);
        return Ok(());
    }
    replace(&world.directory.join(file), text, rights)
        .map_err(|error| super::fail(world, format!("cannot write {}: {error}", file.display())))
}

/// Returns the text of a file named on the command line.
///
/// # Errors
/// Prints the error and returns the exit code if the file cannot be read.
pub fn read(file: &Path, world: &CommandContext) -> Result<String, CommandExit> {
    read_given_text(&world.directory.join(file), MAX_BYTES)
        .map_err(|error| super::fail(world, format!("cannot read {}: {error}", file.display())))
}
