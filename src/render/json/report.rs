//! What an apply came to, as the store keeps it and `zonal runs merge` prints it: read back whole.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FailureJson;
use super::plan::{ChangeDetailJson, PlanFileError, ResourceChangeJson};
use crate::model::{
    ApplyReport, Change, CollectionId, CollectionName, ContentDigest, Deferral, Plan, WaveReport, WaveResult,
    WriteOutcome, ZoneCode, ZoneFailure, ZoneReport,
};

/// What an apply came to.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "zonal runs merge --json, of an apply")]
pub struct ApplyReportJson {
    /// Of the plan that was carried out.
    pub plan: ContentDigest,
    /// The zones that it was to write to.
    pub zones: Vec<ZoneReportJson>,
    /// The waves that had anything to do, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waves: Vec<WaveReportJson>,
}

/// How an apply ended in one zone.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ZoneReportJson {
    /// Alma's institution code.
    pub code: Arc<str>,
    /// Why it was not written to at all, where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_failure: Option<FailureJson>,
    /// Why it was left alone for now, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Deferral>,
    /// What became of its collections, in the order in which they ended.
    pub collections: Vec<CollectionReportJson>,
    /// Requests that it took.
    pub requests: u64,
}

/// How the write of one collection ended.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct CollectionReportJson {
    /// `CodeTable/UserBlockDescription[language=en]`.
    pub name: String,
    /// The name in its parts.
    pub id: CollectionName,
    /// How it ended.
    pub outcome: WriteOutcomeJson,
}

/// How a write ended.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum WriteOutcomeJson {
    /// Written, read back, and found to be as wanted.
    Applied {
        /// What was changed.
        changes: Vec<ReportedChangeJson>,
    },
    /// The zone moved since the plan was made: nothing was written.
    Stale {
        /// What would have to be changed now.
        now: Vec<ReportedChangeJson>,
    },
    /// Not written, or not known to be written.
    Failed {
        /// Why.
        problem: FailureJson,
    },
    /// Not tried, because something that it depends on did not succeed.
    Blocked {
        /// What it depends on, in words.
        by: String,
        /// The same in its parts.
        id: CollectionName,
    },
    /// Written, and what was read back is not what was sent.
    VerifyFailed {
        /// What is different, one line each.
        unexpected_differences: Vec<String>,
    },
    /// Not tried, because the plan holds it back.
    Held {
        /// Why.
        deferral: Deferral,
    },
    /// Not tried, because the run was interrupted.
    Interrupted,
}

/// One change, as a plan tells of it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReportedChangeJson {
    /// The change in Terraform's shape.
    pub resource: ResourceChangeJson,
    /// What Terraform has no word for.
    pub detail: ChangeDetailJson,
}

/// How one wave of a rollout ended.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct WaveReportJson {
    /// Its name.
    pub name: Arc<str>,
    /// Its zones that there was anything to do in.
    pub zones: Vec<Arc<str>>,
    /// How it ended.
    pub result: WaveResultJson,
    /// Zones that failed in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Arc<str>>,
}

/// How a wave ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaveResultJson {
    /// Looked at again afterwards, and found as it should be, as far as the stop rule asks for it.
    Verified,
    /// Too many zones failed: no further wave begins.
    Failed,
    /// Nothing was written in it: no further wave begins.
    Idle,
    /// The run was interrupted.
    Interrupted,
}

/// A report as JSON. `digest` gives a change's digest.
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
        WriteOutcome::Failed { failure } => WriteOutcomeJson::Failed { problem: failure.into() },
        WriteOutcome::Blocked { by } => WriteOutcomeJson::Blocked { by: by.to_string(), id: by.into() },
        WriteOutcome::VerifyFailed { unexpected_differences: strays } => {
            WriteOutcomeJson::VerifyFailed { unexpected_differences: strays.clone() }
        }
        WriteOutcome::Held { deferral: hold } => WriteOutcomeJson::Held { deferral: hold.clone() },
        WriteOutcome::Interrupted => WriteOutcomeJson::Interrupted,
    };
    let zones = report.zones.iter().map(|(code, zone)| ZoneReportJson {
        code: code.0.clone(),
        zone_failure: zone.zone_failure.as_ref().map(FailureJson::from),
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
    ApplyReportJson {
        plan: plan.digest,
        zones: zones.collect(),
        waves: report.waves.iter().map(wave).collect(),
    }
}

fn wave(WaveReport { name, zones, result: end }: &WaveReport) -> WaveReportJson {
    let codes = |zones: &[ZoneCode]| zones.iter().map(|code| code.0.clone()).collect::<Vec<_>>();
    let (end, failed) = match end {
        WaveResult::Verified { failed } => (WaveResultJson::Verified, codes(failed)),
        WaveResult::Failed { failed } => (WaveResultJson::Failed, codes(failed)),
        WaveResult::NothingWritten => (WaveResultJson::Idle, Vec::new()),
        WaveResult::Interrupted => (WaveResultJson::Interrupted, Vec::new()),
    };
    WaveReportJson { name: name.clone(), zones: codes(zones), result: end, failed }
}

/// Reads a report back. An empty object is one of a run that wrote nothing.
///
/// # Errors
/// [`Unreadable`], with what is wrong.
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
        let refused = refused.map(ZoneFailure::from);
        let zone = ZoneReport { zone_failure: refused, deferral: held, collections: collections?, requests };
        report.zones.insert(ZoneCode(code), zone);
    }
    report.waves = file.waves.into_iter().map(WaveReport::from).collect();
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
        WriteOutcomeJson::Failed { problem } => WriteOutcome::Failed { failure: problem.into() },
        WriteOutcomeJson::Blocked { by: _, id } => WriteOutcome::Blocked { by: id.into() },
        WriteOutcomeJson::VerifyFailed { unexpected_differences: strays } => {
            WriteOutcome::VerifyFailed { unexpected_differences: strays }
        }
        WriteOutcomeJson::Held { deferral: hold } => WriteOutcome::Held { deferral: hold },
        WriteOutcomeJson::Interrupted => WriteOutcome::Interrupted,
    };
    Ok((id, outcome))
}

impl From<WaveReportJson> for WaveReport {
    fn from(WaveReportJson { name, zones, result: end, failed }: WaveReportJson) -> Self {
        let codes = |zones: Vec<Arc<str>>| zones.into_iter().map(ZoneCode).collect();
        let end = match end {
            WaveResultJson::Verified => WaveResult::Verified { failed: codes(failed) },
            WaveResultJson::Failed => WaveResult::Failed { failed: codes(failed) },
            WaveResultJson::Idle => WaveResult::NothingWritten,
            WaveResultJson::Interrupted => WaveResult::Interrupted,
        };
        Self { name, zones: codes(zones), result: end }
    }
}
