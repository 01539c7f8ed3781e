//! What `zonal support jobs --json` prints, which is a published promise.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::JobsAnswer;
use crate::provider::alma::jobs::{JobRun, JobRunList, JobRunStatus};
use crate::render::json::FailureJson;

/// How the jobs of the zones went lately.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal support jobs --json")]
pub struct JobsJson {
    /// Version of the shape: its major number changes when a field goes or changes its meaning.
    pub format_version: &'static str,
    /// The network's name.
    pub network: String,
    /// The environment chosen; null for the manifest as it stands.
    pub environment: Option<String>,
    /// The first day that was asked for.
    pub from: String,
    /// The last day that was asked for, included. Tomorrow, because zones live in other time zones.
    pub to: String,
    /// Whether every zone, and every job that was asked, answered.
    pub complete: bool,
    /// The zones that were selected.
    pub zones: Vec<ZoneJobsJson>,
}

/// How the jobs of one zone went.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ZoneJobsJson {
    /// The zone's code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Why the zone could not be asked.
    pub problem: Option<FailureJson>,
    /// Jobs that the zone lists, with --job those that are called so; null where it could not be asked.
    pub jobs_listed: Option<usize>,
    /// Jobs that were asked for their runs.
    pub jobs_asked: usize,
    /// Jobs that had more runs than were read.
    pub jobs_cut: Vec<String>,
    /// Jobs that did not answer.
    pub jobs_silent: Vec<UnansweredJobJson>,
    /// Requests that it took.
    pub requests: u64,
    /// The runs, failed ones first, then the latest.
    pub runs: Vec<JobRunJson>,
}

/// A job that did not answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnansweredJobJson {
    /// Its name.
    pub job: String,
    /// Why.
    pub problem: FailureJson,
}

/// One run of a job. What is null was not told.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JobRunJson {
    /// The job's name.
    pub job: String,
    /// The job's id.
    pub job_id: String,
    /// The run's id.
    pub id: Option<String>,
    /// How it went, in a word of zonal's.
    pub went: JobRunStatus,
    /// How it went, in Alma's code (code table `systemJobStatus`).
    pub status: Option<String>,
    /// Who started it: a person, `System` or `API`.
    pub submitted_by: Option<String>,
    /// When it was submitted.
    pub submit_time: Option<String>,
    /// When it began.
    pub start_time: Option<String>,
    /// When it ended.
    pub end_time: Option<String>,
    /// How far it is, in percent, as Alma writes it.
    pub progress: Option<String>,
    /// What it warns of.
    pub alerts: Vec<String>,
    /// What it counted.
    pub counters: BTreeMap<String, String>,
}

impl From<JobsAnswer<'_>> for ZoneJobsJson {
    fn from(JobsAnswer { zone, look, requests }: JobsAnswer<'_>) -> Self {
        let problem = look.as_ref().err().map(FailureJson::from);
        let jobs_listed = look.as_ref().ok().map(|look| look.listed);
        let JobRunList { listed: _, asked, cut, silent, runs } = look.unwrap_or_default();
        let silent = silent
            .iter()
            .map(|(job, failure)| UnansweredJobJson { job: job.clone(), problem: failure.into() });
        Self {
            code: zone.code.to_string(),
            name: zone.name.clone(),
            problem,
            jobs_listed,
            jobs_asked: asked,
            jobs_cut: cut,
            jobs_silent: silent.collect(),
            requests,
            runs: runs.into_iter().map(JobRunJson::from).collect(),
        }
    }
}

impl From<JobRun> for JobRunJson {
    fn from(run: JobRun) -> Self {
        let went = run.went();
        let JobRun { job, job_id, id, status, status_in_words: _, submitted_by, submitted, started, .. } =
            run;
        Self {
            job,
            job_id,
            id,
            went,
            status,
            submitted_by,
            submit_time: submitted,
            start_time: started,
            end_time: run.ended,
            progress: run.progress,
            alerts: run.alerts,
            counters: run.counters.into_iter().collect(),
        }
    }
}
