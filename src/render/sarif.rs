//! SARIF 2.1.0 output for code scanning, with one result for all zones with the same annotation.
//!
//! Without the merge, 40 zones would create 40 alerts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::annotations::{Annotation, AnnotationLevel, remarks};
use super::text::{comparison_sentences, thousands};
use crate::model::text_safety::escape_invisible;
use crate::model::{Plan, SourceSpan};

/// Maximum number of results that GitHub shows for a run. GitHub accepts 25,000.
const MOST: usize = 5_000;
/// Maximum number of zones named in a result.
const ZONES: usize = 100;

/// SARIF log file.
#[derive(Debug, Serialize)]
pub struct SarifLog {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [SarifRun; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRun {
    tool: SarifTool,
    invocations: [SarifInvocation; 1],
    column_kind: &'static str,
    results: Vec<SarifResult>,
}

#[derive(Debug, Serialize)]
struct SarifTool {
    driver: SarifDriver,
}

#[derive(Debug, Serialize)]
struct SarifDriver {
    name: &'static str,
    version: &'static str,
    rules: Vec<SarifRule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRule {
    id: String,
    short_description: SarifMessage,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifInvocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<SarifNotification>,
}

#[derive(Debug, Serialize)]
struct SarifNotification {
    level: &'static str,
    message: SarifMessage,
}

#[derive(Debug, Serialize)]
struct SarifMessage {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: SarifMessage,
    locations: Vec<SarifLocation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<SarifLocation>,
    partial_fingerprints: SarifFingerprints,
    properties: SarifProperties,
}

/// Stable fingerprint. GitHub adds a hash of the line under another name.
#[derive(Debug, Serialize)]
struct SarifFingerprints {
    #[serde(rename = "zonal/v1")]
    zonal: String,
}

#[derive(Debug, Serialize)]
struct SarifProperties {
    zones: Vec<String>,
    #[serde(rename = "zoneCount")]
    zone_count: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifLocation {
    physical_location: SarifPhysicalLocation,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifPhysicalLocation {
    artifact_location: SarifArtifact,
    region: SarifRegion,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifArtifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRegion {
    start_line: u32,
    start_column: u32,
}

/// Returns the plan as SARIF.
///
/// `root` is the path of the configuration directory in the repository: empty, or with a trailing `/`.
pub fn sarif(plan: &Plan, root: &str) -> SarifLog {
    with_limit(plan, root, MOST)
}

/// Returns SARIF with at most `most` results.
pub(super) fn with_limit(plan: &Plan, root: &str, most: usize) -> SarifLog {
    let remarks = remarks(plan);
    // GitHub rejects a file with a result without location, so such a result becomes a notification.
    let (placed, homeless): (Vec<&Annotation<'_>>, Vec<_>) =
        remarks.iter().partition(|remark| !remark.places.is_empty());
    let mut notifications: Vec<SarifNotification> = homeless
        .iter()
        .map(|remark| SarifNotification { level: level(remark), message: message(remark) })
        .collect();
    let partial = plan.selection.as_ref().map(|selection| format!("Partial plan: only {selection}."));
    let covered = partial.into_iter().chain(comparison_sentences(plan));
    notifications.extend(covered.map(|text| SarifNotification {
        level: "note",
        message: SarifMessage { text: escape_invisible(&text) },
    }));
    if placed.len() > most {
        let (all, most) = (thousands(placed.len() as u64), thousands(most as u64));
        let text = format!("the plan has {all} annotations; only the {most} most severe are included");
        notifications.push(SarifNotification { level: "warning", message: SarifMessage { text } });
    }
    let shown = &placed[..placed.len().min(most)];
    let rules: BTreeMap<_, _> = shown.iter().map(|remark| (remark.rule(), remark.rule().about())).collect();
    let index =
        |remark: &Annotation<'_>| rules.keys().position(|rule| *rule == remark.rule()).unwrap_or_default();
    SarifLog {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [SarifRun {
            column_kind: "unicodeCodePoints",
            invocations: [SarifInvocation {
                execution_successful: plan.is_complete(),
                tool_execution_notifications: notifications,
            }],
            results: shown.iter().map(|remark| outcome(remark, index(remark), root)).collect(),
            tool: SarifTool {
                driver: SarifDriver {
                    name: "zonal",
                    version: env!("CARGO_PKG_VERSION"),
                    rules: rules
                        .iter()
                        .map(|(rule, about)| SarifRule {
                            id: rule.to_string(),
                            short_description: SarifMessage { text: (*about).to_owned() },
                        })
                        .collect(),
                },
            },
        }],
    }
}

fn level(remark: &Annotation<'_>) -> &'static str {
    match remark.severity() {
        AnnotationLevel::Error => "error",
        AnnotationLevel::Warning => "warning",
        AnnotationLevel::Notice => "note",
    }
}

fn message(remark: &Annotation<'_>) -> SarifMessage {
    // A value must not become a link.
    SarifMessage { text: format!("{} {}", remark.subject(), remark.message()).replace("](", "] (") }
}

fn outcome(remark: &Annotation<'_>, rule_index: usize, root: &str) -> SarifResult {
    let mut locations = remark.places.iter().map(|place| location(place, root));
    SarifResult {
        rule_id: remark.rule().to_string(),
        rule_index,
        level: level(remark),
        message: message(remark),
        locations: locations.next().into_iter().collect(),
        related_locations: locations.collect(),
        partial_fingerprints: SarifFingerprints { zonal: remark.fingerprint().to_string() },
        properties: SarifProperties {
            zones: remark.zones.iter().take(ZONES).map(ToString::to_string).collect(),
            zone_count: remark.zones.len(),
        },
    }
}

fn location(place: &SourceSpan, root: &str) -> SarifLocation {
    SarifLocation {
        physical_location: SarifPhysicalLocation {
            artifact_location: SarifArtifact {
                uri: uri(&format!("{root}{}", place.file)),
                uri_base_id: "%SRCROOT%",
            },
            region: SarifRegion {
                start_line: place.start.line.max(1),
                start_column: place.start.column.max(1),
            },
        },
    }
}

/// Returns a path as a relative URI.
fn uri(path: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');
    utf8_percent_encode(path, &KEPT).to_string()
}
