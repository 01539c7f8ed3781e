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

/// Returns a report as JSON. `digest` computes the digest of a change.
pub fn report(
    plan: &Plan,
    report: &ApplyReport,
    digest: impl Fn(&Change) -> ContentDigest,
) -> ApplyReportJson {
    let told = |changes: &[Change], code: &ZoneCode, id: &CollectionId| -> Vec<ReportedChangeJson> {
        let steps = plan.zones.get(code).map_or(&[][..], |zone| &zone.collections);
        let channel = steps.iter().find(|step| step.diff.id == *id).map(|step| step.channel);
        let told = |change: &Change| ReportedChangeJson {
            resource: super::plan::resource(change),
            detail: super::plan::detail(id, channel.unwrap_or_default(), change, digest(change)),
        };
        changes.iter().map(told).collect()
    };
    let outcome = |code: &ZoneCode, id: &CollectionId, outcome: &WriteOutcome| match outcome {
        WriteOutcome::Applied { changes } => WriteOutcomeJson::Applied { changes: told(changes, code, id) },
        WriteOutcome::Stale { now } => WriteOutcomeJson::Stale { now: told(now, code, id) },
        WriteOutcome::Failed { failure } => WriteOutcomeJson::Failed { problem: failure.clone() },
        WriteOutcome::Blocked { by } => WriteOutcomeJson::Blocked { by: by.to_string(), id: by.into() },
        WriteOutcome::VerifyFailed { unexpected_differences: strays } => {
            WriteOutcomeJson::VerifyFailed { unexpected_differences: strays.clone() }
        }
        WriteOutcome::Deferred { deferral: hold } => WriteOutcomeJson::Deferred { deferral: hold.clone() },
        WriteOutcome::Interrupted => WriteOutcomeJson::Interrupted,
    };
    let zones = report.zones.iter().map(|(code, zone)| ZoneReportJson {
        code: code.0.clone(),
        zone_failure: zone.zone_failure.clone(),
        deferral: zone.deferral.clone(),
        collections: (zone.collections.iter())
            .map(|(id, ended)| CollectionReportJson {
                name: id.to_string(),
                id: id.into(),
                outcome: outcome(code, id, ended),
            })
            .collect(),
        requests: zone.requests,
    });
    ApplyReportJson { plan: plan.digest, zones: zones.collect(), waves: report.waves.clone() }
}

/// Parses a report. An empty object is the report of a run without writes.
///
/// # Errors
/// [`PlanFileError`], with the problem.
pub fn parse(text: &str) -> Result<ApplyReport, PlanFileError> {
    if text.trim() == "{}" {
        return Ok(ApplyReport::default());
    }
    let file: ApplyReportJson =
        serde_json::from_str(text).map_err(|error| PlanFileError::NotAPlan(error.to_string()))?;
    let mut report = ApplyReport::default();
    for ZoneReportJson { code, zone_failure: refused, deferral: held, collections, requests } in file.zones {
        let collections: Result<Vec<(CollectionId, WriteOutcome)>, PlanFileError> =
            collections.into_iter().map(collection).collect();
        let zone = ZoneReport { zone_failure: refused, deferral: held, collections: collections?, requests };
        report.zones.insert(ZoneCode(code), zone);
    }
    report.waves = file.waves;
    Ok(report)
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
