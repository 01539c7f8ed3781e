//! Asks the user for a line of text.

use std::io::BufRead as _;
use std::sync::PoisonError;

use super::CommandExit;
use super::context::{CommandContext, InputStream};
use crate::model::text_safety::escape_invisible;

/// Reads a line of the user. `None` at the end of the input.
///
/// # Errors
/// Returns [`CommandExit::Interrupted`] if the user interrupts.
pub async fn read_answer(input: InputStream, world: &CommandContext) -> Result<Option<String>, CommandExit> {
    // Reads on a separate thread: a blocking read of the terminal would delay Ctrl-C.
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = String::new();
        let read = input.lock().unwrap_or_else(PoisonError::into_inner).read_line(&mut answer);
        read.is_ok_and(|bytes| bytes > 0).then_some(answer)
    });
    Ok(world.unless_interrupted(answer).await?.ok().flatten())
}

/// Asks a question until the answer is accepted. `None` without a terminal, and at the end of the input.
///
/// # Errors
/// Returns [`CommandExit::Interrupted`] if the user interrupts.
pub async fn ask_until<T>(
    question: &str,
    accept: impl Fn(&str) -> Result<T, String>,
    world: &CommandContext,
) -> Result<Option<T>, CommandExit> {
    let Some(input) = world.input.clone() else { return Ok(None) };
    loop {
        world.err.print(format!("{question}: "));
        let Some(answer) = read_answer(input.clone(), world).await? else { return Ok(None) };
        match accept(answer.trim()) {
            Ok(accepted) => return Ok(Some(accepted)),
            Err(reason) => world.err.print_line(format!("  {}", escape_invisible(&reason))),
        }
    }
}
