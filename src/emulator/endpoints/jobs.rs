//! Jobs of a zone and their runs, read-only: `conf/jobs`.
//!
//! Fields and filters follow the vendor's OpenAPI and schemas (`rest_jobs`, `rest_job_instances`).

use std::cmp::Reverse;

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::emulator::endpoint::{
    DocumentNode, DocumentPart, EmulatedEndpoint, EmulatedZone, EndpointEntry, EndpointRequest,
    EndpointResult, ErrorResponse, seed_each,
};
use crate::emulator::random::text;
use crate::model::network::ZoneRole;

pub(super) const ENDPOINT: EndpointEntry =
    EndpointEntry::new(&["conf", "jobs"], |zones| seed_each(zones, |zone| EmulatedJobs(seed(zone))));

/// Job of a zone.
struct EmulatedJob {
    id: String,
    name: &'static str,
    /// `MANUAL`, `SCHEDULED` or `OTHER`.
    kind: &'static str,
    category: &'static str,
    runs: Vec<EmulatedJobRun>,
}

/// Run of a job, dated relative to the zone's date so that recent runs always exist.
struct EmulatedJobRun {
    id: String,
    days_ago: i32,
    /// Time of day, `02:00`.
    time: &'static str,
    by: &'static str,
    status: &'static str,
    alerts: &'static [&'static str],
    counters: &'static [(&'static str, &'static str)],
}

/// All jobs of a zone.
struct EmulatedJobs(Vec<EmulatedJob>);

impl EmulatedEndpoint for EmulatedJobs {
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        match request.path {
            [] => self.reply_jobs(request),
            [job] => request.reply("job", &DocumentNode::Group(self.find(job)?.parts(request))),
            [all, instances] if instances == "instances" && all == "ALL" => {
                reply_runs(self.0.iter().flat_map(EmulatedJob::runs), request)
            }
            [job, instances] if instances == "instances" => reply_runs(self.find(job)?.runs(), request),
            [job, instances, run] if instances == "instances" => {
                let (job, run) = self
                    .find(job)?
                    .runs()
                    .find(|(_, known)| known.id == *run)
                    .ok_or_else(|| ErrorResponse::business(402_218, "Invalid job instance id."))?;
                request.reply("job_instance", &run.to_document(job, request))
            }
            _ => Err(ErrorResponse::routing_error()),
        }
    }
}

impl EmulatedJobs {
    fn find(&self, id: &str) -> Result<&EmulatedJob, ErrorResponse> {
        let job = self.0.iter().find(|known| known.id == id);
        job.ok_or_else(|| ErrorResponse::business(402_216, "Invalid job id."))
    }

    fn reply_jobs(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        let is = |name, value| request.call.parameter(name).is_none_or(|expected| expected == value);
        let jobs = self.0.iter().filter(|job| is("type", job.kind) && is("category", job.category));
        request.reply_page("jobs", "job", jobs.collect(), |job| DocumentNode::Group(job.parts(request)))
    }
}

/// Returns the requested runs, latest first.
fn reply_runs<'a>(
    runs: impl Iterator<Item = (&'a EmulatedJob, &'a EmulatedJobRun)>,
    request: &EndpointRequest<'_>,
) -> EndpointResult {
    let day = |name| {
        let parsed = request.call.parameter(name).map(str::parse::<Date>).transpose();
        parsed.map_err(|_| ErrorResponse::business(402_217, "Invalid date format."))
    };
    let (from, to) = (day("submit_date_from")?, day("submit_date_to")?);
    let status = request.call.parameter("status");
    let is_requested = |(_, run): &(&EmulatedJob, &EmulatedJobRun)| {
        let date = run.date(request);
        from.is_none_or(|from| date >= from)
            && to.is_none_or(|to| date <= to)
            && status.is_none_or(|status| status == run.status)
    };
    let mut runs: Vec<_> = runs.filter(is_requested).collect();
    runs.sort_by_key(|(_, run)| (run.days_ago, Reverse(run.time)));
    request.reply_page("job_instances", "job_instance", runs, |(job, run)| run.to_document(job, request))
}

impl EmulatedJob {
    /// Returns the runs with their job.
    fn runs(&self) -> impl Iterator<Item = (&Self, &EmulatedJobRun)> {
        self.runs.iter().map(move |run| (self, run))
    }

    fn parts(&self, request: &EndpointRequest<'_>) -> Vec<DocumentPart> {
        vec![
            DocumentPart::Attribute("link", request.link("conf/jobs", &self.id)),
            DocumentPart::text("id", &self.id),
            DocumentPart::text("name", self.name),
            DocumentPart::described("type", self.kind, self.kind),
            DocumentPart::described("category", self.category, self.category),
        ]
    }
}

impl EmulatedJobRun {
    fn date(&self, request: &EndpointRequest<'_>) -> Date {
        request.today().saturating_sub(self.days_ago.days())
    }

    fn to_document(&self, job: &EmulatedJob, request: &EndpointRequest<'_>) -> DocumentNode {
        let date = self.date(request);
        let time = |name, seconds: &str| DocumentPart::text(name, format!("{date}T{}{seconds}Z", self.time));
        let mut parts = vec![
            DocumentPart::Attribute(
                "link",
                request.link(&format!("conf/jobs/{}/instances", job.id), &self.id),
            ),
            DocumentPart::text("id", &self.id),
            DocumentPart::text("name", job.name),
            DocumentPart::described("submitted_by", self.by, self.by),
            time("submit_time", ":00"),
            time("start_time", ":04"),
        ];
        if self.status == "RUNNING" {
            parts.push(DocumentPart::text("progress", "62.5"));
        } else {
            parts.extend([time("end_time", ":51"), DocumentPart::text("progress", "100")]);
        }
        let alerts = self.alerts.iter().map(|alert| DocumentNode::described("alert_general", *alert));
        let counters = self.counters.iter().map(|(name, value)| {
            DocumentNode::Group(vec![
                DocumentPart::described("type", *name, *name),
                DocumentPart::text("value", *value),
            ])
        });
        parts.extend([
            DocumentPart::described("status", self.status, status_text(self.status)),
            DocumentPart::text("status_date", format!("{date}Z")),
            DocumentPart::wrapped_list("alerts", "alert", alerts),
            DocumentPart::wrapped_list("counters", "counter", counters),
            DocumentPart::Child("job_info", DocumentNode::Group(job.parts(request))),
        ]);
        DocumentNode::Group(parts)
    }
}

/// Returns the description of a status in `systemJobStatus`.
fn status_text(status: &str) -> &str {
    match status {
        "COMPLETED_SUCCESS" => "Completed Successfully",
        "COMPLETED_WARNING" => "Completed with Warnings",
        "COMPLETED_FAILED" => "Completed with Errors",
        "RUNNING" => "Running",
        other => other,
    }
}

/// Returns the jobs of a new zone.
///
/// Names follow the vendor's help. In half of the members, the last user synchronization failed.
fn seed(zone: &EmulatedZone) -> Vec<EmulatedJob> {
    let number = text(&zone.code) % 90_000;
    let job = |letter: char, place: u64, name, kind, category, runs: Vec<EmulatedJobRun>| {
        let digits = (place * 100_000) + number;
        let runs = runs.into_iter().enumerate();
        let runs =
            runs.map(|(index, run)| EmulatedJobRun { id: format!("{digits}{index}"), ..run }).collect();
        EmulatedJob { id: format!("{letter}{digits}"), name, kind, category, runs }
    };
    let scheduled = |place, name, category, runs| job('S', place, name, "SCHEDULED", category, runs);
    let run = |days_ago, time, status, alerts, counters| EmulatedJobRun {
        id: String::new(),
        days_ago,
        time,
        by: "System",
        status,
        alerts,
        counters,
    };
    let success = |days_ago, time, counters| run(days_ago, time, "COMPLETED_SUCCESS", &[], counters);
    let export = EmulatedJobRun { by: "m.tremblay", ..run(0, "05:10", "RUNNING", &[], &[]) };
    let mut jobs = vec![job('M', 9, "Export users", "MANUAL", "EXPORT", vec![export])];
    match zone.role {
        ZoneRole::Network => {
            let linked = vec![
                success(1, "01:00", &[("Headings linked", "412")]),
                success(2, "01:00", &[("Headings linked", "388")]),
            ];
            let (alerts, counters) =
                (&["17 records are locked by an editor"], &[("Headings corrected", "96")]);
            let corrected = vec![run(1, "03:00", "COMPLETED_WARNING", alerts, counters)];
            let distributed = vec![success(40, "02:00", &[])];
            jobs.extend([
                scheduled(1, "Authorities - Link BIB Headings", "AUTHORITIES", linked),
                scheduled(2, "Authorities - Preferred Term Correction", "AUTHORITIES", corrected),
                scheduled(
                    3,
                    "Distribute network user management changes to members",
                    "FULFILLMENT",
                    distributed,
                ),
            ]);
        }
        ZoneRole::Member => {
            let alerts = &["The file could not be read from the FTP server"];
            let last = match text(&zone.code) % 2 {
                0 => run(1, "04:30", "COMPLETED_FAILED", alerts, &[("Users processed", "0")]),
                _ => success(1, "04:30", &[("Users processed", "1204")]),
            };
            let runs = vec![last, success(2, "04:30", &[("Users processed", "1198")])];
            jobs.push(scheduled(4, "Users SIS synchronize", "USERS", runs));
        }
    }
    jobs
}
