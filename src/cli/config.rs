//! Loads a config directory: returns the desired state or the diagnostics.

use std::path::Path;

use super::config_files;
use super::context::CommandContext;
use super::exit_code::CommandExit;
use crate::manifest::SourceFile;
use crate::model::{DesiredState, Diagnostic, Expectation, Network, Policy, Severity};
use crate::render::diagnostics::{self, ColorMode};
use crate::render::github;
use crate::render::json::events;
use crate::{kinds, manifest};

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

/// Config directory without errors.
pub struct ConfigDirectory {
    /// Network.
    pub network: Network,
    /// Desired state.
    pub desired: DesiredState,
    /// Policies for plans.
    pub policies: Vec<Policy>,
    /// Expectations, in the order of the manifests.
    pub expectations: Vec<Expectation>,
    /// Number of manifests, the Network manifest included.
    pub manifests: usize,
    /// Number of files.
    pub files: usize,
    warnings: Vec<Diagnostic>,
    sources: Vec<SourceFile>,
}

/// Loads and expands all manifests below `directory`.
///
/// Prints warnings as text on stderr. With errors, prints all diagnostics in the format of the command.
pub fn load(
    directory: &Path,
    environment: Option<&str>,
    format: OutputFormat,
    world: &CommandContext,
) -> Result<ConfigDirectory, CommandExit> {
    load_telling(directory, environment, format, world, |_| {})
}

/// Loads like [`load`], and passes all diagnostics to `tell`.
pub fn load_telling(
    directory: &Path,
    environment: Option<&str>,
    format: OutputFormat,
    world: &CommandContext,
    tell: impl FnOnce(&[Diagnostic]),
) -> Result<ConfigDirectory, CommandExit> {
    if !directory.is_dir() {
        return Err(super::fail(
            world,
            format!("{} is not a directory; pass the config directory with -C DIR", directory.display()),
        ));
    }
    match examine(directory, environment) {
        Ok(config) => {
            tell(&config.warnings);
            match format {
                OutputFormat::Text => config.warn(world),
                // JSON: printed by the caller, see [`ConfigDirectory::warn`].
                OutputFormat::Json => {}
                OutputFormat::Lines => print_lines(&config.warnings, &config.sources, world),
            }
            Ok(config)
        }
        Err(ConfigError { found, sources }) => {
            tell(&found);
            Err(report(&found, &sources, format, world))
        }
    }
}

/// Loads only the network, for commands that need its name and its store.
///
/// Ignores all other errors in the manifests.
///
/// # Errors
/// Prints the diagnostics and returns the exit code if the network cannot be determined.
pub fn network(
    directory: &Path,
    environment: Option<&str>,
    world: &CommandContext,
) -> Result<Network, CommandExit> {
    let sources = config_files::read_manifest_files(directory);
    let loaded = manifest::load(&kinds::KINDS, &sources, environment);
    let unknown = |problem: &&Diagnostic| problem.code == manifest::diagnostic_codes::UNKNOWN_ENVIRONMENT;
    let unknown: Vec<Diagnostic> = loaded.diagnostics.iter().filter(unknown).cloned().collect();
    match loaded.network {
        Some(network) if unknown.is_empty() => Ok(network),
        Some(_) => Err(report(&unknown, &sources, OutputFormat::Text, world)),
        None => Err(report(&loaded.diagnostics, &sources, OutputFormat::Text, world)),
    }
}

/// Diagnostics of a config directory with errors.
pub struct ConfigError {
    /// All diagnostics, warnings included.
    pub found: Vec<Diagnostic>,
    sources: Vec<SourceFile>,
}

/// Loads and expands all manifests below `directory` without output.
///
/// # Errors
/// Returns all diagnostics.
pub fn examine(directory: &Path, environment: Option<&str>) -> Result<ConfigDirectory, ConfigError> {
    let sources = config_files::read_manifest_files(directory);
    let loaded = manifest::load(&kinds::KINDS, &sources, environment);
    let mut found = loaded.diagnostics;
    let expanded = loaded.network.as_ref().map(|network| {
        let (desired, diagnostics) = kinds::expand(network, &loaded.manifests);
        found.extend(diagnostics);
        let (expectations, diagnostics) = kinds::expectations(network, &loaded.manifests);
        found.extend(diagnostics);
        (desired, expectations)
    });
    let errors = found.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    match (loaded.network, expanded) {
        (Some(network), Some((desired, expectations))) if !errors => {
            let manifests = loaded.manifests.len();
            let files = sources.len();
            let policies = kinds::policies(&loaded.manifests);
            Ok(ConfigDirectory {
                network,
                desired,
                policies,
                expectations,
                manifests,
                files,
                warnings: found,
                sources,
            })
        }
        _ => Err(ConfigError { found, sources }),
    }
}

impl ConfigDirectory {
    /// Prints the warnings on stderr, for JSON output without diagnostics.
    pub fn warn(&self, world: &CommandContext) {
        if !self.warnings.is_empty() {
            world.err.print(diagnostics_text(&self.warnings, &self.sources, world));
        }
    }

    /// Prints the warnings as JSON on stdout.
    pub fn print_diagnostics(&self, world: &CommandContext) {
        print_json(&self.warnings, &self.sources, world);
    }

    /// Reports diagnostics found after the load, at locations in the same files.
    pub fn report(&self, found: &[Diagnostic], format: OutputFormat, world: &CommandContext) -> CommandExit {
        report(found, &self.sources, format, world)
    }
}

fn report(
    found: &[Diagnostic],
    sources: &[SourceFile],
    format: OutputFormat,
    world: &CommandContext,
) -> CommandExit {
    match format {
        OutputFormat::Text => world.err.print(diagnostics_text(found, sources, world)),
        OutputFormat::Json => print_json(found, sources, world),
        OutputFormat::Lines => print_lines(found, sources, world),
    }
    CommandExit::Invalid
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

fn print_json(found: &[Diagnostic], sources: &[SourceFile], world: &CommandContext) {
    world.out.print_line(to_json(&diagnostics::json(found, &manifest::texts(sources))));
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
