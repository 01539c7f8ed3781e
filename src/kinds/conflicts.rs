//! Finds manifests that contradict each other, zone by zone, and tells each contradiction once.

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
                            format!("`{}/{key}` is declared twice", collection.id),
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

    /// A field that a record has from one manifest, and that another one amends in whatever records there are.
    fn amended(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
        for (by, amendment, amend, value) in amendments(collections) {
            if amendment.enforcement == Enforcement::Release || !self.is_certain(by) {
                continue;
            }
            let means = |record: &DesiredRecord| {
                let said = |field: &Field| record.fields.get(field).map(|said| &said.value);
                amendment.select.iter().all(|(field, value)| said(field) == Some(value))
            };
            for (key, record) in collections.iter().flat_map(|collection| &collection.records) {
                let Some(said) = record.fields.get(&amend.field).filter(|said| said.value != *value) else {
                    continue;
                };
                if record.absent
                    || record.enforcement == Enforcement::Release
                    || self.doubts_field(record, &amend.field)
                    || !means(record)
                {
                    continue;
                }
                let (one, other) = (&said.provenance, &amend.provenance);
                self.add(zone, codes::AMENDED_OTHERWISE, [&one.place, &other.place], || {
                    let Amend { field, .. } = amend;
                    let message = format!(
                        "`{}/{key}` has `{field}` {} by `{}`, and {value} by `{}`",
                        by.id, said.value, one.manifest, other.manifest
                    );
                    (message, "the other one", format!("say `{field}` in one of them, or the same in both"))
                });
            }
        }
    }

    /// Rules are tried in the order of their positions, which each manifest counts from 1.
    fn positions(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
        let mut seen: BTreeMap<&Value, (&Key, &DesiredRecord)> = BTreeMap::new();
        let ordered = collections.iter().filter(|collection| &*collection.id.kind == "LinkedAccountRules");
        for (key, record) in ordered.flat_map(|collection| &collection.records) {
            let Some(position) = record.fields.get("position") else { continue };
            let Some((first_key, first)) = seen.insert(&position.value, (key, record)) else { continue };
            let places = [&first.provenance.place, &record.provenance.place];
            if first_key == key {
                continue;
            }
            self.add(zone, codes::RULE_POSITION, places, || {
                let message = format!(
                    "`{first_key}` and `{key}` both want to be rule {}",
                    position.value.as_text().unwrap_or_default()
                );
                let help =
                    "put the rules of a member into one manifest: `appliesTo` of a rule says who has it";
                (message, "the other one", help.to_owned())
            });
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

/// Every amendment that wants a value of a field, and who makes it.
fn amendments<'a>(
    collections: &[&'a DesiredCollection],
) -> Vec<(&'a DesiredCollection, &'a Amendment, &'a Amend, &'a Value)> {
    let mut found = Vec::new();
    for &collection in collections {
        for amendment in &collection.amendments {
            for amend in &amendment.amends {
                match &amend.to {
                    AmendTo::Value(value) => found.push((collection, amendment, amend, value)),
                    AmendTo::With(_)
                    | AmendTo::Without(_)
                    | AmendTo::Passing { .. }
                    | AmendTo::Stopping { .. } => {}
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{self, Source};
    use crate::model::{Expected, Severity};

    /// What is said of a rule that copies blocks, or does not, or is silent, where all rules are amended to copy them.
    fn told(says: &str, select: &[(&str, &str)]) -> Vec<String> {
        let text = format!(
            "apiVersion: zonal/v1\nkind: Network\nmetadata: {{name: n}}\nspec:\n  region: ca\n  \
             credentials: {{read: {{env: KEY}}}}\n  networkZone: {{code: NZ, name: N}}\n  \
             members: [{{code: A, name: A}}, {{code: B, name: B}}]\n---\napiVersion: zonal/v1\nkind: LinkingRules\n\
             metadata: {{name: rules}}\nspec: {{rules: [{{name: R, group: G{says}}}]}}\n"
        );
        let loaded = manifest::load(&[Source { file: "m.yaml".into(), text: Ok(text) }], None);
        let Some(network) = loaded.network else { return vec!["no network".to_owned()] };
        let (mut desired, problems) = crate::kinds::expand(&network, &loaded.manifests);
        assert!(problems.iter().all(|problem| problem.severity != Severity::Error), "{problems:?}");
        for collection in desired.zones.values_mut().flatten() {
            let provenance = collection.provenance.clone();
            let to = AmendTo::Value(Value::Bool(true));
            collection.amendments.push(Amendment {
                select: select.iter().map(|(field, value)| ((*field).into(), Value::from(*value))).collect(),
                expected: Expected::Perhaps,
                amends: vec![Amend { field: "copyNetworkBlocks".into(), to, provenance: provenance.clone() }],
                enforcement: Enforcement::Enforce,
                provenance,
            });
        }
        let shown = |problem: &Diagnostic| format!("{} {}", problem.code, problem.message);
        find(&network, &desired, &BTreeSet::new()).iter().map(shown).collect()
    }

    #[test]
    fn a_record_and_an_amendment_of_it_agree_or_are_refused() {
        let refused = "`LinkedAccountRules/R` has `copyNetworkBlocks` false by `LinkingRules/rules`, and true by \
                       `LinkingRules/rules`, in `A`, `B`";
        let refused = vec![format!("{} {refused}", codes::AMENDED_OTHERWISE)];
        assert_eq!(told(", copyBlocks: false", &[]), refused);
        assert_eq!(told(", copyBlocks: false", &[("name", "R")]), refused);
        let nothing: Vec<String> = Vec::new();
        assert_eq!(told(", copyBlocks: false", &[("name", "other")]), nothing);
        assert_eq!(told(", copyBlocks: true", &[]), nothing);
        assert_eq!(told("", &[]), nothing);
    }
}
