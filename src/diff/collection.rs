//! The comparison of one collection, record by record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Wanted;
use super::names::Names;
use crate::model::{
    Action, Address, Change, CollectionChanges, CollectionId, DesiredCollection, DesiredRecord, DesiredValue,
    Edit, Enforcement, Failure, FailureClass, Field, Key, Mode, ObservedCollection, ObservedRecord,
    Provenance, Record, Unlisted, Value, ZoneCode,
};

/// Compares what is wanted of a collection with what the zone holds.
///
/// # Errors
/// `Mismatch` where the manifest does not fit the zone's collection: an unknown column, a key
/// that several rows share, a new record without a value that it needs, one record declared
/// twice. The collection cannot be planned then; the message says what to mend.
pub fn collection(
    zone: &ZoneCode,
    wanted: &Wanted<'_>,
    observed: &ObservedCollection,
) -> Result<CollectionChanges, Failure> {
    let names = Names::of(observed);
    let Some(first) = wanted.collections.first() else { return Ok(CollectionChanges::default()) };
    let key = names.resolve_all(&first.key)?;
    for other in &wanted.collections {
        if names.resolve_all(&other.key)? != key {
            return Err(differently_keyed(first, other));
        }
    }
    let rows = index(observed, &key);
    let mut comparison = Comparison {
        zone,
        id: &wanted.id,
        names,
        elsewhere: &wanted.listed_elsewhere,
        just_created: &wanted.just_created,
        key,
        rows,
        changes: BTreeMap::new(),
        ignored: 0,
    };

    let mut listed: BTreeMap<&Key, &DesiredRecord> = BTreeMap::new();
    for collection in &wanted.collections {
        for (id, record) in &collection.records {
            if let Some(other) = listed.insert(id, record) {
                return Err(declared_twice(&wanted.id, id, other, record));
            }
            comparison.listed(id, record, collection)?;
        }
    }
    let mut unmanaged = 0;
    let strictest = wanted.collections.iter().max_by_key(|collection| collection.unlisted);
    for (id, found) in comparison.rows.clone() {
        if !listed.contains_key(&id) && !wanted.listed_elsewhere.contains_key(&id) {
            unmanaged += match strictest {
                Some(collection) => comparison.unlisted(&id, &found, collection)?,
                None => found.len(),
            };
        }
    }
    for flag in &first.shape.exclusive {
        comparison.make_exclusive(flag);
    }
    Ok(CollectionChanges {
        changes: comparison.changes.into_values().collect(),
        existing: observed.records.len(),
        unmanaged,
        ignored: comparison.ignored,
        references: observed.references.clone(),
    })
}

/// The zone's records by key. A key that is not unique shows as several records.
type Rows<'a> = BTreeMap<Key, Vec<&'a ObservedRecord>>;

fn index<'a>(observed: &'a ObservedCollection, key: &[Field]) -> Rows<'a> {
    let mut rows = Rows::new();
    for record in &observed.records {
        let parts = key.iter().map(|field| match record.fields.get(field) {
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Bool(flag)) => Arc::from(flag.to_string()),
            Some(Value::Null) | None => Arc::from(""),
        });
        rows.entry(Key(parts.collect())).or_default().push(record);
    }
    rows
}

struct Comparison<'a> {
    zone: &'a ZoneCode,
    id: &'a CollectionId,
    names: Names<'a>,
    elsewhere: &'a BTreeMap<&'a Key, &'a DesiredRecord>,
    just_created: &'a BTreeSet<&'a Key>,
    key: Vec<Field>,
    rows: Rows<'a>,
    /// A record can be changed in one way and reported in another: see [`Self::make_exclusive`].
    changes: BTreeMap<(Key, Mode), Change>,
    ignored: usize,
}

/// What makes one change differ from another of the same collection.
struct Draft<'a> {
    action: Action,
    edits: Vec<Edit>,
    mode: Mode,
    reason: Option<String>,
    provenance: &'a Provenance,
    found: Option<&'a ObservedRecord>,
}

impl<'a> Comparison<'a> {
    /// What a record comes to that a manifest mentions.
    fn listed(
        &mut self,
        id: &Key,
        record: &DesiredRecord,
        collection: &DesiredCollection,
    ) -> Result<(), Failure> {
        let found = match self.rows.get(id).map(Vec::as_slice) {
            None | Some([]) => None,
            Some([one]) => Some(*one),
            Some(several) => return Err(self.ambiguous(id, several.len(), collection)),
        };
        let wanted = self.names.resolve_record(record)?;
        let (action, edits, reason) = match (found, record.absent) {
            (None, true) => return Ok(()),
            (None, false) => {
                let edits = self.new_fields(id, &wanted, record, collection)?;
                (Action::Create, edits, self.look_alike(id))
            }
            (Some(_), true) => {
                (Action::Delete, Vec::new(), Some("because the manifest says `absent: true`".to_owned()))
            }
            (Some(found), false) => (Action::Update, edits(&wanted, &found.fields), None),
        };
        if action == Action::Update && edits.is_empty() {
            return Ok(());
        }
        let mode = match (record.enforcement, action) {
            (Enforcement::Enforce, _) | (Enforcement::Initial, Action::Create) => Mode::Apply,
            (Enforcement::Initial, Action::Update) if self.just_created.contains(id) => Mode::Apply,
            (Enforcement::Observe, _) => Mode::Report,
            (Enforcement::Initial, Action::Update | Action::Delete) => {
                self.ignored += 1;
                return Ok(());
            }
        };
        self.add(id, Draft { action, edits, mode, reason, provenance: &record.provenance, found });
        Ok(())
    }

    /// What a record comes to that no manifest mentions. Returns how many rows stay unmanaged.
    fn unlisted(
        &mut self,
        id: &Key,
        found: &[&'a ObservedRecord],
        collection: &DesiredCollection,
    ) -> Result<usize, Failure> {
        let word = match collection.unlisted {
            Unlisted::Keep => return Ok(found.len()),
            Unlisted::Disable => "disable",
            Unlisted::Remove => "remove",
        };
        let [one] = found else { return Err(self.ambiguous(id, found.len(), collection)) };
        let (action, edits) = match (collection.unlisted, &collection.shape.switch) {
            (Unlisted::Remove, _) => (Action::Delete, Vec::new()),
            (_, Some(switch)) if one.fields.get(switch) != Some(&Value::Bool(false)) => {
                (Action::Update, vec![self.cleared(switch, one, &collection.provenance)])
            }
            (_, _) => return Ok(1),
        };
        let mode = match collection.enforcement {
            Enforcement::Enforce => Mode::Apply,
            Enforcement::Observe => Mode::Report,
            Enforcement::Initial => {
                self.ignored += 1;
                return Ok(0);
            }
        };
        let provenance = &collection.provenance;
        let reason =
            format!("because no manifest lists it and {} says `unlisted: {word}`", provenance.manifest);
        self.add(id, Draft { action, edits, mode, reason: Some(reason), provenance, found: Some(one) });
        Ok(0)
    }

    /// Takes a flag that only one record may carry, such as a table's default, away from the
    /// record that has it when another one gets it: Alma refuses a table with two (90122).
    fn make_exclusive(&mut self, flag: &Field) {
        let taker = self.changes.iter().find_map(|((id, mode), change)| {
            let edit =
                change.edits.iter().find(|edit| edit.field == *flag && edit.after == Value::Bool(true))?;
            Some((id.clone(), edit.provenance.clone(), *mode))
        });
        let Some((taker, provenance, mode)) = taker else { return };
        for (id, found) in self.rows.clone() {
            let [one] = found.as_slice() else { continue };
            if id == taker || one.fields.get(flag) != Some(&Value::Bool(true)) {
                continue;
            }
            let edit = self.cleared(flag, one, &provenance);
            // It goes along with a change of its own mode only: what is only reported takes
            // nothing away, and what is written does not wait for what is only reported.
            match self.changes.get_mut(&(id.clone(), mode)) {
                Some(change) if change.action == Action::Delete => {}
                Some(change) if change.edits.iter().any(|edit| edit.field == *flag) => {}
                Some(change) => change.edits.push(edit),
                None => {
                    let reason =
                        format!("because `{taker}` becomes the `{flag}` row, and there can be only one");
                    let draft = Draft {
                        action: Action::Update,
                        edits: vec![edit],
                        mode,
                        reason: Some(reason),
                        provenance: &provenance,
                        found: Some(one),
                    };
                    self.add(&id, draft);
                }
            }
        }
    }

    /// Every field of a record that is to be created.
    fn new_fields(
        &self,
        id: &Key,
        wanted: &BTreeMap<Field, (&Field, &DesiredValue)>,
        record: &DesiredRecord,
        collection: &DesiredCollection,
    ) -> Result<Vec<Edit>, Failure> {
        let missing = |field: &&Field| wanted.get(*field).is_none_or(|(_, value)| value.value == Value::Null);
        if let Some(required) = collection.shape.required.iter().find(missing) {
            let message =
                format!("`{id}` is not in the zone's {} and cannot be created without `{required}`", self.id);
            let help = format!("add `{required}` at {}", record.provenance);
            return Err(Failure::new(FailureClass::Mismatch, message).help(help));
        }
        let declared = wanted.iter().map(|(field, (name, value))| Edit {
            field: field.clone(),
            name: (*name).clone(),
            before: None,
            after: value.value.clone(),
            provenance: value.provenance.clone(),
        });
        let silent = collection.shape.defaults.iter().filter(|(field, _)| !wanted.contains_key(*field));
        let filled = silent.map(|(field, default)| {
            // A field that all languages share may be declared for another one.
            let shared = collection.shape.shared.contains(field).then(|| self.elsewhere.get(id)).flatten();
            let shared = shared.filter(|record| record.enforcement != Enforcement::Observe);
            let (after, provenance) = match shared.and_then(|record| record.fields.get(field)) {
                Some(DesiredValue { value, provenance }) => (value, provenance),
                None => (default, &record.provenance),
            };
            Edit {
                field: field.clone(),
                name: self.names.shown(field).clone(),
                before: None,
                after: after.clone(),
                provenance: provenance.clone(),
            }
        });
        Ok(declared.chain(filled).collect())
    }

    /// Says so where a new record differs from one of the zone's only in case or in spaces: the
    /// commonest way to type a row twice.
    fn look_alike(&self, id: &Key) -> Option<String> {
        let folded = |key: &Key| key.0.iter().map(|part| part.trim().to_lowercase()).collect::<Vec<_>>();
        let other = self.rows.keys().find(|other| folded(other) == folded(id))?;
        Some(format!("beside `{other}`, which the zone takes for another row: keys are case-sensitive"))
    }

    fn cleared(&self, flag: &Field, found: &ObservedRecord, provenance: &Provenance) -> Edit {
        Edit {
            field: flag.clone(),
            name: self.names.shown(flag).clone(),
            before: found.fields.get(flag).cloned(),
            after: Value::Bool(false),
            provenance: provenance.clone(),
        }
    }

    fn add(&mut self, id: &Key, draft: Draft<'_>) {
        let Draft { action, edits, mode, reason, provenance, found } = draft;
        let change = Change {
            address: Address { zone: self.zone.clone(), collection: self.id.clone(), key: id.clone() },
            action,
            key: self.key.iter().cloned().zip(id.0.iter().map(Value::text)).collect(),
            before: found.map_or_else(Record::new, |found| self.names.shown_record(&found.fields)),
            edits,
            mode,
            reason,
            provenance: provenance.clone(),
            updated_by: found.and_then(|found| found.updated_by.clone()),
            update_date: found.and_then(|found| found.update_date.clone()),
        };
        self.changes.insert((id.clone(), mode), change);
    }

    fn ambiguous(&self, id: &Key, rows: usize, collection: &DesiredCollection) -> Failure {
        let names: Vec<String> = collection.key.iter().map(|name| format!("`{name}`")).collect();
        let message =
            format!("{rows} rows of the zone's {} have the key `{id}` ({})", self.id, names.join(", "));
        Failure::new(FailureClass::Mismatch, message).help(format!(
            "name enough columns in `key` of {} to tell them apart",
            collection.provenance.manifest
        ))
    }
}

/// The fields in which a record differs from what is wanted. A field that the zone left out is
/// one that holds nothing.
fn edits(wanted: &BTreeMap<Field, (&Field, &DesiredValue)>, found: &Record) -> Vec<Edit> {
    let differing =
        wanted.iter().filter(|(field, (_, value))| *found.get(*field).unwrap_or(&Value::Null) != value.value);
    let edits = differing.map(|(field, (name, value))| Edit {
        field: field.clone(),
        name: (*name).clone(),
        before: found.get(field).cloned(),
        after: value.value.clone(),
        provenance: value.provenance.clone(),
    });
    edits.collect()
}

fn differently_keyed(first: &DesiredCollection, other: &DesiredCollection) -> Failure {
    let (a, b) = (&first.provenance, &other.provenance);
    Failure::new(
        FailureClass::Mismatch,
        format!(
            "{} and {} mean the same table of the zone, but name different key columns",
            a.manifest, b.manifest
        ),
    )
    .help(format!("give both the same `key` (declared at {a} and {b})"))
}

fn declared_twice(
    collection: &CollectionId,
    id: &Key,
    first: &DesiredRecord,
    second: &DesiredRecord,
) -> Failure {
    Failure::new(FailureClass::Mismatch, format!("`{id}` of the zone's {collection} is declared twice"))
        .help(format!("keep one of {} and {}", first.provenance, second.provenance))
}
