//! Writes one collection safely.
//!
//! Alma replaces a whole table, drops rows missing from the request, and has no version to check. Therefore
//! zonal reads again, derives the changes again, and continues only if they match the approved changes. Then
//! zonal sends the fresh rows with the changes, reads back, and compares everything. The journal records each
//! step in advance.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::recovery::is_made;
use super::staleness::{self, StalenessTolerance};
use super::{ApplyJournal, StopSignal};
use crate::diff::{self, CollectionBase, DesiredOfCollection};
use crate::model::{
    AppliedChange, AppliedStateUpdate, ApplyEvent, Change, CollectionDiff, ComparisonBase, DesiredCollection,
    FailureClass, JournalEntry, RecordKey, WriteOutcome, WritePhase, WriteResponse, ZoneCode, ZoneFailure,
    looks_truncated,
};
use crate::provider::{self, CollectionSnapshot, WriteError};

/// Maximum number of sends if responses are lost and the zone stays unchanged.
const SENDS: usize = 3;
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
        let (fresh, changes) = match self.stop.unless_set(self.prepare()).await {
            Some(Ok(prepared)) => prepared,
            Some(Err(outcome)) => return outcome,
            None => return WriteOutcome::Interrupted,
        };
        if changes.is_empty() {
            return WriteOutcome::Applied { changes };
        }
        if let Some(outcome) = halted() {
            return outcome;
        }
        tell(ApplyEvent::ApplyStart {
            zone: self.code.clone(),
            collection: self.planned.id.clone(),
            changes: changes.clone(),
        });
        let done: Arc<[AppliedChange]> = changes.iter().map(AppliedChange::from).collect();
        // The send also waits for this entry.
        drop(self.note(WritePhase::Intent { changes: done.clone() }));
        let (outcome, phase) = match self.send(&fresh, &changes).await {
            Ok(learned) => {
                (WriteOutcome::Applied { changes }, WritePhase::Verified { changes: done, learned })
            }
            Err(WriteOutcome::VerifyFailed { unexpected_differences: strays }) => {
                let phase = WritePhase::Unverified { changes: done, unexpected_differences: strays.clone() };
                (WriteOutcome::VerifyFailed { unexpected_differences: strays }, phase)
            }
            Err(outcome) => {
                let why = unchanged_reason(&outcome);
                (outcome, WritePhase::Unchanged { why })
            }
        };
        // Nothing depends on this entry: recovery reads the zone.
        drop(self.note(phase));
        outcome
    }

    /// Appends a journal entry for the collection.
    fn note(&self, phase: WritePhase) -> impl Future<Output = Result<(), ZoneFailure>> + Send {
        let (zone, collection) = (self.code.clone(), self.planned.id.clone());
        self.journal.append(JournalEntry { zone, collection, phase })
    }

    /// Reads the collection and derives its changes again.
    async fn prepare(&self) -> Result<(CollectionSnapshot, Vec<Change>), WriteOutcome> {
        let failed = |failure| WriteOutcome::Failed { failure };
        let fresh = self.read().await.map_err(failed)?;
        if let Some(failure) = self.truncation_failure(fresh.observed.records.len()) {
            return Err(failed(failure));
        }
        let current = self.changes(&fresh).map_err(failed)?;
        let approved: Vec<Change> = self.planned.to_apply().cloned().collect();
        // Another user has already made the approved changes.
        let is_done =
            || is_made(&approved.iter().map(AppliedChange::from).collect::<Vec<_>>(), &fresh.observed);
        if current.is_empty() && is_done() {
            return Ok((fresh, current));
        }
        match staleness::covers(&approved, &current, &self.allowance) {
            true => Ok((fresh, current)),
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
        let failure = ZoneFailure::new(FailureClass::Malformed, message);
        Some(failure.help("check the collection in Alma; if its content is correct, plan again"))
    }

    async fn send(
        &self,
        fresh: &CollectionSnapshot,
        changes: &[Change],
    ) -> Result<AppliedStateUpdate, WriteOutcome> {
        let mut last = None;
        for _ in 0..SENDS {
            self.note(WritePhase::Sent).await.map_err(|failure| WriteOutcome::Failed { failure })?;
            let written = self.writer.write_collection(fresh, changes).await;
            drop(self.note(WritePhase::Responded { answer: write_response(&written) }));
            match written {
                Ok(()) => return self.verify(fresh, changes).await,
                Err(WriteError::Moved) => return Err(self.stale_outcome().await),
                Err(WriteError::Refused(failure)) => return Err(WriteOutcome::Failed { failure }),
                Err(WriteError::Astray(failure)) => {
                    let strays = std::iter::once(failure.message).chain(failure.help).collect();
                    return Err(WriteOutcome::VerifyFailed { unexpected_differences: strays });
                }
                Err(WriteError::Unknown(lost)) => {
                    match self.after_lost_answer(fresh, changes, &lost).await? {
                        ReadbackResult::Written(learned) => return Ok(learned),
                        ReadbackResult::Unchanged if lost.class == FailureClass::Unreachable => {
                            last = Some(lost)
                        }
                        ReadbackResult::Unchanged => return Err(WriteOutcome::Failed { failure: lost }),
                    }
                }
            }
        }
        let last = last.map(|lost| format!("; last failure: {lost}")).unwrap_or_default();
        let failure = ZoneFailure::new(
            FailureClass::Unreachable,
            format!("sent {SENDS} times, but the zone is unchanged{last}"),
        );
        Err(WriteOutcome::Failed { failure: failure.help("run `zonal apply` again when the zone responds") })
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
    async fn after_lost_answer(
        &self,
        fresh: &CollectionSnapshot,
        changes: &[Change],
        lost: &ZoneFailure,
    ) -> Result<ReadbackResult, WriteOutcome> {
        let after = self.read().await.map_err(|failure| WriteOutcome::VerifyFailed {
            unexpected_differences: vec![
                format!("no response to the write: {lost}"),
                format!("the zone could not be read back: {failure}"),
            ],
        })?;
        let strays = match self.strays(fresh, changes, &after) {
            Ok(learned) => return Ok(ReadbackResult::Written(learned)),
            Err(strays) => strays,
        };
        match self.writer.unexpected_differences(fresh, &[], &after).is_empty() {
            true => Ok(ReadbackResult::Unchanged),
            false => {
                let why = std::iter::once(format!("write failed: {lost}"));
                Err(WriteOutcome::VerifyFailed { unexpected_differences: why.chain(strays).collect() })
            }
        }
    }

    async fn verify(
        &self,
        fresh: &CollectionSnapshot,
        changes: &[Change],
    ) -> Result<AppliedStateUpdate, WriteOutcome> {
        let mut pauses = SECOND_LOOKS.iter();
        loop {
            let strays = match self.read().await {
                Ok(after) => match self.strays(fresh, changes, &after) {
                    Ok(learned) => return Ok(learned),
                    Err(strays) => strays,
                },
                Err(failure) => vec![format!("written, but the zone could not be read back: {failure}")],
            };
            match pauses.next() {
                Some(pause) => tokio::time::sleep(*pause).await,
                None => return Err(WriteOutcome::VerifyFailed { unexpected_differences: strays }),
            }
        }
    }

    /// Compares the zone with the expected result in two independent ways.
    ///
    /// The first compares with the sent rows, but trusts the code that applied the changes to them. The
    /// second compares with the desired state. Without differences, returns the update of the applied state.
    fn strays(
        &self,
        before: &CollectionSnapshot,
        changes: &[Change],
        after: &CollectionSnapshot,
    ) -> Result<AppliedStateUpdate, Vec<String>> {
        let mut strays = self.writer.unexpected_differences(before, changes, after);
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

    async fn read(&self) -> Result<CollectionSnapshot, ZoneFailure> {
        // A planned collection was requested by one or more names; any of them works.
        let id = self.planned.asked.first().unwrap_or(&self.planned.id);
        self.writer.read_collection(id).await
    }
}

enum ReadbackResult {
    Written(AppliedStateUpdate),
    Unchanged,
}

/// Returns the response type of a write.
fn write_response(written: &Result<(), WriteError>) -> WriteResponse {
    match written {
        Ok(()) => WriteResponse::Accepted,
        Err(WriteError::Refused(_)) => WriteResponse::Rejected,
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
