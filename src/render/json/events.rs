//! An apply as newline-delimited JSON, in the names of Terraform's own stream.
//!
//! The first line is `version`. A minor number of `ui` that grows means properties to ignore, a
//! major one means to stop reading.

use super::line::{Hook, Line, Resource, Summary, Type};
use super::plan::resource;
use crate::model::{
    Action, Change, CollectionId, Counts, Event, Failure, Finding, Outcome, Verdict, WaveEnd, ZoneCode,
};
use crate::render::diagnostics;

/// The first line.
pub fn version(timestamp: &str) -> Line {
    let message = format!("zonal {}", env!("CARGO_PKG_VERSION"));
    Line {
        zonal: Some(env!("CARGO_PKG_VERSION")),
        ui: Some("1.0"),
        ..line(timestamp, Type::Version, message)
    }
}

/// A change of the plan: one that will be applied, or one that is only reported.
pub fn planned(change: &Change, kind: Type, timestamp: &str) -> Line {
    let message = format!("{}: plan to {}", change.address, verb(change.action));
    Line {
        zone: Some(change.address.zone.to_string()),
        collection: Some(change.address.collection.to_string()),
        change: Some(resource(change)),
        ..line(timestamp, kind, message)
    }
}

/// A problem of the manifests.
pub fn diagnostic(problem: diagnostics::Problem, timestamp: &str) -> Line {
    let level = match problem.severity {
        diagnostics::Grade::Error => "error",
        diagnostics::Grade::Warning => "warn",
    };
    let message = match &problem.range {
        Some(range) => {
            let start = range.start;
            format!("{}:{}:{}: {}", range.filename, start.line, start.column, problem.summary)
        }
        None => problem.summary.clone(),
    };
    Line { level, diagnostic: Some(problem), ..line(timestamp, Type::Diagnostic, message) }
}

/// A collection that cannot be planned, because it could not be read or does not fit the manifests.
pub fn not_planned(zone: &ZoneCode, collection: &CollectionId, failure: &Failure, timestamp: &str) -> Line {
    let message = format!("{zone}/{collection}: cannot be planned: {failure}");
    Line {
        level: "error",
        zone: Some(zone.to_string()),
        collection: Some(collection.to_string()),
        problem: Some(failure.into()),
        ..line(timestamp, Type::PlanErrored, message)
    }
}

/// What a guard or a policy has found in the plan.
pub fn finding(finding: &Finding, timestamp: &str) -> Line {
    let level = match finding.verdict {
        Verdict::Deny | Verdict::Hold => "error",
        Verdict::RequireApproval | Verdict::Warn | Verdict::Overridden { .. } => "warn",
    };
    let message = format!("{}: {}", finding.guard, finding.message);
    Line { level, finding: Some(finding.into()), ..line(timestamp, Type::Finding, message) }
}

/// The totals of a plan.
pub fn plan_summary(counts: &Counts, timestamp: &str) -> Line {
    let Counts { add, change, destroy, .. } = *counts;
    let message = format!("Plan: {add} to add, {change} to change, {destroy} to destroy.");
    let changes = Summary { add, change, remove: destroy, operation: "plan", exit_codes: Vec::new() };
    Line { changes: Some(changes), ..line(timestamp, Type::ChangeSummary, message) }
}

/// The last line of an apply.
pub fn apply_summary(report: &crate::model::Report, exit_codes: Vec<u8>, timestamp: &str) -> Line {
    let applied =
        report.zones.values().flat_map(|zone| &zone.collections).filter_map(|(_, outcome)| match outcome {
            Outcome::Applied { changes } => Some(changes),
            Outcome::Stale { .. }
            | Outcome::Failed { .. }
            | Outcome::Blocked { .. }
            | Outcome::VerifyFailed { .. }
            | Outcome::Held { .. }
            | Outcome::Interrupted => None,
        });
    let applied: Vec<Action> = applied.flatten().map(|change| change.action).collect();
    let number = |action| applied.iter().filter(|applied| **applied == action).count();
    let (add, change, remove) = (number(Action::Create), number(Action::Update), number(Action::Delete));
    let verdict = if exit_codes == [0] { "Apply complete!" } else { "Apply incomplete." };
    let message = format!("{verdict} Records: {add} added, {change} changed, {remove} destroyed.");
    let level = if exit_codes == [0] { "info" } else { "error" };
    let changes = Summary { add, change, remove, operation: "apply", exit_codes };
    Line { level, changes: Some(changes), ..line(timestamp, Type::ChangeSummary, message) }
}

/// The lines of an event; a collection's write is one line for each of its records.
pub fn lines(event: &Event, timestamp: &str) -> Vec<Line> {
    let line = |kind, message: String| line(timestamp, kind, message);
    match event {
        Event::ObserveStart { zone, collections } => {
            let message = format!("{zone}: reading {collections} collections");
            vec![Line { zone: Some(zone.to_string()), ..line(Type::ObserveStart, message) }]
        }
        Event::Observed { zone, collection, failure } => {
            let (zone, collection) = (zone.to_string(), collection.to_string());
            let line = match failure {
                None => line(Type::ObserveProgress, format!("{zone}/{collection}: read")),
                Some(failure) => Line {
                    level: "error",
                    problem: Some(failure.into()),
                    ..line(Type::ObserveFailed, format!("{zone}/{collection}: {failure}"))
                },
            };
            vec![Line { zone: Some(zone), collection: Some(collection), ..line }]
        }
        Event::ObserveComplete { zone, requests } => {
            let message = format!("{zone}: read, {requests} requests");
            vec![Line {
                zone: Some(zone.to_string()),
                requests: Some(*requests),
                ..line(Type::ObserveComplete, message)
            }]
        }
        Event::ZoneStart { zone, collections } => {
            let message = format!("{zone}: writing {collections} collections");
            vec![Line { zone: Some(zone.to_string()), ..line(Type::ZoneStart, message) }]
        }
        Event::ZoneRefused { zone, failure } => {
            let message = format!("{zone}: nothing is written: {failure}");
            vec![Line {
                level: "error",
                zone: Some(zone.to_string()),
                problem: Some(failure.into()),
                ..line(Type::ZoneRefused, message)
            }]
        }
        Event::ZoneHeld { zone, hold } => {
            let message = format!("{zone}: {hold}");
            let held = Some(hold.clone());
            vec![Line {
                level: "warn",
                zone: Some(zone.to_string()),
                hold: held,
                ..line(Type::Held, message)
            }]
        }
        Event::ZoneWaiting { zone, by } => {
            let message = format!("{zone}: waiting for {by}, which writes to it");
            vec![Line { level: "warn", zone: Some(zone.to_string()), ..line(Type::ZoneWaiting, message) }]
        }
        Event::WaveStart { wave, zones } => {
            let message = format!("wave {wave}: {zones} zones");
            vec![Line { wave: Some(wave.to_string()), ..line(Type::WaveStart, message) }]
        }
        Event::WaveComplete { wave, end } => {
            let message = format!("wave {wave}: {}", crate::render::text::wave_end(end));
            let level = match end {
                WaveEnd::Verified { .. } => "info",
                WaveEnd::Failed { .. } | WaveEnd::Idle | WaveEnd::Interrupted => "error",
            };
            vec![Line { level, wave: Some(wave.to_string()), ..line(Type::WaveComplete, message) }]
        }
        Event::ApplyStart { zone: _, collection: _, changes } => {
            changes.iter().map(|change| hooked(change, Type::ApplyStart, "applying", timestamp)).collect()
        }
        Event::ApplyEnd { zone, collection, outcome } => {
            let ended = ended(&format!("{zone}/{collection}"), outcome, timestamp);
            let (zone, collection) = (zone.to_string(), collection.to_string());
            let place =
                |line| Line { zone: Some(zone.clone()), collection: Some(collection.clone()), ..line };
            ended.into_iter().map(place).collect()
        }
        Event::ZoneComplete { zone, requests } => {
            let message = format!("{zone}: done, {requests} requests");
            vec![Line {
                zone: Some(zone.to_string()),
                requests: Some(*requests),
                ..line(Type::ZoneComplete, message)
            }]
        }
    }
}

fn ended(place: &str, outcome: &Outcome, timestamp: &str) -> Vec<Line> {
    let error = |kind, message: String| Line { level: "error", ..line(timestamp, kind, message) };
    match outcome {
        Outcome::Applied { changes } => changes
            .iter()
            .map(|change| hooked(change, Type::ApplyComplete, "applied and verified", timestamp))
            .collect(),
        Outcome::Stale { now } => {
            let message = format!("{place}: stale: it moved since the plan; nothing was written");
            let mut lines = vec![error(Type::Stale, message)];
            lines.extend(now.iter().map(|change| planned(change, Type::Stale, timestamp)));
            lines
        }
        Outcome::Failed { failure } => {
            let message = format!("{place}: failed: {failure}");
            vec![Line { problem: Some(failure.into()), ..error(Type::ApplyErrored, message) }]
        }
        Outcome::Blocked { by } => {
            vec![error(Type::Blocked, format!("{place}: blocked: it depends on {by}, which was not written"))]
        }
        Outcome::VerifyFailed { strays } => {
            let message = format!("{place}: sent, but verification failed");
            vec![Line { strays: strays.clone(), ..error(Type::VerifyFailed, message) }]
        }
        Outcome::Held { hold } => {
            let line = line(timestamp, Type::Held, format!("{place}: {hold}"));
            vec![Line { level: "warn", hold: Some(hold.clone()), ..line }]
        }
        Outcome::Interrupted => {
            vec![error(Type::Interrupted, format!("{place}: not tried, because the run was interrupted"))]
        }
    }
}

fn hooked(change: &Change, kind: Type, what: &str, timestamp: &str) -> Line {
    let resource = resource(change);
    Line {
        zone: Some(resource.index.to_string()),
        collection: Some(change.address.collection.to_string()),
        hook: Some(Hook {
            resource: Resource {
                addr: resource.address,
                resource_type: resource.r#type.to_string(),
                resource_name: resource.name,
                resource_key: resource.index.to_string(),
            },
            action: change.action,
        }),
        ..line(timestamp, kind, format!("{}: {what}", change.address))
    }
}

fn line(timestamp: &str, kind: Type, message: String) -> Line {
    Line {
        level: "info",
        message,
        module: "zonal.ui",
        timestamp: timestamp.to_owned(),
        r#type: kind,
        zone: None,
        collection: None,
        wave: None,
        hold: None,
        hook: None,
        change: None,
        changes: None,
        problem: None,
        finding: None,
        strays: Vec::new(),
        diagnostic: None,
        requests: None,
        zonal: None,
        ui: None,
    }
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Delete => "delete",
    }
}
