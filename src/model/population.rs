//! Zones, manifests and rows that the words of a plan refer to: "all 24 members", "22 of 24, not Ashby".

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::address::{CollectionName, RecordKey, ZoneCode};
use super::network::ZoneRole;
use super::source_span::SourceSpan;

/// Zones of the network, and the part of it that each manifest and each changed row applies to.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct PlanPopulation {
    /// Zones of the network, in the order of the `Network` manifest.
    pub zones: Vec<PopulationZone>,
    /// Manifests that apply to at least one zone, by address.
    pub manifests: BTreeMap<Arc<str>, ManifestReach>,
    /// Rows with changes, ordered by location and collection.
    pub rows: Vec<RowReach>,
}

/// Zone of the network.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct PopulationZone {
    /// Institution code.
    pub code: ZoneCode,
    /// Name of the institution.
    pub name: String,
    /// Network Zone or member.
    pub role: ZoneRole,
    /// True if the zone counts as production.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub production: bool,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<Arc<str>, Arc<str>>,
    /// Variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<Arc<str>, Arc<str>>,
}

/// Zones that a manifest applies to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct ManifestReach {
    /// Location of the first declaration.
    pub declared_at: SourceSpan,
    /// Zones with records of the manifest, in the order of [`PlanPopulation::zones`].
    pub zones: Vec<ZoneCode>,
    /// Labels that the manifest's selectors name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Arc<str>>,
}

/// Zones that a row of a manifest applies to, as far as the plan's selection reaches.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct RowReach {
    /// Location of the row.
    pub declared_at: SourceSpan,
    /// Collection, without its library.
    pub collection: CollectionName,
    /// Zones that have or shall have the row, in the order of [`PlanPopulation::zones`].
    pub zones: Vec<ZoneCode>,
    /// Members in the keys of the row's records, other than the zone of the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<ZoneCode>,
}

impl PlanPopulation {
    /// Returns a zone of the network.
    pub fn zone(&self, code: &ZoneCode) -> Option<&PopulationZone> {
        self.zones.iter().find(|zone| zone.code == *code)
    }

    /// Returns the members of the network.
    pub fn members(&self) -> impl Iterator<Item = &PopulationZone> {
        self.zones.iter().filter(|zone| zone.role == ZoneRole::Member)
    }

    /// Returns the longest common beginning of all codes that ends with an underscore; possibly empty.
    pub fn code_prefix(&self) -> &str {
        let mut codes = self.zones.iter().map(|zone| zone.code.as_str());
        let Some(first) = codes.next().filter(|_| self.zones.len() > 1) else { return "" };
        let mut common = first;
        for code in codes {
            let same = common.bytes().zip(code.bytes()).take_while(|(a, b)| a == b).count();
            // Both texts are equal up to `same`, but a character may begin before and differ after it.
            common = common.get(..same).unwrap_or_default();
        }
        common.rfind('_').map_or("", |end| &common[..=end])
    }
}

/// Codes of a network's zones, for finding them as whole words in texts.
#[derive(Debug)]
pub struct ZoneCodeIndex<'a> {
    zones: &'a [PopulationZone],
    by_code: HashMap<&'a str, usize>,
}

impl<'a> ZoneCodeIndex<'a> {
    /// Creates the index of all zones of a population.
    pub fn new(population: &'a PlanPopulation) -> Self {
        let zones = population.zones.as_slice();
        let by_code = zones.iter().enumerate().map(|(index, zone)| (zone.code.as_str(), index)).collect();
        Self { zones, by_code }
    }

    /// Returns the zone with this code.
    pub fn zone(&self, code: &str) -> Option<&'a PopulationZone> {
        self.by_code.get(code).map(|&index| &self.zones[index])
    }

    /// Returns the position of a zone in the order of the `Network` manifest; `usize::MAX` for other codes.
    pub fn position(&self, code: &str) -> usize {
        self.by_code.get(code).copied().unwrap_or(usize::MAX)
    }

    /// Returns the codes in a text with their byte ranges, in order. A code is a whole word: a run of
    /// letters, digits and underscores.
    pub fn codes_in<'t>(
        &'t self,
        text: &'t str,
    ) -> impl Iterator<Item = (std::ops::Range<usize>, &'a PopulationZone)> + 't {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let mut rest = 0;
        std::iter::from_fn(move || {
            while rest < text.len() {
                let start = rest + text[rest..].find(is_word)?;
                let length = text[start..].find(|c| !is_word(c)).unwrap_or(text.len() - start);
                rest = start + length;
                if let Some(zone) = self.zone(&text[start..rest]) {
                    return Some((start..rest, zone));
                }
            }
            None
        })
    }

    /// Returns the subject of a record: the first member in its key, other than the record's own zone.
    pub fn subject_of(&self, zone: &ZoneCode, key: &RecordKey) -> Option<&'a ZoneCode> {
        let mut found = key.0.iter().flat_map(|part| self.codes_in(part));
        found.find_map(|(_, found)| {
            (found.code != *zone && found.role == ZoneRole::Member).then_some(&found.code)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population(codes: &[&str]) -> PlanPopulation {
        let zone = |code: &&str| PopulationZone {
            code: ZoneCode::from(*code),
            name: String::new(),
            role: ZoneRole::Member,
            production: false,
            labels: BTreeMap::new(),
            vars: BTreeMap::new(),
        };
        PlanPopulation { zones: codes.iter().map(zone).collect(), ..PlanPopulation::default() }
    }

    #[test]
    fn codes_are_whole_words() {
        let population = population(&["01M_A", "01M_AB", "É"]);
        let index = ZoneCodeIndex::new(&population);
        let found = |text: &str| {
            index.codes_in(text).map(|(at, zone)| format!("{}@{}", zone.code, at.start)).collect::<Vec<_>>()
        };
        assert_eq!(found("X-01M_A, 01M_AB|01M_ABC É-éÉ 01M_A"), ["01M_A@2", "01M_AB@9", "É@24", "01M_A@32"]);
        assert!(found("").is_empty());
    }

    #[test]
    fn common_prefix_ends_with_an_underscore() {
        assert_eq!(population(&["01M_AX", "01M_AY"]).code_prefix(), "01M_");
        assert_eq!(population(&["01M_AX"]).code_prefix(), "");
        assert_eq!(population(&["É_A", "È_A"]).code_prefix(), "");
        assert_eq!(population(&["A", "B"]).code_prefix(), "");
    }
}
