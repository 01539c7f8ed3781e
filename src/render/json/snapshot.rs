//! JSON format of a snapshot: the observed state of all zones, usable in place of the zones, and what was
//! applied to them.
//!
//! Records are sorted, and the file contains no time, so equal states give equal bytes. Each record has its
//! own line, so that a git diff shows the changed records.

pub mod applied_state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::applied_state::AppliedZoneJson;
use super::compact_lines::lines_down_to;
use crate::model::{
    Channel, CollectionId, CollectionName, FieldName, Network, ObservationSource, ObservedCollection,
    ObservedRecord, ObservedState, ObservedZone, Record, ZoneCode, ZoneFailure,
};

/// Version of the format. A removed or redefined field increments the major number.
pub const FORMAT: &str = "1.2";

/// Observed state of the zones of a network.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "zonal snapshot")]
pub struct SnapshotJson {
    /// Version of the format. Readers must reject an unknown major number.
    pub format_version: String,
    /// Network name.
    pub network: String,
    /// Environment, or null without an environment.
    pub environment: Option<String>,
    /// Zones.
    pub zones: Vec<ZoneSnapshotJson>,
}

/// Observed state of a zone.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ZoneSnapshotJson {
    /// Alma institution code.
    pub code: Arc<str>,
    /// Collections declared in the manifests.
    pub collections: Vec<CollectionSnapshotJson>,
    /// Codes of the tables in the zone's lists, by collection type. Absent if the lists could not be read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<Arc<str>, BTreeSet<String>>,
    /// Applied state of these collections, the base of a comparison. Absent without applied state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<AppliedZoneJson>,
}

/// Observed state of a collection, or the failure of the read.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct CollectionSnapshotJson {
    /// Names used for the collection in the manifests.
    pub asked: Vec<CollectionName>,
    /// Failure of the read. A failed read has no content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ZoneFailure>,
    /// Content of the collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<CollectionContentJson>,
}

/// Content of a collection.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct CollectionContentJson {
    /// Collection name as in the zone, with the language of the response.
    pub id: CollectionName,
    /// Title of an e-resource. Absent if the zone does not return it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Channel of the read.
    pub channel: Channel,
    /// Manifest field names, with the corresponding observed field names.
    pub aliases: BTreeMap<FieldName, FieldName>,
    /// All possible field names, or empty if any name is possible.
    pub columns: Vec<FieldName>,
    /// Codes of collections with allowed values, or null if unknown.
    pub references: Option<BTreeSet<String>>,
    /// Records attested as absent, if only people can read the collection. All other records are then
    /// attested, not observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attested_gone: Option<Vec<Record>>,
    /// Records.
    pub records: Vec<ObservedRecord>,
}

/// Error in a snapshot file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Invalid JSON, or another format.
    #[error("{line}:{column}: not a zonal snapshot: {fact}")]
    NotASnapshot {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Problem at this location.
        fact: String,
    },
    /// Duplicate zone, which only occurs in edited files.
    #[error("duplicate zone {0}")]
    Twice(Arc<str>),
    /// Unsupported format version.
    #[error("unsupported format version {0}, expected 1.x")]
    Version(String),
}

/// Returns a snapshot of the observed state.
pub fn snapshot(network: &Network, observed: &ObservedState) -> SnapshotJson {
    SnapshotJson {
        format_version: FORMAT.to_owned(),
        network: network.name.clone(),
        environment: network.environment.clone(),
        zones: observed.zones.iter().map(zone).collect(),
    }
}

fn zone((code, zone): (&ZoneCode, &ObservedZone)) -> ZoneSnapshotJson {
    // Several names in the manifests may refer to the same collection.
    let mut together: Vec<(Vec<&CollectionId>, &Result<ObservedCollection, ZoneFailure>)> = Vec::new();
    for (asked, answer) in &zone.collections {
        match together.iter_mut().find(|(_, other)| answer.is_ok() && *other == answer) {
            Some((names, _)) => names.push(asked),
            None => together.push((vec![asked], answer)),
        }
    }
    let collections = together.into_iter().map(|(asked, answer)| CollectionSnapshotJson {
        asked: asked.into_iter().map(CollectionName::from).collect(),
        failure: answer.as_ref().err().map(|failure| ZoneFailure { tracking_id: None, ..failure.clone() }),
        held: answer.as_ref().ok().map(CollectionContentJson::from),
    });
    ZoneSnapshotJson {
        code: code.0.clone(),
        collections: collections.collect(),
        tables: zone.tables.clone(),
        applied: None,
    }
}

impl From<&ObservedCollection> for CollectionContentJson {
    fn from(observed: &ObservedCollection) -> Self {
        let ObservedCollection { id, title, aliases, columns, records, references, channel, witness } =
            observed;
        let mut records: Vec<&ObservedRecord> = records.iter().collect();
        records.sort_by(|one, other| one.fields.cmp(&other.fields));
        let gone = match witness {
            ObservationSource::Zone => None,
            ObservationSource::Attestation { gone, refusal: _ } => {
                let mut gone = gone.clone();
                gone.sort();
                Some(gone)
            }
        };
        Self {
            id: id.into(),
            channel: *channel,
            title: title.clone(),
            aliases: aliases.clone(),
            columns: columns.clone(),
            references: references.clone(),
            attested_gone: gone,
            records: records.into_iter().cloned().collect(),
        }
    }
}

impl From<CollectionContentJson> for ObservedCollection {
    fn from(held: CollectionContentJson) -> Self {
        let CollectionContentJson {
            id,
            title,
            channel,
            aliases,
            columns,
            references,
            attested_gone,
            records,
        } = held;
        Self {
            id: id.into(),
            title,
            aliases,
            columns,
            records,
            references,
            channel,
            witness: attested_gone.map_or(ObservationSource::Zone, |gone| ObservationSource::Attestation {
                gone,
                refusal: None,
            }),
        }
    }
}

impl From<SnapshotJson> for ObservedState {
    fn from(file: SnapshotJson) -> Self {
        let zones =
            file.zones.into_iter().map(|ZoneSnapshotJson { code, collections, tables, applied: _ }| {
                let mut zone = ObservedZone { tables, ..ObservedZone::default() };
                for CollectionSnapshotJson { asked, failure, held } in collections {
                    let answer = match (held, failure) {
                        (Some(held), _) => Ok(ObservedCollection::from(held)),
                        (None, Some(problem)) => Err(problem),
                        (None, None) => continue,
                    };
                    zone.collections.extend(asked.into_iter().map(|id| (id.into(), answer.clone())));
                }
                (ZoneCode(code), zone)
            });
        Self { zones: zones.collect() }
    }
}

/// Parses a snapshot.
///
/// # Errors
/// [`SnapshotError`], with the problem and its location.
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

/// Number of levels above the records, which take one line each.
const LEVELS: usize = 6;

/// Returns the text of a snapshot file.
pub fn to_text(snapshot: &SnapshotJson) -> String {
    lines_down_to(LEVELS, snapshot) + "\n"
}
