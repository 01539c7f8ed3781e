//! Records that zonal made and no manifest names any more: the only writes that follow from a ledger.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::collection::{ChangeDraft, CollectionComparison};
use crate::model::{
    AppliedRecord, ChangeAction, Channel, DesiredCollection, DifferenceType, FieldChange, FieldName,
    FieldValue, ManagementOrigin, ObservedRecord, OrphanAction, Provenance, Record, RecordKey,
};

/// So many are named where records are let go; of more it is said how many.
const NAMED: usize = 5;

/// What becomes of one.
enum OrphanOutcome<'a> {
    /// It goes, or is disabled.
    Change(ChangeDraft<'a>),
    /// It stays, and a reader should know why.
    Stays(&'static str),
    /// There is nothing to do, and nothing to tell.
    Done,
}

impl<'a> CollectionComparison<'a> {
    /// What becomes of the orphans. Returns those that are dealt with, so that they are not unlisted too.
    pub(super) fn orphans(
        &mut self,
        listed: &dyn Fn(&RecordKey) -> bool,
        collection: &'a DesiredCollection,
    ) -> BTreeSet<RecordKey> {
        let mut dealt_with = BTreeSet::new();
        let Some(since) = self.since else { return dealt_with };
        let (Some(orphans), Some(_)) = (since.orphans, self.entries) else { return dealt_with };
        if self.observed.witness.is_people() {
            return dealt_with;
        }
        let mut staying: Vec<(&'static str, &RecordKey)> = Vec::new();
        for (key, farewell) in orphans.iter().filter(|(key, _)| !listed(key)) {
            let Some(entry) = self.entry(key) else { continue };
            let rows = self.rows.get(key);
            let end = match rows {
                [] => OrphanOutcome::Done,
                [(_, found)] => self.orphan_outcome(entry, found, *farewell, collection),
                _ => {
                    staying.push(("several rows have the key, so zonal's own cannot be told", key));
                    continue;
                }
            };
            match end {
                OrphanOutcome::Change(draft) => {
                    self.add(key, draft);
                    dealt_with.insert(key.clone());
                }
                OrphanOutcome::Stays(why) => {
                    staying.push((why, key));
                    self.forgotten.push(key.clone());
                }
                OrphanOutcome::Done => self.forgotten.push(key.clone()),
            }
        }
        self.tell_staying(staying);
        dealt_with
    }

    fn orphan_outcome(
        &self,
        entry: &'a AppliedRecord,
        found: &'a ObservedRecord,
        farewell: OrphanAction,
        collection: &'a DesiredCollection,
    ) -> OrphanOutcome<'a> {
        let Some(holds) = &entry.holds else { return OrphanOutcome::Done };
        let switch = collection.shape.switch.as_ref();
        let farewell = match entry.maker {
            ManagementOrigin::Created => farewell,
            ManagementOrigin::Adopted | ManagementOrigin::Amended => OrphanAction::Unmanage,
        };
        let Some(place) = self.since.and_then(|since| since.prune) else {
            return OrphanOutcome::Stays(UNSAID);
        };
        let provenance =
            Provenance { span: place.clone(), manifest: entry.manifest.clone(), override_index: None };
        let (action, edits) = match (farewell, switch) {
            (OrphanAction::Keep, _) => return OrphanOutcome::Stays(THEIRS),
            (OrphanAction::Unmanage, _) if entry.maker == ManagementOrigin::Created => {
                return OrphanOutcome::Stays(LET_GO);
            }
            (OrphanAction::Unmanage, _) => return OrphanOutcome::Stays(NOT_OURS),
            (OrphanAction::Disable, Some(switch))
                if found.fields.get(switch) == Some(&FieldValue::Bool(false)) =>
            {
                return OrphanOutcome::Done;
            }
            (OrphanAction::Delete | OrphanAction::Disable, _)
                if !holds_all(found, holds) || self.holds_more(found, holds, collection) =>
            {
                return OrphanOutcome::Stays(THEIRS);
            }
            (OrphanAction::Delete, _) => (ChangeAction::Delete, Vec::new()),
            (OrphanAction::Disable, None) => return OrphanOutcome::Stays(NO_SWITCH),
            (OrphanAction::Disable, Some(switch)) => {
                let edit: FieldChange = self.clear_flag(switch, found, &provenance);
                (ChangeAction::Update, vec![edit])
            }
        };
        OrphanOutcome::Change(ChangeDraft {
            action,
            edits,
            mode: self.apply_mode(),
            drift: DifferenceType::Extra,
            reason: Some(REASON.to_owned()),
            notes: &[],
            provenance: Cow::Owned(provenance),
            found: Some(found),
            each: None,
        })
    }

    /// Whether a record holds what zonal did not write: a new record has what its manifest says, documented
    /// defaults, and nothing else. What zones fill in by themselves is known of the API's own columns only.
    fn holds_more(&self, found: &ObservedRecord, holds: &Record, collection: &DesiredCollection) -> bool {
        let is_column = |field: &FieldName| {
            self.observed.channel == Channel::Api && self.observed.columns.contains(field)
        };
        let mut unsaid = found.fields.iter().filter(|(field, _)| !holds.contains_key(*field));
        unsaid.any(|(field, value)| match collection.shape.defaults.get(field) {
            Some(default) => value != default,
            None => is_column(field) && !is_nothing(value),
        })
    }

    fn tell_staying(&mut self, mut staying: Vec<(&'static str, &RecordKey)>) {
        staying.sort();
        for alike in staying.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((why, _)) = alike.first() else { continue };
            let named: Vec<String> = alike.iter().take(NAMED).map(|(_, key)| format!("`{key}`")).collect();
            let more = match alike.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let those = if alike.len() == 1 { "it stays as it is" } else { "they stay as they are" };
            self.notes.push(format!("no manifest names {}{more} any more: {those}; {why}", named.join(", ")));
        }
    }
}

/// Whether a record still holds everything that it held when zonal last applied it.
fn holds_all(found: &ObservedRecord, holds: &Record) -> bool {
    holds.iter().all(|(field, value)| found.fields.get(field).unwrap_or(&FieldValue::Null) == value)
}

/// What a field holds that nobody has filled in.
fn is_nothing(value: &FieldValue) -> bool {
    match value {
        FieldValue::Null | FieldValue::Bool(false) => true,
        FieldValue::Bool(true) | FieldValue::Text(_) | FieldValue::List(_) => false,
    }
}

const REASON: &str = "because zonal created it and no manifest names it any more (`prune`)";
const LET_GO: &str = "its manifest says `enforcement: unmanage`";
const NOT_OURS: &str = "the zone had what zonal only changed";
const THEIRS: &str = "somebody has changed it since zonal created it";
const NO_SWITCH: &str = "there is no way to disable it";
const UNSAID: &str = "the network does not say what becomes of such records";
