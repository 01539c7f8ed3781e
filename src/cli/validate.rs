//! `zonal validate`: reports all errors in all manifests, without requests and API keys.

use std::path::Path;

use clap::Args;

use super::CommandExit;
use super::config::{OutputFormat, load_and_inspect, print_diagnostics};
use super::context::CommandContext;
use super::plan_outputs::root;
use crate::model::Diagnostic;
use crate::render::github;
use crate::render::text::count;

/// Check all manifests without contacting a zone
///
/// Reads all *.yaml and *.yml files below the config directory and reports all errors at once. Skips files
/// listed in .zonalignore. Sends no requests and needs no API keys.
#[derive(Debug, Args)]
pub struct ValidateCommand {
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Print the diagnostics as JSON
    #[arg(long)]
    json: bool,
    /// Print GitHub annotations at the lines of the manifests
    #[arg(long)]
    github: bool,
}

impl ValidateCommand {
    /// Validates the manifests below `directory`.
    pub fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let annotate = |found: &[Diagnostic]| {
            let annotations = github::diagnostics(found, &root(directory, world));
            match (self.github, format) {
                (false, _) => {}
                (true, OutputFormat::Text) => world.out.print(annotations),
                (true, OutputFormat::Json | OutputFormat::Lines) => world.err.print(annotations),
            }
        };
        let environment = self.environment.as_deref();
        let config = match load_and_inspect(directory, environment, format, world, annotate) {
            Ok(config) => config,
            Err(exit) => return exit,
        };
        match format {
            OutputFormat::Json | OutputFormat::Lines => {
                print_diagnostics(&config.locate(config.warnings.clone()), OutputFormat::Json, world);
            }
            OutputFormat::Text => {
                let records: usize =
                    config.desired.zones.values().flatten().map(|collection| collection.records.len()).sum();
                world.out.print_plain_line(format!(
                    "Valid: {} in {}, {} of {} desired in {}.",
                    count(config.manifests, "manifest"),
                    count(config.sources.len(), "file"),
                    count(records, "record"),
                    count(config.network.zones.len(), "zone"),
                    config.network.name,
                ));
            }
        }
        CommandExit::Done
    }
}
