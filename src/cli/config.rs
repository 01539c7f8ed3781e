//! Loads a config directory, and prints diagnostics.

use std::path::Path;

use super::CommandExit;
use super::context::CommandContext;
use crate::local::config_files::read_manifest_files;
use crate::manifest;
use crate::manifest::SourceFile;
use crate::model::{Diagnostic, Network};
use crate::render::diagnostics::{self, ColorMode};
use crate::render::github;
use crate::render::json::events;
use crate::session::error::LocatedDiagnostics;
use crate::session::load::{self, LoadedConfig};

/// Output format of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// Text for people.
    Text,
    /// JSON document for programs.
    Json,
    /// Stream of JSON values, one per line.
    Lines,
}

/// Loads and expands all manifests below `directory`.
///
/// Prints warnings as text on stderr. With errors, prints all diagnostics in the format of the command. JSON
/// commands print their warnings with [`print_warnings`], or as part of their output.
pub fn load_config(
    directory: &Path,
    environment: Option<&str>,
    format: OutputFormat,
    world: &CommandContext,
) -> Result<LoadedConfig, CommandExit> {
    load_and_inspect(directory, environment, format, world, |_| {})
}

/// Loads like [`load_config`], and passes all diagnostics to `inspect`.
pub fn load_and_inspect(
    directory: &Path,
    environment: Option<&str>,
    format: OutputFormat,
    world: &CommandContext,
    inspect: impl FnOnce(&[Diagnostic]),
) -> Result<LoadedConfig, CommandExit> {
    if !directory.is_dir() {
        return Err(super::fail(
            world,
            format!("{} is not a directory; pass the config directory with -C DIR", directory.display()),
        ));
    }
    match load::load(read_manifest_files(directory), environment) {
        Ok(config) => {
            inspect(&config.warnings);
            match format {
                OutputFormat::Text => print_warnings(&config, world),
                OutputFormat::Json => {}
                OutputFormat::Lines => print_lines(&config.warnings, &config.sources, world),
            }
            Ok(config)
        }
        Err(located) => {
            inspect(&located.found);
            print_diagnostics(&located, format, world);
            Err(CommandExit::Invalid)
        }
    }
}

/// Loads only the network, for commands that need its name and its store.
///
/// # Errors
/// Prints the diagnostics and returns the exit code if the network cannot be determined.
pub fn load_network(
    directory: &Path,
    environment: Option<&str>,
    world: &CommandContext,
) -> Result<Network, CommandExit> {
    load::load_network(read_manifest_files(directory), environment).map_err(|located| {
        print_diagnostics(&located, OutputFormat::Text, world);
        CommandExit::Invalid
    })
}

/// Prints the warnings on stderr.
pub fn print_warnings(config: &LoadedConfig, world: &CommandContext) {
    if !config.warnings.is_empty() {
        world.err.print(diagnostics_text(&config.warnings, &config.sources, world));
    }
}

/// Prints diagnostics in the format of the command.
pub fn print_diagnostics(located: &LocatedDiagnostics, format: OutputFormat, world: &CommandContext) {
    let LocatedDiagnostics { found, sources } = located;
    match format {
        OutputFormat::Text => world.err.print(diagnostics_text(found, sources, world)),
        OutputFormat::Json => {
            world.out.print_line(to_json(&diagnostics::json(found, &manifest::texts(sources))));
        }
        OutputFormat::Lines => print_lines(found, sources, world),
    }
}

fn diagnostics_text(found: &[Diagnostic], sources: &[SourceFile], world: &CommandContext) -> String {
    let colour = if world.err.is_styled() { ColorMode::Ansi } else { ColorMode::Plain };
    let text = diagnostics::text(found, &manifest::texts(sources), colour);
    // The text quotes manifests, and the GitHub runner executes command lines on stderr, too.
    match world.env.get("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        true => github::escape_workflow_command(&text),
        false => text,
    }
}

fn print_lines(found: &[Diagnostic], sources: &[SourceFile], world: &CommandContext) {
    for problem in diagnostics::json(found, &manifest::texts(sources)).diagnostics {
        let line = events::diagnostic(problem, &(world.now)());
        world.out.print_line(serde_json::to_string(&line).unwrap_or_default());
    }
}

/// Returns pretty JSON. Serialization cannot fail because all map keys are texts.
pub fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
