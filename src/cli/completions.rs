//! `zonal completions`: generates shell completion scripts.

use clap::{Args, CommandFactory as _};

use super::CommandExit;
use super::context::CommandContext;

/// Generate a shell completion script
#[derive(Debug, Args)]
pub struct CompletionsCommand {
    /// Shell
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
