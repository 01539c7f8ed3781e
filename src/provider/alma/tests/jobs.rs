//! Job runs: requests and response formats.

use super::*;
use crate::model::FailureClass::{Malformed, Unreachable};
use crate::provider::alma::jobs::{JobRunQuery, JobRunStatus};

fn asked() -> JobRunQuery {
    JobRunQuery { from: "2026-03-01".into(), to: "2026-03-08".into(), jobs: 2, named: None }
}

fn none() -> ScriptedResponse {
    ok(&json!({"total_record_count": 0}))
}

#[tokio::test(start_paused = true)]
async fn scheduled_jobs_are_queried_first_within_limit() {
    let list = json!({"total_record_count": "3", "job": [
        {"id": "M1", "name": "By hand", "type": {"value": "MANUAL"}},
        {"id": "O1", "type": "OTHER"},
        {"id": "S1", "name": "Nightly", "type": {"value": "SCHEDULED", "desc": "Scheduled"}},
    ]});
    let (reader, script) = reader(vec![ok(&list), none(), none()]);
    let look = reader.jobs(&asked()).await.unwrap();
    assert_eq!((look.listed, look.asked, look.runs.len()), (3, 2, 0));
    let runs = "instances?limit=100&submit_date_from=2026-03-01&submit_date_to=2026-03-08";
    assert_eq!(
        script.lines(),
        [
            "GET /conf/jobs?limit=100".to_owned(),
            format!("GET /conf/jobs/S1/{runs}"),
            format!("GET /conf/jobs/M1/{runs}")
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn paged_job_list_is_read_completely() {
    let page = |from: usize, to: usize| {
        let jobs: Vec<Json> = (from..to).map(|id| json!({"id": format!("S{id}"), "name": "x"})).collect();
        ok(&json!({"total_record_count": 130, "job": jobs}))
    };
    let (reader, script) = reader(vec![page(0, 100), page(100, 130)]);
    let look = reader.jobs(&JobRunQuery { named: Some("other".into()), ..asked() }).await.unwrap();
    assert_eq!((look.listed, look.asked), (0, 0));
    assert_eq!(script.lines()[1], "GET /conf/jobs?limit=100&offset=100");
}

#[tokio::test(start_paused = true)]
async fn small_pages_omit_no_job() {
    let page = |ids: &[&str]| {
        let jobs: Vec<Json> = ids.iter().map(|id| json!({"id": id})).collect();
        ok(&json!({"total_record_count": 5, "job": jobs}))
    };
    let nobody = || JobRunQuery { jobs: 0, ..asked() };
    let (reader, script) = reader(vec![page(&["S1", "S2"]), page(&["S3", "S4"]), page(&["S5"])]);
    assert_eq!(reader.jobs(&nobody()).await.unwrap().listed, 5);
    assert_eq!(script.lines()[2], "GET /conf/jobs?limit=100&offset=4");
    // Reading stops if the zone always returns the same page.
    let (same, _) = super::reader(vec![page(&["S1", "S2"]), page(&["S1", "S2"])]);
    assert_eq!(same.jobs(&nobody()).await.unwrap().listed, 2);
}

#[tokio::test(start_paused = true)]
async fn incomplete_runs_are_parsed_and_failed_first() {
    let list = json!({"job": {"id": "S1", "name": "Nightly"}});
    let runs = json!({"total_record_count": 7, "job_instance": [
        {"id": 5, "status": "COMPLETED_SUCCESS", "submit_time": "2026-03-03T01:00:00Z"},
        {},
        {"status": {"value": "RUNNING"}, "progress": 101.3},
        {"status": {"value": "SYSTEM_ABORTED", "desc": "Aborted"}, "alert": {"value": "a", "desc": "No space"},
         "counter": {"type": {"value": "c", "desc": "Records"}, "value": 12}},
        {"status": {"value": "SKIPPED"}},
    ]});
    let (reader, _) = reader(vec![ok(&list), ok(&runs)]);
    let look = reader.jobs(&asked()).await.unwrap();
    let went: Vec<JobRunStatus> = look.runs.iter().map(crate::provider::alma::jobs::JobRun::went).collect();
    assert_eq!(
        went,
        [
            JobRunStatus::Failed,
            JobRunStatus::Warning,
            JobRunStatus::Running,
            JobRunStatus::Succeeded,
            JobRunStatus::Unknown
        ]
    );
    assert_eq!(look.runs[0].alerts, ["No space"]);
    assert_eq!(look.runs[0].counters, [("Records".to_owned(), "12".to_owned())]);
    assert_eq!(look.runs[2].progress.as_deref(), Some("101.3"));
    assert_eq!(look.runs[3].id.as_deref(), Some("5"));
    assert_eq!(look.cut, ["Nightly"]);
}

#[tokio::test(start_paused = true)]
async fn job_failure_is_reported_zone_failure_is_returned() {
    let list = || ok(&json!({"job": [{"id": "S1", "name": "Nightly"}]}));
    let (silent, _) = reader(vec![list(), error(400, "402216")]);
    let look = silent.jobs(&asked()).await.unwrap();
    assert_eq!(look.silent[0].0, "Nightly");
    let (down, _) = reader(vec![
        list(),
        ScriptedResponse::Connect,
        ScriptedResponse::Connect,
        ScriptedResponse::Connect,
        ScriptedResponse::Connect,
    ]);
    assert_eq!(down.jobs(&asked()).await.unwrap_err().class, Unreachable);
    let (odd, _) = reader(vec![ok(&json!({"job": "none"}))]);
    assert_eq!(odd.jobs(&asked()).await.unwrap_err().class, Malformed);
}
