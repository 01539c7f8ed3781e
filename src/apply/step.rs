//! The safe write of one collection.
//!
//! Alma replaces a table wholly, drops the rows that are left out, and has no version to check
//! against. So: read again, derive the changes again, go on only if they are the approved ones,
//! send the fresh rows with ours laid over them, read back, and compare everything. Each step is written
//! down before it is taken.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::approval::{self, Allowance};
use super::settle::is_made;
use super::{Journal, Stop};
use crate::diff::{self, Since, Wanted};
use crate::model::{
    Answer, Base, Change, CollectionDiff, DesiredCollection, Done, Entry, Event, Failure, FailureClass, Key,
    Learned, Moment, Outcome, ZoneCode, looks_truncated,
};
use crate::provider::{self, Snapshot, WriteError};

/// How often a write is sent at most, when its answer is lost and the zone turns out unchanged.
const SENDS: usize = 3;
/// Pauses before reading back again, when the first reading still shows something else: a zone
/// may take a moment to show what it has accepted.
const SECOND_LOOKS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// One collection that is to be written.
pub struct Write<'a, W, J> {
    pub code: &'a ZoneCode,
    pub writer: &'a W,
    pub desired: &'a [DesiredCollection],
    pub base: Option<&'a Base>,
    pub planned: &'a CollectionDiff,
    pub allowance: Allowance<'a>,
    pub journal: &'a J,
    pub stop: &'a Stop,
}

impl<W: provider::Write, J: Journal> Write<'_, W, J> {
    /// Writes the collection. `halted` says, whenever nothing is in flight, whether to go no further.
    pub async fn run(&self, halted: &impl Fn() -> Option<Outcome>, tell: &(dyn Fn(Event) + Sync)) -> Outcome {
        if let Some(outcome) = halted() {
            return outcome;
        }
        let (fresh, changes) = match self.stop.unless_set(self.prepare()).await {
            Some(Ok(prepared)) => prepared,
            Some(Err(outcome)) => return outcome,
            None => return Outcome::Interrupted,
        };
        if changes.is_empty() {
            return Outcome::Applied { changes };
        }
        if let Some(outcome) = halted() {
            return outcome;
        }
        tell(Event::ApplyStart {
            zone: self.code.clone(),
            collection: self.planned.id.clone(),
            changes: changes.clone(),
        });
        let done: Arc<[Done]> = changes.iter().map(Done::from).collect();
        // What is sent waits for this too.
        drop(self.note(Moment::Intent { changes: done.clone() }));
        let (outcome, moment) = match self.send(&fresh, &changes).await {
            Ok(learned) => (Outcome::Applied { changes }, Moment::Verified { changes: done, learned }),
            Err(Outcome::VerifyFailed { strays }) => {
                let moment = Moment::Unverified { changes: done, strays: strays.clone() };
                (Outcome::VerifyFailed { strays }, moment)
            }
            Err(outcome) => {
                let why = why(&outcome);
                (outcome, Moment::Unchanged { why })
            }
        };
        // Whether this is kept changes nothing any more: whoever takes the run up asks the zone.
        drop(self.note(moment));
        outcome
    }

    /// Writes down what happens to the collection.
    fn note(&self, moment: Moment) -> impl Future<Output = Result<(), Failure>> + Send {
        let (zone, collection) = (self.code.clone(), self.planned.id.clone());
        self.journal.write(Entry { zone, collection, moment })
    }

    /// Reads the collection and derives its changes again.
    async fn prepare(&self) -> Result<(Snapshot, Vec<Change>), Outcome> {
        let failed = |failure| Outcome::Failed { failure };
        let fresh = self.read().await.map_err(failed)?;
        if let Some(failure) = self.truncated(fresh.observed.records.len()) {
            return Err(failed(failure));
        }
        let now = self.changes(&fresh).map_err(failed)?;
        let approved: Vec<Change> = self.planned.to_apply().cloned().collect();
        // Whoever was faster did what was wanted.
        let is_done = || is_made(&approved.iter().map(Done::from).collect::<Vec<_>>(), &fresh.observed);
        if now.is_empty() && is_done() {
            return Ok((fresh, now));
        }
        match approval::covers(&approved, &now, &self.allowance) {
            true => Ok((fresh, now)),
            false => Err(Outcome::Stale { now }),
        }
    }

    /// Why nothing is written back of what looks like half an answer.
    fn truncated(&self, holds: usize) -> Option<Failure> {
        let existing = self.planned.outcome.as_ref().map_or(0, |found| found.existing);
        let had = existing.saturating_sub(self.allowance.deleted());
        if !looks_truncated(had, holds) {
            return None;
        }
        let records = if holds == 1 { "record" } else { "records" };
        let message = format!(
            "answered with {holds} {records} where it had {had} when the plan was made; it looks truncated, so \
             nothing was written"
        );
        let failure = Failure::new(FailureClass::Malformed, message);
        Some(failure.help("look at the zone; if it is right, plan again"))
    }

    async fn send(&self, fresh: &Snapshot, changes: &[Change]) -> Result<Learned, Outcome> {
        let mut last = None;
        for _ in 0..SENDS {
            self.note(Moment::Sent).await.map_err(|failure| Outcome::Failed { failure })?;
            let written = self.writer.write(fresh, changes).await;
            drop(self.note(Moment::Answered { answer: answer(&written) }));
            match written {
                Ok(()) => return self.verify(fresh, changes).await,
                Err(WriteError::Moved) => return Err(self.moved().await),
                Err(WriteError::Refused(failure)) => return Err(Outcome::Failed { failure }),
                Err(WriteError::Astray(failure)) => {
                    let strays = std::iter::once(failure.message).chain(failure.help).collect();
                    return Err(Outcome::VerifyFailed { strays });
                }
                Err(WriteError::Unknown(lost)) => {
                    match self.after_lost_answer(fresh, changes, &lost).await? {
                        Found::Written(learned) => return Ok(learned),
                        Found::Unchanged if lost.class == FailureClass::Unreachable => last = Some(lost),
                        Found::Unchanged => return Err(Outcome::Failed { failure: lost }),
                    }
                }
            }
        }
        let last = last.map(|lost| format!("; the last time: {lost}")).unwrap_or_default();
        let failure = Failure::new(
            FailureClass::Unreachable,
            format!("sent {SENDS} times, and the zone holds what it held before{last}"),
        );
        Err(Outcome::Failed { failure: failure.help("run `zonal apply` again when the zone answers") })
    }

    /// Somebody was faster, and the door has noticed: nothing was written.
    async fn moved(&self) -> Outcome {
        match self.read().await.and_then(|snapshot| self.changes(&snapshot)) {
            Ok(now) => Outcome::Stale { now },
            Err(failure) => Outcome::Failed { failure },
        }
    }

    /// Nobody knows whether the write arrived: the zone itself is asked before anything else is done.
    async fn after_lost_answer(
        &self,
        fresh: &Snapshot,
        changes: &[Change],
        lost: &Failure,
    ) -> Result<Found, Outcome> {
        let after = self.read().await.map_err(|failure| Outcome::VerifyFailed {
            strays: vec![
                format!("the write was sent, but its answer was lost: {lost}"),
                format!("and the zone could not be read back: {failure}"),
            ],
        })?;
        let strays = match self.strays(fresh, changes, &after) {
            Ok(learned) => return Ok(Found::Written(learned)),
            Err(strays) => strays,
        };
        match self.writer.strays(fresh, &[], &after).is_empty() {
            true => Ok(Found::Unchanged),
            false => {
                let why = std::iter::once(format!("the write did not end well: {lost}"));
                Err(Outcome::VerifyFailed { strays: why.chain(strays).collect() })
            }
        }
    }

    async fn verify(&self, fresh: &Snapshot, changes: &[Change]) -> Result<Learned, Outcome> {
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
                None => return Err(Outcome::VerifyFailed { strays }),
            }
        }
    }

    /// What the zone holds beside what was sent, and what is still missing of what is desired:
    /// two ways of asking, since the first trusts the code that laid the changes over the rows. Where there is
    /// neither, what was learned of it.
    fn strays(
        &self,
        before: &Snapshot,
        changes: &[Change],
        after: &Snapshot,
    ) -> Result<Learned, Vec<String>> {
        let mut strays = self.writer.strays(before, changes, after);
        match self.compare(after) {
            Ok((left, learned)) if left.is_empty() && strays.is_empty() => return Ok(learned),
            Ok((left, _)) => strays.extend(not_as_desired(&left)),
            Err(failure) => strays.push(failure.message),
        }
        Err(strays)
    }

    /// What is not as desired, once more.
    pub async fn left(&self) -> Vec<String> {
        match self.read().await {
            Ok(found) => match self.changes(&found) {
                Ok(left) => not_as_desired(&left),
                Err(failure) => vec![failure.message],
            },
            Err(failure) => vec![format!("it could not be read: {failure}")],
        }
    }

    /// What is to be written now.
    fn changes(&self, snapshot: &Snapshot) -> Result<Vec<Change>, Failure> {
        self.compare(snapshot).map(|(changes, _)| changes)
    }

    /// What is to be written now, and what is as it should be.
    fn compare(&self, snapshot: &Snapshot) -> Result<(Vec<Change>, Learned), Failure> {
        let CollectionDiff { id, asked, siblings, .. } = self.planned;
        let just_created = self.allowance.created().collect();
        let since = self.base.map(|base| Since::of(base, self.code, id));
        let wanted = Wanted { just_created, ..Wanted::pick(id, self.desired, asked, siblings, since) };
        let found = diff::collection(self.code, &wanted, &snapshot.observed)?;
        let later: BTreeMap<&Key, &Change> =
            self.planned.later().map(|later| (&later.address.key, later)).collect();
        let is_put_off = |now: &Change| {
            let later = later.get(&now.address.key);
            later.is_some_and(|later| approval::is_put_off(later, now, &self.allowance))
        };
        let changes: Vec<Change> = found.to_apply().filter(|now| !is_put_off(now)).cloned().collect();
        Ok((changes, found.learned))
    }

    async fn read(&self) -> Result<Snapshot, Failure> {
        // A planned collection was asked for by at least one name; its own is as good.
        let id = self.planned.asked.first().unwrap_or(&self.planned.id);
        self.writer.read(id).await
    }
}

enum Found {
    Written(Learned),
    Unchanged,
}

/// What is known of a write by its answer.
fn answer(written: &Result<(), WriteError>) -> Answer {
    match written {
        Ok(()) => Answer::Accepted,
        Err(WriteError::Refused(_)) => Answer::Refused,
        Err(WriteError::Unknown(_)) => Answer::Lost,
        Err(WriteError::Astray(_)) => Answer::Astray,
        Err(WriteError::Moved) => Answer::Moved,
    }
}

/// Why nothing was changed.
fn why(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed { failure } => failure.message.clone(),
        Outcome::Stale { .. } => "the zone moved since the plan".to_owned(),
        Outcome::Held { hold } => hold.to_string(),
        Outcome::Blocked { by } => format!("{by} did not succeed"),
        Outcome::Interrupted => "interrupted".to_owned(),
        // Neither ends without a change.
        Outcome::Applied { .. } | Outcome::VerifyFailed { .. } => String::new(),
    }
}

fn not_as_desired(left: &[Change]) -> Vec<String> {
    let lines = left.iter().map(|change| match change.address.key.0.is_empty() {
        true => "it is still not as desired".to_owned(),
        false => format!("{} is still not as desired", change.address.key),
    });
    lines.collect()
}
