//! Tests of the gateway: keys, thresholds, time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::*;

#[tokio::test]
async fn api_key_selects_zone() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let response = try_get(&emulator, "r-beta", "/conf/test").await.unwrap();
    assert!(text(&response).ends_with("<test>GET - OK - institutionCode: 01OMNI_BETA</test>"));
    let (_, general) = get(&emulator, "r-alpha", "/conf/general").await;
    assert_eq!(general["institution"]["value"], "01OMNI_ALPHA");
    assert_eq!(general["environment_type"], "sandbox");
}

#[tokio::test]
async fn key_in_query_is_accepted_and_not_logged() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let request = Request::get("https://alma.test/almaws/v1/conf/general?apikey=r-alpha&format=json")
        .body(Bytes::new());
    let (status, general) = answer(send(&emulator, request.unwrap()).await.unwrap());
    assert_eq!((status, &general["institution"]["value"]), (200, &json!("01OMNI_ALPHA")));
    let logged = emulator.control().requests();
    assert_eq!(logged[0].path, "/almaws/v1/conf/general?format=json");
}

#[tokio::test]
async fn read_key_cannot_write() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, mut table) = get(&emulator, "r-alpha", BLOCKS).await;
    table["row"].as_array_mut().unwrap().clear();
    let answer = put(&emulator, "r-alpha", BLOCKS, &table).await;
    assert_eq!(refusal(&answer), (400, "UNAUTHORIZED"));
    assert!(get(&emulator, "r-alpha", BLOCKS).await.1.get("row").is_some());
    let test = send(&emulator, request(Method::POST, "w-alpha", "/conf/test", Bytes::new())).await.unwrap();
    assert!(text(&test).contains("POST - OK"));
}

#[tokio::test]
async fn unknown_key_is_rejected_in_both_reported_ways() {
    let emulator = network(EmulatorConfig::without_thresholds());
    assert_eq!(refusal(&get(&emulator, "nobody", BLOCKS).await), (403, "INVALID_REQUEST"));
    let behaviour = EmulatorConfig {
        unknown_key: super::super::UnknownKey::Unauthorized,
        ..EmulatorConfig::without_thresholds()
    };
    assert_eq!(refusal(&get(&network(behaviour), "nobody", BLOCKS).await), (400, "UNAUTHORIZED"));
}

#[tokio::test]
async fn unknown_path_returns_routing_error() {
    let emulator = network(EmulatorConfig::without_thresholds());
    for path in ["/bibs", "/conf/nothing", "/conf/code-tables/A/B", "/conf"] {
        assert_eq!(refusal(&get(&emulator, "r-alpha", path).await), (404, "ROUTING_ERROR"), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn threshold_per_second_covers_all_keys_of_zone() {
    let emulator = network(EmulatorConfig { per_second: 3, ..EmulatorConfig::default() });
    let ask = async |key: &str| get(&emulator, key, "/conf/general").await;
    assert_eq!(ask("r-alpha").await.0, 200);
    sleep(Duration::from_millis(600)).await;
    assert_eq!(ask("r-alpha").await.0, 200);
    assert_eq!(ask("w-alpha").await.0, 200);
    assert_eq!(refusal(&ask("r-alpha").await), (429, "PER_SECOND_THRESHOLD"));
    assert_eq!(ask("r-beta").await.0, 200, "another zone has a separate threshold");
    sleep(Duration::from_millis(400)).await;
    assert_eq!(ask("r-alpha").await.0, 200, "the first request is one second old");
    assert_eq!(ask("r-alpha").await.0, 429, "the other requests are newer");
    let statistics = emulator.control().statistics()["01OMNI_ALPHA"];
    assert_eq!((statistics.requests, statistics.throttled, statistics.peak_per_second), (6, 2, 3));
}

#[tokio::test(start_paused = true)]
async fn daily_threshold_resets_at_midnight() {
    let emulator = network(EmulatorConfig { daily: 2, ..EmulatorConfig::default() });
    let ask = async || try_get(&emulator, "r-alpha", "/conf/general").await.unwrap();
    let left =
        |response: &Response<Bytes>| response.headers()["x-exl-api-remaining"].to_str().unwrap().to_owned();
    assert_eq!(left(&ask().await), "1");
    assert_eq!(left(&ask().await), "0");
    let refused = ask().await;
    assert_eq!(left(&refused), "0");
    assert_eq!(refusal(&answer(refused)), (429, "DAILY_THRESHOLD"));
    sleep(Duration::from_secs(24 * 60 * 60)).await;
    assert_eq!(left(&ask().await), "1");
}

#[tokio::test(start_paused = true)]
async fn latency_uses_runtime_clock_and_is_deterministic() {
    let times = async || {
        let emulator =
            network(EmulatorConfig { latency_ms: 100, jitter_ms: 50, seed: 7, ..EmulatorConfig::default() });
        let mut times = Vec::new();
        for _ in 0..5 {
            let start = Instant::now();
            get(&emulator, "r-alpha", "/conf/general").await;
            times.push(start.elapsed().as_millis());
        }
        times
    };
    let first = times().await;
    assert!(first.iter().all(|time| (100..=152).contains(time)), "{first:?}");
    assert!(first.iter().any(|time| *time != first[0]), "{first:?}");
    assert_eq!(first, times().await);
}
