//! Tests of the control endpoints over HTTP: every documented example, and error messages.

use axum::body::{Body, to_bytes};
use tower::ServiceExt;

use super::*;

async fn door(emulator: &Emulator, method: Method, path: &str, body: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).body(Body::from(body.to_owned())).unwrap();
    let response = emulator.router().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into()))
}

/// Returns the request lines and bodies of the module documentation.
fn examples() -> Vec<(Method, String, String)> {
    let mut examples: Vec<(Method, String, String)> = Vec::new();
    let lines = include_str!("../mod.rs").lines().map(|line| line.trim_start_matches("//!").trim());
    let lines = lines.skip_while(|line| *line != "```json").skip(1).take_while(|line| *line != "```");
    let mut head = (Method::POST, String::new());
    for line in lines.filter(|line| !line.is_empty()) {
        match line.split_once(' ') {
            Some(("POST", path)) => head = (Method::POST, path.to_owned()),
            Some(("PUT", path)) => head = (Method::PUT, path.to_owned()),
            _ => match examples.last_mut() {
                Some((_, _, body)) if serde_json::from_str::<Value>(body).is_err() => body.push_str(line),
                _ => examples.push((head.0.clone(), head.1.clone(), line.to_owned())),
            },
        }
    }
    examples
}

#[tokio::test]
async fn every_documented_example_succeeds() {
    let zone = |code: &str| EmulatedZone::new(code, code, None).with_libraries(&["MAIN", "LAW"]);
    let network_zone = EmulatedZone { role: ZoneRole::Network, ..zone("01OMNI_NETWORK") };
    let zones = vec![network_zone, zone("01OMNI_ALPHA"), zone("01OMNI_BETA"), zone("01OMNI_GAMMA")];
    let emulator = Emulator::new(zones, EmulatorConfig::default());
    let examples = examples();
    assert_eq!(examples.len(), 12);
    for (method, path, body) in examples {
        assert_eq!(
            door(&emulator, method, &path, &body).await,
            (200, json!({"done": true})),
            "{path} {body}"
        );
    }
    let control = emulator.control();
    assert_eq!(control.behaviour().latency_ms, 120);
    assert_eq!(control.faults().len(), 3);
    assert!(control.code_table("01OMNI_ALPHA", "Colours").is_some());
}

#[tokio::test]
async fn invalid_input_returns_error_message() {
    let emulator = network(EmulatorConfig::default());
    for (path, body, words) in [
        ("/emulator/behaviour", r#"{"latency": 5}"#, "unknown field `latency`"),
        (
            "/emulator/behaviour",
            r#"{"zones": {"01OMNI_GAMMA": {}}}"#,
            "unknown zone `01OMNI_GAMMA`; known zones: 01OMNI_NETWORK",
        ),
        ("/emulator/behaviour", r#"{"today": "2 March"}"#, "`2 March` is not a date"),
        ("/emulator/faults", r#"{"effect": "explode"}"#, "unknown variant `explode`"),
        ("/emulator/faults", "{}", "missing field `effect`"),
        ("/emulator/edits", "", "EOF"),
    ] {
        let (status, answer) = door(&emulator, Method::POST, path, body).await;
        assert_eq!(status, 400);
        assert!(answer["error"].as_str().unwrap().contains(words), "{answer}");
    }
}

#[tokio::test]
async fn control_responses_can_be_sent_back() {
    let emulator = network(EmulatorConfig::default());
    let (_, behaviour) = door(&emulator, Method::GET, "/emulator/behaviour", "").await;
    door(&emulator, Method::POST, "/emulator/behaviour", &behaviour.to_string()).await;
    assert_eq!(emulator.control().behaviour(), EmulatorConfig::default());
    let path = "/emulator/zones/01OMNI_ALPHA/tables/code/Sub%20Systems";
    let (status, table) = door(&emulator, Method::GET, path, "").await;
    assert_eq!((status, &table["code"]["access"]), (200, &json!("fixed")));
    assert_eq!(door(&emulator, Method::PUT, path, &table.to_string()).await.0, 200);
    assert_eq!(door(&emulator, Method::GET, path, "").await.1, table);
}

#[tokio::test]
async fn request_log_contains_requests_without_keys() {
    let emulator = network(EmulatorConfig::default());
    get(&emulator, "r-alpha", BLOCKS).await;
    get(&emulator, "secret-but-wrong", BLOCKS).await;
    let (_, log) = door(&emulator, Method::GET, "/emulator/requests", "").await;
    let path = "/almaws/v1/conf/code-tables/UserBlockDescription";
    assert_eq!(
        log[0],
        json!({"zone": "01OMNI_ALPHA", "method": "GET", "path": path, "status": 200, "at_ms": 0})
    );
    assert_eq!((&log[1]["zone"], &log[1]["status"]), (&Value::Null, &json!(403)));
    let (_, zones) = door(&emulator, Method::GET, "/emulator/zones", "").await;
    assert!(!format!("{log}{zones}{:?}", emulator.control().zones().collect::<Vec<_>>()).contains("secret"));
    assert!(!zones.to_string().contains("r-alpha"));
    door(&emulator, Method::DELETE, "/emulator/requests", "").await;
    assert!(emulator.control().requests().is_empty());
}

#[tokio::test]
async fn oversized_body_is_rejected_by_gateway() {
    let emulator = network(EmulatorConfig::default());
    let request = Request::put("/almaws/v1/conf/code-tables/UserGroups?format=json")
        .header("authorization", "apikey w-alpha")
        .body(Body::from(vec![b' '; 17 * 1024 * 1024]));
    let response = emulator.router().oneshot(request.unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert_eq!(refusal(&(status, serde_json::from_slice(&body).unwrap())), (413, "REQUEST_TOO_LARGE"));
}
