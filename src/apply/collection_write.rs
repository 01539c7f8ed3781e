//! Writes one collection safely.
//!
//! Alma replaces a whole table, drops rows missing from the request, and has no version to check. Therefore
//! zonal reads again, derives the changes again, and continues only if they match the approved changes. Then
//! zonal sends the fresh rows with the changes, reads back, and compares everything. The journal records each
//! step in advance.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::foreign_rows::{ForeignDifference, RowAuthor, foreign_differences};
use super::recovery::is_made;
use super::staleness::{self, StalenessTolerance};
use super::surprise_brake::{BrakePermission, SurpriseBrake, TrialResult};
use super::{ApplyJournal, StopSignal};
use crate::diff::{self, CollectionBase, DesiredOfCollection};
use crate::model::{
    AppliedChange, AppliedStateUpdate, ApplyEvent, Change, Channel, CollectionDiff, CollectionId,
    CollectionImage, ComparisonBase, Deferral, DesiredCollection, FailureClass, ImageMoment, JournalEntry,
    RecordKey, WriteOutcome, WritePhase, WriteResponse, ZoneCode, ZoneFailure, looks_truncated,
};
use crate::provider::{self, CollectionSnapshot, UnprocessedReason, WriteError, WriteTurn};

/// Maximum number of sends if responses are lost and the zone stays unchanged.
const SENDS: usize = 3;
/// Maximum number of new readings because a reading was too old for the write, or a needed one was missing.
const NEW_READINGS: usize = 3;
/// Maximum number of new attempts if the zone rejects writes because requests come too fast.
const THROTTLED_WRITES: usize = 7;
/// Pauses before repeated read-backs. A zone may show an accepted write with a delay.
const SECOND_LOOKS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

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
        let (zone, collection) = (self.code.clone(), self.planned.id.clone());
        self.journal.append(JournalEntry { zone, collection, phase, image: None })
    }

    /// Appends a journal entry with an image of the collection.
    fn note_with_image(
        &self,
        phase: WritePhase,
        image: Option<CollectionImage>,
    ) -> impl Future<Output = Result<(), ZoneFailure>> + Send {
        let (zone, collection) = (self.code.clone(), self.planned.id.clone());
        self.journal.append(JournalEntry { zone, collection, phase, image: image.map(Arc::new) })
    }

    /// Reads the collection and derives its changes again.
    ///
    /// # Errors
    /// The outcome, if there is nothing to write or zonal must not write.
    async fn prepare(&self, attempts: &WriteAttempts) -> Result<(WriteAttempt, WriteTurn<'_>), WriteOutcome> {
        let failed = |failure| WriteOutcome::Failed { failure };
        let (fresh, turn) = self.writer.read_for_write(self.requested_id()).await.map_err(failed)?;
        if let Some(failure) = self.truncation_failure(fresh.observed.records.len()) {
            return Err(failed(failure));
        }
        let current = self.changes(&fresh).map_err(failed)?;
        // A write without a response may have arrived late.
        if let Some(attempt) = attempts.lost.as_ref().filter(|_| current.is_empty()) {
            let (outcome, phase) = self.end_with(attempt, self.strays(attempt, &fresh));
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
            true => Ok((WriteAttempt { fresh, changes: current }, turn)),
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
        attempt: &WriteAttempt,
        attempts: &mut WriteAttempts,
        tell: &(dyn Fn(ApplyEvent) + Sync),
    ) -> SendResult {
        let start = Instant::now();
        // The `Sent` entry is durable only after all earlier entries.
        let intent = WritePhase::Intent { changes: attempt.applied_changes() };
        drop(self.note_with_image(intent, attempt.image(ImageMoment::Before, &attempt.fresh)));
        if let Err(failure) = self.note(WritePhase::Sent).await {
            return ended_unchanged(WriteOutcome::Failed { failure });
        }
        let store_wait = start.elapsed();
        let written = self.writer.write_collection(turn, &attempt.fresh, &attempt.changes).await;
        drop(self.note(WritePhase::Responded { answer: write_response(&written) }));
        let failure = match written {
            Ok(()) => {
                let (outcome, phase) = self.end_with(attempt, self.verify(attempt, attempts, tell).await);
                return SendResult::Ended(outcome, phase);
            }
            Err(WriteError::Unprocessed(reason)) => match attempts.next(&reason) {
                true => return SendResult::ReadAgain,
                false => unprocessed_failure(reason, store_wait),
            },
            Err(WriteError::Moved) => return ended_unchanged(self.stale_outcome().await),
            Err(WriteError::Refused(failure)) => failure,
            Err(WriteError::Astray(failure)) => {
                let lines = std::iter::once(failure.message).chain(failure.help).collect();
                let (outcome, phase) = self.end_with(attempt, Err(lines));
                return SendResult::Ended(outcome, phase);
            }
            Err(WriteError::Unknown(lost)) => {
                match self.after_lost_answer(attempt, attempts, &lost, tell).await {
                    Ok(ReadbackResult::Written(learned)) => {
                        let (outcome, phase) = self.end_with(attempt, Ok(learned));
                        return SendResult::Ended(outcome, phase);
                    }
                    Err(lines) => {
                        let (outcome, phase) = self.end_with(attempt, Err(lines));
                        return SendResult::Ended(outcome, phase);
                    }
                    Ok(ReadbackResult::Unchanged) if lost.class != FailureClass::Unreachable => lost,
                    Ok(ReadbackResult::Unchanged) => {
                        attempts.lost_responses += 1;
                        if attempts.lost_responses < SENDS {
                            return SendResult::Lost;
                        }
                        let message =
                            format!("sent {SENDS} times, but the zone is unchanged; last failure: {lost}");
                        ZoneFailure::new(FailureClass::Unreachable, message)
                            .help("run `zonal apply` again when the zone responds")
                    }
                }
            }
        };
        ended_unchanged(WriteOutcome::Failed { failure })
    }

    /// Returns the outcome of a write that reached the zone, and its phase in the journal.
    fn end_with(
        &self,
        attempt: &WriteAttempt,
        verified: Result<AppliedStateUpdate, Vec<String>>,
    ) -> (WriteOutcome, WritePhase) {
        let changes = attempt.applied_changes();
        match verified {
            Ok(learned) => (
                WriteOutcome::Applied { changes: attempt.changes.clone() },
                WritePhase::Verified { changes, learned },
            ),
            Err(unexpected_differences) => (
                WriteOutcome::VerifyFailed { unexpected_differences: unexpected_differences.clone() },
                WritePhase::Unverified { changes, unexpected_differences },
            ),
        }
    }

    /// Returns the outcome after a failed precondition: the gateway detected another write, and nothing was
    /// written.
    async fn stale_outcome(&self) -> WriteOutcome {
        match self.read().await.and_then(|snapshot| self.changes(&snapshot)) {
            Ok(current) => WriteOutcome::Stale { now: current },
            Err(failure) => WriteOutcome::Failed { failure },
        }
    }

    /// Reads the zone after a lost response, to determine whether the write arrived.
    ///
    /// # Errors
    /// The differences, if the zone has neither the previous nor the sent content.
    async fn after_lost_answer(
        &self,
        attempt: &WriteAttempt,
        attempts: &mut WriteAttempts,
        lost: &ZoneFailure,
        tell: &(dyn Fn(ApplyEvent) + Sync),
    ) -> Result<ReadbackResult, Vec<String>> {
        let after = self.read().await.map_err(|failure| {
            vec![
                format!("no response to the write: {lost}"),
                format!("the zone could not be read back: {failure}"),
            ]
        })?;
        let strays = match self.strays(attempt, &after) {
            Ok(learned) => return Ok(ReadbackResult::Written(learned)),
            Err(strays) => strays,
        };
        // The write arrived, and other rows differ.
        if is_made(&attempt.applied_changes(), &after.observed) {
            return self.verify(attempt, attempts, tell).await.map(ReadbackResult::Written);
        }
        match self.writer.unexpected_differences(&attempt.fresh, &[], &after).is_empty() {
            true => Ok(ReadbackResult::Unchanged),
            false => {
                let why = std::iter::once(format!("write failed: {lost}"));
                Err(why.chain(strays).collect())
            }
        }
    }

    /// Reads the collection back, repeatedly if needed, and verifies it.
    ///
    /// Rows that other users edited meanwhile do not count, and are told.
    async fn verify(
        &self,
        attempt: &WriteAttempt,
        attempts: &mut WriteAttempts,
        tell: &(dyn Fn(ApplyEvent) + Sync),
    ) -> Result<AppliedStateUpdate, Vec<String>> {
        let mut pauses = SECOND_LOOKS.iter();
        let mut last_foreign = None;
        loop {
            let (lines, foreign) = match self.read().await {
                Ok(after) => match self.strays(attempt, &after) {
                    Ok(learned) => return Ok(learned),
                    Err(lines) => {
                        let foreign =
                            foreign_differences(&attempt.fresh.observed, &attempt.changes, &after.observed);
                        (lines, foreign.map(|foreign| (foreign, after)))
                    }
                },
                Err(failure) => {
                    (vec![format!("written, but the zone could not be read back: {failure}")], None)
                }
            };
            if let Some(pause) = pauses.next() {
                last_foreign = foreign.map(|(foreign, _)| foreign);
                tokio::time::sleep(*pause).await;
                continue;
            }
            let Some((foreign, after)) = foreign else { return Err(lines) };
            let after = attempts.left.insert(after);
            if let Some(learned) = self.learn_beside_edits(attempt, &lines, &foreign, after) {
                let edits = foreign.iter().filter_map(edit_text).collect();
                let (zone, collection) = (self.code.clone(), self.planned.id.clone());
                tell(ApplyEvent::ConcurrentEdits { zone, collection, edits });
                return Ok(learned);
            }
            // Two readings agree, so the zone itself changed the rows.
            attempts.is_surprise = foreign.iter().any(|difference| difference.author.is_none())
                && last_foreign.as_ref() == Some(&foreign);
            return Err(lines);
        }
    }

    /// Returns the update of the applied state if only edits of other users differ from the expected result.
    fn learn_beside_edits(
        &self,
        attempt: &WriteAttempt,
        lines: &[String],
        foreign: &[ForeignDifference],
        after: &CollectionSnapshot,
    ) -> Option<AppliedStateUpdate> {
        let is_edit = |line: &String| {
            foreign.iter().any(|edit| edit.author.is_some() && line.contains(&format!("`{}`", edit.row)))
        };
        let (left, learned) = self.compare(after).ok()?;
        let is_complete = left.is_empty() && is_made(&attempt.applied_changes(), &after.observed);
        (is_complete && lines.iter().all(is_edit)).then_some(learned)
    }

    /// Compares the zone with the expected result in two independent ways.
    ///
    /// The first compares with the sent rows, but trusts the code that applied the changes to them. The
    /// second compares with the desired state. Without differences, returns the update of the applied state.
    fn strays(
        &self,
        attempt: &WriteAttempt,
        after: &CollectionSnapshot,
    ) -> Result<AppliedStateUpdate, Vec<String>> {
        let mut strays = self.writer.unexpected_differences(&attempt.fresh, &attempt.changes, after);
        match self.compare(after) {
            Ok((left, learned)) if left.is_empty() && strays.is_empty() => return Ok(learned),
            Ok((left, _)) => strays.extend(not_as_desired(&left)),
            Err(failure) => strays.push(failure.message),
        }
        Err(strays)
    }

    /// Returns the remaining differences after another read.
    pub async fn remaining_differences(&self) -> Vec<String> {
        match self.read().await {
            Ok(found) => match self.changes(&found) {
                Ok(left) => not_as_desired(&left),
                Err(failure) => vec![failure.message],
            },
            Err(failure) => vec![format!("the collection could not be read: {failure}")],
        }
    }

    /// Returns the changes to write now.
    fn changes(&self, snapshot: &CollectionSnapshot) -> Result<Vec<Change>, ZoneFailure> {
        self.compare(snapshot).map(|(changes, _)| changes)
    }

    /// Returns the changes to write now, and the records in sync.
    fn compare(
        &self,
        snapshot: &CollectionSnapshot,
    ) -> Result<(Vec<Change>, AppliedStateUpdate), ZoneFailure> {
        let CollectionDiff { id, asked, siblings, .. } = self.planned;
        let just_created = self.allowance.created_keys().collect();
        let since = self.base.map(|base| CollectionBase::for_collection(base, self.code, id));
        let desired = DesiredOfCollection {
            just_created,
            ..DesiredOfCollection::pick(id, self.desired, asked, siblings, since)
        };
        let found = diff::collection(self.code, &desired, &snapshot.observed)?;
        let later: BTreeMap<&RecordKey, &Change> =
            self.planned.later().map(|later| (&later.address.key, later)).collect();
        let is_put_off = |change: &Change| {
            let later = later.get(&change.address.key);
            later.is_some_and(|later| staleness::is_put_off(later, change, &self.allowance))
        };
        let changes: Vec<Change> = found.to_apply().filter(|change| !is_put_off(change)).cloned().collect();
        Ok((changes, found.learned))
    }

    /// Returns a name of the collection for requests; a planned collection was requested by one or more.
    fn requested_id(&self) -> &CollectionId {
        self.planned.asked.first().unwrap_or(&self.planned.id)
    }

    async fn read(&self) -> Result<CollectionSnapshot, ZoneFailure> {
        self.writer.read_collection(self.requested_id()).await
    }
}

/// Changes to write now, and the reading that the write rests on.
struct WriteAttempt {
    fresh: CollectionSnapshot,
    changes: Vec<Change>,
}

impl WriteAttempt {
    /// Returns the image of a snapshot of the collection. Only what a PUT replaces needs one.
    fn image(&self, moment: ImageMoment, snapshot: &CollectionSnapshot) -> Option<CollectionImage> {
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

    fn applied_changes(&self) -> Arc<[AppliedChange]> {
        self.changes.iter().map(AppliedChange::from).collect()
    }
}

/// Attempts so far at one collection.
#[derive(Default)]
struct WriteAttempts {
    /// True after the start of the write was announced.
    is_announced: bool,
    new_readings: usize,
    throttled: usize,
    not_sent: usize,
    lost_responses: usize,
    /// True after the zone changed rows that nobody owns.
    is_surprise: bool,
    /// Content that an unverified write left in the zone.
    left: Option<CollectionSnapshot>,
    /// Last write without a response, after which the zone was unchanged.
    lost: Option<WriteAttempt>,
}

impl WriteAttempts {
    /// Counts an unprocessed write. Returns true if another attempt is useful.
    fn next(&mut self, reason: &UnprocessedReason) -> bool {
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

/// Result of one send.
enum SendResult {
    /// Outcome of the collection, and its phase in the journal.
    Ended(WriteOutcome, WritePhase),
    /// Unprocessed: the write needs a new reading.
    ReadAgain,
    /// No response, and the zone is unchanged.
    Lost,
}

/// Returns the outcome after a surprise in this run.
fn stopped_outcome() -> WriteOutcome {
    WriteOutcome::Deferred { deferral: Deferral::Guard { guard: "surprise".into() } }
}

/// Returns the text of an edit by another user.
fn edit_text(difference: &ForeignDifference) -> Option<String> {
    let RowAuthor { name, date } = difference.author.as_ref()?;
    let date = date.as_ref().map(|date| format!(" at {date}")).unwrap_or_default();
    Some(format!("{} by {name}{date}", difference.row))
}

/// Returns the end of a write that changed nothing.
fn ended_unchanged(outcome: WriteOutcome) -> SendResult {
    let phase = WritePhase::Unchanged { why: unchanged_reason(&outcome) };
    SendResult::Ended(outcome, phase)
}

/// Returns the failure after the last attempt, with the cause of the delay.
fn unprocessed_failure(reason: UnprocessedReason, store_wait: Duration) -> ZoneFailure {
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

enum ReadbackResult {
    Written(AppliedStateUpdate),
    Unchanged,
}

/// Returns the response type of a write.
fn write_response(written: &Result<(), WriteError>) -> WriteResponse {
    match written {
        Ok(()) => WriteResponse::Accepted,
        Err(WriteError::Refused(_) | WriteError::Unprocessed(_)) => WriteResponse::Rejected,
        Err(WriteError::Unknown(_)) => WriteResponse::NoResponse,
        Err(WriteError::Astray(_)) => WriteResponse::WrongTarget,
        Err(WriteError::Moved) => WriteResponse::PreconditionFailed,
    }
}

/// Returns the reason why nothing changed.
fn unchanged_reason(outcome: &WriteOutcome) -> String {
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

fn not_as_desired(left: &[Change]) -> Vec<String> {
    let lines = left.iter().map(|change| match change.address.key.0.is_empty() {
        true => "still differs from the desired state".to_owned(),
        false => format!("{} still differs from the desired state", change.address.key),
    });
    lines.collect()
}
