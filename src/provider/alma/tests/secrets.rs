//! Handling of the API key: present only in its header.

use super::*;
use crate::provider::ZoneWriter;

#[tokio::test(start_paused = true)]
async fn api_key_is_only_in_the_header() {
    let (reader, script) = reader(vec![ok(&json!({"name": "T"}))]);
    reader.read_collection(&id("CodeTable", Some("L"), Some("fr"))).await.unwrap();
    let seen = script.seen.lock().unwrap();
    assert_eq!(seen[0].authorization, format!("apikey {KEY}"));
    assert!(!seen[0].line.contains(KEY) && !seen[0].body.contains(KEY));
}

#[tokio::test(start_paused = true)]
async fn failures_do_not_show_an_echoed_key() {
    let echo = format!("bad key {KEY} in /conf?apikey={KEY}");
    let echoes = [
        reply(
            403,
            &json!({"errorList": {"error": {"errorCode": KEY, "errorMessage": echo, "trackingId": KEY}}})
                .to_string(),
        ),
        reply(400, &format!("<r><error><errorMessage>{echo}</errorMessage></error></r>")),
        reply(400, &format!("<html><title>{echo}</title></html>")),
        reply(400, &echo),
        reply(200, &json!({"name": KEY}).to_string()),
        reply(200, &json!({"name": "T", "row": [{"code": "A", "enabled": KEY}]}).to_string()),
        reply(200, &json!({"name": "T", "scope": {"institution_id": {"value": KEY}}}).to_string()),
        reply(200, &json!({"name": "T", "scope": {"library_id": {"value": KEY}}}).to_string()),
        reply(200, &json!({"name": "T", "language": {"value": KEY}}).to_string()),
    ];
    for step in echoes {
        let (reader, _) = reader(vec![step]);
        let failure = reader.read_collection(&id("CodeTable", None, Some("en"))).await.unwrap_err();
        assert!(!format!("{failure:?}").contains(KEY), "{failure:?}");
    }
    let general = json!({"institution": {"value": "01A"}, "environment_type": KEY});
    let (writer, _) = writer_in(Some(EnvironmentType::Sandbox), vec![reply(200, KEY), ok(&general)]);
    let failure = writer.verify_zone_identity().await.unwrap_err();
    assert!(!format!("{failure:?}").contains(KEY), "{failure:?}");
}

/// Captured log of a test.
#[derive(Clone, Default)]
struct CapturedLog(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for CapturedLog {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn log_contains_each_request_without_the_key() {
    let log = CapturedLog::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    // tracing asks once for interest in a callsite, and while tests start, another test's thread may be
    // asked. So the test repeats until the log contains the lines.
    let told = ["zone=01A method=GET path=/conf/code-tables/T status=429", "status=503", "tries=3"];
    let mut text = String::new();
    for _ in 0..1000 {
        tracing::callsite::rebuild_interest_cache();
        let (reader, _) = reader(vec![error(429, KEY), reply(503, KEY), ok(&json!({"name": "T"}))]);
        reader.read_collection(&id("CodeTable", None, None)).await.unwrap();
        text = String::from_utf8(std::mem::take(&mut *log.0.lock().unwrap())).unwrap();
        assert!(!text.contains(KEY), "{text}");
        if told.iter().all(|part| text.contains(part)) {
            break;
        }
    }
    drop(guard);
    assert!(told.iter().all(|part| text.contains(part)), "{text}");
}

#[tokio::test(start_paused = true)]
async fn invalid_key_costs_no_request() {
    let (zone, script) = (zone(None), ScriptedZone::new(Vec::new()));
    let budget = Arc::new(RequestBudget::new(zone.rate));
    let reader = AlmaReader::new(&zone, "a\nb".into(), script, budget);
    let failure = reader.read_collection(&id("CodeTable", None, None)).await.unwrap_err();
    assert_eq!(failure.class, crate::model::FailureClass::Denied);
    assert_eq!(reader.request_usage().requests, 0);
}
