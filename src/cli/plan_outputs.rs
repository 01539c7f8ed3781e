//! Where else a plan goes: files for people, for CI and for programs, all from the same plan.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::config::{OutputFormat, to_json};
use super::config_files;
use super::context::CommandContext;
use super::exit_code::CommandExit;
use super::plan_file;
use crate::model::Plan;
use crate::render::json::compact_lines::compact_lines;
use crate::render::markdown::{self, CommentContext, CommentPurpose};
use crate::render::{github, gitlab, html, junit, runbook, sarif};

/// What a plan is written as, beside what is printed.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Other outputs")]
pub struct PlanOutputArgs {
    /// Write the plan as JSON, the same as --json prints
    #[arg(long, value_name = "FILE")]
    json_out: Option<PathBuf>,
    /// Write the comment for a pull request: at most 60,000 bytes, however large the network
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write one page for people: zones by collections, each cell with what changes in it
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the steps for people, as `zonal runbook` prints them
    #[arg(long, value_name = "FILE")]
    runbook: Option<PathBuf>,
    /// Write JUnit XML: a suite for each zone
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write SARIF 2.1.0, for code scanning
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Write terraform.json and codequality.json, for a GitLab merge request
    #[arg(long, value_name = "DIR")]
    gitlab: Option<PathBuf>,
    /// Print annotations for GitHub, and write its job summary and step outputs
    #[arg(long)]
    github: bool,
}

impl PlanOutputArgs {
    /// Refuses what cannot be, before anything is asked of a zone.
    ///
    /// # Errors
    /// [`Exit::Invalid`], and the user has been told.
    pub fn check(&self, format: OutputFormat, world: &CommandContext) -> Result<(), CommandExit> {
        let on_stdout = self.files().filter(|(_, path)| is_stdout(path)).count();
        let told = |words| Err(super::fail(world, words));
        if self.gitlab.as_deref().is_some_and(is_stdout) {
            return told("--gitlab takes a directory, because it writes two files");
        }
        match (on_stdout, format) {
            (0, _) | (1, OutputFormat::Text) => Ok(()),
            (1, OutputFormat::Json | OutputFormat::Lines) => {
                told("--json prints on stdout, so that no file can be `-` beside it")
            }
            (_, _) => told("only one file can be `-`, which is stdout"),
        }
    }

    /// The text of a plan as it is printed: not at all where something else goes to stdout, and in a
    /// job on GitHub so that nothing in it is taken for an order to the runner.
    pub fn stdout_text(&self, text: String) -> String {
        match (self.files().any(|(_, path)| is_stdout(path)), self.github) {
            (true, _) => String::new(),
            (false, true) => github::escape_workflow_command(&text),
            (false, false) => text,
        }
    }

    /// Writes everything that was asked for, of a plan made of the config directory `directory`, and
    /// saved in `file` where it was. A file that cannot be written does not stop the others.
    ///
    /// # Errors
    /// [`Exit::Invalid`], and the user has been told.
    pub fn write(
        &self,
        plan: &Plan,
        about: CommentPurpose,
        file: Option<&Path>,
        directory: &Path,
        format: OutputFormat,
        world: &CommandContext,
    ) -> Result<(), CommandExit> {
        let root = root(directory, world);
        let (commit, run) = (commit(world), run(world));
        let file = file.map(|file| file.display().to_string());
        let (commit, artefact, file) = (commit.as_deref(), run.as_deref(), file.as_deref());
        let context = CommentContext { about, commit, artefact, file };
        let mut problems = Vec::new();
        for (what, path) in self.files() {
            let text = match what {
                PlanOutputKind::Json => compact_lines(&plan_file::plan_json(plan)) + "\n",
                PlanOutputKind::Markdown => markdown::comment(plan, context).text,
                PlanOutputKind::Html => html::html(plan),
                PlanOutputKind::Runbook => runbook::markdown(&runbook::runbook(plan)),
                PlanOutputKind::Junit => junit::junit(plan),
                PlanOutputKind::Sarif => to_json(&sarif::sarif(plan, &root)) + "\n",
            };
            match is_stdout(path) {
                true => world.out.print(text),
                false => problems.extend(write(&world.directory.join(path), &text).err()),
            }
        }
        if let Some(directory) = &self.gitlab {
            let directory = world.directory.join(directory);
            if let Err(error) = std::fs::create_dir_all(&directory) {
                problems.push(format!("{} cannot be made: {error}", directory.display()));
            }
            let terraform = to_json(&gitlab::terraform(plan)) + "\n";
            let quality = to_json(&gitlab::code_quality(plan, &root)) + "\n";
            problems.extend(write(&directory.join("terraform.json"), &terraform).err());
            problems.extend(write(&directory.join("codequality.json"), &quality).err());
        }
        if self.github {
            problems.extend(self.github(plan, context, &root, format, world));
        }
        problems.iter().for_each(|problem| {
            super::fail(world, problem);
        });
        if problems.is_empty() { Ok(()) } else { Err(CommandExit::Invalid) }
    }

    fn files(&self) -> impl Iterator<Item = (PlanOutputKind, &Path)> {
        let all = [
            (PlanOutputKind::Json, &self.json_out),
            (PlanOutputKind::Markdown, &self.markdown),
            (PlanOutputKind::Html, &self.html),
            (PlanOutputKind::Runbook, &self.runbook),
            (PlanOutputKind::Junit, &self.junit),
            (PlanOutputKind::Sarif, &self.sarif),
        ];
        all.into_iter().filter_map(|(what, path)| Some((what, path.as_deref()?)))
    }

    fn github(
        &self,
        plan: &Plan,
        context: CommentContext<'_>,
        root: &str,
        format: OutputFormat,
        world: &CommandContext,
    ) -> Vec<String> {
        let annotations = github::annotations(plan, root);
        let is_taken = self.files().any(|(_, path)| is_stdout(path));
        match (format, is_taken) {
            (OutputFormat::Text, false) => world.out.print(annotations),
            (OutputFormat::Text, true) | (OutputFormat::Json | OutputFormat::Lines, _) => {
                world.err.print(annotations)
            }
        }
        let mut problems = Vec::new();
        if let Some(path) = runner_file("GITHUB_STEP_SUMMARY", world) {
            let used = std::fs::metadata(&path).map_or(0, |file| file.len() as usize);
            if let Some(summary) = markdown::summary(plan, context, used) {
                problems.extend(append(&path, &summary.text).err());
            }
        }
        if let Some(path) = runner_file("GITHUB_OUTPUT", world) {
            problems.extend(append(&path, &github::outputs(plan)).err());
        }
        problems
    }
}

/// A file that the runner has named in a variable.
fn runner_file(variable: &str, world: &CommandContext) -> Option<PathBuf> {
    world.env.get(variable).filter(|path| !path.is_empty()).map(|path| world.directory.join(path))
}

/// Adds what an apply came to, to the job's summary on GitHub. Where that cannot be written it is said, and
/// changes nothing about what the apply came to.
pub fn summarize(plan: &Plan, text: &str, world: &CommandContext) {
    let Some(path) = runner_file("GITHUB_STEP_SUMMARY", world) else { return };
    let used = std::fs::metadata(&path).map_or(0, |file| file.len() as usize);
    let summary = markdown::report(plan, text, used);
    if let Some(problem) = summary.and_then(|summary| append(&path, &summary).err()) {
        super::fail(world, problem);
    }
}

#[derive(Debug, Clone, Copy)]
enum PlanOutputKind {
    Json,
    Markdown,
    Html,
    Runbook,
    Junit,
    Sarif,
}

/// Whether a file is stdout.
pub fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes a file whole.
///
/// # Errors
/// Why it cannot be written, in words.
pub fn write(path: &Path, text: &str) -> Result<(), String> {
    config_files::replace(path, text)
        .map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

fn append(path: &Path, text: &str) -> Result<(), String> {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// Where the config directory lies in the repository: empty, or a path that ends with `/`.
pub fn root(directory: &Path, world: &CommandContext) -> String {
    let of_job = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"].iter().find_map(|name| world.env.get(*name));
    let repository = of_job.map_or_else(|| world.directory.clone(), PathBuf::from);
    let (Ok(repository), Ok(directory)) = (repository.canonicalize(), directory.canonicalize()) else {
        return String::new();
    };
    let parts = directory.strip_prefix(repository).map(Path::components).into_iter().flatten();
    parts.map(|part| format!("{}/", part.as_os_str().to_string_lossy())).collect()
}

/// The commit that a job runs on.
fn commit(world: &CommandContext) -> Option<String> {
    ["GITHUB_SHA", "CI_COMMIT_SHA"].iter().find_map(|name| world.env.get(*name)).cloned()
}

/// Where a job can be looked at, with everything that it keeps.
fn run(world: &CommandContext) -> Option<String> {
    let env = |name| world.env.get(name);
    match (env("GITHUB_SERVER_URL"), env("GITHUB_REPOSITORY"), env("GITHUB_RUN_ID")) {
        (Some(server), Some(repository), Some(id)) => {
            Some(format!("{server}/{repository}/actions/runs/{id}"))
        }
        _ => env("CI_JOB_URL").cloned(),
    }
}
