//! What the zones answered.

use std::collections::{BTreeMap, BTreeSet};

use super::address::{CollectionId, ZoneCode};
use super::channel::Channel;
use super::failure::ZoneFailure;
use super::value::{FieldName, Record};

/// Of a collection with so many records, less than half is too few to believe.
const HALF_FROM: usize = 10;
/// Of a collection with so many records, none at all is.
const NOTHING_FROM: usize = 2;

/// Whether a collection that had `had` records and now `holds` fewer looks like half an answer, or none: the
/// records that are missing would be taken away by writing back what came.
pub fn looks_truncated(had: usize, holds: usize) -> bool {
    (had >= NOTHING_FROM && holds == 0) || (had >= HALF_FROM && holds * 2 < had)
}

/// The answers of all zones that were asked.
#[derive(Debug, Clone, Default)]
pub struct ObservedState {
    /// By zone.
    pub zones: BTreeMap<ZoneCode, ObservedZone>,
}

/// The answers of one zone.
#[derive(Debug, Clone, Default)]
pub struct ObservedZone {
    /// What was asked for, under the name it was asked by, and what came back.
    pub collections: BTreeMap<CollectionId, Result<ObservedCollection, ZoneFailure>>,
    /// Requests that were sent to the zone, retries included.
    pub requests: u64,
    /// Requests that the zone says are left until midnight, the last time it said so.
    pub quota_left: Option<u64>,
}

impl ObservedZone {
    /// The answer for a collection: under the name that it was asked by, or under another one of which it
    /// is certain that it means the same.
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
            // Without a language it is what the zone answers when none is asked for.
            tables.find(|(real, (names, _))| match &asked.language {
                Some(language) => real.language.as_ref() == Some(language),
                None => real.language.is_none() || names.iter().any(|name| name.language.is_none()),
            })
        };
        self.collections.get(asked).or_else(|| known().map(|(_, (_, answer))| *answer))
    }
}

/// One collection as the zone holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedCollection {
    /// What it is really called: the code where it was asked for by name, and the language that
    /// the zone says it answered in.
    pub id: CollectionId,
    /// Names that people use for its fields, each with the field it means:
    /// a mapping table's `Network Block` is `column5` here.
    pub aliases: BTreeMap<FieldName, FieldName>,
    /// Every field that a record of it can have; empty where the zone does not say, and then any can.
    pub columns: Vec<FieldName>,
    /// The records, in the zone's order. Keys are not known here: a manifest says what they are.
    pub records: Vec<ObservedRecord>,
    /// Codes of the collections that its values come from; `None` where the zone does not say.
    pub references: Option<BTreeSet<String>>,
    /// How it was read, which is how it is changed.
    pub channel: Channel,
    /// Who says that it holds this.
    pub witness: ObservationSource,
}

/// Who says what a collection holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ObservationSource {
    /// The zone.
    #[default]
    Zone,
    /// People, who have attested what they did. Nobody has verified it.
    Attestation {
        /// Records that they say are gone: their key fields.
        gone: Vec<Record>,
    },
}

impl ObservationSource {
    /// Whether it is people's word only.
    pub fn is_people(&self) -> bool {
        match self {
            Self::Zone => false,
            Self::Attestation { .. } => true,
        }
    }
}

/// One record as the zone holds it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObservedRecord {
    /// Its fields. A field that the zone left out has its documented default, or is not in the map.
    pub fields: Record,
    /// Who changed it last, where the zone says so.
    pub updated_by: Option<String>,
    /// When it was changed last, as the zone writes it (`2024-05-30Z`).
    pub update_date: Option<String>,
}
