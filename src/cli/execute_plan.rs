//! Executes a plan and records the run: common part of apply, resume and revert.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::config::OutputFormat;
use super::context::CommandContext;
use super::credentials::{self, KeyPurpose};
use super::exit_code::{self, CommandExit};
use super::plan::PlanResult;
use super::plan_file;
use super::progress::ProgressReporter;
use super::run_author::author;
use super::run_journal::{self, JournalOptions, LeaseWait, RunJournal, RunMetadata};
use super::store;
use super::unfinished_runs;
use crate::apply::{StopSignal, roll_out};
use crate::model::network::Zone;
use crate::model::{
    ApplyEvent, ApplyReport, FailureClass, Plan, Run, RunId, RunOperation, RunState, WriteOutcome, ZonePlan,
    ZoneReport,
};
use crate::render;
use crate::store::{CollectionStateUpdate, StoreError};

/// Options of an execution.
pub struct ApplyOptions {
    /// Start of the run.
    pub begin: RunStart,
    /// Behavior at a zone with another run's lease.
    pub patience: LeaseWait,
}

impl ApplyOptions {
    /// Returns true if the run belongs to a run group; such runs are recorded even without changes.
    fn is_grouped(&self) -> bool {
        match &self.begin {
            RunStart::New { about, .. } => about.group.is_some(),
            RunStart::Resumed(_) => false,
        }
    }
}

/// Start of a run.
pub enum RunStart {
    /// New run.
    New {
        /// Operation of the run.
        deed: RunOperation,
        /// Other properties of the run.
        about: RunMetadata,
    },
    /// Resumed run, killed or interrupted before.
    Resumed(Box<Run>),
}

/// Result of an execution.
pub struct ApplyResult {
    /// Outcome in each zone.
    pub report: ApplyReport,
    /// Results that apply, for the exit code.
    pub exits: BTreeSet<CommandExit>,
    /// Recorded run, if any.
    pub run: Option<RunId>,
}

/// Executes the writable part of a plan, and updates the applied state in the store.
///
/// # Errors
/// Prints the error and returns the exit code if nothing was started, or after a forced stop.
pub async fn carry_out(
    planned: &PlanResult,
    manner: ApplyOptions,
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
    tell: &(dyn Fn(&ApplyEvent) + Sync),
) -> Result<ApplyResult, CommandExit> {
    let plan = &planned.plan;
    let may_write = plan.has_work() && !plan.is_denied();
    let lessons = super::adopt_records::lessons(planned);
    // Resuming always ends the run, even without remaining changes.
    let taken_up = matches!(manner.begin, RunStart::Resumed(_)) && !plan.is_denied();
    let worth_it = may_write || taken_up || !lessons.is_empty() || manner.is_grouped();
    let journal = match (&planned.store, worth_it) {
        (Some(_), true) => begin_run(planned, manner, directory, world).await?,
        (_, _) => None,
    };
    let run = journal.as_ref().map(|journal| journal.run.id);
    let report = match may_write {
        true => match write(planned, &journal, directory, format, world, tell).await {
            Ok(report) => report,
            Err(exit) => {
                if let Some(journal) = &journal {
                    leave_open(journal, world).await;
                }
                return Err(exit);
            }
        },
        false => ApplyReport::default(),
    };
    let mut exits = exit_code::of_apply(plan, &report);
    if let Some(journal) = journal
        && let Err(trouble) = keep(planned, &journal, &report, &exits, lessons, world).await
    {
        if let Some(error) = trouble {
            store::report_error(&error, world);
        }
        let id = journal.run.id;
        world.err.print_line(format!(
            "the store lacks some writes of {id}; run `zonal resume {id}` when the store is available"
        ));
        exits.remove(&CommandExit::Done);
        exits.insert(CommandExit::Partial);
    }
    Ok(ApplyResult { report, exits, run })
}

async fn begin_run(
    planned: &PlanResult,
    ApplyOptions { begin, patience }: ApplyOptions,
    directory: &Path,
    world: &CommandContext,
) -> Result<Option<RunJournal>, CommandExit> {
    let PlanResult { config, plan, under_review, store, doors, keys, base, .. } = planned;
    let Some(store) = store else { return Ok(None) };
    let network = &config.network;
    // Attested records are never written, so their recovery needs no attestations.
    let before = plan.inputs.reverts.and_then(|_| Some(base.as_ref()?.applied_state.clone()));
    let ways = JournalOptions { patience, readers: doors.readers(network, keys, BTreeMap::new()), before };
    let begun = match begin {
        RunStart::New { deed, about } => {
            let author = world.unless_interrupted(author(directory, world)).await?;
            let run = run_journal::new(plan, deed, &about, author, world);
            let mut text = plan_file::plan_json(plan);
            // The resumed run needs the same approvals.
            text.reconciler.reviewed_digests =
                under_review.zones.iter().map(|(code, digest)| (code.0.clone(), *digest)).collect();
            let text = serde_json::to_string(&text).unwrap_or_default();
            RunJournal::begin(store, network, run, text, ways, world).await
        }
        RunStart::Resumed(run) => RunJournal::take_up(store, network, *run, ways, world).await,
    };
    begun.map(Some).map_err(|error| store::report_error(&error, world))
}

/// Records adopted records and the end of the run.
///
/// Returns the error; `None` as the error if the report already contains the store failure.
async fn keep(
    planned: &PlanResult,
    journal: &RunJournal,
    report: &ApplyReport,
    exits: &BTreeSet<CommandExit>,
    lessons: Vec<CollectionStateUpdate>,
    world: &CommandContext,
) -> Result<(), Option<StoreError>> {
    let PlanResult { config, plan, store, .. } = planned;
    let Some(store) = store else { return Ok(()) };
    store.learn(store::scope(&config.network), lessons).await?;
    end_run(journal, plan, report, exits).await?;
    if report.zones.values().any(has_lost_the_store) {
        return Err(None);
    }
    if is_all_done(plan, exits) {
        unfinished_runs::make_up(store, journal, world).await?;
    }
    Ok(())
}

/// Returns true if the writes to a zone stopped because of a store failure.
fn has_lost_the_store(zone: &ZoneReport) -> bool {
    let outcomes = zone.collections.iter().filter_map(|(_, outcome)| match outcome {
        WriteOutcome::Failed { failure } => Some(failure),
        WriteOutcome::Applied { .. }
        | WriteOutcome::Stale { .. }
        | WriteOutcome::Blocked { .. }
        | WriteOutcome::VerifyFailed { .. }
        | WriteOutcome::Deferred { .. }
        | WriteOutcome::Interrupted => None,
    });
    zone.zone_failure.iter().chain(outcomes).any(|failure| failure.class == FailureClass::Store)
}

/// Returns true if the plan has no changes left for another run.
fn is_all_done(plan: &Plan, exits: &BTreeSet<CommandExit>) -> bool {
    let mut steps = plan.zones.values().flat_map(|zone| &zone.collections);
    *exits == BTreeSet::from([CommandExit::Done]) && steps.all(|step| step.diff.later().next().is_none())
}

/// Marks a run stopped at once as interrupted, so that it can be resumed.
async fn leave_open(journal: &RunJournal, world: &CommandContext) {
    // Without this record, the run looks like a killed run, which can also be resumed.
    let _ = journal.finish(RunState::Interrupted, vec![CommandExit::Interrupted.code()], String::new()).await;
    world.err.print_line(format!("Run `zonal resume {}` to finish the run.", journal.run.id));
}

async fn end_run(
    journal: &RunJournal,
    plan: &Plan,
    report: &ApplyReport,
    exits: &BTreeSet<CommandExit>,
) -> Result<(), StoreError> {
    let outcomes = report.zones.values().flat_map(|zone| &zone.collections);
    let interrupted = outcomes.into_iter().any(|(_, outcome)| *outcome == WriteOutcome::Interrupted);
    let cut_short = interrupted || report.zones.values().any(has_lost_the_store);
    let state = if cut_short { RunState::Interrupted } else { RunState::Ended };
    let codes = exits.iter().map(|exit| exit.code()).collect();
    let text = serde_json::to_string(&plan_file::report_json(plan, report)).unwrap_or_default();
    journal.finish(state, codes, text).await.map(drop)
}

async fn write(
    planned: &PlanResult,
    journal: &Option<RunJournal>,
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
    tell: &(dyn Fn(&ApplyEvent) + Sync),
) -> Result<ApplyReport, CommandExit> {
    let PlanResult { config, desired, base, plan, doors, keys, .. } = planned;
    let network = &config.network;
    let writable = |zone: &&Zone| plan.zones.get(&zone.code).is_some_and(ZonePlan::is_writable);
    let zones: Vec<&Zone> = network.zones.iter().filter(writable).collect();
    let fetching = credentials::keys(network, &zones, KeyPurpose::Write, directory, world);
    let write_keys = world
        .unless_interrupted(fetching)
        .await?
        .map_err(|problems| config.report(&problems, format, world))?;
    let shared = credentials::shared_key_count(&keys.zones, &write_keys.zones);
    if shared > 0 {
        let zones = render::text::count(shared, "zone");
        world.err.print_line(format!(
            "note: reads and writes use the same API key in {zones}; set `write` in `credentials`"
        ));
    }
    let writers = doors.writers(network, &write_keys);
    let progress = ProgressReporter::new(world, "Writing", writers.len());
    let shown = |event: ApplyEvent| {
        tell(&event);
        progress.handle_event(&event);
    };
    let (halt, stop) = StopSignal::new();
    let running = roll_out(&writers, desired, base.as_ref(), plan, &network.rollout, journal, &stop, &shown);
    tokio::pin!(running);
    let report = tokio::select! {
        report = &mut running => report,
        () = world.wait_for_interrupts(1) => {
            halt.send_replace(true);
            progress.note("Interrupted: finishing the writes in flight. Press Ctrl-C again to stop at once.");
            tokio::select! {
                report = &mut running => report,
                () = world.wait_for_interrupts(2) => {
                    progress.finish();
                    world.err.print_line(
                        "Stopped. The outcome of writes in flight is unknown; run `zonal plan` to see what is left.",
                    );
                    return Err(CommandExit::Interrupted);
                }
            }
        }
    };
    progress.finish();
    Ok(report)
}
