//! `zonal validate`: every problem of every file, without a request and without a key.

use std::path::Path;

use clap::Args;

use super::config::{self, Format};
use super::exit::Exit;
use super::outputs::root;
use super::world::World;
use crate::model::Diagnostic;
use crate::render::github;
use crate::render::text::count;

/// Check all manifests, offline
///
/// Reads every *.yaml and *.yml below the config directory, except what .zonalignore names, and
/// reports every problem at once. Sends nothing and needs no key.
#[derive(Debug, Args)]
pub struct Validate {
    /// Lay this environment over the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Print the diagnostics as JSON
    #[arg(long)]
    json: bool,
    /// Print annotations for GitHub, at the manifests' lines
    #[arg(long)]
    github: bool,
}

impl Validate {
    /// Validates the manifests below `directory`.
    pub fn run(&self, directory: &Path, world: &World) -> Exit {
        let format = if self.json { Format::Json } else { Format::Text };
        let annotate = |found: &[Diagnostic]| {
            let annotations = github::diagnostics(found, &root(directory, world));
            match (self.github, format) {
                (false, _) => {}
                (true, Format::Text) => world.out.print(annotations),
                (true, Format::Json | Format::Lines) => world.err.print(annotations),
            }
        };
        let environment = self.environment.as_deref();
        let config = match config::load_telling(directory, environment, format, world, annotate) {
            Ok(config) => config,
            Err(exit) => return exit,
        };
        match format {
            Format::Json | Format::Lines => config.print_diagnostics(world),
            Format::Text => {
                let records: usize =
                    config.desired.zones.values().flatten().map(|collection| collection.records.len()).sum();
                world.out.line(format!(
                    "Valid: {} in {}, {} of {} desired in {}.",
                    count(config.manifests, "manifest"),
                    count(config.files, "file"),
                    count(records, "record"),
                    count(config.network.zones.len(), "zone"),
                    config.network.name,
                ));
            }
        }
        Exit::Done
    }
}
