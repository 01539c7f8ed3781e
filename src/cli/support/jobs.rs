//! `zonal support jobs`: lists recent job runs of the zones, failed runs first.

mod json;

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use jiff::ToSpan as _;

pub use self::json::JobsJson;

use self::json::ZoneJobsJson;
use super::{SupportContext, could_not, table};
use crate::cli::CommandExit;
use crate::cli::config::to_json;
use crate::cli::context::CommandContext;
use crate::model::network::Zone;
use crate::model::text_safety::escape_invisible;
use crate::model::{ZoneCode, ZoneFailure};
use crate::provider::ZoneReader as _;
use crate::provider::alma::jobs::{JobRun, JobRunList, JobRunQuery, JobRunStatus};
use crate::provider::channel_routing::RoutingReader;
use crate::render::text::{REMOVE, count, styled};

/// List recent job runs, failed first
///
/// Reads the list of jobs from Alma's public API (one request per 100 jobs), then the runs of each job. Sends
/// at most --limit requests per zone, in addition to the list.
#[derive(Debug, Args)]
pub struct JobsCommand {
    /// Days to look back
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    /// Maximum number of jobs per zone to query, scheduled jobs first
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=2000))]
    limit: u16,
    /// Include only jobs whose name contains TEXT
    #[arg(long, value_name = "TEXT")]
    job: Option<String>,
    /// Include successful runs
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    aim: SupportContext,
}

/// Job runs of one zone, with the number of requests.
struct JobsAnswer<'n> {
    zone: &'n Zone,
    look: Result<JobRunList, ZoneFailure>,
    requests: u64,
}

impl JobsCommand {
    pub(super) async fn run(
        &self,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<CommandExit, CommandExit> {
        let asked = self.job_query(world)?;
        let session = self.aim.session(directory, world)?;
        let config = &session.config;
        let zones = self.aim.zones(&config.network, world)?;
        let readers = self.aim.open(&session, &zones, world).await?;
        let answers = world.unless_interrupted(query_zones(&zones, &readers, &asked, world)).await?;
        let complete = answers.iter().all(|each| each.look.as_ref().is_ok_and(|look| look.silent.is_empty()));
        if self.aim.json {
            world.out.print_line(to_json(&JobsJson {
                format_version: "1.0",
                network: config.network.name.clone(),
                environment: config.network.environment.clone(),
                from: asked.from,
                to: asked.to,
                complete,
                zones: answers.into_iter().map(ZoneJobsJson::from).collect(),
            }));
        } else {
            world.out.print(self.jobs_text(&asked, &answers));
        }
        Ok(if complete { CommandExit::Done } else { CommandExit::Incomplete })
    }

    fn job_query(&self, world: &CommandContext) -> Result<JobRunQuery, CommandExit> {
        let now = (world.now)();
        let now: jiff::Timestamp = now
            .parse()
            .map_err(|error| super::super::fail(world, format!("invalid system time {now}: {error}")))?;
        let today = now.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        let from = today.saturating_sub(i32::from(self.days).days()).to_string();
        let to = today.saturating_add(1.day()).to_string();
        Ok(JobRunQuery { from, to, jobs: self.limit.into(), named: self.job.clone() })
    }

    fn jobs_text(&self, asked: &JobRunQuery, answers: &[JobsAnswer<'_>]) -> String {
        let looks: Vec<(&ZoneCode, &JobRunList)> =
            answers.iter().filter_map(|each| Some((&each.zone.code, each.look.as_ref().ok()?))).collect();
        let mut runs: Vec<(&ZoneCode, &JobRun)> =
            looks.iter().flat_map(|(code, look)| look.runs.iter().map(move |run| (*code, run))).collect();
        runs.sort_by_key(|(_, run)| run.went());
        let all = runs.len();
        runs.retain(|(_, run)| self.all || run.went() != JobRunStatus::Succeeded);
        let succeeded = all - runs.len();
        let mut text = format!("Job runs since {}, failed first.\n\n", asked.from);
        if !runs.is_empty() {
            let rows = runs.iter().map(|(code, run)| row(code, run));
            text.push_str(&table(["", "ZONE", "JOB", "STATUS", "SUBMITTED", "BY", "DETAILS"], rows));
            text.push('\n');
        }
        if succeeded > 0 {
            text.push_str(&format!("{} succeeded; --all shows them.\n", count(succeeded, "run")));
        } else if all == 0 {
            text.push_str("No runs.\n");
        }
        let (asked, requests) = (
            looks.iter().map(|(_, look)| look.asked).sum(),
            answers.iter().map(|each| usize::try_from(each.requests).unwrap_or(usize::MAX)).sum(),
        );
        text.push_str(&format!(
            "Queried: {} in {}, {}.\n",
            count(asked, "job"),
            count(looks.len(), "zone"),
            count(requests, "request")
        ));
        for (code, look) in looks.iter().filter(|(_, look)| look.asked < look.listed) {
            let left = look.listed - look.asked;
            text.push_str(&format!(
                "{code}: {} not queried; increase --limit, or select jobs with --job.\n",
                count(left, "job")
            ));
        }
        for (code, job) in looks.iter().flat_map(|(code, look)| look.cut.iter().map(move |job| (code, job))) {
            text.push_str(&format!("{code}: job {job:?} has more runs than zonal read; reduce --days.\n"));
        }
        let mut failures = String::new();
        for JobsAnswer { zone, look, .. } in answers {
            match look {
                Ok(look) => failures.extend(look.silent.iter().map(|(job, failure)| {
                    let what = format!("{}: cannot read the runs of job {job:?}: {failure}", zone.code);
                    format!("{} {}\n", styled(REMOVE, "!"), escape_invisible(&what))
                })),
                Err(failure) => failures.push_str(&could_not(&zone.code, failure)),
            }
        }
        match failures.is_empty() {
            true => text,
            false => format!("{text}\n{failures}"),
        }
    }
}

/// Queries all zones concurrently, within their request budgets. Returns the results in the order of the
/// zones.
async fn query_zones<'n>(
    zones: &[&'n Zone],
    readers: &BTreeMap<ZoneCode, RoutingReader>,
    asked: &JobRunQuery,
    world: &CommandContext,
) -> Vec<JobsAnswer<'n>> {
    let place = |(place, zone): (usize, &&'n Zone)| {
        let (zone, reader) = (*zone, readers.get(&zone.code)?);
        Some(async move {
            let look = reader.alma().jobs(asked).await;
            (place, JobsAnswer { zone, look, requests: reader.request_usage().requests })
        })
    };
    let mut asking: FuturesUnordered<_> = zones.iter().enumerate().filter_map(place).collect();
    let mut answers = BTreeMap::new();
    while let Some((place, answer)) = asking.next().await {
        let asked = answer.look.as_ref().map_or(0, |look| look.asked);
        let failed = if answer.look.is_err() { ", failed" } else { "" };
        let requests = usize::try_from(answer.requests).unwrap_or(usize::MAX);
        let (code, done) = (&answer.zone.code, answers.len() + 1);
        world.err.print_plain_line(format!(
            "{code}: reading done: {}{failed}, {} ({done}/{} zones)",
            count(asked, "job"),
            count(requests, "request"),
            zones.len()
        ));
        answers.insert(place, answer);
    }
    answers.into_values().collect()
}

fn row(code: &ZoneCode, run: &JobRun) -> [String; 7] {
    let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mark = match run.went() {
        JobRunStatus::Failed => "failed",
        JobRunStatus::Warning => "warning",
        JobRunStatus::Running => "running",
        JobRunStatus::Succeeded => "ok",
        JobRunStatus::Unknown => "?",
    };
    let counters = run.counters.iter().map(|(name, value)| format!("{name}: {value}"));
    let mut says: Vec<String> = run.alerts.iter().cloned().chain(counters).collect();
    if let (JobRunStatus::Running, Some(progress)) = (run.went(), &run.progress) {
        says.push(format!("{progress}%"));
    }
    [
        mark.to_owned(),
        code.to_string(),
        run.job.clone(),
        run.status_in_words.clone().unwrap_or_else(|| said(&run.status)),
        run.submitted.as_deref().map_or_else(|| "-".to_owned(), minute),
        said(&run.submitted_by),
        says.join("; "),
    ]
}

/// Returns `2026-03-01 04:30` for `2026-03-01T04:30:00Z`; other formats stay unchanged.
fn minute(time: &str) -> String {
    match (time.get(..10), time.get(10..11), time.get(11..16)) {
        (Some(date), Some("T"), Some(minute)) => format!("{date} {minute}"),
        _ => time.to_owned(),
    }
}
