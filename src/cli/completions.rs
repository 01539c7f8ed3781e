//! `zonal completions`: what a shell needs to complete zonal's words.

use clap::{Args, CommandFactory as _};

use super::exit::Exit;
use super::world::World;

/// Print the completion script for a shell
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    /// Prints the script.
    pub fn run(&self, world: &World) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::Cli::command(), "zonal", &mut script);
        world.out.print(String::from_utf8_lossy(&script));
        Exit::Done
    }
}
