//! Who moved, by what zonal last applied: each change beside what the ledger says of its record.
//!
//! Of a zone that the ledger knows nothing of, nothing is claimed.

use std::collections::BTreeMap;

use crate::model::{
    AppliedCollection, AppliedRecord, ApplyMode, Change, ChangeAction, ChangeConflict, ChangeOrigin,
    CollectionDiff, CollectionRole, ComparisonBase, ConflictPolicy, DesiredCollection, DesiredRecord,
    DesiredState, DifferenceType, Differences, FieldChange, FieldName, FieldValue, ManagementOrigin,
    ObservedState, ObservedZone, OrphanAction, Record, RecordKey,
};

/// Says of each change who moved, as far as the ledger tells. `now` was found by comparing `desired` with
/// `observed` and `base`.
pub fn classify(
    now: &mut Differences,
    desired: &DesiredState,
    observed: &ObservedState,
    base: &ComparisonBase,
) {
    let nothing = ObservedZone::default();
    for (code, collections) in &mut now.zones {
        let Some(known) = base.applied_state.zones.get(code).filter(|known| !known.is_empty()) else {
            continue;
        };
        let wanted = desired.zones.get(code).map(Vec::as_slice).unwrap_or_default();
        let orphans = base.orphans.get(code);
        let zone = observed.zones.get(code).unwrap_or(&nothing);
        for diff in collections {
            let CollectionDiff { id, asked, shape, outcome, .. } = diff;
            let Ok(found) = outcome else { continue };
            let aliases = asked.first().and_then(|asked| zone.collections.get(asked)?.as_ref().ok());
            let aliases = aliases.map(|observed| &observed.aliases);
            let view = AppliedView {
                known: known.get(id),
                wanted: wanted
                    .iter()
                    .filter(|each| each.standing == CollectionRole::Desired && asked.contains(&each.id))
                    .collect(),
                goes: orphans.and_then(|orphans| orphans.get(id)),
                names: DisplayNames { aliases },
            };
            found.changes.iter_mut().for_each(|change| view.classify(change));
            shape.exclusive.iter().for_each(|flag| follow(&mut found.changes, flag));
        }
    }
}

/// A flag that only one record may carry is taken from a record because another one gets it, so who moved is
/// whoever moved there.
fn follow(changes: &mut [Change], flag: &FieldName) {
    let is = |edit: &FieldChange, value: bool| edit.field == *flag && edit.after == FieldValue::Bool(value);
    let taker = changes.iter().find(|change| change.field_changes.iter().any(|edit| is(edit, true)));
    // What a person has to decide there, they decide there.
    let Some(origin) =
        taker.and_then(|taker| taker.origin).filter(|origin| *origin != ChangeOrigin::Conflict)
    else {
        return;
    };
    let gives_it_up = |change: &&mut Change| match change.field_changes.as_slice() {
        [only] => is(only, false),
        _ => false,
    };
    for giver in changes.iter_mut().filter(gives_it_up) {
        // One that has been drawn into a conflict of its own stays in it.
        if giver.origin.is_some_and(|origin| origin != ChangeOrigin::Conflict) {
            giver.origin = Some(origin);
            giver.conflict = None;
        }
    }
}

/// How people call the fields of a collection.
struct DisplayNames<'a> {
    aliases: Option<&'a BTreeMap<FieldName, FieldName>>,
}

impl DisplayNames<'_> {
    fn own_field_name<'b>(&'b self, name: &'b FieldName) -> &'b FieldName {
        self.aliases.and_then(|aliases| aliases.get(name)).unwrap_or(name)
    }

    /// A record of the ledger under the names that changes use. Of several names for a field, a change uses the
    /// last.
    fn with_display_names(&self, record: &Record) -> Record {
        let people: BTreeMap<&FieldName, &FieldName> =
            self.aliases.into_iter().flatten().map(|(alias, field)| (field, alias)).collect();
        let shown = |field| people.get(field).copied().unwrap_or(field).clone();
        record.iter().map(|(field, value)| (shown(field), value.clone())).collect()
    }
}

/// What is known of one collection.
struct AppliedView<'a> {
    known: Option<&'a AppliedCollection>,
    wanted: Vec<&'a DesiredCollection>,
    goes: Option<&'a BTreeMap<RecordKey, OrphanAction>>,
    names: DisplayNames<'a>,
}

impl AppliedView<'_> {
    fn classify(&self, change: &mut Change) {
        // An entry by other fields than those of the change means another record.
        let known = self.known.filter(|known| known.key.iter().eq(change.key.iter().map(|(field, _)| field)));
        let entry = known.and_then(|known| known.entries.get(&change.address.key));
        match (change.mode, entry) {
            // Of what zonal never writes, it knows only what it once wrote.
            (ApplyMode::Report | ApplyMode::Manual, None) => return,
            (
                ApplyMode::Apply
                | ApplyMode::Report
                | ApplyMode::Manual
                | ApplyMode::Postponed
                | ApplyMode::KeptTheirs,
                _,
            ) => {}
        }
        let origin = self.origin(change, known.is_some(), entry);
        change.origin = Some(origin);
        if origin == ChangeOrigin::Conflict {
            let applied = entry
                .and_then(|entry| entry.holds.as_ref())
                .map(|holds| self.names.with_display_names(holds));
            let manifest = change.provenance.manifest.clone();
            change.conflict =
                Some(Box::new(ChangeConflict { applied, then: ConflictPolicy::Defer, manifest }));
        }
    }

    fn origin(&self, change: &Change, is_known: bool, entry: Option<&AppliedRecord>) -> ChangeOrigin {
        let record = self.wanted.iter().find_map(|wanted| wanted.records.get(&change.address.key));
        let goes = self.goes.and_then(|orphans| orphans.get(&change.address.key));
        match (change.action, change.difference, record) {
            (ChangeAction::Create, _, Some(record)) => match entry.map(|entry| entry.holds.as_ref()) {
                Some(Some(holds)) if self.matches_applied(record, holds) => ChangeOrigin::Drifted,
                Some(Some(_)) => ChangeOrigin::Conflict,
                Some(None) | None => ChangeOrigin::Pending,
            },
            (ChangeAction::Create, _, None) => ChangeOrigin::Pending,
            (ChangeAction::Delete, _, Some(_)) => match entry.map(|entry| entry.holds.as_ref()) {
                Some(Some(holds)) if self.still_holds(change, holds) => ChangeOrigin::Pending,
                Some(Some(_)) => ChangeOrigin::Conflict,
                Some(None) => ChangeOrigin::Drifted,
                None => ChangeOrigin::Pending,
            },
            // Nobody names it any more.
            (ChangeAction::Delete, _, None) | (ChangeAction::Update, DifferenceType::Extra, None) => {
                match (goes, entry) {
                    (Some(OrphanAction::Delete | OrphanAction::Disable), _) => ChangeOrigin::Pending,
                    (_, Some(AppliedRecord { holds: Some(holds), .. })) => {
                        match self.still_holds(change, holds) {
                            true => ChangeOrigin::Pending,
                            false => ChangeOrigin::Conflict,
                        }
                    }
                    (_, Some(_) | None) if is_known => ChangeOrigin::Drifted,
                    (_, Some(_) | None) => ChangeOrigin::Pending,
                }
            }
            (ChangeAction::Update, _, _) => match entry.map(|entry| (entry.holds.as_ref(), entry.maker)) {
                Some((Some(holds), maker)) => update(&change.field_changes, holds, maker),
                // It was wanted to be gone.
                Some((None, _)) => ChangeOrigin::Conflict,
                None => ChangeOrigin::Pending,
            },
        }
    }

    /// Whether a manifest still says what was applied last.
    fn matches_applied(&self, record: &DesiredRecord, holds: &Record) -> bool {
        record.fields.iter().all(|(name, said)| {
            holds.get(self.names.own_field_name(name)).is_none_or(|was| *was == said.value)
        })
    }

    /// Whether a record holds what was applied last.
    fn still_holds(&self, change: &Change, holds: &Record) -> bool {
        let shown = self.names.with_display_names(holds);
        shown.iter().all(|(name, was)| change.before.get(name).unwrap_or(&FieldValue::Null) == was)
    }
}

/// Who moved, of a record that is there and should be: all fields alike, or both.
fn update(edits: &[FieldChange], holds: &Record, maker: ManagementOrigin) -> ChangeOrigin {
    let mut origins = edits.iter().map(|edit| field(edit, holds, maker));
    let Some(first) = origins.next() else { return ChangeOrigin::Pending };
    match origins.all(|origin| origin == first) {
        true => first,
        false => ChangeOrigin::Conflict,
    }
}

fn field(edit: &FieldChange, holds: &Record, maker: ManagementOrigin) -> ChangeOrigin {
    let before = edit.before.as_ref().unwrap_or(&FieldValue::Null);
    match holds.get(&edit.field) {
        None => ChangeOrigin::Pending,
        Some(was) if *was == edit.after => ChangeOrigin::Drifted,
        Some(was) if was == before => ChangeOrigin::Pending,
        Some(was) if maker == ManagementOrigin::Amended && is_list(was) => {
            part_of_list(was, before, &edit.after)
        }
        Some(_) => ChangeOrigin::Conflict,
    }
}

fn is_list(value: &FieldValue) -> bool {
    match value {
        FieldValue::List(_) | FieldValue::Null => true,
        FieldValue::Bool(_) | FieldValue::Text(_) => false,
    }
}

/// Of a list that is the zone's own, only what is added to it or taken from it counts.
fn part_of_list(was: &FieldValue, before: &FieldValue, after: &FieldValue) -> ChangeOrigin {
    let has = |list: &FieldValue, text: &str| list.texts().iter().any(|each| **each == *text);
    let all = before.texts().iter().chain(after.texts());
    let mut differing = all.filter(|text| has(before, text) != has(after, text)).peekable();
    if differing.peek().is_none() {
        return ChangeOrigin::Conflict;
    }
    let mut origins = differing.map(|text| has(was, text) == has(after, text));
    let first = origins.next();
    match (first, origins.all(|origin| Some(origin) == first)) {
        (Some(true), true) => ChangeOrigin::Drifted,
        (Some(false), true) => ChangeOrigin::Pending,
        (_, _) => ChangeOrigin::Conflict,
    }
}
