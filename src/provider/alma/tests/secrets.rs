//! Where the key goes, and where it never does.

use super::*;
use crate::provider::Write;

#[tokio::test(start_paused = true)]
async fn the_key_travels_in_the_header_and_in_nothing_else() {
    let (reader, script) = reader(vec![ok(&json!({"name": "T"}))]);
    reader.read(&id("CodeTable", Some("L"), Some("fr"))).await.unwrap();
    let seen = script.seen.lock().unwrap();
    assert_eq!(seen[0].authorization, format!("apikey {KEY}"));
    assert!(!seen[0].line.contains(KEY) && !seen[0].body.contains(KEY));
}

#[tokio::test(start_paused = true)]
async fn no_failure_shows_a_key_that_the_zone_echoes() {
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
        let failure = reader.read(&id("CodeTable", None, Some("en"))).await.unwrap_err();
        assert!(!format!("{failure:?}").contains(KEY), "{failure:?}");
    }
    let general = json!({"institution": {"value": "01A"}, "environment_type": KEY});
    let (writer, _) = writer_in(Some(EnvironmentType::Sandbox), vec![reply(200, KEY), ok(&general)]);
    let failure = writer.confirm().await.unwrap_err();
    assert!(!format!("{failure:?}").contains(KEY), "{failure:?}");
}
