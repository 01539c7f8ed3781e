//! `zonal resume`: continues an interrupted run.

use std::path::Path;

use clap::Args;

use super::CommandExit;
use super::apply_output::{ApplyOutput, EventAudience};
use super::config::{OutputFormat, load_config};
use super::context::CommandContext;
use super::lease_args::LeaseArgs;
use super::open_session::open_session;
use super::session_output::{CommandObserver, report_error};
use super::store_args::StoreArgs;
use crate::model::RunId;
use crate::session::resume::{self, ResumableRun, ResumedRun};
use crate::session::run_outcome;
use crate::store::StoreAccess;

/// Continue an interrupted run
///
/// First reads the zones to recover the outcome of writes in flight. Then writes the remaining changes of the
/// run's plan, with all checks of an apply. No change is made twice. The manifests must be the same as at the
/// start of the run.
#[derive(Debug, Args)]
pub struct ResumeCommand {
    /// Run to resume (default: the latest incomplete run)
    #[arg(value_name = "RUN")]
    run: Option<RunId>,
    /// Environment of the run; required without RUN
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    leases: LeaseArgs,
    /// Print events as newline-delimited JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

impl ResumeCommand {
    /// Resumes a run of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.resume(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn resume(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Lines } else { OutputFormat::Text };
        let output = ApplyOutput::new(format, EventAudience::None, world);
        let observer = CommandObserver::with_output(&output, world);
        let report = |error| report_error(&error, format, world);
        output.print_header();
        let environment = self.environment.as_deref();
        let config = load_config(directory, environment, format, world)?;
        let mut session = open_session(config, &self.store, StoreAccess::Existing, directory, world).await?;
        let found = match resume::find(&session, self.run, environment).await.map_err(report)? {
            ResumableRun::Found(found) => *found,
            nothing => {
                let line = format!("Nothing to resume: {}.", self.reason(&nothing));
                match format {
                    OutputFormat::Text => world.out.print_plain_line(line),
                    OutputFormat::Json | OutputFormat::Lines => world.err.print_plain_line(line),
                }
                return Ok(CommandExit::Done);
            }
        };
        if found.run.environment != session.config.network.environment {
            session.config = load_config(directory, found.run.environment.as_deref(), format, world)?;
        }
        let lease_wait = self.leases.lease_wait();
        let resumed = resume::resume(&session, found, lease_wait, &observer).await.map_err(report)?;
        let ResumedRun { planned, executed } = resumed;
        output.print_result(&planned.plan, &executed);
        Ok(run_outcome::worst(&executed.outcomes))
    }

    fn reason(&self, nothing: &ResumableRun) -> String {
        match nothing {
            ResumableRun::Found(found) => format!("{} is incomplete", found.run.id),
            ResumableRun::AllEnded => match &self.environment {
                Some(environment) => format!("every run of environment {environment} has ended"),
                None => "every run has ended".to_owned(),
            },
            ResumableRun::Ended(run) => format!("{run} has ended"),
            ResumableRun::ReadOnly(run) => format!("{run} is a read-only run"),
        }
    }
}
