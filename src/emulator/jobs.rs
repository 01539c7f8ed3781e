//! Jobs of a zone and their runs, read-only.
//!
//! Fields and filters follow the vendor's OpenAPI and schemas (`rest_jobs`, `rest_job_instances`).

use bytes::Bytes;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::api_request::{ApiQuery, ApiRequest};
use super::error_response::ErrorResponse;
use super::institution::{InstitutionRequest, number};
use super::response_document::{DocumentNode, DocumentPart, write};

/// Job of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EmulatedJob {
    pub id: String,
    pub name: &'static str,
    /// `MANUAL`, `SCHEDULED` or `OTHER`.
    pub kind: &'static str,
    pub category: &'static str,
    pub runs: Vec<EmulatedJobRun>,
}

/// Run of a job, dated relative to the zone's date so that recent runs always exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EmulatedJobRun {
    pub id: String,
    pub days_ago: i32,
    /// Time of day, `02:00`.
    pub time: &'static str,
    pub by: &'static str,
    pub status: &'static str,
    pub alerts: &'static [&'static str],
    pub counters: &'static [(&'static str, &'static str)],
}

/// All jobs of a zone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct EmulatedJobs(pub Vec<EmulatedJob>);

impl EmulatedJobs {
    /// Returns the list of jobs.
    pub fn list(&self, visit: &InstitutionRequest<'_>) -> Result<Bytes, ErrorResponse> {
        let ApiQuery { r#type, category, .. } = &visit.call.query;
        let is = |asked: &Option<String>, has: &str| asked.as_deref().is_none_or(|asked| asked == has);
        let jobs = self.0.iter().filter(|job| is(r#type, job.kind) && is(category, job.category));
        let nodes = jobs.map(|job| DocumentNode::Group(job.parts(visit, job.kind))).collect();
        page("jobs", "job", nodes, visit)
    }

    /// Returns the runs of a job, latest first.
    pub fn runs(&self, id: &str, visit: &InstitutionRequest<'_>) -> Result<Bytes, ErrorResponse> {
        let ApiRequest { query, .. } = visit.call;
        let job = self.0.iter().find(|job| job.id == id);
        let job = job.ok_or_else(|| ErrorResponse::business(402_216, "Invalid job id."))?;
        let day = |text: &Option<String>| {
            let parsed = text.as_deref().map(str::parse::<Date>).transpose();
            parsed.map_err(|_| ErrorResponse::business(402_217, "Invalid date format."))
        };
        let (from, to) = (day(&query.submit_date_from)?, day(&query.submit_date_to)?);
        let asked = |run: &&EmulatedJobRun| {
            let date = run.date(visit);
            from.is_none_or(|from| date >= from)
                && to.is_none_or(|to| date <= to)
                && query.status.as_deref().is_none_or(|status| status == run.status)
        };
        let mut runs: Vec<&EmulatedJobRun> = job.runs.iter().filter(asked).collect();
        runs.sort_by_key(|run| (run.days_ago, std::cmp::Reverse(run.time)));
        let nodes = runs.into_iter().map(|run| DocumentNode::Group(run.parts(job, visit))).collect();
        page("job_instances", "job_instance", nodes, visit)
    }
}

impl EmulatedJob {
    fn parts(&self, visit: &InstitutionRequest<'_>, kind: &str) -> Vec<DocumentPart> {
        let link = format!("{}/almaws/v1/conf/jobs/{}", visit.settings.base_url, self.id);
        vec![
            DocumentPart::Attribute("link", link),
            DocumentPart::Child("id", DocumentNode::Text(self.id.clone())),
            DocumentPart::Child("name", DocumentNode::Text(self.name.to_owned())),
            DocumentPart::Child("type", value_node(kind, kind)),
            DocumentPart::Child("category", value_node(self.category, self.category)),
        ]
    }
}

impl EmulatedJobRun {
    fn date(&self, visit: &InstitutionRequest<'_>) -> Date {
        let today = visit.settings.today.trim_end_matches('Z').parse::<Date>().unwrap_or(Date::ZERO);
        today.saturating_sub(self.days_ago.days())
    }

    fn parts(&self, job: &EmulatedJob, visit: &InstitutionRequest<'_>) -> Vec<DocumentPart> {
        let date = self.date(visit);
        let at = |minutes: &str| DocumentNode::Text(format!("{date}T{}{minutes}Z", self.time));
        let mut parts = vec![
            DocumentPart::Child("id", DocumentNode::Text(self.id.clone())),
            DocumentPart::Child("name", DocumentNode::Text(job.name.to_owned())),
            DocumentPart::Child("submitted_by", value_node(self.by, self.by)),
            DocumentPart::Child("submit_time", at(":00")),
            DocumentPart::Child("start_time", at(":04")),
        ];
        if self.status == "RUNNING" {
            parts.push(DocumentPart::Child("progress", DocumentNode::Text("62.5".to_owned())));
        } else {
            parts.push(DocumentPart::Child("end_time", at(":51")));
            parts.push(DocumentPart::Child("progress", DocumentNode::Text("100".to_owned())));
        }
        parts.push(DocumentPart::Child("status", value_node(self.status, in_words(self.status))));
        parts.push(DocumentPart::Child("status_date", DocumentNode::Text(format!("{date}Z"))));
        parts.push(DocumentPart::List {
            around: Some("alerts"),
            item: "alert",
            items: self.alerts.iter().map(|alert| value_node("alert_general", alert)).collect(),
        });
        let counter = |(name, value): &(&str, &str)| {
            DocumentNode::Group(vec![
                DocumentPart::Child("type", value_node(name, name)),
                DocumentPart::Child("value", DocumentNode::Text((*value).to_owned())),
            ])
        };
        parts.push(DocumentPart::List {
            around: Some("counters"),
            item: "counter",
            items: self.counters.iter().map(counter).collect(),
        });
        parts.push(DocumentPart::Child("job_info", DocumentNode::Group(job.parts(visit, job.kind))));
        parts
    }
}

/// Returns the description of a status in `systemJobStatus`.
fn in_words(status: &str) -> &str {
    match status {
        "COMPLETED_SUCCESS" => "Completed Successfully",
        "COMPLETED_WARNING" => "Completed with Warnings",
        "COMPLETED_FAILED" => "Completed with Errors",
        "RUNNING" => "Running",
        other => other,
    }
}

fn value_node(value: &str, desc: &str) -> DocumentNode {
    DocumentNode::Valued(value.to_owned(), vec![("desc", desc.to_owned())])
}

fn page(
    root: &'static str,
    item: &'static str,
    nodes: Vec<DocumentNode>,
    visit: &InstitutionRequest<'_>,
) -> Result<Bytes, ErrorResponse> {
    let InstitutionRequest { call, settings, .. } = visit;
    let total = nodes.len();
    let offset = number("offset", call.query.offset.as_deref(), 0)?;
    let limit = number("limit", call.query.limit.as_deref(), 10)?.min(100);
    let items = nodes.into_iter().skip(offset).take(limit).collect();
    let parts = vec![
        DocumentPart::Count("total_record_count", total),
        DocumentPart::List { around: None, item, items },
    ];
    Ok(write(root, &DocumentNode::Group(parts), call.answer, settings.booleans))
}
