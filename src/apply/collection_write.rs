//! Writes one collection safely.
//!
//! Alma replaces a whole table, drops rows missing from the request, and has no version to check. Therefore
//! zonal reads again, derives the changes again, and continues only if they match the approved changes. Then
//! zonal sends the fresh rows with the changes, reads back, and compares everything. The journal records each
//! step in advance.

use tokio::time::Instant;

use super::recovery::is_made;
use super::staleness::{self, StalenessTolerance};
use super::surprise_brake::{BrakePermission, SurpriseBrake, TrialResult};
use super::write_attempts::{
    PreparedWrite, ReadbackResult, WriteAttempts, stopped_outcome, unchanged_reason, unprocessed_failure,
    write_response,
};
use super::{ApplyJournal, StopSignal};
use crate::model::{
    AppliedChange, ApplyEvent, Change, CollectionDiff, CollectionId, CollectionImage, ComparisonBase,
    DesiredCollection, FailureClass, ImageMoment, JournalEntry, WriteOutcome, WritePhase, ZoneCode,
    ZoneFailure, looks_truncated,
};
use crate::provider::{self, CollectionSnapshot, WriteError, WriteTurn};

/// Maximum number of sends if responses are lost and the zone stays unchanged.
const SENDS: usize = 3;

/// Write of one collection.
pub struct CollectionWrite<'a, W, J> {
    pub code: &'a ZoneCode,
    pub writer: &'a W,
    pub desired: &'a [DesiredCollection],
    pub base: Option<&'a ComparisonBase>,
    pub planned: &'a CollectionDiff,
    pub allowance: StalenessTolerance<'a>,
    pub brake: &'a SurpriseBrake,
    pub journal: &'a J,
    pub stop: &'a StopSignal,
}

impl<W: provider::ZoneWriter, J: ApplyJournal> CollectionWrite<'_, W, J> {
    /// Writes the collection.
    ///
    /// Between requests, `halted` returns an outcome to stop the write.
    pub async fn run(
        &self,
        halted: &impl Fn() -> Option<WriteOutcome>,
        tell: &(dyn Fn(ApplyEvent) + Sync),
    ) -> WriteOutcome {
        if let Some(outcome) = halted() {
            return outcome;
        }
        let kind = &self.planned.id.kind;
        match self.stop.unless_set(self.brake.permission(self.code, kind)).await {
            Some(BrakePermission::Write) => {}
            Some(BrakePermission::Stopped) => return stopped_outcome(),
            None => return WriteOutcome::Interrupted,
        }
        let mut attempts = WriteAttempts::default();
        let outcome = self.run_permitted(halted, tell, &mut attempts).await;
        let result = match &outcome {
            WriteOutcome::Applied { changes } if !changes.is_empty() => TrialResult::Verified,
            _ if attempts.is_surprise => TrialResult::Surprise,
            _ => TrialResult::Undecided,
        };
        self.brake.report(self.code, kind, result);
        outcome
    }

    /// Writes the collection with the permission of the brake.
    async fn run_permitted(
        &self,
        halted: &impl Fn() -> Option<WriteOutcome>,
        tell: &(dyn Fn(ApplyEvent) + Sync),
        attempts: &mut WriteAttempts,
    ) -> WriteOutcome {
        loop {
            let (attempt, turn) = match self.stop.unless_set(self.prepare(attempts)).await {
                Some(Ok(prepared)) => prepared,
                Some(Err(outcome)) => return self.end_unwritten(attempts, outcome),
                None => return self.end_unwritten(attempts, WriteOutcome::Interrupted),
            };
            if let Some(outcome) = halted() {
                return self.end_unwritten(attempts, outcome);
            }
            if self.brake.is_stopped(&self.planned.id.kind) {
                return self.end_unwritten(attempts, stopped_outcome());
            }
            if !attempts.is_announced {
                attempts.is_announced = true;
                tell(ApplyEvent::ApplyStart {
                    zone: self.code.clone(),
                    collection: self.planned.id.clone(),
                    changes: attempt.changes.clone(),
                });
            }
            match self.send(turn, &attempt, attempts, tell).await {
                SendResult::Ended(outcome, phase) => {
                    let left = match &phase {
                        WritePhase::Unverified { .. } => attempts.left.take(),
                        _ => None,
                    };
                    let image = left.and_then(|left| attempt.image(ImageMoment::After, &left));
                    // Nothing depends on this entry: recovery reads the zone.
                    drop(self.note_with_image(phase, image));
                    return outcome;
                }
                SendResult::ReadAgain => {}
                SendResult::Lost => attempts.lost = Some(attempt),
            }
        }
    }

    /// Ends a write without a new request.
    ///
    /// After an attempt, the journal has an intent, so it also gets the end, unless [`Self::prepare`] found
    /// that an attempt had arrived.
    fn end_unwritten(&self, attempts: &WriteAttempts, outcome: WriteOutcome) -> WriteOutcome {
        let is_recorded = match &outcome {
            WriteOutcome::Applied { changes } => !changes.is_empty(),
            WriteOutcome::VerifyFailed { .. } => true,
            WriteOutcome::Stale { .. }
            | WriteOutcome::Failed { .. }
            | WriteOutcome::Blocked { .. }
            | WriteOutcome::Deferred { .. }
            | WriteOutcome::Interrupted => false,
        };
        if attempts.is_announced && !is_recorded {
            drop(self.note(WritePhase::Unchanged { why: unchanged_reason(&outcome) }));
        }
        outcome
    }

    /// Appends a journal entry for the collection.
    fn note(&self, phase: WritePhase) -> impl Future<Output = Result<(), ZoneFailure>> + Send {
        self.note_with_image(phase, None)
    }

    /// Appends a journal entry with an image of the collection.
    fn note_with_image(
        &self,
        phase: WritePhase,
        image: Option<CollectionImage>,
    ) -> impl Future<Output = Result<(), ZoneFailure>> + Send {
        let (zone, collection) = (self.code.clone(), self.planned.id.clone());
        self.journal.append(JournalEntry { zone, collection, phase, image: image.map(std::sync::Arc::new) })
    }

    /// Reads the collection and derives its changes again.
    ///
    /// # Errors
    /// The outcome, if there is nothing to write or zonal must not write.
    async fn prepare(
        &self,
        attempts: &WriteAttempts,
    ) -> Result<(PreparedWrite, WriteTurn<'_>), WriteOutcome> {
        let (fresh, turn) = self.writer.read_for_write(self.requested_id()).await.map_err(failed)?;
        if let Some(failure) = self.truncation_failure(fresh.observed.records.len()) {
            return Err(failed(failure));
        }
        let current = self.changes(&fresh).map_err(failed)?;
        // A write without a response may have arrived late.
        if let Some(attempt) = attempts.lost.as_ref().filter(|_| current.is_empty()) {
            let (outcome, phase) = attempt.end_with(self.strays(attempt, &fresh));
            drop(self.note(phase));
            return Err(outcome);
        }
        let approved: Vec<Change> = self.planned.to_apply().cloned().collect();
        // Another user has already made the approved changes.
        let is_done =
            || is_made(&approved.iter().map(AppliedChange::from).collect::<Vec<_>>(), &fresh.observed);
        if current.is_empty() && is_done() {
            return Err(WriteOutcome::Applied { changes: current });
        }
        match staleness::covers(&approved, &current, &self.allowance) {
            true => Ok((PreparedWrite::new(fresh, current), turn)),
            false => Err(WriteOutcome::Stale { now: current }),
        }
    }

    /// Returns a failure if the response looks truncated, because a write would then delete rows.
    fn truncation_failure(&self, holds: usize) -> Option<ZoneFailure> {
        let existing = self.planned.outcome.as_ref().map_or(0, |found| found.existing);
        let had = existing.saturating_sub(self.allowance.deleted_count());
        if !looks_truncated(had, holds) {
            return None;
        }
        let records = if holds == 1 { "record" } else { "records" };
        let message = format!(
            "the zone returned {holds} {records}, the plan counted {had}; the response looks truncated, so \
             nothing was written"
        );
        let failure = ZoneFailure::new(FailureClass::Truncated, message);
        Some(failure.help("check the collection in Alma; if its content is correct, plan again"))
    }

    /// Records the intent, sends the write once, and verifies it.
    async fn send(
        &self,
        turn: WriteTurn<'_>,
        attempt: &PreparedWrite,
        attempts: &mut WriteAttempts,
        tell: &(dyn Fn(ApplyEvent) + Sync),
    ) -> SendResult {
        let start = Instant::now();
        // The `Sent` entry is durable only after all earlier entries.
        let intent = WritePhase::Intent { changes: attempt.applied_changes.clone() };
        drop(self.note_with_image(intent, attempt.image(ImageMoment::Before, &attempt.fresh)));
        if let Err(failure) = self.note(WritePhase::Sent).await {
            return ended_unchanged(failed(failure));
        }
        let store_wait = start.elapsed();
        let written = self.writer.write_collection(turn, &attempt.fresh, &attempt.changes).await;
        drop(self.note(WritePhase::Responded { answer: write_response(&written) }));
        let verified = match written {
            Ok(()) => self.verify(attempt, attempts, tell).await,
            Err(WriteError::Unprocessed(reason)) => {
                return match attempts.next(&reason) {
                    true => SendResult::ReadAgain,
                    false => ended_unchanged(failed(unprocessed_failure(reason, store_wait))),
                };
            }
            Err(WriteError::Moved) => return ended_unchanged(self.stale_outcome().await),
            Err(WriteError::Refused(failure)) => return ended_unchanged(failed(failure)),
            Err(WriteError::Astray(failure)) => {
                Err(std::iter::once(failure.message).chain(failure.help).collect())
            }
            Err(WriteError::Unknown(lost)) => {
                match self.after_lost_answer(attempt, attempts, &lost, tell).await {
                    Ok(ReadbackResult::Written(learned)) => Ok(learned),
                    Ok(ReadbackResult::Unchanged) => return after_unchanged(lost, attempts),
                    Err(lines) => Err(lines),
                }
            }
        };
        let (outcome, phase) = attempt.end_with(verified);
        SendResult::Ended(outcome, phase)
    }

    /// Returns the outcome after a failed precondition: the gateway detected another write, and nothing was
    /// written.
    async fn stale_outcome(&self) -> WriteOutcome {
        match self.read().await.and_then(|snapshot| self.changes(&snapshot)) {
            Ok(current) => WriteOutcome::Stale { now: current },
            Err(failure) => WriteOutcome::Failed { failure },
        }
    }

    /// Returns a name of the collection for requests; a planned collection was requested by one or more.
    fn requested_id(&self) -> &CollectionId {
        self.planned.asked.first().unwrap_or(&self.planned.id)
    }

    /// Reads the collection.
    pub(super) async fn read(&self) -> Result<CollectionSnapshot, ZoneFailure> {
        self.writer.read_collection(self.requested_id()).await
    }
}

/// Result of one send.
enum SendResult {
    /// Outcome of the collection, and its phase in the journal.
    Ended(WriteOutcome, WritePhase),
    /// Unprocessed: the write needs a new reading.
    ReadAgain,
    /// No response, and the zone is unchanged.
    Lost,
}

/// Returns the end of a write that changed nothing.
fn ended_unchanged(outcome: WriteOutcome) -> SendResult {
    let phase = WritePhase::Unchanged { why: unchanged_reason(&outcome) };
    SendResult::Ended(outcome, phase)
}

/// Returns the next step after a write without a response that left the zone unchanged.
fn after_unchanged(lost: ZoneFailure, attempts: &mut WriteAttempts) -> SendResult {
    if lost.class != FailureClass::Unreachable {
        return ended_unchanged(failed(lost));
    }
    attempts.lost_responses += 1;
    if attempts.lost_responses < SENDS {
        return SendResult::Lost;
    }
    let message = format!("sent {SENDS} times, but the zone is unchanged; last failure: {lost}");
    let failure = ZoneFailure::new(FailureClass::Unreachable, message);
    ended_unchanged(failed(failure.help("run `zonal apply` again when the zone responds")))
}

fn failed(failure: ZoneFailure) -> WriteOutcome {
    WriteOutcome::Failed { failure }
}
