//! Messages of the newline-delimited JSON stream of an apply, with the names of Terraform's stream.
//!
//! The first message has the type `version`. A higher minor number in `ui` adds properties that readers can
//! ignore. A reader must stop at an unknown major number.

use super::plan::resource;
use super::stream_message::{ChangeSummaryJson, HookJson, ResourceJson, StreamMessage, StreamMessageType};
use crate::model::{
    ApplyEvent, Change, ChangeAction, CollectionId, Finding, FindingEffect, PlanCounts, WaveResult,
    WriteOutcome, ZoneCode, ZoneFailure,
};
use crate::render::diagnostics;

/// Returns the first message.
pub fn version(timestamp: &str) -> StreamMessage {
    let message = format!("zonal {}", env!("CARGO_PKG_VERSION"));
    StreamMessage {
        zonal: Some(env!("CARGO_PKG_VERSION")),
        ui: Some("1.0"),
        ..new_message(timestamp, StreamMessageType::Version, message)
    }
}

/// Returns the message for a planned change, applied or only reported.
pub fn planned_change_message(change: &Change, kind: StreamMessageType, timestamp: &str) -> StreamMessage {
    let message = format!("{}: plan to {}", change.address, verb(change.action));
    StreamMessage {
        zone: Some(change.address.zone.to_string()),
        collection: Some(change.address.collection.to_string()),
        change: Some(resource(change)),
        ..new_message(timestamp, kind, message)
    }
}

/// Returns the message for a diagnostic of the manifests.
pub fn diagnostic(problem: diagnostics::DiagnosticJson, timestamp: &str) -> StreamMessage {
    let level = match problem.severity {
        diagnostics::SeverityJson::Error => "error",
        diagnostics::SeverityJson::Warning => "warn",
    };
    let message = match &problem.range {
        Some(range) => {
            let start = range.start;
            format!("{}:{}:{}: {}", range.filename, start.line, start.column, problem.summary)
        }
        None => problem.summary.clone(),
    };
    StreamMessage {
        level,
        diagnostic: Some(problem),
        ..new_message(timestamp, StreamMessageType::Diagnostic, message)
    }
}

/// Returns the message for an unreadable collection, or for one that does not match the manifests.
pub fn not_planned(
    zone: &ZoneCode,
    collection: &CollectionId,
    failure: &ZoneFailure,
    timestamp: &str,
) -> StreamMessage {
    let message = format!("{zone}/{collection}: cannot be planned: {failure}");
    StreamMessage {
        level: "error",
        zone: Some(zone.to_string()),
        collection: Some(collection.to_string()),
        problem: Some(failure.clone()),
        ..new_message(timestamp, StreamMessageType::PlanErrored, message)
    }
}

/// Returns the message for a finding of a guard or policy.
pub fn finding(finding: &Finding, timestamp: &str) -> StreamMessage {
    let level = match finding.effect {
        FindingEffect::Deny | FindingEffect::Defer => "error",
        FindingEffect::RequireApproval | FindingEffect::Warn | FindingEffect::Overridden { .. } => "warn",
    };
    let message = format!("{}: {}", finding.guard, finding.message);
    StreamMessage {
        level,
        finding: Some(finding.clone()),
        ..new_message(timestamp, StreamMessageType::Finding, message)
    }
}

/// Returns the totals of a plan.
pub fn plan_summary(counts: &PlanCounts, timestamp: &str) -> StreamMessage {
    let PlanCounts { add, change, destroy, .. } = *counts;
    let message = format!("Plan: {add} to add, {change} to change, {destroy} to destroy.");
    let changes =
        ChangeSummaryJson { add, change, remove: destroy, operation: "plan", exit_codes: Vec::new() };
    StreamMessage {
        changes: Some(changes),
        ..new_message(timestamp, StreamMessageType::ChangeSummary, message)
    }
}

/// Returns the last message of an apply.
pub fn apply_summary(
    report: &crate::model::ApplyReport,
    exit_codes: Vec<u8>,
    timestamp: &str,
) -> StreamMessage {
    let applied =
        report.zones.values().flat_map(|zone| &zone.collections).filter_map(|(_, outcome)| match outcome {
            WriteOutcome::Applied { changes } => Some(changes),
            WriteOutcome::Stale { .. }
            | WriteOutcome::Failed { .. }
            | WriteOutcome::Blocked { .. }
            | WriteOutcome::VerifyFailed { .. }
            | WriteOutcome::Deferred { .. }
            | WriteOutcome::Interrupted => None,
        });
    let applied: Vec<ChangeAction> = applied.flatten().map(|change| change.action).collect();
    let number = |action| applied.iter().filter(|applied| **applied == action).count();
    let (add, change, remove) =
        (number(ChangeAction::Create), number(ChangeAction::Update), number(ChangeAction::Delete));
    let verdict = if exit_codes == [0] { "Apply complete!" } else { "Apply incomplete." };
    let message = format!("{verdict} Records: {add} added, {change} changed, {remove} destroyed.");
    let level = if exit_codes == [0] { "info" } else { "error" };
    let changes = ChangeSummaryJson { add, change, remove, operation: "apply", exit_codes };
    StreamMessage {
        level,
        changes: Some(changes),
        ..new_message(timestamp, StreamMessageType::ChangeSummary, message)
    }
}

/// Returns the messages of an event. The write of a collection produces one message per record.
pub fn messages(event: &ApplyEvent, timestamp: &str) -> Vec<StreamMessage> {
    let line = |kind, message: String| new_message(timestamp, kind, message);
    match event {
        ApplyEvent::ObserveStart { zone, collections } => {
            let message = format!("{zone}: reading {collections} collections");
            vec![StreamMessage {
                zone: Some(zone.to_string()),
                ..line(StreamMessageType::ObserveStart, message)
            }]
        }
        ApplyEvent::Observed { zone, collection, failure } => {
            let (zone, collection) = (zone.to_string(), collection.to_string());
            let line = match failure {
                None => line(StreamMessageType::ObserveProgress, format!("{zone}/{collection}: read")),
                Some(failure) => StreamMessage {
                    level: "error",
                    problem: Some(failure.clone()),
                    ..line(StreamMessageType::ObserveFailed, format!("{zone}/{collection}: {failure}"))
                },
            };
            vec![StreamMessage { zone: Some(zone), collection: Some(collection), ..line }]
        }
        ApplyEvent::ObserveComplete { zone, requests } => {
            let message = format!("{zone}: read, {requests} requests");
            vec![StreamMessage {
                zone: Some(zone.to_string()),
                requests: Some(*requests),
                ..line(StreamMessageType::ObserveComplete, message)
            }]
        }
        ApplyEvent::ZoneStart { zone, collections } => {
            let message = format!("{zone}: writing {collections} collections");
            vec![StreamMessage {
                zone: Some(zone.to_string()),
                ..line(StreamMessageType::ZoneStart, message)
            }]
        }
        ApplyEvent::ZoneFailed { zone, failure } => {
            let message = format!("{zone}: nothing is written: {failure}");
            vec![StreamMessage {
                level: "error",
                zone: Some(zone.to_string()),
                problem: Some(failure.clone()),
                ..line(StreamMessageType::ZoneFailure, message)
            }]
        }
        ApplyEvent::ZoneDeferred { zone, deferral: hold } => {
            let message = format!("{zone}: {hold}");
            let held = Some(hold.clone());
            vec![StreamMessage {
                level: "warn",
                zone: Some(zone.to_string()),
                deferral: held,
                ..line(StreamMessageType::Deferred, message)
            }]
        }
        ApplyEvent::ZoneWaiting { zone, by } => {
            let message = format!("{zone}: waiting for {by}, which writes to it");
            vec![StreamMessage {
                level: "warn",
                zone: Some(zone.to_string()),
                ..line(StreamMessageType::ZoneWaiting, message)
            }]
        }
        ApplyEvent::ConcurrentEdits { zone, collection, edits } => {
            let message = format!("{zone}/{collection}: edited during the write: {}", edits.join("; "));
            vec![StreamMessage {
                level: "warn",
                zone: Some(zone.to_string()),
                collection: Some(collection.to_string()),
                ..line(StreamMessageType::ConcurrentEdits, message)
            }]
        }
        ApplyEvent::WaveStart { wave, zones } => {
            let message = format!("wave {wave}: {zones} zones");
            vec![StreamMessage {
                wave: Some(wave.to_string()),
                ..line(StreamMessageType::WaveStart, message)
            }]
        }
        ApplyEvent::WaveComplete { wave, result: end } => {
            let message = format!("wave {wave}: {}", crate::render::text::wave_end(end));
            let level = match end {
                WaveResult::Verified { .. } => "info",
                WaveResult::Failed { .. } | WaveResult::NothingWritten | WaveResult::Interrupted => "error",
            };
            vec![StreamMessage {
                level,
                wave: Some(wave.to_string()),
                ..line(StreamMessageType::WaveComplete, message)
            }]
        }
        ApplyEvent::ApplyStart { zone: _, collection: _, changes } => changes
            .iter()
            .map(|change| hook_message(change, StreamMessageType::ApplyStart, "applying", timestamp))
            .collect(),
        ApplyEvent::ApplyEnd { zone, collection, outcome } => {
            let ended = outcome_messages(&format!("{zone}/{collection}"), outcome, timestamp);
            let (zone, collection) = (zone.to_string(), collection.to_string());
            let place = |line| StreamMessage {
                zone: Some(zone.clone()),
                collection: Some(collection.clone()),
                ..line
            };
            ended.into_iter().map(place).collect()
        }
        ApplyEvent::ZoneComplete { zone, requests } => {
            let message = format!("{zone}: done, {requests} requests");
            vec![StreamMessage {
                zone: Some(zone.to_string()),
                requests: Some(*requests),
                ..line(StreamMessageType::ZoneComplete, message)
            }]
        }
    }
}

fn outcome_messages(place: &str, outcome: &WriteOutcome, timestamp: &str) -> Vec<StreamMessage> {
    let error =
        |kind, message: String| StreamMessage { level: "error", ..new_message(timestamp, kind, message) };
    match outcome {
        WriteOutcome::Applied { changes } => changes
            .iter()
            .map(|change| {
                hook_message(change, StreamMessageType::ApplyComplete, "applied and verified", timestamp)
            })
            .collect(),
        WriteOutcome::Stale { now } => {
            let message = format!("{place}: stale: it moved since the plan; nothing was written");
            let mut lines = vec![error(StreamMessageType::Stale, message)];
            lines.extend(
                now.iter().map(|change| planned_change_message(change, StreamMessageType::Stale, timestamp)),
            );
            lines
        }
        WriteOutcome::Failed { failure } => {
            let message = format!("{place}: failed: {failure}");
            vec![StreamMessage {
                problem: Some(failure.clone()),
                ..error(StreamMessageType::ApplyErrored, message)
            }]
        }
        WriteOutcome::Blocked { by } => {
            vec![error(
                StreamMessageType::Blocked,
                format!("{place}: blocked: it depends on {by}, which was not written"),
            )]
        }
        WriteOutcome::VerifyFailed { unexpected_differences: strays } => {
            let message = format!("{place}: sent, but verification failed");
            vec![StreamMessage {
                unexpected_differences: strays.clone(),
                ..error(StreamMessageType::VerifyFailed, message)
            }]
        }
        WriteOutcome::Deferred { deferral: hold } => {
            let line = new_message(timestamp, StreamMessageType::Deferred, format!("{place}: {hold}"));
            vec![StreamMessage { level: "warn", deferral: Some(hold.clone()), ..line }]
        }
        WriteOutcome::Interrupted => {
            vec![error(
                StreamMessageType::Interrupted,
                format!("{place}: not tried, because the run was interrupted"),
            )]
        }
    }
}

fn hook_message(change: &Change, kind: StreamMessageType, what: &str, timestamp: &str) -> StreamMessage {
    let resource = resource(change);
    StreamMessage {
        zone: Some(resource.index.to_string()),
        collection: Some(change.address.collection.to_string()),
        hook: Some(HookJson {
            resource: ResourceJson {
                addr: resource.address,
                resource_type: resource.r#type.to_string(),
                resource_name: resource.name,
                resource_key: resource.index.to_string(),
            },
            action: change.action,
        }),
        ..new_message(timestamp, kind, format!("{}: {what}", change.address))
    }
}

fn new_message(timestamp: &str, kind: StreamMessageType, message: String) -> StreamMessage {
    StreamMessage {
        level: "info",
        message,
        module: "zonal.ui",
        timestamp: timestamp.to_owned(),
        r#type: kind,
        zone: None,
        collection: None,
        wave: None,
        deferral: None,
        hook: None,
        change: None,
        changes: None,
        problem: None,
        finding: None,
        unexpected_differences: Vec::new(),
        diagnostic: None,
        requests: None,
        zonal: None,
        ui: None,
    }
}

fn verb(action: ChangeAction) -> &'static str {
    match action {
        ChangeAction::Create => "create",
        ChangeAction::Update => "update",
        ChangeAction::Delete => "delete",
    }
}
