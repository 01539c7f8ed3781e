//! The command line: one file for each command, and the only place that prints, exits, or reads
//! files, the environment and the clock.

mod adopt_records;
mod apply;
mod apply_output;
mod approvals;
mod approve;
mod attest;
mod attestations;
mod base_revision;
mod capabilities;
mod changed_since;
mod comparison_base;
mod completions;
mod config;
mod config_files;
mod context;
mod credentials;
mod demo;
mod drift;
mod emulate;
mod execute_plan;
mod exit_code;
mod explain;
mod gateway;
mod git_revision;
mod history;
mod merge_runs;
mod network_settings;
mod override_args;
mod plan;
mod plan_file;
mod plan_outputs;
mod progress;
mod provider_factory;
mod resume;
mod revert;
mod reviewed_plan;
mod run_author;
mod run_group;
mod run_journal;
mod run_recovery;
mod runbook;
mod runs;
mod schema;
mod selected_state;
mod selection_args;
mod show;
mod snapshot;
mod snapshot_reader;
mod store;
mod support;
mod target_args;
mod test;
mod unfinished_runs;
mod unmanage;
mod validate;
mod zone_readers;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use context::{CommandContext, InputStream, OutputStream, TerminalKind};
pub use exit_code::CommandExit;

/// Config-as-code for library consortia that run Ex Libris Alma.
///
/// zonal reads YAML manifests of how a Network Zone and its members should be configured, shows how
/// every zone differs from them, and makes it so.
#[derive(Debug, Parser)]
#[command(name = "zonal", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = EXIT_CODES)]
struct CliArgs {
    /// The config directory
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    directory: Option<PathBuf>,
    /// What to log on stderr: `info`, `debug`, or a filter such as `zonal::provider=debug`
    #[arg(long, value_name = "FILTER", global = true)]
    log: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Validate(validate::ValidateCommand),
    Plan(plan::PlanCommand),
    Show(show::ShowCommand),
    Approve(approve::ApproveCommand),
    Apply(apply::ApplyCommand),
    Resume(resume::ResumeCommand),
    Revert(revert::RevertCommand),
    Unmanage(unmanage::UnmanageCommand),
    Drift(drift::DriftCommand),
    History(history::HistoryCommand),
    Runs(runs::RunsCommand),
    Explain(Box<explain::ExplainCommand>),
    Test(test::TestCommand),
    Snapshot(snapshot::SnapshotCommand),
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
  0    done, or nothing to do
  1    usage, validation or internal error, or an expectation is not met; nothing was written
  2    changes found (drift, plan --detailed-exitcode)
  3    partial: some writes failed
  4    blocked by a guard or a policy, or waiting for an approval; nothing was written there
  5    stale: something moved since the plan was approved
  6    a zone was unreachable or refused the key, so the answer is incomplete
  7    verification failed after a write
  130  interrupted";

/// Runs a command line, the program's name first, and says how it ended.
pub async fn run(argv: Vec<OsString>, world: &CommandContext) -> CommandExit {
    let cli = match CliArgs::try_parse_from(argv) {
        Ok(cli) => cli,
        Err(error) => {
            let text = error.render().ansi().to_string();
            return match error.use_stderr() {
                true => {
                    world.err.print(text);
                    CommandExit::Invalid
                }
                false => {
                    world.out.print(text);
                    CommandExit::Done
                }
            };
        }
    };
    let directory = world.directory.join(cli.directory.unwrap_or_default());
    let exit = match cli.command {
        Command::Validate(command) => command.run(&directory, world),
        Command::Plan(command) => command.run(&directory, world).await,
        Command::Show(command) => command.run(&directory, world),
        Command::Approve(command) => command.run(&directory, world),
        Command::Apply(command) => command.run(&directory, world).await,
        Command::Resume(command) => command.run(&directory, world).await,
        Command::Revert(command) => command.run(&directory, world).await,
        Command::Unmanage(command) => command.run(&directory, world).await,
        Command::Drift(command) => command.run(&directory, world).await,
        Command::History(command) => command.run(&directory, world).await,
        Command::Runs(command) => command.run(&directory, world).await,
        Command::Explain(command) => command.run(&directory, world).await,
        Command::Test(command) => command.run(&directory, world).await,
        Command::Snapshot(command) => command.run(&directory, world).await,
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
        // Half a result must not pass for one.
        (Some(error), CommandExit::Done | CommandExit::Changes) => {
            fail(world, format!("the result is not all there: {error}"))
        }
        (_, exit) => exit,
    }
}

/// What `--log` asks for, for whoever sets up the process's logging. `None` where it is silent or wrong.
pub fn log_filter(argv: &[OsString]) -> Option<String> {
    CliArgs::try_parse_from(argv).ok()?.log
}

/// An error that is not of the manifests: one line on stderr, and what to do about it.
fn fail(world: &CommandContext, message: impl AsRef<str>) -> CommandExit {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    world.err.print_line(format!("{style}error{style:#}: {}", message.as_ref()));
    CommandExit::Invalid
}
