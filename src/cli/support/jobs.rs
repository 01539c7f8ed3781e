//! `zonal support jobs`: how the jobs of the zones went lately, failed ones first.

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
use crate::cli::config::to_json;
use crate::cli::context::CommandContext;
use crate::cli::exit_code::CommandExit;
use crate::cli::zone_readers::ZoneReaders;
use crate::model::network::Zone;
use crate::model::{ZoneCode, ZoneFailure};
use crate::provider::ZoneReader as _;
use crate::provider::alma::jobs::{JobRun, JobRunList, JobRunQuery, JobRunStatus};
use crate::provider::channel_routing::RoutingReader;
use crate::render::text::{REMOVE, count, styled};

/// Show how the jobs of the zones went lately, failed ones first
///
/// Asks Alma's public API for the list of jobs, one request for each hundred, and then for the runs of
/// each job: in each zone no more than --limit requests and those for the list.
#[derive(Debug, Args)]
pub struct JobsCommand {
    /// How many days to look back
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    /// How many jobs of each zone to ask for their runs, scheduled ones first
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=2000))]
    limit: u16,
    /// Only jobs whose name holds this
    #[arg(long, value_name = "TEXT")]
    job: Option<String>,
    /// Show runs that succeeded as well
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    aim: SupportContext,
}

/// What one zone answered, and the requests that took.
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
        let config = self.aim.config(directory, world)?;
        let zones = self.aim.zones(&config.network, world)?;
        let ZoneReaders { readers, .. } = self.aim.open(&config, &zones, directory, world).await?;
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
            .map_err(|error| super::super::fail(world, format!("the clock says {now}: {error}")))?;
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
        let mut text = format!("Runs since {}, failed ones first.\n\n", asked.from);
        if !runs.is_empty() {
            let rows = runs.iter().map(|(code, run)| row(code, run));
            text.push_str(&table(["", "ZONE", "JOB", "STATUS", "SUBMITTED", "BY", "WHAT IT SAYS"], rows));
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
            "Asked: {} in {}, {}.\n",
            count(asked, "job"),
            count(looks.len(), "zone"),
            count(requests, "request")
        ));
        for (code, look) in looks.iter().filter(|(_, look)| look.asked < look.listed) {
            let left = look.listed - look.asked;
            text.push_str(&format!(
                "{code}: {} not asked; raise --limit, or name some with --job.\n",
                count(left, "job")
            ));
        }
        for (code, job) in looks.iter().flat_map(|(code, look)| look.cut.iter().map(move |job| (code, job))) {
            text.push_str(&format!(
                "{code}: the job {job:?} had more runs than were read; ask for fewer --days.\n"
            ));
        }
        let mut failures = String::new();
        for JobsAnswer { zone, look, .. } in answers {
            match look {
                Ok(look) => failures.extend(look.silent.iter().map(|(job, failure)| {
                    format!(
                        "{} {}: the job {job:?} did not answer: {failure}\n",
                        styled(REMOVE, "!"),
                        zone.code
                    )
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

/// Asks all zones at once, each as fast as its budget allows. The answers are in the order of the zones.
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
        world.err.print_line(format!(
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

/// `2026-03-01 04:30` of `2026-03-01T04:30:00Z`; what is written otherwise stays as it is.
fn minute(time: &str) -> String {
    match (time.get(..10), time.get(10..11), time.get(11..16)) {
        (Some(date), Some("T"), Some(minute)) => format!("{date} {minute}"),
        _ => time.to_owned(),
    }
}
