//! Attempts at the write of one collection: what is written, and when another attempt is useful.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    AppliedChange, AppliedStateUpdate, Change, Channel, CollectionImage, Deferral, FailureClass, ImageMoment,
    WriteOutcome, WritePhase, WriteResponse, ZoneFailure,
};
use crate::provider::{CollectionSnapshot, UnprocessedReason, WriteError};

/// Maximum number of new readings because a reading was too old for the write, or a needed one was missing.
const NEW_READINGS: usize = 3;
/// Maximum number of new attempts if the zone rejects writes because requests come too fast.
const THROTTLED_WRITES: usize = 7;

/// Changes to write now, and the reading that the write rests on.
pub struct PreparedWrite {
    /// Reading that the write rests on.
    pub fresh: CollectionSnapshot,
    /// Changes to write.
    pub changes: Vec<Change>,
    /// The same changes, as the journal and the history contain them.
    pub applied_changes: Arc<[AppliedChange]>,
}

impl PreparedWrite {
    /// Creates a write of these changes.
    pub fn new(fresh: CollectionSnapshot, changes: Vec<Change>) -> Self {
        let applied_changes = changes.iter().map(AppliedChange::from).collect();
        Self { fresh, changes, applied_changes }
    }

    /// Returns the image of a snapshot of the collection. Only what a PUT replaces needs one.
    pub fn image(&self, moment: ImageMoment, snapshot: &CollectionSnapshot) -> Option<CollectionImage> {
        let CollectionSnapshot { observed, raw } = snapshot;
        let key = self.changes.first()?.key.iter().map(|(field, _)| field.clone()).collect();
        (observed.channel == Channel::Api).then(|| CollectionImage {
            moment,
            key,
            aliases: observed.aliases.clone(),
            records: observed.records.iter().map(|record| record.fields.clone()).collect(),
            whole: raw.clone(),
        })
    }

    /// Returns the outcome of a write that reached the zone, and its phase in the journal.
    ///
    /// `verified` contains the update of the applied state, or the unexpected differences.
    pub fn end_with(&self, verified: Result<AppliedStateUpdate, Vec<String>>) -> (WriteOutcome, WritePhase) {
        let changes = Arc::clone(&self.applied_changes);
        match verified {
            Ok(learned) => (
                WriteOutcome::Applied { changes: self.changes.clone() },
                WritePhase::Verified { changes, learned },
            ),
            Err(unexpected_differences) => (
                WriteOutcome::VerifyFailed { unexpected_differences: unexpected_differences.clone() },
                WritePhase::Unverified { changes, unexpected_differences },
            ),
        }
    }
}

/// Attempts so far at one collection.
#[derive(Default)]
pub struct WriteAttempts {
    /// True after the start of the write was announced.
    pub is_announced: bool,
    new_readings: usize,
    throttled: usize,
    not_sent: usize,
    /// Number of writes without a response.
    pub lost_responses: usize,
    /// True after the zone changed rows that nobody owns.
    pub is_surprise: bool,
    /// Content that an unverified write left in the zone.
    pub left: Option<CollectionSnapshot>,
    /// Last write without a response, after which the zone was unchanged.
    pub lost: Option<PreparedWrite>,
}

impl WriteAttempts {
    /// Counts an unprocessed write. Returns true if another attempt is useful.
    pub fn next(&mut self, reason: &UnprocessedReason) -> bool {
        let (count, most) = match reason {
            UnprocessedReason::Outdated { .. } | UnprocessedReason::ReadingMissing => {
                (&mut self.new_readings, NEW_READINGS)
            }
            UnprocessedReason::Throttled(_) => (&mut self.throttled, THROTTLED_WRITES),
            UnprocessedReason::NotSent(_) => (&mut self.not_sent, NEW_READINGS),
        };
        *count += 1;
        *count <= most
    }
}

/// Content of a zone after a write without a response.
pub enum ReadbackResult {
    /// As sent: the update of the applied state.
    Written(AppliedStateUpdate),
    /// As before the write.
    Unchanged,
}

/// Returns the outcome after a surprise in this run.
pub fn stopped_outcome() -> WriteOutcome {
    WriteOutcome::Deferred { deferral: Deferral::Guard { guard: "surprise".into() } }
}

/// Returns the failure after the last attempt, with the cause of the delay.
pub fn unprocessed_failure(reason: UnprocessedReason, store_wait: Duration) -> ZoneFailure {
    let UnprocessedReason::Outdated { age, pace } = reason else { return reason.into_failure() };
    let stopped = age.saturating_sub(pace).saturating_sub(store_wait);
    let (wait, cause, help) = [
        (pace, "the rate of requests", "raise `rate.perSecond`, or apply when the zone is less busy"),
        (store_wait, "the store", "check why the store is slow: another process may lock it"),
        (stopped, "this process, which was stopped or had no processor time", "run `zonal apply` again"),
    ]
    .into_iter()
    .max_by_key(|(wait, _, _)| *wait)
    .unwrap_or_default();
    let message = format!(
        "not written: {} readings in a row were too old for a write, which needs a reading of the last \
         second; the last one waited {:.1} s for {cause}",
        NEW_READINGS + 1,
        wait.as_secs_f64(),
    );
    ZoneFailure::new(FailureClass::Outdated, message).help(help)
}

/// Returns the response type of a write.
pub fn write_response(written: &Result<(), WriteError>) -> WriteResponse {
    match written {
        Ok(()) => WriteResponse::Accepted,
        Err(WriteError::Refused(_) | WriteError::Unprocessed(_)) => WriteResponse::Rejected,
        Err(WriteError::Unknown(_)) => WriteResponse::NoResponse,
        Err(WriteError::Astray(_)) => WriteResponse::WrongTarget,
        Err(WriteError::Moved) => WriteResponse::PreconditionFailed,
    }
}

/// Returns the reason why nothing changed.
pub fn unchanged_reason(outcome: &WriteOutcome) -> String {
    match outcome {
        WriteOutcome::Failed { failure } => failure.message.clone(),
        WriteOutcome::Stale { .. } => "the zone changed since the plan".to_owned(),
        WriteOutcome::Deferred { deferral: hold } => hold.to_string(),
        WriteOutcome::Blocked { by } => format!("{by} did not succeed"),
        WriteOutcome::Interrupted => "interrupted".to_owned(),
        // Both outcomes include changes.
        WriteOutcome::Applied { .. } | WriteOutcome::VerifyFailed { .. } => String::new(),
    }
}
