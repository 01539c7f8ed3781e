//! The jobs of a zone and their runs, to be looked at: nothing can be started here.
//!
//! Fields and filters are those of the vendor's OpenAPI and schemas (`rest_jobs`, `rest_job_instances`).

use bytes::Bytes;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::call::{Call, Query};
use super::document::{Node, Part, write};
use super::institution::{Visit, number};
use super::refusal::Refusal;

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    pub id: String,
    pub name: &'static str,
    /// `MANUAL`, `SCHEDULED` or `OTHER`.
    pub kind: &'static str,
    pub category: &'static str,
    pub runs: Vec<Run>,
}

/// One run of a job. When it was is told from the zone's date, so that there are always recent ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub id: String,
    pub days_ago: i32,
    /// `02:00`.
    pub time: &'static str,
    pub by: &'static str,
    pub status: &'static str,
    pub alerts: &'static [&'static str],
    pub counters: &'static [(&'static str, &'static str)],
}

/// All jobs of a zone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Jobs(pub Vec<Job>);

impl Jobs {
    /// The list of jobs.
    pub fn list(&self, visit: &Visit<'_>) -> Result<Bytes, Refusal> {
        let Query { r#type, category, .. } = &visit.call.query;
        let is = |asked: &Option<String>, has: &str| asked.as_deref().is_none_or(|asked| asked == has);
        let jobs = self.0.iter().filter(|job| is(r#type, job.kind) && is(category, job.category));
        let nodes = jobs.map(|job| Node::Group(job.parts(visit, job.kind))).collect();
        page("jobs", "job", nodes, visit)
    }

    /// The runs of a job, the latest first.
    pub fn runs(&self, id: &str, visit: &Visit<'_>) -> Result<Bytes, Refusal> {
        let Call { query, .. } = visit.call;
        let job = self.0.iter().find(|job| job.id == id);
        let job = job.ok_or_else(|| Refusal::business(402_216, "Invalid job id."))?;
        let day = |text: &Option<String>| {
            let parsed = text.as_deref().map(str::parse::<Date>).transpose();
            parsed.map_err(|_| Refusal::business(402_217, "Invalid date format."))
        };
        let (from, to) = (day(&query.submit_date_from)?, day(&query.submit_date_to)?);
        let asked = |run: &&Run| {
            let date = run.date(visit);
            from.is_none_or(|from| date >= from)
                && to.is_none_or(|to| date <= to)
                && query.status.as_deref().is_none_or(|status| status == run.status)
        };
        let mut runs: Vec<&Run> = job.runs.iter().filter(asked).collect();
        runs.sort_by_key(|run| (run.days_ago, std::cmp::Reverse(run.time)));
        let nodes = runs.into_iter().map(|run| Node::Group(run.parts(job, visit))).collect();
        page("job_instances", "job_instance", nodes, visit)
    }
}

impl Job {
    fn parts(&self, visit: &Visit<'_>, kind: &str) -> Vec<Part> {
        let link = format!("{}/almaws/v1/conf/jobs/{}", visit.settings.base_url, self.id);
        vec![
            Part::Attribute("link", link),
            Part::Child("id", Node::Text(self.id.clone())),
            Part::Child("name", Node::Text(self.name.to_owned())),
            Part::Child("type", valued(kind, kind)),
            Part::Child("category", valued(self.category, self.category)),
        ]
    }
}

impl Run {
    fn date(&self, visit: &Visit<'_>) -> Date {
        let today = visit.settings.today.trim_end_matches('Z').parse::<Date>().unwrap_or(Date::ZERO);
        today.saturating_sub(self.days_ago.days())
    }

    fn parts(&self, job: &Job, visit: &Visit<'_>) -> Vec<Part> {
        let date = self.date(visit);
        let at = |minutes: &str| Node::Text(format!("{date}T{}{minutes}Z", self.time));
        let mut parts = vec![
            Part::Child("id", Node::Text(self.id.clone())),
            Part::Child("name", Node::Text(job.name.to_owned())),
            Part::Child("submitted_by", valued(self.by, self.by)),
            Part::Child("submit_time", at(":00")),
            Part::Child("start_time", at(":04")),
        ];
        if self.status == "RUNNING" {
            parts.push(Part::Child("progress", Node::Text("62.5".to_owned())));
        } else {
            parts.push(Part::Child("end_time", at(":51")));
            parts.push(Part::Child("progress", Node::Text("100".to_owned())));
        }
        parts.push(Part::Child("status", valued(self.status, in_words(self.status))));
        parts.push(Part::Child("status_date", Node::Text(format!("{date}Z"))));
        parts.push(Part::List {
            around: Some("alerts"),
            item: "alert",
            items: self.alerts.iter().map(|alert| valued("alert_general", alert)).collect(),
        });
        let counter = |(name, value): &(&str, &str)| {
            Node::Group(vec![
                Part::Child("type", valued(name, name)),
                Part::Child("value", Node::Text((*value).to_owned())),
            ])
        };
        parts.push(Part::List {
            around: Some("counters"),
            item: "counter",
            items: self.counters.iter().map(counter).collect(),
        });
        parts.push(Part::Child("job_info", Node::Group(job.parts(visit, job.kind))));
        parts
    }
}

/// What `systemJobStatus` calls a status.
fn in_words(status: &str) -> &str {
    match status {
        "COMPLETED_SUCCESS" => "Completed Successfully",
        "COMPLETED_WARNING" => "Completed with Warnings",
        "COMPLETED_FAILED" => "Completed with Errors",
        "RUNNING" => "Running",
        other => other,
    }
}

fn valued(value: &str, desc: &str) -> Node {
    Node::Valued(value.to_owned(), vec![("desc", desc.to_owned())])
}

fn page(
    root: &'static str,
    item: &'static str,
    nodes: Vec<Node>,
    visit: &Visit<'_>,
) -> Result<Bytes, Refusal> {
    let Visit { call, settings, .. } = visit;
    let total = nodes.len();
    let offset = number("offset", call.query.offset.as_deref(), 0)?;
    let limit = number("limit", call.query.limit.as_deref(), 10)?.min(100);
    let items = nodes.into_iter().skip(offset).take(limit).collect();
    let parts = vec![Part::Count("total_record_count", total), Part::List { around: None, item, items }];
    Ok(write(root, &Node::Group(parts), call.answer, settings.booleans))
}
