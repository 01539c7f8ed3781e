//! How the jobs of a zone went lately, asked with GET alone.
//!
//! There is no list of all runs: each job is asked for its own, so that a look costs one request for
//! each hundred jobs that there are and one for each job that is asked.

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde_json::Value as Json;

use super::AlmaReader;
use super::table_layout::{inner, non_empty_text};
use crate::model::{FailureClass, ZoneFailure};
use crate::provider::http::get_client::GetClient;
use crate::provider::http::request_path::RequestPath;

/// Jobs in one page of the list; the most that the API gives (the vendor's OpenAPI).
const PAGE: usize = 100;
/// Pages of the list that are read at most, should they be as small as the API's default, which is ten.
const PAGES: usize = 200;

/// Which runs are asked for.
#[derive(Debug, Clone)]
pub struct JobRunQuery {
    /// The first day, `2026-03-01`.
    pub from: String,
    /// The last day, included.
    pub to: String,
    /// How many jobs are asked at most.
    pub jobs: usize,
    /// Only jobs whose name holds this, whatever its case.
    pub named: Option<String>,
}

/// How the jobs of a zone went.
#[derive(Debug, Clone, Default)]
pub struct JobRunList {
    /// Jobs that the zone lists and that are meant.
    pub listed: usize,
    /// Jobs that were asked for their runs: scheduled ones first.
    pub asked: usize,
    /// Jobs that had more runs than were read, by name.
    pub cut: Vec<String>,
    /// Jobs whose runs could not be had, by name.
    pub silent: Vec<(String, ZoneFailure)>,
    /// The runs.
    pub runs: Vec<JobRun>,
}

/// One run of a job. What the zone leaves out is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobRun {
    /// What the job is called.
    pub job: String,
    /// The job's id, such as `S123` for a scheduled one.
    pub job_id: String,
    /// The run's id.
    pub id: Option<String>,
    /// Alma's code, `COMPLETED_SUCCESS`.
    pub status: Option<String>,
    /// The same in Alma's words.
    pub status_in_words: Option<String>,
    /// Who started it: a person, `System` or `API`.
    pub submitted_by: Option<String>,
    /// When it was submitted.
    pub submitted: Option<String>,
    /// When it began.
    pub started: Option<String>,
    /// When it ended.
    pub ended: Option<String>,
    /// How far it is, in percent, as the zone writes it.
    pub progress: Option<String>,
    /// What it warns of.
    pub alerts: Vec<String>,
    /// What it counted.
    pub counters: Vec<(String, String)>,
}

/// How a run went, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobRunStatus {
    /// It failed, was aborted, or ended with errors.
    Failed,
    /// It ended with warnings, did nothing, or waits for a person.
    Warning,
    /// It is not over.
    Running,
    /// It did what it should.
    Succeeded,
    /// The zone says nothing that zonal understands.
    Unknown,
}

impl JobRun {
    /// How it went. The codes are those of the code table `systemJobStatus`, as client authors list them.
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

/// A job of the list.
struct JobSummary {
    id: String,
    name: String,
    scheduled: bool,
}

impl AlmaReader {
    /// How the zone's jobs went in some days.
    ///
    /// # Errors
    /// Whatever reading can fail with; a single job that does not answer is part of the answer.
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
    // What runs by itself is what nobody has watched.
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
    // Pages may be smaller than was asked for, so that the next one begins where this one ends.
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

/// Runs of a job, a page of them at most, and how many there are.
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

fn total(body: &Json) -> Option<usize> {
    non_empty_text(body.get("total_record_count"))?.parse().ok()
}

/// What people read of a code: its description, else the code itself.
fn description_or_code(value: Option<&Json>) -> Option<String> {
    let value = value?;
    non_empty_text(value.get("desc")).or_else(|| non_empty_text(Some(inner(value))))
}

/// The items of a list, which is left out when it is empty, and may be a single object.
fn items<'a>(body: &'a Json, name: &str) -> Result<Vec<&'a Json>, ZoneFailure> {
    match body.get(name) {
        Some(Json::Array(items)) => Ok(items.iter().collect()),
        Some(item @ Json::Object(_)) => Ok(vec![item]),
        None | Some(Json::Null) if body.is_object() => Ok(Vec::new()),
        Some(_) | None => {
            Err(ZoneFailure::new(FailureClass::Malformed, format!("the answer holds no list of `{name}`")))
        }
    }
}
