//! SARIF 2.1.0, for code scanning: one result for each distinct thing, however many zones it is in,
//! so that 40 zones do not make 40 alerts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::legible::visible;
use super::remarks::{Remark, Severity, remarks};
use super::text::{compared, thousands};
use crate::model::{Place, Plan};

/// What GitHub shows of a run; it takes 25,000.
const MOST: usize = 5_000;
/// Zones that are named with a result.
const ZONES: usize = 100;

/// The file.
#[derive(Debug, Serialize)]
pub struct Sarif {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Outcome>,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<RuleJson>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleJson {
    id: String,
    short_description: Message,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Debug, Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
}

#[derive(Debug, Serialize)]
struct Message {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: Fingerprints,
    properties: Properties,
}

/// GitHub adds the hash of the line itself, under a name of its own.
#[derive(Debug, Serialize)]
struct Fingerprints {
    #[serde(rename = "zonal/v1")]
    zonal: String,
}

#[derive(Debug, Serialize)]
struct Properties {
    zones: Vec<String>,
    #[serde(rename = "zoneCount")]
    zone_count: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
}

/// The plan as SARIF. `root` is where the config directory lies in the repository: empty, or a path
/// that ends with `/`.
pub fn sarif(plan: &Plan, root: &str) -> Sarif {
    limited(plan, root, MOST)
}

/// The same with so many results at most.
pub(super) fn limited(plan: &Plan, root: &str, most: usize) -> Sarif {
    let remarks = remarks(plan);
    // A result without a place makes GitHub refuse the whole file, so it becomes a notification.
    let (placed, homeless): (Vec<&Remark<'_>>, Vec<_>) =
        remarks.iter().partition(|remark| !remark.places.is_empty());
    let mut notifications: Vec<Notification> = homeless
        .iter()
        .map(|remark| Notification { level: level(remark), message: message(remark) })
        .collect();
    let partial = plan.selection.as_ref().map(|selection| format!("Partial plan: only {selection}."));
    let covered = partial.into_iter().chain(compared(plan));
    notifications.extend(
        covered.map(|text| Notification { level: "note", message: Message { text: visible(&text) } }),
    );
    if placed.len() > most {
        let (all, most) = (thousands(placed.len() as u64), thousands(most as u64));
        let text = format!("the plan has {all} things to say, and these are the {most} that matter most");
        notifications.push(Notification { level: "warning", message: Message { text } });
    }
    let shown = &placed[..placed.len().min(most)];
    let rules: BTreeMap<_, _> = shown.iter().map(|remark| (remark.rule(), remark.rule().about())).collect();
    let index =
        |remark: &Remark<'_>| rules.keys().position(|rule| *rule == remark.rule()).unwrap_or_default();
    Sarif {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            column_kind: "unicodeCodePoints",
            invocations: [Invocation {
                execution_successful: plan.is_complete(),
                tool_execution_notifications: notifications,
            }],
            results: shown.iter().map(|remark| outcome(remark, index(remark), root)).collect(),
            tool: Tool {
                driver: Driver {
                    name: "zonal",
                    version: env!("CARGO_PKG_VERSION"),
                    rules: rules
                        .iter()
                        .map(|(rule, about)| RuleJson {
                            id: rule.to_string(),
                            short_description: Message { text: (*about).to_owned() },
                        })
                        .collect(),
                },
            },
        }],
    }
}

fn level(remark: &Remark<'_>) -> &'static str {
    match remark.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Notice => "note",
    }
}

fn message(remark: &Remark<'_>) -> Message {
    // A value must not become a link.
    Message { text: format!("{} {}", remark.subject(), remark.words()).replace("](", "] (") }
}

fn outcome(remark: &Remark<'_>, rule_index: usize, root: &str) -> Outcome {
    let mut locations = remark.places.iter().map(|place| location(place, root));
    Outcome {
        rule_id: remark.rule().to_string(),
        rule_index,
        level: level(remark),
        message: message(remark),
        locations: locations.next().into_iter().collect(),
        related_locations: locations.collect(),
        partial_fingerprints: Fingerprints { zonal: remark.fingerprint().to_string() },
        properties: Properties {
            zones: remark.zones.iter().take(ZONES).map(ToString::to_string).collect(),
            zone_count: remark.zones.len(),
        },
    }
}

fn location(place: &Place, root: &str) -> Location {
    Location {
        physical_location: Physical {
            artifact_location: Artifact {
                uri: uri(&format!("{root}{}", place.file)),
                uri_base_id: "%SRCROOT%",
            },
            region: Region { start_line: place.start.line.max(1), start_column: place.start.column.max(1) },
        },
    }
}

/// A path as a relative URI.
fn uri(path: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');
    utf8_percent_encode(path, &KEPT).to_string()
}
