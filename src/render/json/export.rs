//! JSON output of `zonal export`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{CollectionId, FieldValue, RecordKey, ZoneCode, ZoneFailure};

/// Output of `zonal export --json`.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(title = "zonal export --json")]
pub struct ExportJson {
    /// Version of this format.
    pub format_version: &'static str,
    /// Name of the network.
    pub network: String,
    /// Environment; null without one.
    pub environment: Option<String>,
    /// True if every zone answered and every file is as exported.
    pub complete: bool,
    /// Number of zones that answered.
    pub zones: usize,
    /// Number of requests.
    pub requests: u64,
    /// Number of rows in the zones.
    pub observed_rows: usize,
    /// Files, by path.
    pub files: Vec<ExportedFile>,
    /// Values that one or two of many zones have: likely mistakes.
    pub outliers: Vec<ExportOutlier>,
    /// Collections without a manifest, with the reason.
    pub left_out: Vec<OmittedCollection>,
    /// Zones that did not answer. Their rows are in no file.
    pub failures: BTreeMap<String, ZoneFailure>,
    /// Groups of zones that often differ together from the others. A label would name them.
    pub proposed_labels: Vec<ProposedLabel>,
}

/// Exported file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportedFile {
    /// Path, relative to the directory of the export.
    pub file: String,
    /// Manifests, as kind and name.
    pub manifests: Vec<String>,
    /// Number of rows in the file, overrides included; 0 for manifests of other kinds than tables.
    pub rows: usize,
    /// Number of rows in the zones that the file declares.
    pub observed_rows: usize,
    /// Number of overrides.
    pub overrides: usize,
    /// What happened to the file.
    pub state: ExportedFileState,
    /// Error of the write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportedFileState {
    /// New file.
    Written,
    /// Existing file with the same content.
    Unchanged,
    /// Existing file, replaced: `--force`, or an incomplete file of an earlier export.
    Replaced,
    /// Existing file with other content, kept.
    Kept,
    /// File that could not be written.
    Failed,
}

/// Value that one or two of many zones have.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportOutlier {
    /// Collection.
    #[schemars(with = "String")]
    pub collection: CollectionId,
    /// Key of the record.
    #[schemars(with = "String")]
    pub key: RecordKey,
    /// Zones with the value.
    pub zones: Vec<ExportOutlierZone>,
    /// Value of these zones; null if they have no such record.
    pub found: Option<BTreeMap<String, OutlierValue>>,
    /// Value of most zones; null if they have no such record.
    pub usual: Option<BTreeMap<String, OutlierValue>>,
    /// Number of zones with the usual value.
    pub usual_zones: usize,
    /// Key of most zones that differs only in case or spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub similar_key: Option<RecordKey>,
    /// What is unusual, in words.
    pub text: String,
}

/// Zone with an unusual value.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportOutlierZone {
    /// Zone.
    pub zone: ZoneCode,
    /// Last editor of the record, if the zone reports one.
    pub updated_by: Option<String>,
    /// Date of the last change, as the zone writes it.
    pub update_date: Option<String>,
}

/// Value of a field: of all zones, or of a variable.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum OutlierValue {
    /// Value.
    Value(FieldValue),
    /// Variable that has the value in each zone.
    Variable {
        /// Name of the variable.
        var: String,
    },
}

/// Collection without a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OmittedCollection {
    /// Collection.
    #[schemars(with = "String")]
    pub collection: CollectionId,
    /// Zones in which it is left out.
    pub zones: Vec<ZoneCode>,
    /// Reason.
    pub reason: String,
    /// True if the reason is a failure, so that the export is incomplete.
    pub failed: bool,
}

/// Zones that often differ together.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProposedLabel {
    /// Zones.
    pub zones: Vec<ZoneCode>,
    /// Number of rows in which they differ together.
    pub rows: usize,
    /// Number of files with these rows.
    pub files: usize,
}
