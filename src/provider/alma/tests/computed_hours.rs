//! Computed days as proof of written calendar entries.

use super::*;
use crate::provider::ZoneWriter;

/// Returns the contradictions after writing an exception to a calendar of a library.
async fn contradictions(
    exception: &[(&str, FieldValue)],
    calendar: Json,
    days: ScriptedResponse,
) -> (Vec<String>, usize) {
    let id = CollectionId { library: Some("LAW".into()), ..CollectionId::of_institution("OpenHours") };
    let fresh = read(vec![ok(&calendar)], &id).await.unwrap();
    let key = [
        ("type", "EXCEPTION"),
        ("day", ""),
        ("from", "2026-12-24"),
        ("to", "2026-12-24"),
        ("description", "Eve"),
    ];
    let (writer, script) = writer(vec![days]);
    let lines = writer.contradictions(&fresh, &[change(ChangeAction::Create, &key, exception)]).await;
    (lines, script.lines().len())
}

fn days(hours: Json) -> ScriptedResponse {
    ok(&json!({"day": [{"date": "2026-12-24Z", "day_of_week": {"value": "5"}, "hour": hours}]}))
}

#[tokio::test(start_paused = true)]
async fn computed_day_proves_or_contradicts_an_exception() {
    let open = json!([{"from": "08:00", "to": "12:00"}]);
    let closed: &[(&str, FieldValue)] = &[("status", "CLOSED".into())];
    let half: &[(&str, FieldValue)] =
        &[("status", "OPEN".into()), ("hours", FieldValue::list(["08:00-12:00"]))];
    for (exception, hours, line) in [
        (closed, json!([]), None),
        (closed, json!(null), None),
        (
            closed,
            open.clone(),
            Some("the zone computes 08:00-12:00 for LAW on 2026-12-24, expected a closed day"),
        ),
        (half, open, None),
        (half, json!([]), Some("the zone computes a closed day for LAW on 2026-12-24, expected 08:00-12:00")),
    ] {
        let (lines, _) = contradictions(exception, json!({}), days(hours)).await;
        assert_eq!(lines, Vec::from_iter(line));
    }
    // A zone without the endpoint proves nothing.
    assert_eq!(contradictions(closed, json!({}), error(400, "401664")).await.0, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn day_that_another_exception_decides_too_is_not_read() {
    let other = json!({"open_hour": [{
        "type": {"value": "EXCEPTION"}, "desc": "Winter", "from_date": "2026-12-20Z", "to_date": "2026-12-31Z",
        "status": {"value": "CLOSE"}, "inherited": false,
    }]});
    let closed = &[("status", "CLOSED".into())];
    assert_eq!(contradictions(closed, other, days(json!([]))).await, (Vec::new(), 0));
}
