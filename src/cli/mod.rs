//! Command line: one file per command.
//!
//! Only this module prints and exits; it shares the access to files, environment variables and the clock with
//! [`crate::local`].

mod absorb;
mod apply;
mod apply_output;
mod approvable_parts;
mod approve;
mod attest;
mod capabilities;
mod compare;
mod completions;
mod config;
mod confirm;
mod context;
mod demo;
mod doctor;
mod drift;
mod effective;
mod emulate;
mod escaped_log;

mod explain;
mod export;
mod export_notes;
mod gateway;
mod help;
mod help_examples;
mod history;
mod init;
mod lease_args;
mod merge_runs;
mod open_session;
mod output_files;
mod override_args;
mod plan;
mod plan_file;
mod plan_outputs;
mod plan_view_args;
mod production;
mod progress;
mod prune_runs;
mod questions;
mod renamed_args;
mod resume;
mod revert;
mod run_group;
mod runbook;
mod runs;
mod schema;
mod selection_args;
mod session_output;
mod show;
mod show_run;
mod snapshot;
mod snapshot_file;
mod store_args;
mod store_query;
mod support;
mod tables;
mod target_args;
mod test;
mod unfinished_note;
mod unknown_commands;
mod unmanage;
mod validate;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{FromArgMatches as _, Parser, Subcommand};

pub use crate::session::run_outcome::RunOutcome as CommandExit;
pub use context::{CommandContext, InputStream, OutputStream, TerminalKind};
pub use escaped_log::EscapedLog;

use crate::model::text_safety::escape_invisible;

/// Configuration as code for library consortia on Ex Libris Alma
///
/// zonal compares YAML manifests with the configuration of every zone, plans the changes, and applies them.
#[derive(Debug, Parser)]
#[command(name = "zonal", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = EXIT_CODES)]
struct CliArgs {
    /// Directory that contains the manifests (default: ZONAL_DIR, or the current directory)
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    directory: Option<PathBuf>,
    /// Log filter for stderr, such as `info` or `zonal::provider=debug` (default: ZONAL_LOG, or `warn`)
    #[arg(long, value_name = "FILTER", global = true)]
    log: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitCommand),
    Doctor(doctor::DoctorCommand),
    Validate(validate::ValidateCommand),
    Plan(plan::PlanCommand),
    Show(show::ShowCommand),
    Approve(approve::ApproveCommand),
    Apply(apply::ApplyCommand),
    Resume(resume::ResumeCommand),
    Revert(revert::RevertCommand),
    Restore(revert::RestoreCommand),
    Unmanage(unmanage::UnmanageCommand),
    Drift(drift::DriftCommand),
    Absorb(Box<absorb::AbsorbCommand>),
    History(history::HistoryCommand),
    Runs(runs::RunsCommand),
    Effective(effective::EffectiveCommand),
    Explain(Box<explain::ExplainCommand>),
    Test(test::TestCommand),
    Export(export::ExportCommand),
    Snapshot(snapshot::SnapshotCommand),
    Tables(tables::TablesCommand),
    Compare(compare::CompareCommand),
    Capabilities(capabilities::CapabilitiesCommand),
    Runbook(runbook::RunbookCommand),
    Attest(attest::AttestCommand),
    Gateway(gateway::GatewayCommand),
    Support(support::SupportCommand),
    Emulate(Box<emulate::EmulateCommand>),
    Demo(demo::DemoCommand),
    Schema(schema::SchemaCommand),
    Completions(completions::CompletionsCommand),
}

const EXIT_CODES: &str = "\
Exit codes:
  0    success
  1    invalid usage or manifests, unmet expectation, or internal error; nothing written
  2    changes found (drift, plan --detailed-exitcode)
  3    some writes failed
  4    denied by a guard or policy, or approval missing
  5    stale: a zone changed since the plan
  6    a zone was unreachable or rejected the API key; result incomplete
  7    verification failed after a write
  130  interrupted";

/// Runs a command line (program name first) and returns the result.
pub async fn run(argv: Vec<OsString>, world: &CommandContext) -> CommandExit {
    let parsed = help::command(&world.env).try_get_matches_from(argv);
    let cli = match parsed.and_then(|matches| CliArgs::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            let text = error.render().ansi().to_string();
            return match error.use_stderr() {
                true => {
                    world.err.print(text);
                    let hint = renamed_args::hint(&error).or_else(|| unknown_commands::hint(&error));
                    world.err.print(hint.unwrap_or_default());
                    CommandExit::Invalid
                }
                false => {
                    world.out.print(text);
                    CommandExit::Done
                }
            };
        }
    };
    let directory = cli.directory.as_deref();
    let directory = directory.or_else(|| help::variable(&world.env, help::DIRECTORY_VARIABLE).map(Path::new));
    let directory = world.directory.join(directory.unwrap_or(Path::new("")));
    let exit = match cli.command {
        Command::Init(command) => command.run(&directory, world).await,
        Command::Doctor(command) => command.run(&directory, world).await,
        Command::Validate(command) => command.run(&directory, world),
        Command::Plan(command) => command.run(&directory, world).await,
        Command::Show(command) => command.run(&directory, world),
        Command::Approve(command) => command.run(&directory, world),
        Command::Apply(command) => command.run(&directory, world).await,
        Command::Resume(command) => command.run(&directory, world).await,
        Command::Revert(command) => command.run(&directory, world).await,
        Command::Restore(command) => command.run(&directory, world).await,
        Command::Unmanage(command) => command.run(&directory, world).await,
        Command::Drift(command) => command.run(&directory, world).await,
        Command::Absorb(command) => command.run(&directory, world).await,
        Command::History(command) => command.run(&directory, world).await,
        Command::Runs(command) => command.run(&directory, world).await,
        Command::Explain(command) => command.run(&directory, world).await,
        Command::Test(command) => command.run(&directory, world).await,
        Command::Export(command) => command.run(&directory, world).await,
        Command::Snapshot(command) => command.run(&directory, world).await,
        Command::Effective(command) => command.run(&directory, world).await,
        Command::Tables(command) => command.run(&directory, world).await,
        Command::Compare(command) => command.run(&directory, world).await,
        Command::Capabilities(command) => command.run(&directory, world).await,
        Command::Runbook(command) => command.run(&directory, world).await,
        Command::Attest(command) => command.run(&directory, world).await,
        Command::Gateway(command) => command.run(world).await,
        Command::Support(command) => command.run(&directory, world).await,
        Command::Emulate(command) => command.run(&directory, world).await,
        Command::Demo(command) => command.run(world).await,
        Command::Schema(command) => command.run(world),
        Command::Completions(command) => command.run(world),
    };
    match (world.out.write_error(), exit) {
        // An incomplete result must not count as success.
        (Some(error), CommandExit::Done | CommandExit::Changes) => {
            fail(world, format!("cannot write the complete result: {error}"))
        }
        (_, exit) => exit,
    }
}

/// Returns the filter of `--log`, for the setup of logging; `None` without the flag or with invalid flags.
pub fn log_filter(argv: &[OsString]) -> Option<String> {
    CliArgs::try_parse_from(argv).ok()?.log
}

/// Style of the word `error`.
const ERROR_STYLE: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();

/// Prints an error outside the manifests, with its fix, on one line of stderr.
fn fail(world: &CommandContext, message: impl AsRef<str>) -> CommandExit {
    let style = ERROR_STYLE;
    let message = escape_invisible(message.as_ref());
    world.err.print_line(format!("{style}error{style:#}: {message}"));
    CommandExit::Invalid
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use super::CliArgs;

    /// Returns the commands without a first sentence on a line of its own, with their subcommands.
    fn without_first_sentence(command: &Command, path: &str) -> Vec<String> {
        let commands = command.get_subcommands().filter(|each| each.get_name() != "help");
        let lines = commands.flat_map(|each| {
            let path = format!("{path} {}", each.get_name());
            let about = each.get_about().map(ToString::to_string).unwrap_or_default();
            let is_sentence = about.starts_with(char::is_uppercase)
                && about.chars().count() <= 100
                && !about.contains(['.', '\n']);
            let own = (!is_sentence).then(|| format!("{path}: {about:?}"));
            own.into_iter().chain(without_first_sentence(each, &path)).collect::<Vec<_>>()
        });
        lines.collect()
    }

    #[test]
    fn help_of_each_command_begins_with_one_sentence() {
        assert_eq!(without_first_sentence(&CliArgs::command(), "zonal"), Vec::<String>::new());
    }
}
