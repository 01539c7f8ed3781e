//! `zonal runs show`: shows one recorded run.

use std::path::Path;

use clap::Args;

use super::CommandExit;
use super::config::OutputFormat;
use super::context::CommandContext;
use super::session_output::report_error;
use super::store_query::StoreQueryArgs;
use crate::model::RunId;
use crate::render;
use crate::render::json::compact_lines::compact_lines;
use crate::session::run_details;

/// Show one run: result, zones, and the images that the store keeps
///
/// Lists each image with its size, and whether `zonal restore` can bring it back.
#[derive(Debug, Args)]
pub struct ShowRunCommand {
    /// Run, as listed by `zonal runs`
    #[arg(value_name = "RUN")]
    run: RunId,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: StoreQueryArgs,
}

impl ShowRunCommand {
    /// Shows a run of the network below `directory`.
    ///
    /// # Errors
    /// Prints the error and returns the exit code if the run is not in the store.
    pub async fn show(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let (network, store) = self.place.open(directory, world).await?;
        let machine = world.machine(directory);
        let loading = run_details::load(&store, &network, self.run, &machine);
        let details = world.unless_interrupted(loading).await?;
        let details = details.map_err(|error| report_error(&error, OutputFormat::Text, world))?;
        match self.json {
            true => world.out.print_line(compact_lines(&details)),
            false => world.out.print(render::text::run_details(&details)),
        }
        Ok(CommandExit::Done)
    }
}
