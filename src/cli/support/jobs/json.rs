//! Published format of `zonal support jobs --json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::JobsAnswer;
use crate::model::ZoneFailure;
use crate::provider::alma::jobs::{JobRun, JobRunList, JobRunStatus};

/// Recent job runs of the zones.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal support jobs --json")]
pub struct JobsJson {
    /// Version of the format; the major number changes if a field is removed or changes its meaning.
    pub format_version: &'static str,
    /// Name of the network.
    pub network: String,
    /// Selected environment; null without an environment.
    pub environment: Option<String>,
    /// First queried day.
    pub from: String,
    /// Last queried day, included. Tomorrow, because zones are in different time zones.
    pub to: String,
    /// True if every zone and every queried job answered.
    pub complete: bool,
    /// Selected zones.
    pub zones: Vec<ZoneJobsJson>,
}

/// Job runs of one zone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ZoneJobsJson {
    /// Code of the zone.
    pub code: String,
    /// Name of the zone.
    pub name: String,
    /// Failure of the read, if the zone could not be read.
    pub problem: Option<ZoneFailure>,
    /// Number of jobs in the zone that match --job; null if the zone could not be read.
    pub jobs_listed: Option<usize>,
    /// Number of jobs whose runs were queried.
    pub jobs_asked: usize,
    /// Jobs with more runs than zonal read.
    pub jobs_cut: Vec<String>,
    /// Jobs without an answer.
    pub jobs_silent: Vec<UnansweredJobJson>,
    /// Number of requests.
    pub requests: u64,
    /// Runs, failed first, then newest first.
    pub runs: Vec<JobRunJson>,
}

/// Job without an answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnansweredJobJson {
    /// Name of the job.
    pub job: String,
    /// Failure of the query.
    pub problem: ZoneFailure,
}

/// Run of a job; null marks a missing value.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JobRunJson {
    /// Name of the job.
    pub job: String,
    /// ID of the job.
    pub job_id: String,
    /// ID of the run.
    pub id: Option<String>,
    /// Result of the run, in zonal's own terms.
    pub went: JobRunStatus,
    /// Status of the run, as Alma's code (code table `systemJobStatus`).
    pub status: Option<String>,
    /// Submitter: a person, `System` or `API`.
    pub submitted_by: Option<String>,
    /// Time of the submission.
    pub submit_time: Option<String>,
    /// Start time.
    pub start_time: Option<String>,
    /// End time.
    pub end_time: Option<String>,
    /// Progress in percent, as Alma writes the number.
    pub progress: Option<String>,
    /// Alerts of the run.
    pub alerts: Vec<String>,
    /// Counters of the run.
    pub counters: BTreeMap<String, String>,
}

impl From<JobsAnswer<'_>> for ZoneJobsJson {
    fn from(JobsAnswer { zone, look, requests }: JobsAnswer<'_>) -> Self {
        let problem = look.as_ref().err().cloned();
        let jobs_listed = look.as_ref().ok().map(|look| look.listed);
        let JobRunList { listed: _, asked, cut, silent, runs } = look.unwrap_or_default();
        let silent = silent
            .iter()
            .map(|(job, failure)| UnansweredJobJson { job: job.clone(), problem: failure.clone() });
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
