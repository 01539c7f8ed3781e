//! `zonal completions`: what a shell needs to complete zonal's words.

use clap::{Args, CommandFactory as _};

use super::context::CommandContext;
use super::exit_code::CommandExit;

/// Print the completion script for a shell
#[derive(Debug, Args)]
pub struct CompletionsCommand {
    /// The shell
    shell: clap_complete::Shell,
}

impl CompletionsCommand {
    /// Prints the script.
    pub fn run(&self, world: &CommandContext) -> CommandExit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::CliArgs::command(), "zonal", &mut script);
        world.out.print(String::from_utf8_lossy(&script));
        CommandExit::Done
    }
}
