//! Tests of jobs and their runs: pages, filters, and read-only access.

use super::*;

fn names(list: &Value, item: &str) -> Vec<String> {
    let items = list[item].as_array().cloned().unwrap_or_default();
    items.iter().map(|job| job["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn jobs_are_paged_and_filtered_by_type() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, all) = get(&emulator, "r-nz", "/conf/jobs").await;
    let (_, scheduled) = get(&emulator, "r-nz", "/conf/jobs?type=SCHEDULED").await;
    let (_, second) = get(&emulator, "r-nz", "/conf/jobs?limit=1&offset=1").await;
    assert_eq!(all["total_record_count"], 4);
    assert_eq!(names(&scheduled, "job").len(), 3);
    assert_eq!(names(&second, "job"), names(&all, "job")[1..2]);
}

#[tokio::test]
async fn run_dates_are_relative_to_emulated_date() {
    let behaviour = EmulatorConfig { today: "2026-03-02Z".into(), ..EmulatorConfig::without_thresholds() };
    let emulator = network(behaviour);
    let (_, jobs) = get(&emulator, "r-nz", "/conf/jobs").await;
    let job =
        &jobs["job"].as_array().unwrap().iter().find(|job| job["name"] == "Authorities - Link BIB Headings");
    let path = format!("/conf/jobs/{}/instances", job.unwrap()["id"].as_str().unwrap());
    let (_, all) = get(&emulator, "r-nz", &path).await;
    assert_eq!(all["job_instance"][0]["submit_time"], "2026-03-01T01:00:00Z");
    assert_eq!(all["job_instance"][0]["status"]["value"], "COMPLETED_SUCCESS");
    let (_, one) = get(&emulator, "r-nz", &format!("{path}?submit_date_from=2026-03-01")).await;
    let (_, none) = get(&emulator, "r-nz", &format!("{path}?status=FAILED")).await;
    assert_eq!((&all["total_record_count"], &one["total_record_count"]), (&2.into(), &1.into()));
    assert_eq!(none, serde_json::json!({"total_record_count": 0}));
}

#[tokio::test]
async fn unknown_jobs_and_job_starts_are_rejected() {
    let emulator = network(EmulatorConfig::without_thresholds());
    for (path, code) in [("/conf/jobs/S0/instances", "402216"), ("/conf/jobs?limit=x", "40166411")] {
        assert_eq!(refusal(&get(&emulator, "r-nz", path).await).1, code, "{path}");
    }
    let started = put(&emulator, "w-nz", "/conf/jobs", &Value::Null).await;
    assert_eq!(refusal(&started).1, "ROUTING_ERROR");
}

#[tokio::test]
async fn runs_of_all_jobs_are_listed_and_found() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, jobs) = get(&emulator, "r-nz", "/conf/jobs?type=SCHEDULED").await;
    let id = jobs["job"][0]["id"].as_str().unwrap();
    let (_, job) = get(&emulator, "r-nz", &format!("/conf/jobs/{id}")).await;
    assert_eq!(job, jobs["job"][0]);
    let (_, all) = get(&emulator, "r-nz", "/conf/jobs/ALL/instances?limit=100").await;
    let (_, runs) = get(&emulator, "r-nz", &format!("/conf/jobs/{id}/instances")).await;
    assert_eq!((&all["total_record_count"], &runs["total_record_count"]), (&5.into(), &2.into()));
    let run = &runs["job_instance"][0];
    let path = format!("/conf/jobs/{id}/instances/{}", run["id"].as_str().unwrap());
    assert_eq!(&get(&emulator, "r-nz", &path).await.1, run);
    assert_eq!(refusal(&get(&emulator, "r-nz", &format!("/conf/jobs/{id}/instances/0")).await).1, "402218");
}
