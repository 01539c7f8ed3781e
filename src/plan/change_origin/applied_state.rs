//! Determines the origin of each change from the applied state.
//!
//! Zones without applied state get no origins.

use std::collections::BTreeMap;

use crate::model::{
    AppliedCollection, AppliedRecord, ApplyMode, Change, ChangeAction, ChangeConflict, ChangeOrigin,
    CollectionDiff, CollectionRole, ComparisonBase, ConflictPolicy, DesiredCollection, DesiredRecord,
    DesiredState, DifferenceType, Differences, FieldChange, FieldName, FieldValue, ManagementOrigin,
    ObservedState, ObservedZone, OrphanAction, Record, RecordKey,
};

/// Sets the origin of each change, if known. `now` is the comparison of `desired` with `observed` and `base`.
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
        let declared = desired.zones.get(code).map(Vec::as_slice).unwrap_or_default();
        let orphans = base.orphans.get(code);
        let zone = observed.zones.get(code).unwrap_or(&nothing);
        for diff in collections {
            let CollectionDiff { id, asked, shape, outcome, .. } = diff;
            let Ok(found) = outcome else { continue };
            let aliases = asked.first().and_then(|asked| zone.collections.get(asked)?.as_ref().ok());
            let aliases = aliases.map(|observed| &observed.aliases);
            let view = AppliedView {
                known: known.get(id),
                declared: declared
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

/// Copies the origin of a change that sets an exclusive flag to the change that clears the flag.
fn follow(changes: &mut [Change], flag: &FieldName) {
    let is = |edit: &FieldChange, value: bool| edit.field == *flag && edit.after == FieldValue::Bool(value);
    let taker = changes.iter().find(|change| change.field_changes.iter().any(|edit| is(edit, true)));
    // A conflict is decided at the change that sets the flag.
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
        // A change with its own conflict keeps the conflict.
        if giver.origin.is_some_and(|origin| origin != ChangeOrigin::Conflict) {
            giver.origin = Some(origin);
            giver.conflict = None;
        }
    }
}

/// Display names of the fields of a collection.
struct DisplayNames<'a> {
    aliases: Option<&'a BTreeMap<FieldName, FieldName>>,
}

impl DisplayNames<'_> {
    fn own_field_name<'b>(&'b self, name: &'b FieldName) -> &'b FieldName {
        self.aliases.and_then(|aliases| aliases.get(name)).unwrap_or(name)
    }

    /// Returns an applied record under the field names that changes use. If a field has several names, the
    /// last one counts.
    fn with_display_names(&self, record: &Record) -> Record {
        let people: BTreeMap<&FieldName, &FieldName> =
            self.aliases.into_iter().flatten().map(|(alias, field)| (field, alias)).collect();
        let shown = |field| people.get(field).copied().unwrap_or(field).clone();
        record.iter().map(|(field, value)| (shown(field), value.clone())).collect()
    }
}

/// Applied and desired state of one collection.
struct AppliedView<'a> {
    known: Option<&'a AppliedCollection>,
    declared: Vec<&'a DesiredCollection>,
    goes: Option<&'a BTreeMap<RecordKey, OrphanAction>>,
    names: DisplayNames<'a>,
}

impl AppliedView<'_> {
    fn classify(&self, change: &mut Change) {
        // An applied record with other key fields is a different record.
        let known = self.known.filter(|known| known.key.iter().eq(change.key.iter().map(|(field, _)| field)));
        let entry = known.and_then(|known| known.entries.get(&change.address.key));
        match (change.mode, entry) {
            // For reported and manual changes, only records applied earlier count.
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
        let record = self.declared.iter().find_map(|declared| declared.records.get(&change.address.key));
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
            // No manifest declares the record any more.
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
                // The record was applied as absent.
                Some((None, _)) => ChangeOrigin::Conflict,
                None => ChangeOrigin::Pending,
            },
        }
    }

    /// Returns true if the manifest still declares the applied values.
    fn matches_applied(&self, record: &DesiredRecord, holds: &Record) -> bool {
        record.fields.iter().all(|(name, said)| {
            holds.get(self.names.own_field_name(name)).is_none_or(|was| *was == said.value)
        })
    }

    /// Returns true if the record still has the applied values.
    fn still_holds(&self, change: &Change, holds: &Record) -> bool {
        let shown = self.names.with_display_names(holds);
        shown.iter().all(|(name, was)| change.before.get(name).unwrap_or(&FieldValue::Null) == was)
    }
}

/// Returns the common origin of all field changes of an existing record; otherwise a conflict.
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

/// Returns the origin of a change to an amended list. Only added and removed texts count.
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
