//! Reads a written collection back, and compares it with the expected result.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ApplyJournal;
use super::collection_write::CollectionWrite;
use super::foreign_rows::{ForeignDifference, RowAuthor, foreign_differences, remove_edits};
use super::recovery::is_made;
use super::staleness;
use super::write_attempts::{PreparedWrite, ReadbackResult, WriteAttempts};
use super::zone_normalization::normalized_fields;
use crate::diff::{self, CollectionBase, DesiredOfCollection};
use crate::model::{AppliedStateUpdate, ApplyEvent, Change, CollectionDiff, RecordKey, ZoneFailure};
use crate::provider::{CollectionSnapshot, ZoneWriter};

/// Pauses before repeated read-backs. A zone may show an accepted write with a delay.
const SECOND_LOOKS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

impl<W: ZoneWriter, J: ApplyJournal> CollectionWrite<'_, W, J> {
    /// Reads the zone after a lost response, to determine whether the write arrived.
    ///
    /// # Errors
    /// The differences, if the zone has neither the previous nor the sent content.
    pub(super) async fn after_lost_answer(
        &self,
        attempt: &PreparedWrite,
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
        if is_made(&attempt.applied_changes, &after.observed) {
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
    pub(super) async fn verify(
        &self,
        attempt: &PreparedWrite,
        attempts: &mut WriteAttempts,
        tell: &(dyn Fn(ApplyEvent) + Sync),
    ) -> Result<AppliedStateUpdate, Vec<String>> {
        let mut pauses = SECOND_LOOKS.iter();
        let mut previous = None;
        loop {
            let (lines, after) = match self.read().await {
                Ok(after) => match self.strays(attempt, &after) {
                    Ok(learned) => {
                        let lines = self.writer.contradictions(&attempt.fresh, &attempt.changes).await;
                        if lines.is_empty() {
                            return Ok(learned);
                        }
                        (lines, Some(after))
                    }
                    Err(lines) => (lines, Some(after)),
                },
                Err(failure) => {
                    (vec![format!("written, but the zone could not be read back: {failure}")], None)
                }
            };
            match (pauses.next(), after) {
                (Some(pause), after) => {
                    previous = after;
                    tokio::time::sleep(*pause).await;
                }
                (None, None) => return Err(lines),
                (None, Some(after)) => {
                    return self.judge_differences(attempt, attempts, lines, previous, after, tell);
                }
            }
        }
    }

    /// Decides whether edits of other users, or the zone itself, changed rows that the write did not change.
    ///
    /// # Errors
    /// The unexpected `lines` between the expected result and the last reading.
    fn judge_differences(
        &self,
        attempt: &PreparedWrite,
        attempts: &mut WriteAttempts,
        lines: Vec<String>,
        previous: Option<CollectionSnapshot>,
        after: CollectionSnapshot,
        tell: &(dyn Fn(ApplyEvent) + Sync),
    ) -> Result<AppliedStateUpdate, Vec<String>> {
        let foreign_in = |reading: &CollectionSnapshot| {
            let (before, after) = (&attempt.fresh.observed.records, &reading.observed.records);
            foreign_differences(before, &attempt.applied_changes, after)
        };
        let Some(foreign) = foreign_in(&after) else { return Err(lines) };
        if let Some(learned) = self.learn_beside_edits(attempt, &lines, &foreign, &after) {
            let edits = foreign.iter().filter_map(edit_text).collect();
            let (zone, collection) = (self.code.clone(), self.planned.id.clone());
            tell(ApplyEvent::ConcurrentEdits { zone, collection, edits });
            return Ok(learned);
        }
        // Two readings agree, so the zone itself changed the rows.
        attempts.is_surprise = foreign.iter().any(|difference| difference.author.is_none())
            && previous.and_then(|previous| foreign_in(&previous)).as_ref() == Some(&foreign);
        // `restore` takes back what the write left, and keeps the edits of other users.
        let mut left = after;
        let edits: Vec<_> = foreign.iter().filter(|difference| difference.author.is_some()).collect();
        let before = &attempt.fresh.observed.records;
        remove_edits(before, &attempt.applied_changes, &edits, &mut left.observed.records);
        attempts.left = Some(left);
        Err(lines)
    }

    /// Returns the update of the applied state if only edits of other users differ from the expected result.
    fn learn_beside_edits(
        &self,
        attempt: &PreparedWrite,
        lines: &[String],
        foreign: &[ForeignDifference],
        after: &CollectionSnapshot,
    ) -> Option<AppliedStateUpdate> {
        let is_edit = |line: &String| {
            foreign.iter().any(|edit| edit.author.is_some() && line.contains(&format!("`{}`", edit.row)))
        };
        let (left, learned) = self.compare(after).ok()?;
        let is_complete = left.is_empty() && is_made(&attempt.applied_changes, &after.observed);
        (is_complete && lines.iter().all(is_edit)).then_some(learned)
    }

    /// Compares the zone with the expected result in two independent ways.
    ///
    /// The first compares with the sent rows, but trusts the code that applied the changes to them. The
    /// second compares with the desired state. Without differences, returns the update of the applied state.
    pub(super) fn strays(
        &self,
        attempt: &PreparedWrite,
        after: &CollectionSnapshot,
    ) -> Result<AppliedStateUpdate, Vec<String>> {
        let CollectionDiff { id, asked, siblings, .. } = self.planned;
        let desired = DesiredOfCollection::pick(id, self.desired, asked, siblings, None);
        let changes = diff::with_stored_values(&attempt.changes, &desired, &after.observed);
        let mut strays = self.writer.unexpected_differences(&attempt.fresh, &changes, after);
        match self.compare(after) {
            Ok((left, learned)) if left.is_empty() && strays.is_empty() => return Ok(learned),
            Ok((left, _)) => strays.extend(self.not_as_desired(&left)),
            Err(failure) => strays.push(failure.message),
        }
        Err(strays)
    }

    /// Returns the remaining differences after another read.
    pub async fn remaining_differences(&self) -> Vec<String> {
        match self.read().await {
            Ok(found) => match self.changes(&found) {
                Ok(left) => self.not_as_desired(&left),
                Err(failure) => vec![failure.message],
            },
            Err(failure) => vec![format!("the collection could not be read: {failure}")],
        }
    }

    /// Returns a line for each row that still differs, and the forms in which the zone stores texts.
    fn not_as_desired(&self, left: &[Change]) -> Vec<String> {
        let lines = left.iter().map(|change| match change.address.key.0.is_empty() {
            true => "still differs from the desired state".to_owned(),
            false => format!("{} still differs from the desired state", change.address.key),
        });
        let with_compare = self.desired.iter().filter(|collection| collection.options.compare.is_some());
        let with_compare = with_compare.map(|collection| &*collection.provenance.manifest).collect();
        // A field that the zone normalizes differs after every write.
        lines.chain(normalized_fields(left, &with_compare)).collect()
    }

    /// Returns the changes to write now.
    pub(super) fn changes(&self, snapshot: &CollectionSnapshot) -> Result<Vec<Change>, ZoneFailure> {
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
}

/// Returns the text of an edit by another user.
fn edit_text(difference: &ForeignDifference) -> Option<String> {
    let RowAuthor { name, date } = difference.author.as_ref()?;
    let date = date.as_ref().map(|date| format!(" at {date}")).unwrap_or_default();
    Some(format!("{} by {name}{date}", difference.row))
}
