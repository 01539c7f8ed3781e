//! Prints the errors, notes and progress of a session.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::CommandExit;
use super::apply_output::ApplyOutput;
use super::config::{OutputFormat, print_diagnostics};
use super::context::{CommandContext, INTERRUPTED, note_first_write};
use super::export_notes;
use super::progress::ProgressReporter;
use crate::apply::ZoneLockout;
use crate::model::text_safety::escape_invisible;
use crate::model::{FailureClass, ZoneCode, error_chain_text};
use crate::render::text::PlanDetail;
use crate::render::text::count;
use crate::session::config_source::{ConfigFileError, RevisionError};
use crate::session::error::{PlanSource, RevisionUse, RunProblem, SessionError, SessionStage, StoreProblem};
use crate::session::retired_records::{RetiredRecords, RetiredRecordsPlace};
use crate::session::run_recovery::RecoverySummary;
use crate::session::selection::{SelectionPart, SelectionProblem};
use crate::session::{SessionEvent, SessionNote, SessionObserver};

/// Prints an error of a session with its help, and returns the exit code.
pub fn report_error(error: &SessionError, format: OutputFormat, world: &CommandContext) -> CommandExit {
    let fail = |message: String| super::fail(world, message);
    let help = |help: &str| world.err.print_plain_line(format!("help: {help}"));
    match error {
        SessionError::InvalidManifests(located) | SessionError::MissingKeys(located) => {
            print_diagnostics(located, format, world);
            CommandExit::Invalid
        }
        SessionError::Interrupted { during } => {
            world.err.print_line(interruption_text(*during));
            CommandExit::Interrupted
        }
        SessionError::RunLeftOpen { run, source } => {
            let exit = report_error(source, format, world);
            world.err.print_line(format!("Run `zonal resume {run}` to finish the run."));
            exit
        }
        SessionError::NotRecovered { run, zones } => {
            let exits: BTreeSet<CommandExit> =
                zones.iter().map(|(zone, lockout)| report_lockout(zone, lockout, world)).collect();
            world.err.print_line(format!("No changes were made. Run `zonal resume {run}` to try again."));
            exits.first().copied().unwrap_or(CommandExit::Incomplete)
        }
        SessionError::InvalidSelection(problems) => {
            problems.iter().fold(CommandExit::Invalid, |_, problem| fail(selection_text(problem)))
        }
        SessionError::UnusedOverrides(unused) => {
            unused.iter().fold(CommandExit::Invalid, |_, unused| fail(unused.to_string()))
        }
        SessionError::NotUnmanaged { problems, declared } => {
            let exit = problems.iter().fold(CommandExit::Invalid, |_, problem| fail(problem.clone()));
            if *declared {
                help(
                    "remove the record from the manifest, or set `enforcement: unmanage` and run \
                     `zonal apply` to unmanage the record",
                );
            }
            exit
        }
        SessionError::Revision { used_as, revision, source } => fail(format!(
            "{} {revision}: {}{}",
            revision_flag(*used_as),
            error_chain_text(source),
            match source {
                RevisionError::NotInstalled(_) => "; install git to compare with a revision",
                _ => "",
            }
        )),
        SessionError::UnusableRevision { used_as, .. } => {
            fail(format!("{}: {}", revision_flag(*used_as), error_chain_text(error)))
        }
        SessionError::ReviewedPlan { plan, .. } => {
            let exit = fail(error.to_string());
            match plan {
                PlanSource::File(name) => {
                    help(&format!("create a new plan and review it: `zonal plan --out {name}`"));
                }
                PlanSource::Run(_) => help("run `zonal apply` to apply the current manifests"),
            }
            exit
        }
        SessionError::ConfigFile(file_error) => fail(config_file_text(file_error)),
        SessionError::Store(store_error) => {
            let exit = fail(error_chain_text(store_error));
            help(store_error.class.help());
            exit
        }
        SessionError::StoreLocation(StoreProblem::NoFolder { .. }) => {
            fail(format!("{}; choose another store with `--store`", error_chain_text(error)))
        }
        SessionError::Run(problem) => fail(run_problem_text(problem)),
        SessionError::ExistingFiles(files) => {
            let exit = files.iter().fold(CommandExit::Invalid, |_, file| {
                fail(format!("{file} exists, and zonal did not export it"))
            });
            help(
                "choose another directory with `--out`, or replace the files with `--force`; nothing was read",
            );
            exit
        }
        SessionError::UnknownTables(problems) => {
            problems.iter().fold(CommandExit::Invalid, |_, problem| fail(format!("--table {problem}")))
        }
        SessionError::DeclaredTables(problems) => {
            let exit = problems.iter().fold(CommandExit::Invalid, |_, problem| fail(problem.clone()));
            help(
                "remove the table from that manifest, or export to a directory outside of this one with `--out`",
            );
            exit
        }
        SessionError::ExportDiffers(_) => {
            let exit = fail(error_chain_text(error));
            help(
                "this is a mistake in zonal, or the zone changed between two readings: run the command again",
            );
            exit
        }
        SessionError::OtherSnapshot { .. }
        | SessionError::StoredPlan { .. }
        | SessionError::StoredReport { .. }
        | SessionError::StoreLocation(StoreProblem::Invalid { .. })
        | SessionError::NoStore(_)
        | SessionError::InvalidClock(_) => fail(error_chain_text(error)),
    }
}

/// Returns an error in a file of the config directory as text, with the fix.
pub fn config_file_text(error: &ConfigFileError) -> String {
    match error {
        ConfigFileError::InvalidApproval { .. } => {
            format!("{}; approve again, or remove the file", error_chain_text(error))
        }
        ConfigFileError::InvalidAttestations { .. } => {
            format!("{error}; restore an earlier version from git, or delete the file and attest again")
        }
        ConfigFileError::Unreadable { .. }
        | ConfigFileError::Unwritable { .. }
        | ConfigFileError::Version { .. } => error_chain_text(error),
    }
}

fn interruption_text(during: SessionStage) -> &'static str {
    match during {
        SessionStage::Preparing | SessionStage::Recovering => INTERRUPTED,
        SessionStage::Reading => "Interrupted while reading. No changes were made.",
        SessionStage::Writing => {
            "Stopped. The outcome of writes in flight is unknown; run `zonal plan` to see what is left."
        }
    }
}

fn report_lockout(zone: &ZoneCode, lockout: &ZoneLockout, world: &CommandContext) -> CommandExit {
    match lockout {
        ZoneLockout::Held(deferral) => {
            super::fail(world, format!("{zone}: {deferral}"));
            CommandExit::Blocked
        }
        ZoneLockout::Failed(failure) => {
            super::fail(world, format!("{zone}: {failure}"));
            match failure.class == FailureClass::Store {
                true => CommandExit::Invalid,
                false => CommandExit::Incomplete,
            }
        }
    }
}

fn selection_text(problem: &SelectionProblem) -> String {
    match problem {
        SelectionProblem::Value { part, .. } => {
            let flag = match part {
                SelectionPart::Zone => "--zone",
                SelectionPart::Label => "--label",
                SelectionPart::Exclude => "--exclude",
                SelectionPart::Kind => "--kind",
                SelectionPart::Only => "--only",
            };
            format!("{flag} {problem}")
        }
        SelectionProblem::NoZones | SelectionProblem::NoManifests(_) => problem.to_string(),
    }
}

fn revision_flag(used_as: RevisionUse) -> &'static str {
    match used_as {
        RevisionUse::Base => "--base",
        RevisionUse::HeadBase => "--only-drift",
        RevisionUse::ChangedSince => "--changed-since",
    }
}

fn run_problem_text(problem: &RunProblem) -> String {
    match problem {
        RunProblem::UnknownInNetwork(_) | RunProblem::Unknown(_) | RunProblem::UnknownGroup(_) => {
            format!("{problem}; `zonal runs` lists all runs")
        }
        RunProblem::Running { .. } => format!("{problem}; wait for the end of the run, or stop the process"),
        RunProblem::NotEnded(_) => format!("{problem}; wait for its end"),
        RunProblem::Incomplete(run) => {
            format!("{problem}; run `zonal resume {run}` to verify its writes and finish it")
        }
        RunProblem::OtherEnvironment { .. } => format!("{problem}; remove `--environment`"),
        RunProblem::NoChanges(_) | RunProblem::NoImages(_) | RunProblem::NoPlan(_) | RunProblem::NoPlans => {
            problem.to_string()
        }
    }
}

/// Observer that prints notes and progress, and the events of an apply.
pub struct CommandObserver<'a> {
    world: &'a CommandContext,
    output: Option<&'a ApplyOutput<'a>>,
    progress: Mutex<Option<ProgressReporter<'a>>>,
}

impl<'a> CommandObserver<'a> {
    /// Creates an observer for a command that does not write.
    pub fn new(world: &'a CommandContext) -> Self {
        Self { world, output: None, progress: Mutex::new(None) }
    }

    /// Creates an observer for a command with the output of an apply.
    pub fn with_output(output: &'a ApplyOutput<'a>, world: &'a CommandContext) -> Self {
        Self { output: Some(output), ..Self::new(world) }
    }
}

impl SessionObserver for CommandObserver<'_> {
    fn notice(&self, event: &SessionEvent<'_>) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            SessionEvent::Note(note) => {
                for line in note_lines(note) {
                    match &*progress {
                        Some(progress) => progress.note(&line),
                        None => self.world.err.print_line(line),
                    }
                }
            }
            SessionEvent::StageStart { stage, zones } => {
                if *stage == SessionStage::Writing {
                    note_first_write();
                }
                *progress = Some(ProgressReporter::new(self.world, stage_verb(*stage), *zones));
            }
            SessionEvent::StageEnd(_) => {
                if let Some(progress) = progress.take() {
                    progress.finish();
                }
            }
            SessionEvent::Zone(event) => {
                if let Some(output) = self.output {
                    output.event(event);
                }
                if let Some(progress) = &*progress {
                    progress.handle_event(event);
                }
            }
            SessionEvent::Planned(plan) => {
                if let Some(output) = self.output {
                    output.plan(plan, PlanDetail::Decisions);
                }
            }
            SessionEvent::Applied { plan, executed } => {
                if let Some(output) = self.output {
                    output.print_text_result(plan, executed);
                }
            }
            SessionEvent::WaveRevertStart { wave, zones } => {
                let zones = count(*zones, "zone");
                self.world.err.print_plain_line(format!("Wave {wave}: reverting the changes in {zones}."));
                if let Some(output) = self.output {
                    output.separate_next_plan();
                }
            }
            SessionEvent::WaveRevertApplied { plan, executed } => {
                if let Some(output) = self.output {
                    output.print_result(plan, executed);
                    output.remind_of_git(executed);
                }
            }
        }
    }
}

fn stage_verb(stage: SessionStage) -> &'static str {
    match stage {
        SessionStage::Preparing => "Preparing",
        SessionStage::Reading => "Reading",
        SessionStage::Writing => "Writing",
        SessionStage::Recovering => "Recovering",
    }
}

/// Returns a note as text.
fn note_lines(note: &SessionNote) -> Vec<String> {
    let line = match note {
        SessionNote::EmptyShard(shard) => {
            format!("note: shard {shard} contains no zones; no changes to make")
        }
        SessionNote::NothingDeclared => {
            "warning: no manifest declares anything for a zone, so no zone is asked and no API key is tried"
                .to_owned()
        }
        SessionNote::RemovedZones { revision, zones } => {
            let (number, are) = (count(zones.len(), "zone"), if zones.len() == 1 { "is" } else { "are" });
            let zones = zone_list(zones);
            format!("note: {number} of {revision} {are} no longer in the network and not changed: {zones}")
        }
        SessionNote::AllZonesChanged(reason) => format!("note: every zone counts as changed: {reason}"),
        SessionNote::UndeclaredZones { revision, zones } => {
            let zones = zone_list(zones);
            format!("note: no manifest applies to {zones} any more, unlike at {revision}; existing records are kept")
        }
        SessionNote::NoChangedZones { revision } => {
            format!("No zone's configuration differs from {revision}.")
        }
        SessionNote::RetiredRecords { place, records } => retired_records_text(place, records),
        SessionNote::NoRepository => {
            "note: the manifests are not in a git repository, so the comparison has no base: every difference \
             counts as drift"
                .to_owned()
        }
        SessionNote::NotReverted(zones) => {
            format!("note: no longer in the network and not reverted: {}", zone_list(zones))
        }
        SessionNote::SharedKeys(zones) => {
            let zones = count(*zones, "zone");
            format!("note: reads and writes use the same API key in {zones}; set `write` in `credentials`")
        }
        SessionNote::FinishingWrites => {
            "Interrupted: finishing the writes in flight. Press Ctrl-C again to stop at once.".to_owned()
        }
        SessionNote::Recovered { run, summary } => match recovery_text(summary) {
            Some(text) => format!("{run}: {text}"),
            None => return Vec::new(),
        },
        SessionNote::NotRecorded { run, error } => {
            let error = error.iter().flat_map(|error| {
                let style = super::ERROR_STYLE;
                [format!("{style}error{style:#}: {}", escape_invisible(&error_chain_text(error))), format!("help: {}", error.class.help())]
            });
            let missing = format!(
                "the store lacks some writes of {run}; run `zonal resume {run}` when the store is available"
            );
            return error.chain([missing]).collect();
        }
        SessionNote::NoStoreForGroup => {
            "note: no store found, so this run cannot be merged with others".to_owned()
        }
        SessionNote::ExportCost { zones, collections, requests } => {
            export_notes::cost_text(*zones, *collections, *requests)
        }
        SessionNote::ReadingReused { answers, minutes } => export_notes::reuse_text(*answers, *minutes),
        SessionNote::ReadingNotKept { reason } => export_notes::not_kept_text(reason),
    };
    vec![escape_invisible(&line)]
}

/// Returns the text about dropped records.
fn retired_records_text(place: &RetiredRecordsPlace, RetiredRecords(records): &RetiredRecords) -> String {
    let records: Vec<String> = (records.iter())
        .map(|(collection, number)| format!("{} of {collection}", count(*number, "record")))
        .collect();
    let records = records.join(", ");
    let dropped = match place {
        RetiredRecordsPlace::AppliedState => format!("the applied state no longer contains {records}"),
        RetiredRecordsPlace::Snapshot(name) => {
            format!("{records} in the applied state of {name} are ignored")
        }
        RetiredRecordsPlace::Plan(source) => format!("{records} in {source} are ignored"),
        RetiredRecordsPlace::Run(run) => format!("{records}, changed by {run}, are not reverted"),
    };
    format!(
        "warning: {dropped}: these settings belong to the service now, and zonal neither changes nor prunes the \
         records that a gateway may still have"
    )
}

/// Returns the counts as text: `2 written, 1 not written`; `None` without collections.
fn recovery_text(summary: &RecoverySummary) -> Option<String> {
    let RecoverySummary { arrived, missing, moved } = *summary;
    let parts = [(arrived, "written"), (missing, "not written"), (moved, "changed since")];
    let parts: Vec<String> = (parts.iter())
        .filter(|(number, _)| *number > 0)
        .map(|(number, outcome)| format!("{number} {outcome}"))
        .collect();
    let number = count(arrived + missing + moved, "collection");
    (!parts.is_empty()).then(|| format!("{number} with unknown outcome: {}", parts.join(", ")))
}

fn zone_list(zones: &[ZoneCode]) -> String {
    let codes: Vec<&str> = zones.iter().map(ZoneCode::as_str).collect();
    codes.join(", ")
}
