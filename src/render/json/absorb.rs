//! JSON output of `zonal absorb`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ZoneFailure;
use crate::render::text_difference::{DiffLine, diff_texts};

/// Output of `zonal absorb --json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal absorb --json")]
pub struct AbsorbJson {
    /// Version of this format.
    pub format_version: &'static str,
    /// Name of the network.
    pub network: String,
    /// Environment; null without one.
    pub environment: Option<String>,
    /// Layer of the manifests that takes the values.
    pub into: AbsorbLayer,
    /// True if every zone answered.
    pub complete: bool,
    /// Edited files, by path.
    pub files: Vec<AbsorbedFile>,
    /// Differences that stay, with the reason.
    pub left: Vec<LeftDifference>,
    /// Zones that could not be read completely.
    pub failures: BTreeMap<String, ZoneFailure>,
}

/// Layer of the manifests that takes the values of the zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AbsorbLayer {
    /// The manifest's own row, for all its zones.
    Shared,
    /// A row of an override for the zones that differ.
    Override,
    /// `appliesTo.except`: the manifest no longer applies to the zones.
    Except,
    /// An override with `enforcement: report` for the zones.
    Report,
}

/// Edited file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AbsorbedFile {
    /// Path relative to the config directory.
    pub file: String,
    /// Manifests, as kind and name.
    pub manifests: Vec<String>,
    /// Addresses of the absorbed records.
    pub records: Vec<String>,
    /// State of the file.
    pub state: AbsorbedFileState,
    /// Error of the write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Different lines, each after `-` or `+`, with some unchanged lines around them.
    pub difference: Vec<String>,
    /// Text before the edit.
    #[serde(skip)]
    pub before: String,
    /// Text after the edit.
    #[serde(skip)]
    pub after: String,
}

/// State of an edited file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AbsorbedFileState {
    /// Shown only; `--write` writes it.
    Proposed,
    /// Written.
    Written,
    /// Not written because of an error.
    Failed,
}

/// Difference that stays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct LeftDifference {
    /// Address of the record.
    pub address: String,
    /// Reason, and what to do.
    pub reason: String,
}

/// Returns the different lines of two texts of a file. Ends of lines do not count.
pub fn file_difference(before: &str, after: &str) -> Vec<String> {
    let [before, after] = [before, after].map(|text| text.replace("\r\n", "\n"));
    let line = |line| match line {
        DiffLine::Unchanged(text) => format!("  {text}"),
        DiffLine::Removed(text) => format!("- {text}"),
        DiffLine::Added(text) => format!("+ {text}"),
        DiffLine::Omitted(number) => format!("  ({number} unchanged)"),
    };
    diff_texts(&before, &after).into_iter().map(line).collect()
}
