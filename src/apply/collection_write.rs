//! The safe write of one collection.
//!
//! Alma replaces a table wholly, drops the rows that are left out, and has no version to check
//! against. So: read again, derive the changes again, go on only if they are the approved ones,
//! send the fresh rows with ours laid over them, read back, and compare everything. Each step is written
//! down before it is taken.

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

/// How often a write is sent at most, when its answer is lost and the zone turns out unchanged.
const SENDS: usize = 3;
/// Pauses before reading back again, when the first reading still shows something else: a zone
/// may take a moment to show what it has accepted.
const SECOND_LOOKS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// One collection that is to be written.
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
    /// Writes the collection. `halted` says, whenever nothing is in flight, whether to go no further.
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
        // What is sent waits for this too.
        drop(self.note(WritePhase::Intent { changes: done.clone() }));
        let (outcome, moment) = match self.send(&fresh, &changes).await {
            Ok(learned) => {
                (WriteOutcome::Applied { changes }, WritePhase::Verified { changes: done, learned })
            }
            Err(WriteOutcome::VerifyFailed { unexpected_differences: strays }) => {
                let moment = WritePhase::Unverified { changes: done, unexpected_differences: strays.clone() };
                (WriteOutcome::VerifyFailed { unexpected_differences: strays }, moment)
            }
            Err(outcome) => {
                let why = unchanged_reason(&outcome);
                (outcome, WritePhase::Unchanged { why })
            }
        };
        // Whether this is kept changes nothing any more: whoever takes the run up asks the zone.
        drop(self.note(moment));
        outcome
    }

    /// Writes down what happens to the collection.
    fn note(&self, moment: WritePhase) -> impl Future<Output = Result<(), ZoneFailure>> + Send {
        let (zone, collection) = (self.code.clone(), self.planned.id.clone());
        self.journal.append(JournalEntry { zone, collection, moment })
    }

    /// Reads the collection and derives its changes again.
    async fn prepare(&self) -> Result<(CollectionSnapshot, Vec<Change>), WriteOutcome> {
        let failed = |failure| WriteOutcome::Failed { failure };
        let fresh = self.read().await.map_err(failed)?;
        if let Some(failure) = self.truncation_failure(fresh.observed.records.len()) {
            return Err(failed(failure));
        }
        let now = self.changes(&fresh).map_err(failed)?;
        let approved: Vec<Change> = self.planned.to_apply().cloned().collect();
        // Whoever was faster did what was wanted.
        let is_done =
            || is_made(&approved.iter().map(AppliedChange::from).collect::<Vec<_>>(), &fresh.observed);
        if now.is_empty() && is_done() {
            return Ok((fresh, now));
        }
        match staleness::covers(&approved, &now, &self.allowance) {
            true => Ok((fresh, now)),
            false => Err(WriteOutcome::Stale { now }),
        }
    }

    /// Why nothing is written back of what looks like half an answer.
    fn truncation_failure(&self, holds: usize) -> Option<ZoneFailure> {
        let existing = self.planned.outcome.as_ref().map_or(0, |found| found.existing);
        let had = existing.saturating_sub(self.allowance.deleted_count());
        if !looks_truncated(had, holds) {
            return None;
        }
        let records = if holds == 1 { "record" } else { "records" };
        let message = format!(
            "answered with {holds} {records} where it had {had} when the plan was made; it looks truncated, so \
             nothing was written"
        );
        let failure = ZoneFailure::new(FailureClass::Malformed, message);
        Some(failure.help("look at the zone; if it is right, plan again"))
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
        let last = last.map(|lost| format!("; the last time: {lost}")).unwrap_or_default();
        let failure = ZoneFailure::new(
            FailureClass::Unreachable,
            format!("sent {SENDS} times, and the zone holds what it held before{last}"),
        );
        Err(WriteOutcome::Failed { failure: failure.help("run `zonal apply` again when the zone answers") })
    }

    /// Somebody was faster, and the door has noticed: nothing was written.
    async fn stale_outcome(&self) -> WriteOutcome {
        match self.read().await.and_then(|snapshot| self.changes(&snapshot)) {
            Ok(now) => WriteOutcome::Stale { now },
            Err(failure) => WriteOutcome::Failed { failure },
        }
    }

    /// Nobody knows whether the write arrived: the zone itself is asked before anything else is done.
    async fn after_lost_answer(
        &self,
        fresh: &CollectionSnapshot,
        changes: &[Change],
        lost: &ZoneFailure,
    ) -> Result<ReadbackResult, WriteOutcome> {
        let after = self.read().await.map_err(|failure| WriteOutcome::VerifyFailed {
            unexpected_differences: vec![
                format!("the write was sent, but its answer was lost: {lost}"),
                format!("and the zone could not be read back: {failure}"),
            ],
        })?;
        let strays = match self.strays(fresh, changes, &after) {
            Ok(learned) => return Ok(ReadbackResult::Written(learned)),
            Err(strays) => strays,
        };
        match self.writer.unexpected_differences(fresh, &[], &after).is_empty() {
            true => Ok(ReadbackResult::Unchanged),
            false => {
                let why = std::iter::once(format!("the write did not end well: {lost}"));
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

    /// What the zone holds beside what was sent, and what is still missing of what is desired:
    /// two ways of asking, since the first trusts the code that laid the changes over the rows. Where there is
    /// neither, what was learned of it.
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

    /// What is not as desired, once more.
    pub async fn remaining_differences(&self) -> Vec<String> {
        match self.read().await {
            Ok(found) => match self.changes(&found) {
                Ok(left) => not_as_desired(&left),
                Err(failure) => vec![failure.message],
            },
            Err(failure) => vec![format!("it could not be read: {failure}")],
        }
    }

    /// What is to be written now.
    fn changes(&self, snapshot: &CollectionSnapshot) -> Result<Vec<Change>, ZoneFailure> {
        self.compare(snapshot).map(|(changes, _)| changes)
    }

    /// What is to be written now, and what is as it should be.
    fn compare(
        &self,
        snapshot: &CollectionSnapshot,
    ) -> Result<(Vec<Change>, AppliedStateUpdate), ZoneFailure> {
        let CollectionDiff { id, asked, siblings, .. } = self.planned;
        let just_created = self.allowance.created_keys().collect();
        let since = self.base.map(|base| CollectionBase::for_collection(base, self.code, id));
        let wanted = DesiredOfCollection {
            just_created,
            ..DesiredOfCollection::pick(id, self.desired, asked, siblings, since)
        };
        let found = diff::collection(self.code, &wanted, &snapshot.observed)?;
        let later: BTreeMap<&RecordKey, &Change> =
            self.planned.later().map(|later| (&later.address.key, later)).collect();
        let is_put_off = |now: &Change| {
            let later = later.get(&now.address.key);
            later.is_some_and(|later| staleness::is_put_off(later, now, &self.allowance))
        };
        let changes: Vec<Change> = found.to_apply().filter(|now| !is_put_off(now)).cloned().collect();
        Ok((changes, found.learned))
    }

    async fn read(&self) -> Result<CollectionSnapshot, ZoneFailure> {
        // A planned collection was asked for by at least one name; its own is as good.
        let id = self.planned.asked.first().unwrap_or(&self.planned.id);
        self.writer.read_collection(id).await
    }
}

enum ReadbackResult {
    Written(AppliedStateUpdate),
    Unchanged,
}

/// What is known of a write by its answer.
fn write_response(written: &Result<(), WriteError>) -> WriteResponse {
    match written {
        Ok(()) => WriteResponse::Accepted,
        Err(WriteError::Refused(_)) => WriteResponse::Rejected,
        Err(WriteError::Unknown(_)) => WriteResponse::NoResponse,
        Err(WriteError::Astray(_)) => WriteResponse::WrongTarget,
        Err(WriteError::Moved) => WriteResponse::PreconditionFailed,
    }
}

/// Why nothing was changed.
fn unchanged_reason(outcome: &WriteOutcome) -> String {
    match outcome {
        WriteOutcome::Failed { failure } => failure.message.clone(),
        WriteOutcome::Stale { .. } => "the zone moved since the plan".to_owned(),
        WriteOutcome::Held { deferral: hold } => hold.to_string(),
        WriteOutcome::Blocked { by } => format!("{by} did not succeed"),
        WriteOutcome::Interrupted => "interrupted".to_owned(),
        // Neither ends without a change.
        WriteOutcome::Applied { .. } | WriteOutcome::VerifyFailed { .. } => String::new(),
    }
}

fn not_as_desired(left: &[Change]) -> Vec<String> {
    let lines = left.iter().map(|change| match change.address.key.0.is_empty() {
        true => "it is still not as desired".to_owned(),
        false => format!("{} is still not as desired", change.address.key),
    });
    lines.collect()
}
