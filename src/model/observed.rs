//! Observed state: the responses of the zones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::{CollectionId, ZoneCode};
use super::alma_codes::NETWORK_EDITOR;
use super::channel::Channel;
use super::failure::ZoneFailure;
use super::value::{FieldName, Record};

/// Minimum record count from which a loss of half is suspicious.
const HALF_FROM: usize = 4;
/// Minimum record count from which an empty collection is suspicious.
const NOTHING_FROM: usize = 2;

/// Returns true if a collection shrank from `had` to `holds` records, as after a truncated response.
///
/// A smaller loss is drift, which a plan repairs.
///
/// Writing such a response back would delete the missing records.
pub fn looks_truncated(had: usize, holds: usize) -> bool {
    (had >= NOTHING_FROM && holds == 0) || (had >= HALF_FROM && holds * 2 <= had)
}

/// Observed state of all queried zones.
#[derive(Debug, Clone, Default)]
pub struct ObservedState {
    /// Zones by code.
    pub zones: BTreeMap<ZoneCode, ObservedZone>,
}

/// Observed state of one zone.
#[derive(Debug, Clone, Default)]
pub struct ObservedZone {
    /// Responses by requested name.
    pub collections: BTreeMap<CollectionId, Result<ObservedCollection, ZoneFailure>>,
    /// Answers that look cut off, by requested name. `collections` contains their failures.
    pub short_answers: BTreeMap<CollectionId, ObservedCollection>,
    /// Codes of the tables in the zone's lists, by collection type; without entries if the lists were not read.
    pub tables: BTreeMap<Arc<str>, BTreeSet<String>>,
    /// Number of requests sent to the zone, retries included.
    pub requests: u64,
    /// Remaining requests until midnight, as last reported by the zone.
    pub quota_left: Option<u64>,
}

impl ObservedZone {
    /// Returns the response for a collection, under the requested name or another name that certainly means
    /// the same.
    pub fn find(&self, asked: &CollectionId) -> Option<&Result<ObservedCollection, ZoneFailure>> {
        let of_table = |names: &[&CollectionId], real: &CollectionId| {
            let shares = |name: &CollectionId| name.shares_rows_with(asked);
            shares(real) || names.iter().any(|name| shares(name))
        };
        let mut by_name: BTreeMap<
            &CollectionId,
            (Vec<&CollectionId>, &Result<ObservedCollection, ZoneFailure>),
        > = BTreeMap::new();
        for (name, answer) in &self.collections {
            if let Ok(found) = answer {
                by_name.entry(&found.id).or_insert_with(|| (Vec::new(), answer)).0.push(name);
            }
        }
        let known = || {
            let mut tables = by_name.iter().filter(|(real, (names, _))| of_table(names, real));
            // No language means the zone's default response.
            tables.find(|(real, (names, _))| match &asked.language {
                Some(language) => real.language.as_ref() == Some(language),
                None => real.language.is_none() || names.iter().any(|name| name.language.is_none()),
            })
        };
        self.collections.get(asked).or_else(|| known().map(|(_, (_, answer))| *answer))
    }
}

/// Observed state of one collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedCollection {
    /// Resolved name: the code if requested by title, and the language of the response.
    pub id: CollectionId,
    /// Title of an e-resource, if the zone returns it.
    pub title: Option<String>,
    /// Names that people use for fields, with the fields: a mapping table's `Network Block` means `column5`.
    pub aliases: BTreeMap<FieldName, FieldName>,
    /// All possible fields of a record; empty if unknown, which allows any field.
    pub columns: Vec<FieldName>,
    /// Records in the zone's order. Manifests define the keys.
    pub records: Vec<ObservedRecord>,
    /// Codes of collections that supply its values; `None` if the zone does not report them.
    pub references: Option<BTreeSet<String>>,
    /// Channel of the read, also used for writes.
    pub channel: Channel,
    /// Source of the observation.
    pub witness: ObservationSource,
}

/// Source of an observed collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ObservationSource {
    /// Zone.
    #[default]
    Zone,
    /// Attestations by people, not verified.
    Attestation {
        /// Key fields of records attested as absent.
        gone: Vec<Record>,
        /// Refusal of the zone to show the collection to the API, if the zone was asked.
        refusal: Option<String>,
    },
}

impl ObservationSource {
    /// Returns true for an attestation.
    pub fn is_people(&self) -> bool {
        match self {
            Self::Zone => false,
            Self::Attestation { .. } => true,
        }
    }
}

/// Observed state of one record.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct ObservedRecord {
    /// Fields. An omitted field has its documented default, or no entry.
    pub fields: Record,
    /// Last editor, if the zone reports one.
    #[serde(default, rename = "by", skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
    /// Date of the last change, as the zone writes it (`2024-05-30Z`).
    #[serde(default, rename = "date", skip_serializing_if = "Option::is_none")]
    pub update_date: Option<String>,
    /// True if the zone marks the record as managed in the network.
    #[serde(default, rename = "managedInNetwork", skip_serializing_if = "is_false")]
    pub managed_in_network: bool,
    /// True if the zone's API identifies the record by a number in place of its key.
    #[serde(default, skip_serializing_if = "is_false")]
    pub numbered: bool,
}

impl ObservedRecord {
    /// Returns true if the distribution jobs of the Network Zone write the record: the zone marks it as managed
    /// in the network, or names the network as the last editor.
    pub fn is_distributed(&self) -> bool {
        self.managed_in_network || self.updated_by.as_deref() == Some(NETWORK_EDITOR)
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}
