//! Tests of injected faults: the effect on matching requests, and no effect on other requests.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::super::{Connection, ErrorShape, FaultEffect, FaultTrigger, InjectedFault, ZoneConfigOverride};
use super::*;

fn fault(effect: FaultEffect) -> InjectedFault {
    InjectedFault { zone: None, method: None, path: None, when: FaultTrigger::Always, effect }
}

fn with(fault: InjectedFault) -> Emulator {
    let emulator = network(EmulatorConfig::without_thresholds());
    emulator.control().add_fault(fault).unwrap();
    emulator
}

/// Sends a PUT that empties the table, which shows whether the request was processed.
async fn empty(emulator: &Emulator) -> Result<Response<Bytes>, TransportError> {
    let body = code_table("JobTitles", "01OMNI_ALPHA", json!([])).to_string();
    send(emulator, request(Method::PUT, "w-alpha", "/conf/code-tables/JobTitles", Bytes::from(body))).await
}

fn rows(emulator: &Emulator) -> usize {
    emulator.control().code_table("01OMNI_ALPHA", "JobTitles").unwrap().rows[""].len()
}

#[tokio::test]
async fn refused_connection_is_not_processed() {
    let emulator = with(fault(FaultEffect::Refused));
    assert!(matches!(empty(&emulator).await, Err(TransportError::Connect(_))));
    assert_eq!(rows(&emulator), 3);
    assert_eq!(emulator.control().requests()[0].status, None);
}

#[tokio::test]
async fn request_with_lost_response_is_processed() {
    let emulator = with(fault(FaultEffect::ResponseLost));
    assert!(matches!(empty(&emulator).await, Err(TransportError::Lost(_))));
    assert_eq!(rows(&emulator), 0);
}

#[tokio::test]
async fn status_fault_applies_before_or_after_processing() {
    let status = |processed| FaultEffect::Status {
        status: 503,
        code: "GENERAL_ERROR".to_owned(),
        message: "later".to_owned(),
        shape: ErrorShape::JsonList,
        processed,
    };
    for (processed, left) in [(false, 3), (true, 0)] {
        let emulator = with(fault(status(processed)));
        let answer = answer(empty(&emulator).await.unwrap());
        assert_eq!(refusal(&answer), (503, "GENERAL_ERROR"));
        assert_eq!(rows(&emulator), left);
    }
}

#[tokio::test]
async fn threshold_fault_is_not_processed() {
    for (effect, code) in [
        (FaultEffect::PerSecondThreshold, "PER_SECOND_THRESHOLD"),
        (FaultEffect::DailyThreshold, "DAILY_THRESHOLD"),
    ] {
        let emulator = with(fault(effect));
        assert_eq!(refusal(&answer(empty(&emulator).await.unwrap())), (429, code));
        assert_eq!(rows(&emulator), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn hanging_request_gets_no_response() {
    let emulator = with(fault(FaultEffect::Hang));
    assert!(timeout(Duration::from_secs(3600), empty(&emulator)).await.is_err());
    assert_eq!(rows(&emulator), 3);
}

#[tokio::test(start_paused = true)]
async fn delay_combines_with_later_faults() {
    let emulator = with(fault(FaultEffect::Delay { ms: 1500 }));
    emulator.control().add_fault(fault(FaultEffect::PerSecondThreshold)).unwrap();
    let start = Instant::now();
    assert_eq!(get(&emulator, "r-alpha", BLOCKS).await.0, 429);
    assert_eq!(start.elapsed().as_millis(), 1500);
}

#[tokio::test]
async fn truncated_response_is_half_the_body() {
    let whole = try_get(&network(EmulatorConfig::without_thresholds()), "r-alpha", BLOCKS).await.unwrap();
    let half = try_get(&with(fault(FaultEffect::Truncated)), "r-alpha", BLOCKS).await.unwrap();
    assert_eq!(half.status(), 200);
    assert_eq!(half.body()[..], whole.body()[..whole.body().len() / 2]);
}

#[tokio::test]
async fn wrong_institution_fault_changes_reported_code() {
    let emulator = with(fault(FaultEffect::WrongInstitution { code: "01OTHER_INST".to_owned() }));
    assert_eq!(get(&emulator, "r-alpha", "/conf/general").await.1["institution"]["value"], "01OTHER_INST");
    let test = try_get(&emulator, "r-alpha", "/conf/test").await.unwrap();
    assert!(text(&test).contains("institutionCode: 01OTHER_INST"));
}

#[tokio::test]
async fn fault_affects_only_matching_requests() {
    let emulator = with(InjectedFault {
        zone: Some("01OMNI_ALPHA".to_owned()),
        method: Some("GET".to_owned()),
        path: Some("/code-tables/UserGroups".to_owned()),
        ..fault(FaultEffect::PerSecondThreshold)
    });
    assert_eq!(get(&emulator, "r-alpha", GROUPS).await.0, 429);
    assert_eq!(get(&emulator, "r-alpha", BLOCKS).await.0, 200);
    assert_eq!(get(&emulator, "r-beta", GROUPS).await.0, 200);
    emulator.control().clear_faults();
    assert_eq!(get(&emulator, "r-alpha", GROUPS).await.0, 200);
}

#[tokio::test]
async fn fault_occurrences_count_per_zone() {
    let hits = async |when: FaultTrigger, key: &str, emulator: Option<&Emulator>| {
        let made = with(InjectedFault { when, ..fault(FaultEffect::PerSecondThreshold) });
        let emulator = emulator.unwrap_or(&made);
        let mut hits = Vec::new();
        for number in 1..=6 {
            if get(emulator, key, GROUPS).await.0 == 429 {
                hits.push(number);
            }
        }
        hits
    };
    assert_eq!(hits(FaultTrigger::Nth(3), "r-alpha", None).await, [3]);
    assert_eq!(hits(FaultTrigger::First(2), "r-alpha", None).await, [1, 2]);
    assert_eq!(hits(FaultTrigger::After(4), "r-alpha", None).await, [5, 6]);
    assert_eq!(hits(FaultTrigger::Percent(100), "r-alpha", None).await, [1, 2, 3, 4, 5, 6]);
    let shared = with(InjectedFault { when: FaultTrigger::Nth(2), ..fault(FaultEffect::PerSecondThreshold) });
    assert_eq!(hits(FaultTrigger::Always, "r-alpha", Some(&shared)).await, [2]);
    assert_eq!(hits(FaultTrigger::Always, "r-beta", Some(&shared)).await, [2]);
}

#[tokio::test]
async fn random_faults_are_deterministic() {
    let statuses = async |seed| {
        let emulator = network(EmulatorConfig { seed, ..EmulatorConfig::without_thresholds() });
        emulator
            .control()
            .add_fault(InjectedFault {
                when: FaultTrigger::Percent(30),
                ..fault(FaultEffect::DailyThreshold)
            })
            .unwrap();
        let mut statuses = Vec::new();
        for _ in 0..200 {
            statuses.push(get(&emulator, "r-alpha", GROUPS).await.0);
        }
        statuses
    };
    let first = statuses(1).await;
    let struck = first.iter().filter(|status| **status == 429).count();
    assert!((40..=80).contains(&struck), "{struck} of 200");
    assert_eq!(first, statuses(1).await);
    assert_ne!(first, statuses(2).await);
}

#[tokio::test]
async fn zone_that_is_down_refuses_connections() {
    let down = ZoneConfigOverride { connection: Some(Connection::Down), ..ZoneConfigOverride::default() };
    let zones = [("01OMNI_BETA".to_owned(), down)].into();
    let emulator = network(EmulatorConfig { zones, ..EmulatorConfig::without_thresholds() });
    assert!(matches!(try_get(&emulator, "r-beta", BLOCKS).await, Err(TransportError::Connect(_))));
    assert_eq!(get(&emulator, "r-alpha", BLOCKS).await.0, 200);
    emulator.control().set_behaviour(EmulatorConfig::without_thresholds()).unwrap();
    assert_eq!(get(&emulator, "r-beta", BLOCKS).await.0, 200);
}
