//! Retries: failures with a retry, and failures without.

use std::time::Duration;

use super::*;
use crate::model::{FailureClass, ZoneFailure};
use crate::provider::WriteError;
use crate::provider::http::response::{HttpFailure, HttpFailureType};
use crate::provider::http::retry::{RetryBudget, RetrySafety};

fn table() -> Json {
    json!({"name": "T", "language": {"value": "en"}, "row": [{"code": "A", "description": "a"}]})
}

fn again(step: impl Fn() -> ScriptedResponse, times: usize, then: ScriptedResponse) -> Vec<ScriptedResponse> {
    let mut steps: Vec<ScriptedResponse> = (0..times).map(|_| step()).collect();
    steps.push(then);
    steps
}

/// Reads the table; returns the failure class, if any, and the number of requests.
async fn get(steps: Vec<ScriptedResponse>) -> (Option<FailureClass>, usize) {
    let (reader, script) = reader(steps);
    let read = reader.read_collection(&id("CodeTable", None, None)).await;
    (read.err().map(|failure| failure.class), script.lines().len())
}

/// Writes the table; returns the result and the number of requests.
async fn put(steps: Vec<ScriptedResponse>) -> (Result<(), WriteError>, usize) {
    let fresh = code_table(json!([{"code": "A", "description": "a"}])).await;
    let (writer, script) = writer(steps);
    let edit = change(ChangeAction::Update, &[("code", "A")], &[("description", "b".into())]);
    let written = write(&writer, &fresh, &[edit]).await;
    (written, script.lines().len())
}

#[tokio::test(start_paused = true)]
async fn throttled_read_is_sent_up_to_eight_times() {
    let busy = || error(429, "PER_SECOND_THRESHOLD");
    assert_eq!(get(again(busy, 7, ok(&table()))).await, (None, 8));
    assert_eq!(get(again(busy, 8, ok(&table()))).await, (Some(FailureClass::Unreachable), 8));
    assert_eq!(get(again(|| reply(429, ""), 1, ok(&table()))).await, (None, 2));
}

#[tokio::test(start_paused = true)]
async fn throttled_requests_wait_at_least_a_second() {
    let (reader, script) = reader(again(|| error(429, "PER_SECOND_THRESHOLD"), 2, ok(&table())));
    reader.read_collection(&id("CodeTable", None, None)).await.unwrap();
    assert!(script.gaps().iter().all(|gap| *gap >= Duration::from_secs(1)), "{:?}", script.gaps());
}

#[tokio::test(start_paused = true)]
async fn body_with_invalid_utf8_is_not_a_table() {
    let latin = || {
        ScriptedResponse::Bytes(
            b"{\"name\": \"T\", \"row\": [{\"code\": \"A\", \"description\": \"pr\xeat\"}]}",
        )
    };
    assert_eq!(get(again(latin, 2, ok(&table()))).await, (None, 3));
    assert_eq!(get(again(latin, 3, ok(&table()))).await, (Some(FailureClass::Malformed), 3));
}

#[tokio::test(start_paused = true)]
async fn retry_after_header_sets_the_delay() {
    let in_seven_seconds = [
        vec![("retry-after", "7")],
        vec![("retry-after", "Mon, 02 Mar 2026 10:00:07 GMT"), ("date", "Mon, 02 Mar 2026 10:00:00 GMT")],
    ];
    for status in [429, 500, 503] {
        for headers in in_seven_seconds.clone() {
            let busy = ScriptedResponse::Reply(status, headers, String::new());
            let (reader, script) = reader(vec![busy, ok(&table())]);
            reader.read_collection(&id("CodeTable", None, None)).await.unwrap();
            assert_eq!(script.gaps(), [Duration::from_secs(7)], "{status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_zero_seconds_waits_as_without_header() {
    for status in [429, 500, 503] {
        let busy = || ScriptedResponse::Reply(status, vec![("retry-after", "0")], String::new());
        let (reader, script) = reader(vec![busy(), busy(), ok(&table())]);
        reader.read_collection(&id("CodeTable", None, None)).await.unwrap();
        assert!(script.gaps().iter().all(|gap| *gap >= Duration::from_millis(200)), "{:?}", script.gaps());
    }
}

#[tokio::test(start_paused = true)]
async fn unreadable_retry_after_header_has_no_effect() {
    for wait in ["soon", "-1", "Mon, 02 Mar 2026 10:00:07 GMT", ""] {
        let busy = ScriptedResponse::Reply(503, vec![("retry-after", wait)], String::new());
        let (reader, script) = reader(vec![busy, ok(&table())]);
        reader.read_collection(&id("CodeTable", None, None)).await.unwrap();
        assert!(script.gaps()[0] < Duration::from_secs(2), "{wait}");
    }
}

#[tokio::test(start_paused = true)]
async fn zone_that_asks_for_a_long_wait_is_given_up() {
    for status in [429, 500, 503] {
        let busy = ScriptedResponse::Reply(status, vec![("retry-after", "3600")], String::new());
        let (reader, script) = reader(vec![busy]);
        for _ in 0..2 {
            let failure = reader.read_collection(&id("CodeTable", None, None)).await.unwrap_err();
            let text = failure.to_string();
            assert!(text.contains("the server asks to wait 3600 s, and zonal waits at most 60 s"), "{text}");
            assert_eq!(failure.class, FailureClass::Unreachable);
        }
        assert_eq!(script.lines().len(), 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn daily_threshold_stops_all_requests() {
    let (reader, script) = reader(vec![error(429, "DAILY_THRESHOLD")]);
    for _ in 0..2 {
        let failure = reader.read_collection(&id("CodeTable", None, None)).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Quota);
    }
    assert_eq!(script.lines().len(), 1);
    assert_eq!(reader.request_usage().requests, 1);
}

#[tokio::test(start_paused = true)]
async fn quota_below_reserve_stops_all_requests() {
    let low = ScriptedResponse::Reply(200, vec![("X-Exl-Api-Remaining", "99")], table().to_string());
    let (reader, script) = reader(vec![low]);
    reader.read_collection(&id("CodeTable", None, None)).await.unwrap();
    let failure = reader.read_collection(&id("CodeTable", None, None)).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Quota);
    assert!(failure.message.contains("99") && failure.message.contains("100"), "{failure}");
    assert_eq!(script.lines().len(), 1);
    assert_eq!(reader.request_usage().quota_left, Some(99));
}

#[tokio::test(start_paused = true)]
async fn read_survives_three_failures_but_not_four() {
    let mishaps: [fn() -> ScriptedResponse; 4] = [
        || ScriptedResponse::Connect,
        || ScriptedResponse::Lost,
        || reply(502, "<html>"),
        || error(500, "ROUTING_ERROR"),
    ];
    for mishap in mishaps {
        assert_eq!(get(again(mishap, 3, ok(&table()))).await, (None, 4));
        assert_eq!(get(again(mishap, 4, ok(&table()))).await, (Some(FailureClass::Unreachable), 4));
    }
}

#[tokio::test(start_paused = true)]
async fn unresponsive_zone_fails_after_about_a_minute() {
    let start = Instant::now();
    assert_eq!(
        get(vec![ScriptedResponse::Hang, ScriptedResponse::Hang]).await,
        (Some(FailureClass::Unreachable), 1)
    );
    assert!(start.elapsed() < Duration::from_secs(90), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn invalid_body_is_requested_three_times() {
    for garbled in ["<!DOCTYPE html><html><title>Login</title>", "{\"name\": \"T\", \"row\": [{\"co", ""] {
        assert_eq!(get(again(|| reply(200, garbled), 2, ok(&table()))).await, (None, 3));
        let malformed = Some(FailureClass::Malformed);
        assert_eq!(get(again(|| reply(200, garbled), 3, ok(&table()))).await, (malformed, 3));
    }
}

#[tokio::test(start_paused = true)]
async fn rejected_read_is_not_retried() {
    assert_eq!(get(vec![error(400, "90100")]).await, (Some(FailureClass::Rejected), 1));
    assert_eq!(get(vec![reply(302, "")]).await, (Some(FailureClass::Malformed), 1));
}

#[tokio::test(start_paused = true)]
async fn write_is_sent_once_per_reading() {
    let (written, requests) = put(again(|| error(429, "PER_SECOND_THRESHOLD"), 7, ok(&table()))).await;
    let throttled = |written: &Result<(), WriteError>| {
        matches!(written, Err(WriteError::Unprocessed(UnprocessedReason::Throttled(_))))
    };
    assert!(throttled(&written) && requests == 1, "{written:?}, {requests} requests");
    let (written, requests) = put(again(|| ScriptedResponse::Connect, 3, ok(&table()))).await;
    let not_sent = matches!(written, Err(WriteError::Unprocessed(UnprocessedReason::NotSent(_))));
    assert!(not_sent && requests == 1, "{written:?}, {requests} requests");
    assert_eq!(put(vec![reply(204, "")]).await, (Ok(()), 1));
}

#[tokio::test(start_paused = true)]
async fn write_after_an_old_reading_is_not_sent() {
    let fresh = code_table(json!([{"code": "A", "description": "a"}])).await;
    let edit = [change(ChangeAction::Update, &[("code", "A")], &[("description", "b".into())])];
    for (age, is_sent) in [(0, true), (1000, true), (1011, false), (5000, false)] {
        let (writer, script) = writer(vec![ok(&table()), ok(&table())]);
        let (_, turn) = writer.read_for_write(&fresh.observed.id).await.unwrap();
        tokio::time::sleep(Duration::from_millis(age)).await;
        let written = writer.write_collection(turn, &fresh, &edit).await;
        assert_eq!(written.is_ok(), is_sent, "after {age} ms: {written:?}");
        assert_eq!(script.lines().len(), 1 + usize::from(is_sent));
    }
}

#[tokio::test(start_paused = true)]
async fn write_comes_before_queued_reads() {
    let fresh = code_table(json!([{"code": "A", "description": "a"}])).await;
    let edit = [change(ChangeAction::Update, &[("code", "A")], &[("description", "b".into())])];
    let (writer, script) = writer((0..60).map(|_| ok(&table())).collect());
    let id = &fresh.observed.id;
    let (_, turn) = writer.read_for_write(id).await.unwrap();
    let reads = futures::future::join_all((0..50).map(|_| writer.read_collection(id)));
    let (written, _) = tokio::join!(writer.write_collection(turn, &fresh, &edit), reads);
    assert_eq!(written, Ok(()));
    let place = script.lines().iter().position(|line| line.starts_with("PUT")).unwrap();
    assert!(place <= 2, "the write was request {}", place + 1);
}

#[tokio::test(start_paused = true)]
async fn write_without_response_is_unknown_and_not_retried() {
    let steps: [fn() -> ScriptedResponse; 7] = [
        || ScriptedResponse::Lost,
        || ScriptedResponse::Hang,
        || error(500, "402119"),
        || error(400, "402119"),
        || reply(200, "<html>"),
        || reply(200, "{\"name"),
        || reply(307, ""),
    ];
    for step in steps {
        let (written, requests) = put(vec![step()]).await;
        assert!(matches!(written, Err(WriteError::Unknown(_))), "{written:?}");
        assert_eq!(requests, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn unsent_or_rejected_write_changes_nothing() {
    let cases = [
        (vec![error(429, "DAILY_THRESHOLD")], FailureClass::Quota, 1),
        (vec![error(400, "90123")], FailureClass::Locked, 1),
        (vec![error(200, "90122")], FailureClass::Rejected, 1),
    ];
    for (steps, class, requests) in cases {
        let (written, sent) = put(steps).await;
        assert!(
            matches!(&written, Err(WriteError::Refused(failure)) if failure.class == class),
            "{written:?}"
        );
        assert_eq!(sent, requests);
    }
}

#[tokio::test(start_paused = true)]
async fn server_errors_and_timeouts_lower_concurrency() {
    let (reader, _) = reader(vec![reply(503, ""), ScriptedResponse::Lost, ok(&table())]);
    reader.read_collection(&id("CodeTable", None, None)).await.unwrap();
    assert_eq!(reader.budget.concurrency(), 2);
}

#[tokio::test(start_paused = true)]
async fn requests_that_failed_together_retry_apart() {
    let waits = |seed| {
        let mut patience = RetryBudget::new(RetrySafety::Idempotent, seed);
        let failure = ZoneFailure::new(FailureClass::Unreachable, "lost");
        let lost = HttpFailure::new(HttpFailureType::NoResponse, failure);
        patience.next_delay(&lost, Duration::ZERO).unwrap()
    };
    assert_ne!(waits(1), waits(2));
    assert_eq!(waits(1), waits(1));
}
