//! Who moved, by what zonal last applied: each change beside what the ledger says of its record.
//!
//! Of a zone that the ledger knows nothing of, nothing is claimed.

use std::collections::BTreeMap;

use crate::model::{
    Action, Base, Change, CollectionDiff, Conflict, Desired, DesiredCollection, DesiredRecord, Differences,
    Drift, Edit, Farewell, Field, Key, LedgerCollection, LedgerEntry, Maker, Mode, Observed, ObservedZone,
    OnConflict, Origin, Record, Standing, Value,
};

/// Says of each change who moved, as far as the ledger tells. `now` was found by comparing `desired` with
/// `observed` and `base`.
pub fn classify(now: &mut Differences, desired: &Desired, observed: &Observed, base: &Base) {
    let nothing = ObservedZone::default();
    for (code, collections) in &mut now.zones {
        let Some(known) = base.ledger.zones.get(code).filter(|known| !known.is_empty()) else { continue };
        let wanted = desired.zones.get(code).map(Vec::as_slice).unwrap_or_default();
        let orphans = base.orphans.get(code);
        let zone = observed.zones.get(code).unwrap_or(&nothing);
        for diff in collections {
            let CollectionDiff { id, asked, shape, outcome, .. } = diff;
            let Ok(found) = outcome else { continue };
            let aliases = asked.first().and_then(|asked| zone.collections.get(asked)?.as_ref().ok());
            let aliases = aliases.map(|observed| &observed.aliases);
            let view = View {
                known: known.get(id),
                wanted: wanted
                    .iter()
                    .filter(|each| each.standing == Standing::Wanted && asked.contains(&each.id))
                    .collect(),
                goes: orphans.and_then(|orphans| orphans.get(id)),
                names: Names { aliases },
            };
            found.changes.iter_mut().for_each(|change| view.classify(change));
            shape.exclusive.iter().for_each(|flag| follow(&mut found.changes, flag));
        }
    }
}

/// A flag that only one record may carry is taken from a record because another one gets it, so who moved is
/// whoever moved there.
fn follow(changes: &mut [Change], flag: &Field) {
    let is = |edit: &Edit, value: bool| edit.field == *flag && edit.after == Value::Bool(value);
    let taker = changes.iter().find(|change| change.edits.iter().any(|edit| is(edit, true)));
    // What a person has to decide there, they decide there.
    let Some(origin) = taker.and_then(|taker| taker.origin).filter(|origin| *origin != Origin::Conflict)
    else {
        return;
    };
    let gives_it_up = |change: &&mut Change| match change.edits.as_slice() {
        [only] => is(only, false),
        _ => false,
    };
    for giver in changes.iter_mut().filter(gives_it_up) {
        // One that has been drawn into a conflict of its own stays in it.
        if giver.origin.is_some_and(|origin| origin != Origin::Conflict) {
            giver.origin = Some(origin);
            giver.conflict = None;
        }
    }
}

/// How people call the fields of a collection.
struct Names<'a> {
    aliases: Option<&'a BTreeMap<Field, Field>>,
}

impl Names<'_> {
    fn own<'b>(&'b self, name: &'b Field) -> &'b Field {
        self.aliases.and_then(|aliases| aliases.get(name)).unwrap_or(name)
    }

    /// A record of the ledger under the names that changes use. Of several names for a field, a change uses the
    /// last.
    fn shown(&self, record: &Record) -> Record {
        let people: BTreeMap<&Field, &Field> =
            self.aliases.into_iter().flatten().map(|(alias, field)| (field, alias)).collect();
        let shown = |field| people.get(field).copied().unwrap_or(field).clone();
        record.iter().map(|(field, value)| (shown(field), value.clone())).collect()
    }
}

/// What is known of one collection.
struct View<'a> {
    known: Option<&'a LedgerCollection>,
    wanted: Vec<&'a DesiredCollection>,
    goes: Option<&'a BTreeMap<Key, Farewell>>,
    names: Names<'a>,
}

impl View<'_> {
    fn classify(&self, change: &mut Change) {
        // An entry by other fields than those of the change means another record.
        let known = self.known.filter(|known| known.key.iter().eq(change.key.iter().map(|(field, _)| field)));
        let entry = known.and_then(|known| known.entries.get(&change.address.key));
        match (change.mode, entry) {
            // Of what zonal never writes, it knows only what it once wrote.
            (Mode::Report | Mode::ByHand, None) => return,
            (Mode::Apply | Mode::Report | Mode::ByHand | Mode::Later | Mode::Left, _) => {}
        }
        let origin = self.origin(change, known.is_some(), entry);
        change.origin = Some(origin);
        if origin == Origin::Conflict {
            let applied = entry.and_then(|entry| entry.holds.as_ref()).map(|holds| self.names.shown(holds));
            let manifest = change.provenance.manifest.clone();
            change.conflict = Some(Box::new(Conflict { applied, then: OnConflict::Stop, manifest }));
        }
    }

    fn origin(&self, change: &Change, is_known: bool, entry: Option<&LedgerEntry>) -> Origin {
        let record = self.wanted.iter().find_map(|wanted| wanted.records.get(&change.address.key));
        let goes = self.goes.and_then(|orphans| orphans.get(&change.address.key));
        match (change.action, change.drift, record) {
            (Action::Create, _, Some(record)) => match entry.map(|entry| entry.holds.as_ref()) {
                Some(Some(holds)) if self.says(record, holds) => Origin::Drifted,
                Some(Some(_)) => Origin::Conflict,
                Some(None) | None => Origin::Pending,
            },
            (Action::Create, _, None) => Origin::Pending,
            (Action::Delete, _, Some(_)) => match entry.map(|entry| entry.holds.as_ref()) {
                Some(Some(holds)) if self.still_holds(change, holds) => Origin::Pending,
                Some(Some(_)) => Origin::Conflict,
                Some(None) => Origin::Drifted,
                None => Origin::Pending,
            },
            // Nobody names it any more.
            (Action::Delete, _, None) | (Action::Update, Drift::Extra, None) => match (goes, entry) {
                (Some(Farewell::Remove | Farewell::Disable), _) => Origin::Pending,
                (_, Some(LedgerEntry { holds: Some(holds), .. })) => match self.still_holds(change, holds) {
                    true => Origin::Pending,
                    false => Origin::Conflict,
                },
                (_, Some(_) | None) if is_known => Origin::Drifted,
                (_, Some(_) | None) => Origin::Pending,
            },
            (Action::Update, _, _) => match entry.map(|entry| (entry.holds.as_ref(), entry.maker)) {
                Some((Some(holds), maker)) => update(&change.edits, holds, maker),
                // It was wanted to be gone.
                Some((None, _)) => Origin::Conflict,
                None => Origin::Pending,
            },
        }
    }

    /// Whether a manifest still says what was applied last.
    fn says(&self, record: &DesiredRecord, holds: &Record) -> bool {
        record
            .fields
            .iter()
            .all(|(name, said)| holds.get(self.names.own(name)).is_none_or(|was| *was == said.value))
    }

    /// Whether a record holds what was applied last.
    fn still_holds(&self, change: &Change, holds: &Record) -> bool {
        let shown = self.names.shown(holds);
        shown.iter().all(|(name, was)| change.before.get(name).unwrap_or(&Value::Null) == was)
    }
}

/// Who moved, of a record that is there and should be: all fields alike, or both.
fn update(edits: &[Edit], holds: &Record, maker: Maker) -> Origin {
    let mut origins = edits.iter().map(|edit| field(edit, holds, maker));
    let Some(first) = origins.next() else { return Origin::Pending };
    match origins.all(|origin| origin == first) {
        true => first,
        false => Origin::Conflict,
    }
}

fn field(edit: &Edit, holds: &Record, maker: Maker) -> Origin {
    let before = edit.before.as_ref().unwrap_or(&Value::Null);
    match holds.get(&edit.field) {
        None => Origin::Pending,
        Some(was) if *was == edit.after => Origin::Drifted,
        Some(was) if was == before => Origin::Pending,
        Some(was) if maker == Maker::Amended && is_list(was) => part_of_list(was, before, &edit.after),
        Some(_) => Origin::Conflict,
    }
}

fn is_list(value: &Value) -> bool {
    match value {
        Value::List(_) | Value::Null => true,
        Value::Bool(_) | Value::Text(_) => false,
    }
}

/// Of a list that is the zone's own, only what is added to it or taken from it counts.
fn part_of_list(was: &Value, before: &Value, after: &Value) -> Origin {
    let has = |list: &Value, text: &str| list.texts().iter().any(|each| **each == *text);
    let all = before.texts().iter().chain(after.texts());
    let mut differing = all.filter(|text| has(before, text) != has(after, text)).peekable();
    if differing.peek().is_none() {
        return Origin::Conflict;
    }
    let mut origins = differing.map(|text| has(was, text) == has(after, text));
    let first = origins.next();
    match (first, origins.all(|origin| Some(origin) == first)) {
        (Some(true), true) => Origin::Drifted,
        (Some(false), true) => Origin::Pending,
        (_, _) => Origin::Conflict,
    }
}
