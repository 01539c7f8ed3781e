//! Asks the user for confirmation before a write.

use std::io::BufRead as _;
use std::sync::PoisonError;

use super::CommandExit;
use super::context::CommandContext;

/// Asks for confirmation with Terraform's wording; only `yes` is accepted.
pub async fn confirm(world: &CommandContext) -> Result<(), CommandExit> {
    let Some(input) = world.input.clone() else {
        return Err(super::fail(world, "cannot ask for confirmation: stdin is not a terminal; pass --yes"));
    };
    world.err.print(
        "\nDo you want to perform these actions?\n  zonal will perform the actions described above.\n  \
         Only 'yes' will be accepted to approve.\n\n  Enter a value: ",
    );
    // Reads on a separate thread: a blocking read of the terminal would delay Ctrl-C.
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = String::new();
        let read = input.lock().unwrap_or_else(PoisonError::into_inner).read_line(&mut answer);
        read.is_ok().then_some(answer)
    });
    let answer = world.unless_interrupted(answer).await?.ok().flatten();
    world.err.print_line("");
    match answer.as_deref().map(str::trim) {
        Some("yes") => Ok(()),
        _ => {
            world.err.print_line("Apply cancelled. Nothing was written.");
            Err(CommandExit::Invalid)
        }
    }
}
