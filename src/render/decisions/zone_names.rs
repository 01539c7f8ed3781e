//! Words for sets of zones: the first of several forms that names exactly these zones.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{DecisionVariant, PlanDecision};
use crate::model::network::ZoneRole;
use crate::model::text_safety::escape_invisible;
use crate::model::{PlanPopulation, PopulationZone, ZoneCode, ZoneCodeIndex};

/// Most columns for a list of names in a row.
const NAMES_WIDTH: usize = 34;

/// Short names of a network's zones.
#[derive(Debug)]
pub struct ZoneNames<'a> {
    codes: ZoneCodeIndex<'a>,
    population: &'a PlanPopulation,
    prefix: &'a str,
    members: Vec<&'a ZoneCode>,
    all: Vec<&'a ZoneCode>,
    short_codes: BTreeSet<&'a str>,
}

/// Sets of zones that have a letter, because no shorter words name them. The names stand once at the end.
#[derive(Debug, Default)]
pub struct ZoneSets {
    sets: Vec<Vec<ZoneCode>>,
}

/// Form of the words for a set of zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneWordsForm {
    /// Short words; a letter stands for a long list.
    Short,
    /// Names of all zones, unless they are all, or all but two.
    Names,
}

impl<'a> ZoneNames<'a> {
    /// Creates the names of a population.
    pub fn new(population: &'a PlanPopulation) -> Self {
        let prefix = population.code_prefix();
        let all: Vec<&ZoneCode> = population.zones.iter().map(|zone| &zone.code).collect();
        Self {
            codes: ZoneCodeIndex::new(population),
            population,
            prefix,
            members: population.members().map(|zone| &zone.code).collect(),
            short_codes: all.iter().map(|code| short(code.as_str(), prefix)).collect(),
            all,
        }
    }

    /// Returns the beginning that all codes share and short names leave out; possibly empty.
    pub fn prefix(&self) -> &'a str {
        self.prefix
    }

    /// Returns the zone with this code.
    pub fn zone(&self, code: &str) -> Option<&'a PopulationZone> {
        self.codes.zone(code)
    }

    /// Returns true if a text of a record looks like a short name.
    pub fn is_short_code(&self, text: &str) -> bool {
        !self.prefix.is_empty() && self.short_codes.contains(text)
    }

    /// Returns the short name of a zone: its code without the common beginning.
    pub fn short(&self, code: &ZoneCode) -> String {
        match self.zone(code.as_str()) {
            Some(zone) if zone.role == ZoneRole::Network => "network zone".to_owned(),
            Some(_) => escape_invisible(short(code.as_str(), self.prefix)),
            None => escape_invisible(code.as_str()),
        }
    }

    /// Returns the position of a zone in the network.
    pub fn position(&self, code: &ZoneCode) -> usize {
        self.codes.position(code.as_str())
    }

    /// Returns zones in the order of the network, without duplicates.
    pub fn in_order<'z>(&self, zones: impl IntoIterator<Item = &'z ZoneCode>) -> Vec<&'z ZoneCode> {
        let mut zones: Vec<&ZoneCode> = zones.into_iter().collect();
        zones.sort_by_key(|code| (self.position(code), *code));
        zones.dedup();
        zones
    }

    /// Returns words for the zones `found` among `of`, both in the order of the network. `labels` contains
    /// the labels to tell zones by.
    pub fn words(
        &self,
        found: &[&ZoneCode],
        of: &[&ZoneCode],
        labels: &[Arc<str>],
        form: ZoneWordsForm,
        sets: &mut ZoneSets,
    ) -> String {
        let (number, total) = (found.len(), of.len().max(found.len()));
        let names = |zones: &[&ZoneCode]| {
            zones.iter().map(|code| self.short(code)).collect::<Vec<String>>().join(", ")
        };
        if number <= 2 {
            return names(found);
        }
        if found == self.all {
            return format!("all {number} zones");
        }
        if found == of {
            return format!("all {number}");
        }
        if found == self.members {
            return format!("all {number} members");
        }
        let is_found: BTreeSet<&ZoneCode> = found.iter().copied().collect();
        let others: Vec<&ZoneCode> = of.iter().filter(|code| !is_found.contains(*code)).copied().collect();
        if others.len() <= 2 && others.len() + number == total {
            return match of == self.all {
                true => format!("all zones but {}", names(&others)),
                false => format!("{number} of {total}, not {}", names(&others)),
            };
        }
        if form == ZoneWordsForm::Names {
            return names(found);
        }
        if let Some((label, value)) = self.label(found, of, labels) {
            return format!("{number} with {label}={value}");
        }
        let all_names = names(found);
        if all_names.chars().count() <= NAMES_WIDTH {
            return all_names;
        }
        match number * 2 <= total || others.len() + number != total {
            true => format!("{number} of {total} [{}]", sets.letter(found)),
            false => format!("{number} of {total}, not [{}]", sets.letter(&others)),
        }
    }

    /// Returns the label and value that exactly these zones have.
    fn label(&self, found: &[&ZoneCode], of: &[&ZoneCode], labels: &[Arc<str>]) -> Option<(String, String)> {
        let first = self.zone(found.first()?.as_str())?;
        let is_exact = |label: &&Arc<str>| {
            let Some(value) = first.labels.get(*label) else { return false };
            let has_label = |code: &&&ZoneCode| {
                self.zone(code.as_str()).is_some_and(|zone| zone.labels.get(*label) == Some(value))
            };
            of.iter().filter(has_label).eq(found.iter())
        };
        let label = labels.iter().find(is_exact)?;
        Some((escape_invisible(label), escape_invisible(first.labels.get(label)?)))
    }

    /// Returns words for the zones that a manifest applies to: `20 members: afn=lender`, `network zone`.
    pub fn reach_words(&self, zones: &[ZoneCode], labels: &[Arc<str>]) -> String {
        let zones: Vec<&ZoneCode> = zones.iter().collect();
        if zones.len() > 1 && zones == self.all {
            return format!("{} zones", zones.len());
        }
        if zones.len() > 1 && zones == self.members {
            return format!("{} members", zones.len());
        }
        if zones.len() > 2
            && let Some(conditions) = self.conditions(&zones, labels)
        {
            return format!("{} members: {conditions}", zones.len());
        }
        // A heading names each zone that nothing shorter names.
        self.words(&zones, &self.members, &[], ZoneWordsForm::Names, &mut ZoneSets::default())
    }

    /// Returns the conditions on labels that exactly these members meet.
    fn conditions(&self, zones: &[&ZoneCode], labels: &[Arc<str>]) -> Option<String> {
        let mut conditions = Vec::new();
        let mut met: Vec<&ZoneCode> = self.members.clone();
        for label in labels {
            let value = |code: &ZoneCode| self.zone(code.as_str()).and_then(|zone| zone.labels.get(label));
            let values: BTreeSet<&Arc<str>> = zones.iter().filter_map(|code| value(code)).collect();
            let all_values: BTreeSet<&Arc<str>> =
                self.population.members().filter_map(|zone| zone.labels.get(label)).collect();
            if values.is_empty() || (values == all_values && zones.iter().all(|code| value(code).is_some())) {
                continue;
            }
            met.retain(|code| value(code).is_some_and(|value| values.contains(value)));
            let values: Vec<String> = values.iter().map(|value| escape_invisible(value)).collect();
            conditions.push(format!("{}={}", escape_invisible(label), values.join("|")));
        }
        (met == zones && !conditions.is_empty()).then(|| conditions.join(", "))
    }

    /// Returns words for the records of a variant: its zones, or its subjects at one zone, or both.
    pub fn variant_words(
        &self,
        decision: &PlanDecision<'_>,
        variant: &DecisionVariant<'_>,
        sets: &mut ZoneSets,
    ) -> String {
        let form = ZoneWordsForm::Short;
        let reach = self.population.manifests.get(&decision.provenance.manifest);
        let labels = reach.map_or(&[][..], |reach| &reach.labels);
        let zones = self.in_order(variant.records.iter().map(|record| record.zone()));
        let subjects = self.in_order(variant.records.iter().filter_map(|record| record.subject));
        let row_zones = decision.reach.map_or(&[][..], |reach| &reach.zones);
        if subjects.is_empty() && zones.len() <= 2 {
            return self.words(&zones, &[], labels, form, sets);
        }
        if subjects.is_empty() {
            let of = reach.map_or(row_zones, |reach| &reach.zones);
            let of = self.in_order(of.iter().chain(zones.iter().copied()));
            return match self.is_rest(decision, variant) {
                true => format!("others, {}", zones.len()),
                false => self.words(&zones, &of, labels, form, sets),
            };
        }
        let row_subjects = decision.reach.map_or(&[][..], |reach| &reach.subjects);
        let of = self.in_order(row_subjects.iter().chain(subjects.iter().copied()));
        if let [_] = zones[..] {
            return match self.is_rest(decision, variant) {
                true => format!("others, {}", subjects.len()),
                false => self.words(&subjects, &of, labels, form, sets),
            };
        }
        let row_zones = self.in_order(row_zones.iter().chain(zones.iter().copied()));
        let subjects_of = |zone: &ZoneCode| {
            let records = variant.records.iter().filter(|record| record.zone() == zone);
            self.in_order(records.filter_map(|record| record.subject))
        };
        let has_all_others = |zone: &&ZoneCode| {
            subjects_of(zone).into_iter().eq(self.members.iter().copied().filter(|code| code != zone))
        };
        let zone_words = |sets: &mut ZoneSets| self.words(&zones, &row_zones, labels, form, sets);
        if zones.iter().all(has_all_others) {
            return format!("{} × each other member", zone_words(sets));
        }
        if zones.iter().all(|zone| subjects_of(zone) == subjects) {
            return format!("{} × {}", zone_words(sets), self.words(&subjects, &of, labels, form, sets));
        }
        let of_zone = |zone: &&ZoneCode| {
            let words = self.words(&subjects_of(zone), &of, labels, form, sets);
            format!("{}: {words}", self.short(zone))
        };
        zones.iter().map(of_zone).collect::<Vec<String>>().join("; ")
    }

    /// Returns true for the greatest of several variants of one key that make up the whole row, so that
    /// "others" names its zones.
    fn is_rest(&self, decision: &PlanDecision<'_>, variant: &DecisionVariant<'_>) -> bool {
        let same_key: Vec<&DecisionVariant<'_>> =
            decision.variants.iter().filter(|other| other.key == variant.key).collect();
        let is_first = same_key.first().is_some_and(|first| std::ptr::eq(*first, variant));
        let Some(reach) = decision.reach.filter(|_| is_first && same_key.len() > 1) else { return false };
        // Two variants may have records in one zone, in two libraries; "others" would not name its zones then.
        let place = |record: &super::VariantRecord<'_>| (record.zone().clone(), record.subject.cloned());
        let of_variant =
            |variant: &&DecisionVariant<'_>| variant.records.iter().map(place).collect::<BTreeSet<_>>();
        let places: Vec<_> = same_key.iter().flat_map(of_variant).collect();
        let distinct: BTreeSet<_> = places.iter().collect();
        let expected = match reach.subjects.len() {
            0 => reach.zones.len(),
            subjects if reach.zones.len() == 1 => subjects,
            _ => return false,
        };
        distinct.len() == places.len() && distinct.len() == expected && variant.records.len() > 2
    }
}

impl ZoneSets {
    /// Returns the letter of a set: a, b, ... z, aa, ab, ...
    fn letter(&mut self, zones: &[&ZoneCode]) -> String {
        let known = self.sets.iter().position(|set| set.iter().eq(zones.iter().copied()));
        let index = known.unwrap_or_else(|| {
            self.sets.push(zones.iter().map(|code| (*code).clone()).collect());
            self.sets.len() - 1
        });
        letters(index)
    }

    /// Returns all sets with their letters.
    pub fn iter(&self) -> impl Iterator<Item = (String, &[ZoneCode])> {
        self.sets.iter().enumerate().map(|(index, set)| (letters(index), set.as_slice()))
    }

    /// Returns true if no set has a letter.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }
}

fn letters(index: usize) -> String {
    let (rest, last) = (index / 26, char::from(b'a' + (index % 26) as u8));
    match rest {
        0 => last.to_string(),
        rest => format!("{}{last}", letters(rest - 1)),
    }
}

/// Returns a code without the prefix of the network.
fn short<'c>(code: &'c str, prefix: &str) -> &'c str {
    code.strip_prefix(prefix).filter(|rest| !rest.is_empty()).unwrap_or(code)
}
