//! Finds contradictions between manifests in each zone, and reports each contradiction once.

mod rules;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::expansion::ExpansionDoubt;
use crate::manifest::{diagnostic_codes, suggestions};
use crate::model::{
    Amendment, AmendmentOperation, CollectionId, DesiredCollection, DesiredRecord, DesiredState, Diagnostic,
    Enforcement, FieldAmendment, FieldName, FieldValue, Network, RecordKey, SourceSpan, UnlistedPolicy,
    ZoneCode,
};

/// Returns all contradictions between manifests or rows.
pub fn find(network: &Network, desired: &DesiredState, doubts: &BTreeSet<ExpansionDoubt>) -> Vec<Diagnostic> {
    let mut conflicts = ManifestConflicts { network, doubts, found: BTreeMap::new() };
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
            conflicts.check_amended_fields(zone, collections);
        }
        for collections in same.values().filter(|collections| collections.len() > 1) {
            conflicts.addresses(zone, collections);
            conflicts.positions(zone, collections);
        }
        for collections in same.values() {
            conflicts.amendments(zone, collections);
        }
        for collections in related.values() {
            conflicts.check_unlisted_policies(zone, collections);
            conflicts.check_shared_fields(zone, collections);
            conflicts.exclusive(zone, collections);
        }
    }
    conflicts.into_diagnostics()
}

struct ManifestConflicts<'a> {
    network: &'a Network,
    doubts: &'a BTreeSet<ExpansionDoubt>,
    /// Contradictions by diagnostic code and both locations. The same two rows can contradict in many zones.
    found: BTreeMap<(&'static str, SourceSpan, SourceSpan), ConflictingDeclaration<'a>>,
}

struct ConflictingDeclaration<'a> {
    message: String,
    label: &'static str,
    help: String,
    zones: Vec<&'a ZoneCode>,
}

impl<'a> ManifestConflicts<'a> {
    fn is_certain(&self, collection: &DesiredCollection) -> bool {
        self.doubts.is_empty()
            || !self.doubts.contains(&ExpansionDoubt::Manifest(collection.provenance.span.clone()))
    }

    fn doubts_field(&self, record: &DesiredRecord, field: &str) -> bool {
        !self.doubts.is_empty()
            && self.doubts.contains(&ExpansionDoubt::Field(record.provenance.span.clone(), field.into()))
    }

    fn add(
        &mut self,
        zone: &'a ZoneCode,
        code: &'static str,
        [one, other]: [&SourceSpan; 2],
        tell: impl FnOnce() -> (String, &'static str, String),
    ) {
        let (first, second) = (one.min(other).clone(), one.max(other).clone());
        match self.found.entry((code, second, first)) {
            Entry::Occupied(mut found) => {
                // Two manifests can contradict in several tables of one zone.
                if found.get().zones.last() != Some(&zone) {
                    found.get_mut().zones.push(zone);
                }
            }
            Entry::Vacant(vacant) => {
                let (message, label, help) = tell();
                vacant.insert(ConflictingDeclaration { message, label, help, zones: vec![zone] });
            }
        }
    }

    fn into_diagnostics(self) -> Vec<Diagnostic> {
        let all = self.network.zones.len();
        let tell = |((code, place, first), found): (
            (&'static str, SourceSpan, SourceSpan),
            ConflictingDeclaration<'_>,
        )| {
            let zones = match found.zones.len() {
                count if count == all => "every zone".to_owned(),
                count if count > 5 => format!("{count} zones"),
                _ => suggestions::abbreviated_list(found.zones.iter().map(|zone| zone.as_str())),
            };
            Diagnostic::error(code, place, format!("{}, in {zones}", found.message))
                .with_secondary_span(first, found.label)
                .help(found.help)
        };
        self.found.into_iter().map(tell).collect()
    }

    fn addresses(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
        let mut seen: BTreeMap<&RecordKey, &DesiredRecord> = BTreeMap::new();
        for collection in collections {
            for (key, record) in &collection.records {
                let Some(first) = seen.insert(key, record) else { continue };
                self.add(
                    zone,
                    diagnostic_codes::DUPLICATE_ADDRESS,
                    [&first.provenance.span, &record.provenance.span],
                    || {
                        let manifests = [&first.provenance.manifest, &record.provenance.manifest];
                        (
                            match key.0.is_empty() {
                                true => format!("`{}` is declared twice", collection.id),
                                false => format!("`{}/{key}` is declared twice", collection.id),
                            },
                            "other declaration",
                            match manifests[0] == manifests[1] {
                                true => "remove one of the declarations".to_owned(),
                                false => {
                                    format!(
                                        "declare the record in only one of `{}` and `{}`",
                                        manifests[0], manifests[1]
                                    )
                                }
                            },
                        )
                    },
                );
            }
        }
    }

    /// Finds contradictory amendments of the same field in the same records.
    fn amendments(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
        let amendments: Vec<(&DesiredCollection, &Amendment)> = (collections.iter())
            .flat_map(|collection| collection.amendments.iter().map(move |each| (*collection, each)))
            .filter(|(_, amendment)| amendment.enforcement != Enforcement::Unmanage)
            .collect();
        for (index, (collection, second)) in amendments.iter().enumerate() {
            for (_, first) in amendments[..index].iter().filter(|(_, first)| meet(first, second)) {
                for (one, other) in contradictions(first, second) {
                    let places = [&one.provenance.span, &other.provenance.span];
                    self.add(zone, diagnostic_codes::AMENDED_TWICE, places, || {
                        (
                            format!(
                                "contradictory amendments of `{}` in the same records of `{}`",
                                other.field, collection.id
                            ),
                            "other amendment",
                            "remove one of the amendments, or select different records".to_owned(),
                        )
                    });
                }
            }
        }
    }

    fn check_unlisted_policies(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
        let strict = collections.iter().filter(|collection| collection.unlisted != UnlistedPolicy::Keep);
        let mut strict =
            strict.filter(|collection| self.is_certain(collection)).collect::<Vec<_>>().into_iter();
        let Some(first) = strict.next() else { return };
        for second in strict.filter(|second| second.unlisted != first.unlisted) {
            self.add(
                zone,
                diagnostic_codes::UNLISTED_CONFLICT,
                [&first.provenance.span, &second.provenance.span],
                || {
                    (
                        format!(
                            "one manifest disables the unlisted rows of `{}`, another deletes them",
                            second.id
                        ),
                        "other manifest",
                        "use the same `unlisted` value in both, or set it in only one".to_owned(),
                    )
                },
            );
        }
    }

    /// Checks that all languages of a table agree on shared fields.
    fn check_shared_fields(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
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
        (collection, key): (&DesiredCollection, &RecordKey),
        [first, second]: [&DesiredRecord; 2],
    ) {
        self.add(
            zone,
            diagnostic_codes::SHARED_FIELD,
            [&first.provenance.span, &second.provenance.span],
            || {
                let id = collection.id.without_language();
                (
                    format!("`{id}/{key}` is absent in one language and present in another"),
                    "other declaration",
                    "all languages of a table have the same rows: set or remove `absent` in all of them"
                        .to_owned(),
                )
            },
        );
    }

    fn shared_field(
        &mut self,
        zone: &'a ZoneCode,
        (collection, key): (&DesiredCollection, &RecordKey),
        [first, second]: [&DesiredRecord; 2],
        field: &FieldName,
    ) {
        let (Some(one), Some(other)) = (first.fields.get(field), second.fields.get(field)) else { return };
        if one.value == other.value || [first, second].iter().any(|record| self.doubts_field(record, field)) {
            return;
        }
        self.add(
            zone,
            diagnostic_codes::SHARED_FIELD,
            [&one.provenance.span, &other.provenance.span],
            || {
                (
                    format!(
                        "two languages of `{}/{key}` have different values of the shared field `{field}`",
                        collection.id.without_language()
                    ),
                    "other value",
                    format!("declare `{field}` in one language only"),
                )
            },
        );
    }

    /// Checks that at most one record of a table sets an exclusive flag, in any language or manifest.
    fn exclusive(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
        let fields = collections.first().map(|first| first.shape.exclusive.as_slice()).unwrap_or_default();
        for field in fields {
            let mut carriers: BTreeMap<&RecordKey, &SourceSpan> = BTreeMap::new();
            for collection in collections {
                for (key, record) in collection.records.iter().filter(|(_, record)| !record.absent) {
                    if let Some(value) =
                        record.fields.get(field).filter(|value| value.value == FieldValue::Bool(true))
                        && !self.doubts_field(record, field)
                    {
                        carriers.entry(key).or_insert(&value.provenance.span);
                    }
                }
            }
            let mut places: Vec<(&SourceSpan, &RecordKey)> =
                carriers.into_iter().map(|(key, place)| (place, key)).collect();
            places.sort();
            for pair in places.windows(2) {
                let [(first, first_key), (second, second_key)] = pair else { continue };
                self.add(zone, diagnostic_codes::SECOND_DEFAULT, [first, second], || {
                    let id = collections.first().map(|first| first.id.without_language().to_string());
                    (
                        format!(
                            "`{first_key}` and `{second_key}` of `{}` both have `{field}: true`",
                            id.unwrap_or_default()
                        ),
                        "other row",
                        format!("only one row of a table is allowed: set `{field}: false` in the other row"),
                    )
                });
            }
        }
    }
}

/// Returns true if the records of one amendment include all records of the other.
fn meet(first: &Amendment, second: &Amendment) -> bool {
    let within = |narrow: &Amendment, wide: &Amendment| {
        wide.select.iter().all(|condition| narrow.select.contains(condition))
    };
    within(first, second) || within(second, first)
}

/// Returns pairs of contradictory field amendments.
fn contradictions<'a>(
    first: &'a Amendment,
    second: &'a Amendment,
) -> impl Iterator<Item = (&'a FieldAmendment, &'a FieldAmendment)> {
    let pairs = first.amends.iter().flat_map(|one| second.amends.iter().map(move |other| (one, other)));
    pairs.filter(|(one, other)| one.field == other.field && contradict(&one.to, &other.to))
}

fn contradict(one: &AmendmentOperation, other: &AmendmentOperation) -> bool {
    match (one, other) {
        (AmendmentOperation::Set(one), AmendmentOperation::Set(other))
        | (AmendmentOperation::SetIfEmpty(one), AmendmentOperation::SetIfEmpty(other)) => one != other,
        (AmendmentOperation::AddToList(one), AmendmentOperation::RemoveFromList(other))
        | (AmendmentOperation::RemoveFromList(one), AmendmentOperation::AddToList(other))
        | (
            AmendmentOperation::AllowInRule { text: one, operator: _ },
            AmendmentOperation::BlockInRule { text: other, operator: _ },
        )
        | (
            AmendmentOperation::BlockInRule { text: one, operator: _ },
            AmendmentOperation::AllowInRule { text: other, operator: _ },
        ) => one == other,
        (
            AmendmentOperation::Set(_)
            | AmendmentOperation::SetIfEmpty(_)
            | AmendmentOperation::AddToList(_)
            | AmendmentOperation::RemoveFromList(_)
            | AmendmentOperation::AllowInRule { .. }
            | AmendmentOperation::BlockInRule { .. },
            _,
        ) => false,
    }
}
