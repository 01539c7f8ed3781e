//! What the zones held at one moment, as a file that can stand in for them: sorted, without a time, so
//! that the same zones come to the same bytes, and a record to a line, so that git shows which one moved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FailureJson;
use super::compact_lines::lines_down_to;
use crate::model::{
    Channel, CollectionId, CollectionName, FieldName, Network, ObservationSource, ObservedCollection,
    ObservedRecord, ObservedState, ObservedZone, Record, ZoneCode, ZoneFailure,
};

/// Version of the shape. Its major number changes when a field goes or changes its meaning.
pub const FORMAT: &str = "1.0";

/// What the zones of a network held.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "zonal snapshot")]
pub struct SnapshotJson {
    /// Version of the shape: one with another major number is not to be read.
    pub format_version: String,
    /// The network's name.
    pub network: String,
    /// The environment that was read; null for the manifest as it stands.
    pub environment: Option<String>,
    /// The zones that were read.
    pub zones: Vec<ZoneSnapshotJson>,
}

/// What one zone held.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ZoneSnapshotJson {
    /// Alma's institution code.
    pub code: Arc<str>,
    /// The collections that the manifests mention.
    pub collections: Vec<CollectionSnapshotJson>,
}

/// What one collection held, or why it could not be read.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct CollectionSnapshotJson {
    /// The names by which the manifests ask for it.
    pub asked: Vec<CollectionName>,
    /// Why it could not be read; then there is nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureJson>,
    /// What it held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<CollectionContentJson>,
}

/// A collection.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct CollectionContentJson {
    /// What the zone itself calls it, and the language that it answered in.
    pub id: CollectionName,
    /// How it was read.
    pub channel: Channel,
    /// Names that people use for its fields, each with the field it means.
    pub aliases: BTreeMap<FieldName, FieldName>,
    /// Every field that a record of it can have; empty where any can.
    pub columns: Vec<FieldName>,
    /// Codes of the collections that its values come from; null where the zone does not say.
    pub references: Option<BTreeSet<String>>,
    /// Where only people can see it: records that they say are gone, which makes the others attested, not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attested_gone: Option<Vec<Record>>,
    /// The records.
    pub records: Vec<RecordJson>,
}

/// A record.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct RecordJson {
    /// What it holds.
    pub fields: Record,
    /// Who changed it last, where the zone says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When, as the zone writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

/// Why a file is not a snapshot that can stand in for zones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It is no JSON, or not what a snapshot is.
    #[error("{line}:{column}: it is not a snapshot of zonal's: {fact}")]
    NotASnapshot {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        fact: String,
    },
    /// It holds a zone twice, as no snapshot does that nobody has edited.
    #[error("it holds the zone {0} twice")]
    Twice(Arc<str>),
    /// It is of a version whose meaning is not known.
    #[error("its format is {0}, and this zonal reads 1.x")]
    Version(String),
}

/// A snapshot of what was observed.
pub fn snapshot(network: &Network, observed: &ObservedState) -> SnapshotJson {
    SnapshotJson {
        format_version: FORMAT.to_owned(),
        network: network.name.clone(),
        environment: network.environment.clone(),
        zones: observed.zones.iter().map(zone).collect(),
    }
}

fn zone((code, zone): (&ZoneCode, &ObservedZone)) -> ZoneSnapshotJson {
    // One collection may have been asked for by several names.
    let mut together: Vec<(Vec<&CollectionId>, &Result<ObservedCollection, ZoneFailure>)> = Vec::new();
    for (asked, answer) in &zone.collections {
        match together.iter_mut().find(|(_, other)| answer.is_ok() && *other == answer) {
            Some((names, _)) => names.push(asked),
            None => together.push((vec![asked], answer)),
        }
    }
    let collections = together.into_iter().map(|(asked, answer)| CollectionSnapshotJson {
        asked: asked.into_iter().map(CollectionName::from).collect(),
        failure: answer.as_ref().err().map(|failure| FailureJson { tracking_id: None, ..failure.into() }),
        held: answer.as_ref().ok().map(CollectionContentJson::from),
    });
    ZoneSnapshotJson { code: code.0.clone(), collections: collections.collect() }
}

impl From<&ObservedCollection> for CollectionContentJson {
    fn from(observed: &ObservedCollection) -> Self {
        let ObservedCollection { id, aliases, columns, records, references, channel, witness } = observed;
        let mut records: Vec<&ObservedRecord> = records.iter().collect();
        records.sort_by(|one, other| one.fields.cmp(&other.fields));
        let gone = match witness {
            ObservationSource::Zone => None,
            ObservationSource::Attestation { gone } => {
                let mut gone = gone.clone();
                gone.sort();
                Some(gone)
            }
        };
        let record = |record: &ObservedRecord| {
            let ObservedRecord { fields, updated_by, update_date } = record.clone();
            RecordJson { fields, by: updated_by, date: update_date }
        };
        Self {
            id: id.into(),
            channel: *channel,
            aliases: aliases.clone(),
            columns: columns.clone(),
            references: references.clone(),
            attested_gone: gone,
            records: records.into_iter().map(record).collect(),
        }
    }
}

impl From<CollectionContentJson> for ObservedCollection {
    fn from(held: CollectionContentJson) -> Self {
        let CollectionContentJson { id, channel, aliases, columns, references, attested_gone, records } =
            held;
        let record =
            |RecordJson { fields, by, date }| ObservedRecord { fields, updated_by: by, update_date: date };
        Self {
            id: id.into(),
            aliases,
            columns,
            records: records.into_iter().map(record).collect(),
            references,
            channel,
            witness: attested_gone
                .map_or(ObservationSource::Zone, |gone| ObservationSource::Attestation { gone }),
        }
    }
}

impl From<SnapshotJson> for ObservedState {
    fn from(file: SnapshotJson) -> Self {
        let zones = file.zones.into_iter().map(|ZoneSnapshotJson { code, collections }| {
            let mut zone = ObservedZone::default();
            for CollectionSnapshotJson { asked, failure, held } in collections {
                let answer = match (held, failure) {
                    (Some(held), _) => Ok(ObservedCollection::from(held)),
                    (None, Some(problem)) => Err(ZoneFailure::from(problem)),
                    (None, None) => continue,
                };
                zone.collections.extend(asked.into_iter().map(|id| (id.into(), answer.clone())));
            }
            (ZoneCode(code), zone)
        });
        Self { zones: zones.collect() }
    }
}

/// Reads a snapshot.
///
/// # Errors
/// [`Unreadable`], with what is wrong and where.
pub fn parse(text: &str) -> Result<SnapshotJson, SnapshotError> {
    #[derive(Deserialize)]
    struct SnapshotVersion {
        format_version: String,
    }
    let wrong = |error: serde_json::Error| {
        let words = error.to_string();
        let fact = words.split(" at line ").next().unwrap_or_default().to_owned();
        SnapshotError::NotASnapshot { line: error.line(), column: error.column().max(1), fact }
    };
    let SnapshotVersion { format_version } = serde_json::from_str(text).map_err(wrong)?;
    if format_version.split('.').next() != FORMAT.split('.').next() {
        return Err(SnapshotError::Version(format_version));
    }
    let file: SnapshotJson = serde_json::from_str(text).map_err(wrong)?;
    let mut seen = BTreeSet::new();
    match file.zones.iter().find(|zone| !seen.insert(&zone.code)) {
        Some(zone) => Err(SnapshotError::Twice(zone.code.clone())),
        None => Ok(file),
    }
}

/// Levels above the records, each of which stands in a line of its own.
const LEVELS: usize = 6;

/// The text of a snapshot's file.
pub fn to_text(snapshot: &SnapshotJson) -> String {
    lines_down_to(LEVELS, snapshot) + "\n"
}
