//! Reads the recent job runs of a zone with GET requests only.
//!
//! The API has no list of all runs, so zonal queries each job separately. The cost: one request per hundred
//! listed jobs, plus one per queried job.

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde_json::Value as Json;

use super::AlmaReader;
use super::paged_list::{PAGES, items, total};
use super::table_layout::{inner, non_empty_text};
use crate::model::ZoneFailure;
use crate::provider::http::get_client::GetClient;
use crate::provider::http::request_path::RequestPath;

/// Jobs per page of the list, the maximum of the API (the vendor's OpenAPI).
const PAGE: usize = 100;

/// Selection of job runs.
#[derive(Debug, Clone)]
pub struct JobRunQuery {
    /// First day, `2026-03-01`.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// Maximum number of jobs to query.
    pub jobs: usize,
    /// Text in the job's name, case-insensitive; `None` for all jobs.
    pub named: Option<String>,
}

/// Job runs of a zone, with counts.
#[derive(Debug, Clone, Default)]
pub struct JobRunList {
    /// Number of listed jobs that match the selection.
    pub listed: usize,
    /// Number of queried jobs, scheduled jobs first.
    pub asked: usize,
    /// Names of jobs with more runs than zonal read.
    pub cut: Vec<String>,
    /// Names of jobs whose runs could not be read, with the failure.
    pub silent: Vec<(String, ZoneFailure)>,
    /// Runs, failed runs first.
    pub runs: Vec<JobRun>,
}

/// Run of a job. Fields that the zone omits are unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobRun {
    /// Name of the job.
    pub job: String,
    /// ID of the job, such as `S123` for a scheduled job.
    pub job_id: String,
    /// ID of the run.
    pub id: Option<String>,
    /// Alma's status code, `COMPLETED_SUCCESS`.
    pub status: Option<String>,
    /// Alma's status text.
    pub status_in_words: Option<String>,
    /// Initiator: a person, `System` or `API`.
    pub submitted_by: Option<String>,
    /// Time of submission.
    pub submitted: Option<String>,
    /// Start time.
    pub started: Option<String>,
    /// End time.
    pub ended: Option<String>,
    /// Progress in percent, as text from the zone.
    pub progress: Option<String>,
    /// Warnings of the run.
    pub alerts: Vec<String>,
    /// Counters of the run, with values.
    pub counters: Vec<(String, String)>,
}

/// Status of a run, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobRunStatus {
    /// Failed, aborted, or ended with errors.
    Failed,
    /// Ended with warnings, did nothing, or waits for a person.
    Warning,
    /// Queued or running.
    Running,
    /// Completed successfully.
    Succeeded,
    /// Missing, or unknown to zonal.
    Unknown,
}

impl JobRun {
    /// Returns the status. The codes belong to the code table `systemJobStatus`, as listed by client authors.
    pub fn went(&self) -> JobRunStatus {
        match self.status.as_deref() {
            Some("COMPLETED_FAILED" | "FAILED" | "SYSTEM_ABORTED" | "USER_ABORTED") => JobRunStatus::Failed,
            Some("COMPLETED_WARNING" | "COMPLETED_NO_BULKS" | "MANUAL_HANDLING_REQUIRED" | "SKIPPED") => {
                JobRunStatus::Warning
            }
            Some("QUEUED" | "PENDING" | "INITIALIZING" | "RUNNING" | "FINALIZING") => JobRunStatus::Running,
            Some("COMPLETED_SUCCESS") => JobRunStatus::Succeeded,
            Some(_) | None => JobRunStatus::Unknown,
        }
    }
}

/// Job of the list.
struct JobSummary {
    id: String,
    name: String,
    scheduled: bool,
}

impl AlmaReader {
    /// Reads the job runs of the selected days.
    ///
    /// # Errors
    /// Any failure of a read. The failure of a single job is part of the result.
    pub async fn jobs(&self, asked: &JobRunQuery) -> Result<JobRunList, ZoneFailure> {
        let look = fetch_job_runs(&self.getter, asked).await;
        look.map_err(|failure| self.getter.discreet(failure))
    }
}

async fn fetch_job_runs(getter: &GetClient, asked: &JobRunQuery) -> Result<JobRunList, ZoneFailure> {
    let mut jobs = list(getter).await?;
    if let Some(named) = &asked.named {
        let named = named.to_lowercase();
        jobs.retain(|job| job.name.to_lowercase().contains(&named));
    }
    // Scheduled jobs run unattended, so they come first.
    jobs.sort_by_key(|job| !job.scheduled);
    let mut look =
        JobRunList { listed: jobs.len(), asked: jobs.len().min(asked.jobs), ..JobRunList::default() };
    let mut answers: FuturesUnordered<_> = (jobs.iter().take(asked.jobs))
        .map(|job| async move { (job, runs(getter, job, asked).await) })
        .collect();
    while let Some((job, answer)) = answers.next().await {
        match answer {
            Ok((runs, total)) => {
                look.cut.extend((total > runs.len()).then(|| job.name.clone()));
                look.runs.extend(runs);
            }
            Err(failure) if failure.class.whole_zone() => return Err(failure),
            Err(failure) => look.silent.push((job.name.clone(), getter.discreet(failure))),
        }
    }
    let key = |run: &JobRun| {
        (run.went(), std::cmp::Reverse(run.submitted.clone()), run.job.clone(), run.id.clone())
    };
    look.runs.sort_by_cached_key(key);
    look.cut.sort();
    look.silent.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(look)
}

async fn list(getter: &GetClient) -> Result<Vec<JobSummary>, ZoneFailure> {
    let mut jobs: Vec<JobSummary> = Vec::new();
    // Pages may be smaller than requested, so the next page starts at the end of this page.
    let mut read = 0;
    for _ in 0..PAGES {
        let offset = (read > 0).then(|| read.to_string());
        let path = RequestPath::new(&["conf", "jobs"])?
            .query("limit", Some(&PAGE.to_string()))
            .query("offset", offset.as_deref());
        let body = getter.json(&path).await?;
        let (found, known) = (items(&body, "job")?, jobs.len());
        for job in &found {
            let Some(id) = non_empty_text(job.get("id")) else { continue };
            if jobs.iter().any(|known| known.id == id) {
                continue;
            }
            let kind = non_empty_text(job.get("type")).unwrap_or_default();
            let name = non_empty_text(job.get("name")).unwrap_or_else(|| id.clone());
            jobs.push(JobSummary { id, name, scheduled: kind.eq_ignore_ascii_case("SCHEDULED") });
        }
        read += found.len();
        if jobs.len() == known || total(&body).is_none_or(|total| read >= total) {
            break;
        }
    }
    Ok(jobs)
}

/// Reads at most one page of a job's runs, and their total number.
async fn runs(
    getter: &GetClient,
    job: &JobSummary,
    asked: &JobRunQuery,
) -> Result<(Vec<JobRun>, usize), ZoneFailure> {
    let path = RequestPath::new(&["conf", "jobs", &job.id, "instances"])?
        .query("limit", Some(&PAGE.to_string()))
        .query("submit_date_from", Some(&asked.from))
        .query("submit_date_to", Some(&asked.to));
    let body = getter.json(&path).await?;
    let runs: Vec<JobRun> =
        items(&body, "job_instance")?.into_iter().map(|instance| run(job, instance)).collect();
    let total = total(&body).unwrap_or(runs.len());
    Ok((runs, total))
}

fn run(job: &JobSummary, instance: &Json) -> JobRun {
    let said = |field: &str| non_empty_text(instance.get(field));
    let list = |field: &str| match instance.get(field) {
        Some(Json::Array(all)) => all.iter().collect(),
        Some(one @ Json::Object(_)) => vec![one],
        Some(_) | None => Vec::new(),
    };
    let counter = |counter: &&Json| {
        Some((description_or_code(counter.get("type"))?, non_empty_text(counter.get("value"))?))
    };
    JobRun {
        job: job.name.clone(),
        job_id: job.id.clone(),
        id: said("id"),
        status: said("status"),
        status_in_words: description_or_code(instance.get("status")),
        submitted_by: description_or_code(instance.get("submitted_by")),
        submitted: said("submit_time"),
        started: said("start_time"),
        ended: said("end_time"),
        progress: said("progress"),
        alerts: list("alert").into_iter().filter_map(|alert| description_or_code(Some(alert))).collect(),
        counters: list("counter").iter().filter_map(counter).collect(),
    }
}

/// Returns the description of a code, or the code if there is no description.
fn description_or_code(value: Option<&Json>) -> Option<String> {
    let value = value?;
    non_empty_text(value.get("desc")).or_else(|| non_empty_text(Some(inner(value))))
}
