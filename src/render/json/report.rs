//! JSON format of an apply report, for the store and for `zonal runs merge`. zonal reads the format back.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plan::{ChangeDetailJson, PlanFileError, ResourceChangeJson};
use crate::model::{
    ApplyReport, Change, CollectionId, CollectionName, ContentDigest, Deferral, Plan, WaveReport,
    WriteOutcome, ZoneCode, ZoneFailure, ZoneReport,
};

/// Report of an apply.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "zonal runs merge --json, of an apply")]
pub struct ApplyReportJson {
    /// Digest of the applied plan.
    pub plan: ContentDigest,
    /// Zones with planned writes.
    pub zones: Vec<ZoneReportJson>,
    /// Waves with changes, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waves: Vec<WaveReport>,
}

/// Result of an apply in one zone.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ZoneReportJson {
    /// Alma institution code.
    pub code: Arc<str>,
    /// Failure, if zonal wrote no part of the zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_failure: Option<ZoneFailure>,
    /// Deferral of the zone, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Deferral>,
    /// Outcomes by collection, in order of completion.
    pub collections: Vec<CollectionReportJson>,
    /// Number of requests.
    pub requests: u64,
}

/// Outcome of a collection's write.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct CollectionReportJson {
    /// Collection, for example `CodeTable/UserBlockDescription[language=en]`.
    pub name: String,
    /// Collection name, split into fields.
    pub id: CollectionName,
    /// Outcome.
    pub outcome: WriteOutcomeJson,
}

/// Outcome of a write.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum WriteOutcomeJson {
    /// Written, read back and verified.
    Applied {
        /// Applied changes.
        changes: Vec<ReportedChangeJson>,
    },
    /// Changed in the zone since the plan; not written.
    Stale {
        /// Changes that a new plan would contain.
        now: Vec<ReportedChangeJson>,
    },
    /// Not written, or written with unknown outcome.
    Failed {
        /// Cause of the failure.
        problem: ZoneFailure,
    },
    /// Not written because a dependency failed.
    Blocked {
        /// Collection that failed.
        by: String,
        /// Name of that collection, split into fields.
        id: CollectionName,
    },
    /// Written, with differences after reading back.
    VerifyFailed {
        /// Differences, one line each.
        unexpected_differences: Vec<String>,
    },
    /// Not written because the plan defers the collection.
    Deferred {
        /// Deferral.
        deferral: Deferral,
    },
    /// Not written because the run was interrupted.
    Interrupted,
}

/// Change, with the same data as in a plan.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReportedChangeJson {
    /// Change in Terraform's format.
    pub resource: ResourceChangeJson,
    /// Details without an equivalent in Terraform's format.
    pub detail: ChangeDetailJson,
}

/// Result of an apply in one zone, as stored: without the changes that equal the plan.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredZoneReportJson {
    /// Result.
    report: ZoneReportJson,
    /// Positions of the collections whose applied changes are those of the plan.
    as_planned: Vec<usize>,
}

/// Returns a report as JSON. `digest` computes the digest of a change.
pub fn report(
    plan: &Plan,
    report: &ApplyReport,
    digest: impl Fn(&Change) -> ContentDigest,
) -> ApplyReportJson {
    let mut document = head(plan, report);
    let zones = report.zones.iter().map(|(code, zone)| zone_report(plan, code, zone, &digest, |_| true));
    document.zones = zones.collect();
    document
}

/// Returns a report as JSON, without its zones.
pub fn head(plan: &Plan, report: &ApplyReport) -> ApplyReportJson {
    ApplyReportJson { plan: plan.digest, zones: Vec::new(), waves: report.waves.clone() }
}

/// Returns the result of a zone for the store. If the store contains `plan`, leaves out the applied changes
/// that equal it.
pub fn stored_zone(
    plan: &Plan,
    is_stored: bool,
    code: &ZoneCode,
    zone: &ZoneReport,
    digest: impl Fn(&Change) -> ContentDigest,
) -> StoredZoneReportJson {
    let is_as_planned = |(id, outcome): &(CollectionId, WriteOutcome)| match outcome {
        WriteOutcome::Applied { changes } => is_stored && changes.iter().eq(planned(plan, code, id)),
        _ => false,
    };
    let collections = zone.collections.iter().enumerate();
    let as_planned: Vec<usize> =
        collections.filter(|(_, each)| is_as_planned(each)).map(|(index, _)| index).collect();
    let report = zone_report(plan, code, zone, digest, |index| as_planned.binary_search(&index).is_err());
    StoredZoneReportJson { report, as_planned }
}

/// Returns the changes that a plan makes in a collection.
fn planned<'a>(plan: &'a Plan, code: &ZoneCode, id: &CollectionId) -> impl Iterator<Item = &'a Change> {
    let steps = plan.zones.get(code).map_or(&[][..], |zone| &zone.collections);
    let id = id.clone();
    steps.iter().filter(move |step| step.diff.id == id).flat_map(|step| step.diff.to_apply())
}

/// Returns the result of a zone. `has_changes` is false for the index of a collection whose applied changes are left out.
fn zone_report(
    plan: &Plan,
    code: &ZoneCode,
    zone: &ZoneReport,
    digest: impl Fn(&Change) -> ContentDigest,
    has_changes: impl Fn(usize) -> bool,
) -> ZoneReportJson {
    let told = |changes: &[Change], id: &CollectionId| -> Vec<ReportedChangeJson> {
        let steps = plan.zones.get(code).map_or(&[][..], |zone| &zone.collections);
        let channel = steps.iter().find(|step| step.diff.id == *id).map(|step| step.channel);
        let told = |change: &Change| ReportedChangeJson {
            resource: super::plan::resource(change),
            detail: super::plan::detail(id, channel.unwrap_or_default(), change, digest(change)),
        };
        changes.iter().map(told).collect()
    };
    let outcome = |index, each: &(CollectionId, WriteOutcome)| match each {
        (id, WriteOutcome::Applied { changes }) => WriteOutcomeJson::Applied {
            changes: if has_changes(index) { told(changes, id) } else { Vec::new() },
        },
        (id, WriteOutcome::Stale { now }) => WriteOutcomeJson::Stale { now: told(now, id) },
        (_, WriteOutcome::Failed { failure }) => WriteOutcomeJson::Failed { problem: failure.clone() },
        (_, WriteOutcome::Blocked { by }) => WriteOutcomeJson::Blocked { by: by.to_string(), id: by.into() },
        (_, WriteOutcome::VerifyFailed { unexpected_differences: strays }) => {
            WriteOutcomeJson::VerifyFailed { unexpected_differences: strays.clone() }
        }
        (_, WriteOutcome::Deferred { deferral: hold }) => {
            WriteOutcomeJson::Deferred { deferral: hold.clone() }
        }
        (_, WriteOutcome::Interrupted) => WriteOutcomeJson::Interrupted,
    };
    ZoneReportJson {
        code: code.0.clone(),
        zone_failure: zone.zone_failure.clone(),
        deferral: zone.deferral.clone(),
        collections: (zone.collections.iter().enumerate())
            .map(|(index, each)| CollectionReportJson {
                name: each.0.to_string(),
                id: (&each.0).into(),
                outcome: outcome(index, each),
            })
            .collect(),
        requests: zone.requests,
    }
}

/// Parses a report. An empty text or object is the report of a run without writes.
///
/// # Errors
/// [`PlanFileError`], with the problem.
pub fn parse(text: &str) -> Result<ApplyReport, PlanFileError> {
    if matches!(text.trim(), "" | "{}") {
        return Ok(ApplyReport::default());
    }
    let file: ApplyReportJson =
        serde_json::from_str(text).map_err(|error| PlanFileError::NotAPlan(error.to_string()))?;
    let mut report = ApplyReport { waves: file.waves, ..ApplyReport::default() };
    for zone in file.zones {
        add_zone(&mut report, zone)?;
    }
    Ok(report)
}

/// Parses the stored result of a zone, and adds it to a report.
///
/// `plan` is the stored plan of the run. Without it, changes that equal the plan are left out.
///
/// # Errors
/// [`PlanFileError`], with the problem.
pub fn add_stored_zone(
    report: &mut ApplyReport,
    text: &str,
    plan: Option<&Plan>,
) -> Result<(), PlanFileError> {
    let stored: StoredZoneReportJson =
        serde_json::from_str(text).map_err(|error| PlanFileError::NotAPlan(error.to_string()))?;
    let code = ZoneCode(stored.report.code.clone());
    add_zone(report, stored.report)?;
    let (Some(plan), Some(zone)) = (plan, report.zones.get_mut(&code)) else { return Ok(()) };
    for index in stored.as_planned {
        if let Some((id, WriteOutcome::Applied { changes })) = zone.collections.get_mut(index) {
            *changes = planned(plan, &code, id).cloned().collect();
        }
    }
    Ok(())
}

fn add_zone(report: &mut ApplyReport, zone: ZoneReportJson) -> Result<(), PlanFileError> {
    let ZoneReportJson { code, zone_failure: refused, deferral: held, collections, requests } = zone;
    let collections: Result<Vec<(CollectionId, WriteOutcome)>, PlanFileError> =
        collections.into_iter().map(collection).collect();
    let zone = ZoneReport { zone_failure: refused, deferral: held, collections: collections?, requests };
    report.zones.insert(ZoneCode(code), zone);
    Ok(())
}

fn collection(
    CollectionReportJson { name: _, id, outcome }: CollectionReportJson,
) -> Result<(CollectionId, WriteOutcome), PlanFileError> {
    let id = CollectionId::from(id);
    let changes = |told: Vec<ReportedChangeJson>| -> Result<Vec<Change>, PlanFileError> {
        let change = |ReportedChangeJson { resource, detail }| super::plan::change(&id, resource, detail);
        told.into_iter().map(change).collect()
    };
    let outcome = match outcome {
        WriteOutcomeJson::Applied { changes: told } => WriteOutcome::Applied { changes: changes(told)? },
        WriteOutcomeJson::Stale { now } => WriteOutcome::Stale { now: changes(now)? },
        WriteOutcomeJson::Failed { problem } => WriteOutcome::Failed { failure: problem },
        WriteOutcomeJson::Blocked { by: _, id } => WriteOutcome::Blocked { by: id.into() },
        WriteOutcomeJson::VerifyFailed { unexpected_differences: strays } => {
            WriteOutcome::VerifyFailed { unexpected_differences: strays }
        }
        WriteOutcomeJson::Deferred { deferral: hold } => WriteOutcome::Deferred { deferral: hold },
        WriteOutcomeJson::Interrupted => WriteOutcome::Interrupted,
    };
    Ok((id, outcome))
}
