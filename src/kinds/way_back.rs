//! The way back: from the records of zones to manifests that expand to them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::table_export::{ObservedTable, selector_json};
use crate::export::{FieldTerm, SelectorFinder, TableRows, ZoneSet};
use crate::manifest::write_yaml::{ManifestText, YamlItem, YamlPart};
use crate::model::calendar::CalendarRules;
use crate::model::network::{Zone, ZoneRole};
use crate::model::{CollectionId, FieldValue, Network, ObservedRecord, RecordKey};

/// Source of the collections that the way back of a kind reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectionSource {
    /// Collections of the gateway.
    Gateway,
    /// Objects in the zone's own list that the zone changed since delivery. Each one gets a file.
    ChangedObjects,
    /// Libraries in the Network manifest, of zones with several.
    SeveralLibraries,
    /// Institution, and on request the libraries in the Network manifest.
    InstitutionAndLibraries,
    /// Objects that the request or an earlier export names, because no list of the API shows their settings.
    NamedObjects,
}

/// Record of a zone.
#[derive(Clone, Copy)]
pub struct ZoneRecord<'r> {
    /// Index of the zone.
    pub zone: usize,
    /// Collection.
    pub collection: &'r CollectionId,
    /// Record.
    pub record: &'r ObservedRecord,
}

/// Returns the reason why no manifest of a kind can declare a record; `None` if unknown.
pub type ExplainOmission = fn(&ObservedSettings<'_>, ZoneRecord<'_>) -> Option<String>;

/// Records of all exported zones.
pub struct ObservedSettings<'o> {
    /// Network.
    pub network: &'o Network,
    /// Rules of calendars, with the current date.
    pub calendar: CalendarRules,
    /// Answers by collection and by the index of the zone.
    pub collections: BTreeMap<CollectionId, ObservedTable<'o>>,
}

impl<'o> ObservedSettings<'o> {
    /// Returns the records of the institution's collection, by the index of the zone.
    pub fn by_zone(&self, kind: &str) -> BTreeMap<usize, &[ObservedRecord]> {
        let answers = self.collections.get(&CollectionId::of_institution(kind)).into_iter().flatten();
        answers.map(|(zone, observed)| (*zone, observed.records.as_slice())).collect()
    }

    /// Returns the records of the institution's collection in a zone; `None` if the zone did not return it.
    pub fn in_zone(&self, kind: &str, zone: usize) -> Option<&[ObservedRecord]> {
        let answers = self.collections.get(&CollectionId::of_institution(kind))?;
        answers.get(&zone).map(|observed| observed.records.as_slice())
    }

    /// Returns all collections of a type, with the answers by the index of the zone.
    pub fn of_type(&self, kind: &str) -> impl Iterator<Item = (&CollectionId, &ObservedTable<'o>)> {
        self.collections.iter().filter(move |(id, _)| *id.kind == *kind)
    }

    /// Returns the records of a collection of the Network Zone.
    pub fn of_network_zone(&self, kind: &str) -> &[ObservedRecord] {
        let is_network = |zone: &usize| self.network.zones[*zone].role == ZoneRole::Network;
        self.by_zone(kind).into_iter().find(|(zone, _)| is_network(zone)).map_or(&[], |(_, records)| records)
    }

    /// Returns the index of the member with this code.
    pub fn member(&self, code: &str) -> Option<usize> {
        let is_member = |zone: &Zone| zone.role == ZoneRole::Member && zone.code.as_str() == code;
        self.network.zones.iter().position(is_member)
    }

    /// Returns all members.
    pub fn members(&self) -> ZoneSet {
        let is_member = |index: &usize| self.network.zones[*index].role == ZoneRole::Member;
        ZoneSet::from_indices((0..self.network.zones.len()).filter(is_member))
    }

    /// Returns the members with these codes; `None` if one of the texts is no code of a member.
    pub fn member_set(&self, codes: &FieldValue) -> Option<ZoneSet> {
        let zones: Option<Vec<usize>> = codes.texts().iter().map(|code| self.member(code)).collect();
        zones.map(ZoneSet::from_indices)
    }

    /// Returns a selector in a manifest, whose default are all members.
    pub fn selector(&self, zones: &ZoneSet) -> Json {
        selector_json(&SelectorFinder::of_manifests(self.network).find(zones).terms)
    }

    /// Returns the field `appliesTo` of a manifest, unless it applies to all members.
    pub fn applies_to(&self, zones: &ZoneSet) -> Option<(&'static str, YamlPart)> {
        let selector = self.selector(zones);
        (selector != json!({})).then_some(("appliesTo", YamlPart::Value(selector)))
    }
}

/// Way back of a kind: returns manifests that expand to records of the zones. Records that the kind cannot
/// declare are left out.
pub type ExportKind = fn(&ObservedSettings<'_>) -> Vec<ManifestText>;

/// Returns the comment for settings that the vendor's distribution jobs write too, such as `3 of 4 rows`.
pub fn distribution_comment(settings: &str) -> String {
    format!(
        "The Network Zone's distribution jobs also write {settings}: add `owner: zonal` or `owner: network`."
    )
}

/// Returns the text of a field.
pub fn text<'r>(record: &'r ObservedRecord, field: &str) -> Option<&'r str> {
    record.fields.get(field)?.as_text()
}

/// Returns the flag of a field, also as text.
pub fn flag(record: &ObservedRecord, field: &str) -> Option<bool> {
    match record.fields.get(field)? {
        FieldValue::Bool(flag) => Some(*flag),
        FieldValue::Text(text) => text.parse().ok(),
        FieldValue::Null | FieldValue::List(_) => None,
    }
}

/// Returns a value in a manifest.
pub fn term_json(term: &FieldTerm) -> Json {
    match term {
        FieldTerm::Value(value) => json!(value),
        FieldTerm::Variable(name) => json!({"var": name}),
    }
}

/// Returns fields as an object, without those that are empty.
pub fn object<const N: usize>(fields: [(&str, Option<Json>); N]) -> Json {
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Json::Object(fields.collect::<Map<String, Json>>())
}

/// Returns a list of objects, one per line.
pub fn items(values: impl IntoIterator<Item = Json>) -> YamlPart {
    YamlPart::Items(values.into_iter().map(YamlItem::from).collect())
}

/// Returns the names of several manifests of one kind: `terms-of-use`, `terms-of-use-2`.
pub fn numbered(name: &str, index: usize) -> String {
    match index {
        0 => name.to_owned(),
        index => format!("{name}-{}", index + 1),
    }
}

/// Returns a code in lower case with `-` between its words: `user-block-description`.
pub fn kebab_case(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let mut name = String::new();
    for (index, letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            name.push('-');
            continue;
        }
        let before = index.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(index + 1);
        // A word begins at a capital after a small letter, and at the last capital of several.
        let begins_word = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase)
            });
        if begins_word {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// Returns a text in lower case with `-` for all other characters; empty without letters.
pub fn file_words(text: &str) -> String {
    let letters: String =
        text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    letters.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// Names of manifests, each given once.
#[derive(Default)]
pub struct ManifestNames(BTreeSet<String>);

impl ManifestNames {
    /// Returns a name that no other manifest has.
    pub fn next(&mut self, text: &str) -> String {
        let words = file_words(text);
        let plain = if words.is_empty() { "group".to_owned() } else { words };
        let name = (0..).map(|index| numbered(&plain, index)).find(|name| !self.0.contains(name));
        let name = name.unwrap_or(plain);
        self.0.insert(name.clone());
        name
    }
}

/// Returns a manifest.
pub fn manifest(kind: &'static str, name: String, spec: Vec<(&'static str, YamlPart)>) -> ManifestText {
    ManifestText { comments: Vec::new(), kind, name, spec }
}

/// Groups rows by the zones that have the same value: large sets of zones first.
pub fn by_zone_sets(table: &TableRows) -> Vec<(ZoneSet, Vec<(&RecordKey, &crate::export::RowValues)>)> {
    let mut sets: BTreeMap<ZoneSet, Vec<(&RecordKey, &crate::export::RowValues)>> = BTreeMap::new();
    for (key, rows) in &table.rows {
        let mut by_value: BTreeMap<&crate::export::RowValues, ZoneSet> = BTreeMap::new();
        for (zone, row) in rows {
            by_value.entry(&row.values).or_default().insert(*zone);
        }
        for (values, zones) in by_value {
            sets.entry(zones).or_default().push((key, values));
        }
    }
    let mut sets: Vec<_> = sets.into_iter().collect();
    sets.sort_by_key(|(zones, _)| std::cmp::Reverse(zones.len()));
    sets
}

/// Returns the set that stands for the list of each zone, if no zone lists itself.
///
/// "All others" differs from zone to zone, but is one set: each zone's list is that set without the zone.
pub fn common_partners(lists: &BTreeMap<usize, ZoneSet>) -> BTreeMap<usize, ZoneSet> {
    let with = |list: &ZoneSet, zone: usize| {
        let mut all = list.clone();
        all.insert(zone);
        all
    };
    let candidates: BTreeSet<ZoneSet> =
        lists.iter().flat_map(|(zone, list)| [list.clone(), with(list, *zone)]).collect();
    let mut left = lists.clone();
    let mut found = BTreeMap::new();
    while !left.is_empty() {
        let stands_for = |set: &ZoneSet, zone: usize, list: &ZoneSet| {
            set.without(&ZoneSet::from_indices([zone])) == *list && !set.is_empty()
        };
        let support =
            |set: &&ZoneSet| left.iter().filter(|(zone, list)| stands_for(set, **zone, list)).count();
        // The largest of equally common sets: it needs no exception for the zone itself.
        let Some(best) = candidates.iter().max_by_key(|set| (support(set), set.len())) else { break };
        let zones: Vec<usize> = left
            .iter()
            .filter(|(zone, list)| stands_for(best, **zone, list))
            .map(|(zone, _)| *zone)
            .collect();
        if zones.is_empty() {
            break;
        }
        for zone in zones {
            left.remove(&zone);
            found.insert(zone, best.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::common_partners;
    use crate::export::ZoneSet;

    #[test]
    fn everybody_but_oneself_is_one_set() {
        let set = |zones: &[usize]| ZoneSet::from_indices(zones.iter().copied());
        let lists = BTreeMap::from([(1, set(&[2, 3])), (2, set(&[1, 3])), (3, set(&[1, 2])), (4, set(&[1]))]);
        let found = common_partners(&lists);
        assert_eq!(found[&1], set(&[1, 2, 3]));
        assert!(found[&1] == found[&2] && found[&2] == found[&3]);
        assert!(found[&4] == set(&[1]) || found[&4] == set(&[1, 4]));
    }
}
