//! Output options of a plan: files for people, CI and programs, all from the same plan.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandExit;
use super::config::{OutputFormat, to_json};
use super::context::CommandContext;
use super::output_files::is_stdout;
use super::runbook::manual_steps;
use crate::local::config_files::{FileRights, replace};
use crate::model::Plan;
use crate::render::json::compact_lines::compact_lines;
use crate::render::markdown::{self, CommentContext, CommentPurpose};
use crate::render::{github, gitlab, html, junit, runbook, sarif};
use crate::session::plan_documents::plan_json;

/// Output files of a plan, besides the printed text.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Other outputs")]
pub struct PlanOutputArgs {
    /// Write the plan as JSON, same as --json
    #[arg(long, value_name = "FILE")]
    json_out: Option<PathBuf>,
    /// Write a pull request comment (max. 60,000 bytes)
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write an HTML page with a matrix of zones and collections
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the manual steps, as printed by `zonal runbook`
    #[arg(long, value_name = "FILE")]
    runbook: Option<PathBuf>,
    /// Write JUnit XML with one test suite per zone
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write SARIF 2.1.0 for code scanning
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Write GitLab report files (terraform.json, codequality.json) to this directory
    #[arg(long, value_name = "DIR")]
    gitlab: Option<PathBuf>,
    /// Write GitHub annotations, job summary and outputs
    #[arg(long)]
    github: bool,
    /// True if the plan file itself goes to stdout.
    #[arg(skip)]
    plan_on_stdout: bool,
}

impl PlanOutputArgs {
    /// Returns the options of a command that saves its plan to `file`.
    pub fn beside_plan_file(&self, file: Option<&Path>) -> Self {
        Self { plan_on_stdout: file.is_some_and(is_stdout), ..self.clone() }
    }

    /// Rejects invalid combinations of options before any request.
    ///
    /// # Errors
    /// Prints the error and returns [`CommandExit::Invalid`].
    pub fn check(&self, format: OutputFormat, world: &CommandContext) -> Result<(), CommandExit> {
        let files_on_stdout = self.files().filter(|(_, path)| is_stdout(path)).count();
        let on_stdout = files_on_stdout + usize::from(self.plan_on_stdout);
        let told = |words| Err(super::fail(world, words));
        if self.gitlab.as_deref().is_some_and(is_stdout) {
            return told("--gitlab requires a directory because it writes two files");
        }
        match (on_stdout, format) {
            (0, _) | (1, OutputFormat::Text) => Ok(()),
            (1, OutputFormat::Json | OutputFormat::Lines) => {
                told("--json already writes to stdout; use a file name instead of `-`")
            }
            (_, _) => told("only one output can be `-` (stdout)"),
        }
    }

    /// Returns the text to print: empty if another output uses stdout.
    ///
    /// In GitHub jobs, escapes the text so that the runner does not execute any line.
    pub fn stdout_text(&self, text: String) -> String {
        match (self.is_stdout_taken(), self.github) {
            (true, _) => String::new(),
            (false, true) => github::escape_workflow_command(&text),
            (false, false) => text,
        }
    }

    /// Writes all requested outputs of a plan.
    ///
    /// `directory` is the config directory, `file` the saved plan file, if any. A failed output does not stop
    /// the others.
    ///
    /// # Errors
    /// Prints the errors and returns [`CommandExit::Invalid`].
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
                PlanOutputKind::Json => compact_lines(&plan_json(plan)) + "\n",
                PlanOutputKind::Markdown => markdown::comment(plan, context).text,
                PlanOutputKind::Html => html::html(plan),
                PlanOutputKind::Runbook => runbook::markdown(&manual_steps(plan)),
                PlanOutputKind::Junit => junit::junit(plan),
                PlanOutputKind::Sarif => to_json(&sarif::sarif(plan, &root)) + "\n",
            };
            match is_stdout(path) {
                true => world.out.print(text),
                false => problems.extend(write(&world.directory.join(path), &text, what.rights()).err()),
            }
        }
        if let Some(directory) = &self.gitlab {
            let directory = world.directory.join(directory);
            if let Err(error) = std::fs::create_dir_all(&directory) {
                problems.push(format!("cannot create {}: {error}", directory.display()));
            }
            let terraform = to_json(&gitlab::terraform(plan)) + "\n";
            let quality = to_json(&gitlab::code_quality(plan, &root)) + "\n";
            problems.extend(write(&directory.join("terraform.json"), &terraform, FileRights::Shared).err());
            problems.extend(write(&directory.join("codequality.json"), &quality, FileRights::Shared).err());
        }
        if self.github {
            problems.extend(self.github(plan, context, &root, format, world));
        }
        problems.iter().for_each(|problem| {
            super::fail(world, problem);
        });
        if problems.is_empty() { Ok(()) } else { Err(CommandExit::Invalid) }
    }

    /// Returns true if another output than the printed text uses stdout.
    fn is_stdout_taken(&self) -> bool {
        self.plan_on_stdout || self.files().any(|(_, path)| is_stdout(path))
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
        match (format, self.is_stdout_taken()) {
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

/// Returns the file named in a variable of the runner.
fn runner_file(variable: &str, world: &CommandContext) -> Option<PathBuf> {
    world.env.get(variable).filter(|path| !path.is_empty()).map(|path| world.directory.join(path))
}

/// Appends the result of an apply to the GitHub job summary.
///
/// A failure is printed, without effect on the result of the apply.
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

impl PlanOutputKind {
    /// Returns the rights of other users. The JSON output is a plan file, and pages are made to be published.
    fn rights(self) -> FileRights {
        match self {
            Self::Json => FileRights::Private,
            Self::Markdown | Self::Html | Self::Runbook | Self::Junit | Self::Sarif => FileRights::Shared,
        }
    }
}

/// Writes a file atomically.
///
/// # Errors
/// Returns the text of the error if the file cannot be written.
pub fn write(path: &Path, text: &str, rights: FileRights) -> Result<(), String> {
    replace(path, text, rights).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn append(path: &Path, text: &str) -> Result<(), String> {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Returns the path of the config directory in the repository: empty, or with a trailing `/`.
pub fn root(directory: &Path, world: &CommandContext) -> String {
    let of_job = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"].iter().find_map(|name| world.env.get(*name));
    let repository = of_job.map_or_else(|| world.directory.clone(), PathBuf::from);
    let (Ok(repository), Ok(directory)) = (repository.canonicalize(), directory.canonicalize()) else {
        return String::new();
    };
    let parts = directory.strip_prefix(repository).map(Path::components).into_iter().flatten();
    parts.map(|part| format!("{}/", part.as_os_str().to_string_lossy())).collect()
}

/// Returns the commit of the CI job.
fn commit(world: &CommandContext) -> Option<String> {
    ["GITHUB_SHA", "CI_COMMIT_SHA"].iter().find_map(|name| world.env.get(*name)).cloned()
}

/// Returns the URL of the CI job, with its artifacts.
fn run(world: &CommandContext) -> Option<String> {
    let env = |name| world.env.get(name);
    match (env("GITHUB_SERVER_URL"), env("GITHUB_REPOSITORY"), env("GITHUB_RUN_ID")) {
        (Some(server), Some(repository), Some(id)) => {
            Some(format!("{server}/{repository}/actions/runs/{id}"))
        }
        _ => env("CI_JOB_URL").cloned(),
    }
}
