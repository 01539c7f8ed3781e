//! Finds manifests that contradict each other, zone by zone, and tells each contradiction once.

mod rules;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::expansion::Doubt;
use crate::manifest::{codes, suggest};
use crate::model::{
    Amend, AmendTo, Amendment, CollectionId, Desired, DesiredCollection, DesiredRecord, Diagnostic,
    Enforcement, Field, Key, Network, Place, Unlisted, Value, ZoneCode,
};

/// Everything that two manifests, or two rows, cannot both have.
pub fn find(network: &Network, desired: &Desired, doubts: &BTreeSet<Doubt>) -> Vec<Diagnostic> {
    let mut conflicts = Conflicts { network, doubts, found: BTreeMap::new() };
    for (zone, collections) in &desired.zones {
        let mut same: BTreeMap<&CollectionId, Vec<&DesiredCollection>> = BTreeMap::new();
        let mut related: BTreeMap<CollectionId, Vec<&DesiredCollection>> = BTreeMap::new();
        for collection in collections {
            same.entry(&collection.id).or_default().push(collection);
            if conflicts.is_certain(collection) {
                related.entry(collection.id.without_language()).or_default().push(collection);
            }
        }
        for collections in same.values() {
            conflicts.amended(zone, collections);
        }
        for collections in same.values().filter(|collections| collections.len() > 1) {
            conflicts.addresses(zone, collections);
            conflicts.positions(zone, collections);
        }
        for collections in same.values() {
            conflicts.amendments(zone, collections);
        }
        for collections in related.values() {
            conflicts.unlisted(zone, collections);
            conflicts.shared(zone, collections);
            conflicts.exclusive(zone, collections);
        }
    }
    conflicts.told()
}

struct Conflicts<'a> {
    network: &'a Network,
    doubts: &'a BTreeSet<Doubt>,
    /// By code and both places, because the same two rows contradict each other in many zones.
    found: BTreeMap<(&'static str, Place, Place), Found<'a>>,
}

struct Found<'a> {
    message: String,
    label: &'static str,
    help: String,
    zones: Vec<&'a ZoneCode>,
}

impl<'a> Conflicts<'a> {
    fn is_certain(&self, collection: &DesiredCollection) -> bool {
        self.doubts.is_empty() || !self.doubts.contains(&Doubt::Manifest(collection.provenance.place.clone()))
    }

    fn doubts_field(&self, record: &DesiredRecord, field: &str) -> bool {
        !self.doubts.is_empty()
            && self.doubts.contains(&Doubt::Field(record.provenance.place.clone(), field.into()))
    }

    fn add(
        &mut self,
        zone: &'a ZoneCode,
        code: &'static str,
        [one, other]: [&Place; 2],
        tell: impl FnOnce() -> (String, &'static str, String),
    ) {
        let (first, second) = (one.min(other).clone(), one.max(other).clone());
        match self.found.entry((code, second, first)) {
            Entry::Occupied(mut found) => {
                // One pair of manifests can contradict itself in one zone by several tables.
                if found.get().zones.last() != Some(&zone) {
                    found.get_mut().zones.push(zone);
                }
            }
            Entry::Vacant(vacant) => {
                let (message, label, help) = tell();
                vacant.insert(Found { message, label, help, zones: vec![zone] });
            }
        }
    }

    fn told(self) -> Vec<Diagnostic> {
        let all = self.network.zones.len();
        let tell = |((code, place, first), found): ((&'static str, Place, Place), Found<'_>)| {
            let zones = match found.zones.len() {
                count if count == all => "every zone".to_owned(),
                count if count > 5 => format!("{count} zones"),
                _ => suggest::some(found.zones.iter().map(|zone| zone.as_str())),
            };
            Diagnostic::error(code, place, format!("{}, in {zones}", found.message))
                .related(first, found.label)
                .help(found.help)
        };
        self.found.into_iter().map(tell).collect()
    }

    fn addresses(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
        let mut seen: BTreeMap<&Key, &DesiredRecord> = BTreeMap::new();
        for collection in collections {
            for (key, record) in &collection.records {
                let Some(first) = seen.insert(key, record) else { continue };
                self.add(
                    zone,
                    codes::DUPLICATE_ADDRESS,
                    [&first.provenance.place, &record.provenance.place],
                    || {
                        let manifests = [&first.provenance.manifest, &record.provenance.manifest];
                        (
                            match key.0.is_empty() {
                                true => format!("`{}` is declared twice", collection.id),
                                false => format!("`{}/{key}` is declared twice", collection.id),
                            },
                            "the other one",
                            match manifests[0] == manifests[1] {
                                true => "declare it once".to_owned(),
                                false => {
                                    format!("declare it in one of `{}` and `{}`", manifests[0], manifests[1])
                                }
                            },
                        )
                    },
                );
            }
        }
    }

    /// What two amendments want of the same field of the same records.
    fn amendments(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
        let amendments: Vec<(&DesiredCollection, &Amendment)> = (collections.iter())
            .flat_map(|collection| collection.amendments.iter().map(move |each| (*collection, each)))
            .filter(|(_, amendment)| amendment.enforcement != Enforcement::Release)
            .collect();
        for (index, (collection, second)) in amendments.iter().enumerate() {
            for (_, first) in amendments[..index].iter().filter(|(_, first)| meet(first, second)) {
                for (one, other) in contradictions(first, second) {
                    let places = [&one.provenance.place, &other.provenance.place];
                    self.add(zone, codes::AMENDED_TWICE, places, || {
                        (
                            format!(
                                "different things are wanted of `{}` in the same records of `{}`",
                                other.field, collection.id
                            ),
                            "the other one",
                            "decide for one, or select different records".to_owned(),
                        )
                    });
                }
            }
        }
    }

    fn unlisted(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
        let strict = collections.iter().filter(|collection| collection.unlisted != Unlisted::Keep);
        let mut strict =
            strict.filter(|collection| self.is_certain(collection)).collect::<Vec<_>>().into_iter();
        let Some(first) = strict.next() else { return };
        for second in strict.filter(|second| second.unlisted != first.unlisted) {
            self.add(
                zone,
                codes::UNLISTED_CONFLICT,
                [&first.provenance.place, &second.provenance.place],
                || {
                    (
                        format!(
                            "one manifest disables the unlisted rows of `{}`, another removes them",
                            second.id
                        ),
                        "the other one",
                        "say the same in both, or in one only".to_owned(),
                    )
                },
            );
        }
    }

    /// What all languages of a table share can only be one thing.
    fn shared(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
        for (index, second) in collections.iter().enumerate() {
            for first in collections[..index].iter().filter(|first| first.id != second.id) {
                for (key, record) in &second.records {
                    let Some(other) = first.records.get(key) else { continue };
                    if record.absent != other.absent
                        && !second.shape.shared.is_empty()
                        && !self.doubts_field(other, "absent")
                        && !self.doubts_field(record, "absent")
                    {
                        self.presence(zone, (second, key), [other, record]);
                    }
                    for field in &second.shape.shared {
                        self.shared_field(zone, (second, key), [other, record], field);
                    }
                }
            }
        }
    }

    fn presence(
        &mut self,
        zone: &'a ZoneCode,
        (collection, key): (&DesiredCollection, &Key),
        [first, second]: [&DesiredRecord; 2],
    ) {
        self.add(zone, codes::SHARED_FIELD, [&first.provenance.place, &second.provenance.place], || {
            let id = collection.id.without_language();
            (
                format!("`{id}/{key}` is absent in one language and wanted in another"),
                "the other one",
                "all languages of a table have the same rows: decide for one".to_owned(),
            )
        });
    }

    fn shared_field(
        &mut self,
        zone: &'a ZoneCode,
        (collection, key): (&DesiredCollection, &Key),
        [first, second]: [&DesiredRecord; 2],
        field: &Field,
    ) {
        let (Some(one), Some(other)) = (first.fields.get(field), second.fields.get(field)) else { return };
        if one.value == other.value || [first, second].iter().any(|record| self.doubts_field(record, field)) {
            return;
        }
        self.add(zone, codes::SHARED_FIELD, [&one.provenance.place, &other.provenance.place], || {
            (
                format!(
                    "two languages of `{}/{key}` disagree about `{field}`, which they share",
                    collection.id.without_language()
                ),
                "the other one",
                format!("declare `{field}` in one language only"),
            )
        });
    }

    /// A flag that one record of a table may carry, in whatever language and manifest it is declared.
    fn exclusive(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
        let fields = collections.first().map(|first| first.shape.exclusive.as_slice()).unwrap_or_default();
        for field in fields {
            let mut carriers: BTreeMap<&Key, &Place> = BTreeMap::new();
            for collection in collections {
                for (key, record) in collection.records.iter().filter(|(_, record)| !record.absent) {
                    if let Some(value) =
                        record.fields.get(field).filter(|value| value.value == Value::Bool(true))
                        && !self.doubts_field(record, field)
                    {
                        carriers.entry(key).or_insert(&value.provenance.place);
                    }
                }
            }
            let mut places: Vec<(&Place, &Key)> =
                carriers.into_iter().map(|(key, place)| (place, key)).collect();
            places.sort();
            for pair in places.windows(2) {
                let [(first, first_key), (second, second_key)] = pair else { continue };
                self.add(zone, codes::SECOND_DEFAULT, [first, second], || {
                    let id = collections.first().map(|first| first.id.without_language().to_string());
                    (
                        format!(
                            "both `{first_key}` and `{second_key}` of `{}` are `{field}: true`",
                            id.unwrap_or_default()
                        ),
                        "the other one",
                        format!("at most one row of a table can be; write `{field}: false` at the other"),
                    )
                });
            }
        }
    }
}

/// Whether the records of one amendment are among those of the other.
fn meet(first: &Amendment, second: &Amendment) -> bool {
    let within = |narrow: &Amendment, wide: &Amendment| {
        wide.select.iter().all(|condition| narrow.select.contains(condition))
    };
    within(first, second) || within(second, first)
}

/// Pairs of amends that cannot both be had.
fn contradictions<'a>(
    first: &'a Amendment,
    second: &'a Amendment,
) -> impl Iterator<Item = (&'a Amend, &'a Amend)> {
    let pairs = first.amends.iter().flat_map(|one| second.amends.iter().map(move |other| (one, other)));
    pairs.filter(|(one, other)| one.field == other.field && contradict(&one.to, &other.to))
}

fn contradict(one: &AmendTo, other: &AmendTo) -> bool {
    match (one, other) {
        (AmendTo::Value(one), AmendTo::Value(other)) | (AmendTo::Filled(one), AmendTo::Filled(other)) => {
            one != other
        }
        (AmendTo::With(one), AmendTo::Without(other))
        | (AmendTo::Without(one), AmendTo::With(other))
        | (AmendTo::Passing { text: one, operator: _ }, AmendTo::Stopping { text: other, operator: _ })
        | (AmendTo::Stopping { text: one, operator: _ }, AmendTo::Passing { text: other, operator: _ }) => {
            one == other
        }
        (
            AmendTo::Value(_)
            | AmendTo::Filled(_)
            | AmendTo::With(_)
            | AmendTo::Without(_)
            | AmendTo::Passing { .. }
            | AmendTo::Stopping { .. },
            _,
        ) => false,
    }
}
