//! Guarantees of a budget.
#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::RequestBudget;
use crate::model::FailureClass;
use crate::model::network::RateLimit;

fn budget(per_second: u32, daily_reserve: u64) -> RequestBudget {
    RequestBudget::new(RateLimit { per_second, daily_reserve })
}

/// Returns the send times of `count` concurrent requests.
async fn sent(budget: &Arc<RequestBudget>, count: usize) -> Vec<Instant> {
    let mut asking = Vec::new();
    for _ in 0..count {
        let budget = Arc::clone(budget);
        asking.push(tokio::spawn(async move {
            let permit = budget.admit().await.unwrap();
            let now = Instant::now();
            permit.good();
            now
        }));
    }
    let mut times = Vec::new();
    for request in asking {
        times.push(request.await.unwrap());
    }
    times
}

/// Returns the maximum number of requests in any one second.
fn fullest_second(arrivals: &mut [Duration]) -> usize {
    arrivals.sort();
    (0..arrivals.len())
        .map(|i| arrivals[i..].iter().take_while(|&&t| t < arrivals[i] + Duration::from_secs(1)).count())
        .max()
        .unwrap_or(0)
}

fn slots(rate: u32) -> Vec<Duration> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let start = Instant::now();
        let times = sent(&Arc::new(budget(rate, 0)), rate as usize * 2 + 2).await;
        times.into_iter().map(|time| time - start).collect()
    })
}

#[test]
fn rate_holds_if_later_requests_are_faster() {
    for rate in 1..=60 {
        let slots = slots(rate);
        // Worst case of jitter for a window: its first request late, the others early.
        for late in 0..slots.len() {
            let mut arrivals: Vec<_> = slots
                .iter()
                .enumerate()
                .map(|(i, &slot)| slot + Duration::from_millis(if i <= late { 40 } else { 0 }))
                .collect();
            assert!(fullest_second(&mut arrivals) <= rate as usize, "rate {rate}, late up to {late}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn rate_holds_for_any_jitter(
        rate in 1u32..60,
        jitter in proptest::collection::vec(0u64..=40, 122),
    ) {
        let mut arrivals: Vec<_> = slots(rate)
            .iter()
            .zip(jitter.iter().cycle())
            .map(|(&slot, &late)| slot + Duration::from_millis(late))
            .collect();
        prop_assert!(fullest_second(&mut arrivals) <= rate as usize);
    }
}

#[test]
fn full_rate_is_used() {
    assert!(slots(20)[20] < Duration::from_millis(1100));
    assert!(slots(1)[3] < Duration::from_millis(3300));
}

#[tokio::test(start_paused = true)]
async fn requests_are_sent_in_order_of_arrival() {
    let times = sent(&Arc::new(budget(20, 0)), 30).await;
    assert!(times.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn throttling_delays_all_requests_and_lowers_the_rate() {
    let budget = Arc::new(budget(20, 0));
    let before = Instant::now();
    budget.admit().await.unwrap().too_fast();
    let times = sent(&budget, 3).await;
    assert_eq!(times[0] - before, Duration::from_secs(1));
    let wide = times[2] - times[1];
    assert!(wide > Duration::from_millis(75), "{wide:?}");
    let times = sent(&budget, 200).await;
    let narrow = times[199] - times[198];
    assert!(narrow < Duration::from_millis(56), "{narrow:?}");
}

#[tokio::test(start_paused = true)]
async fn throttling_delays_waiting_requests_too() {
    let budget = Arc::new(budget(1, 0));
    let start = Instant::now();
    let first = budget.admit().await.unwrap();
    let waiting = tokio::spawn({
        let budget = Arc::clone(&budget);
        async move {
            budget.admit().await.unwrap().good();
            Instant::now()
        }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    budget.hold(Duration::from_secs(5));
    first.too_fast();
    assert_eq!(waiting.await.unwrap() - start, Duration::from_millis(5500));
}

#[tokio::test(start_paused = true)]
async fn simultaneous_throttled_responses_count_once() {
    let budget = Arc::new(budget(20, 0));
    let mut under_way = Vec::new();
    for _ in 0..4 {
        under_way.push(budget.admit().await.unwrap());
    }
    under_way.into_iter().for_each(|permit| permit.too_fast());
    let times = sent(&budget, 2).await;
    assert!(times[1] - times[0] < Duration::from_millis(90));
}

#[tokio::test(start_paused = true)]
async fn ninth_concurrent_request_waits_for_a_response() {
    let budget = Arc::new(budget(1000, 0));
    let mut under_way = Vec::new();
    for _ in 0..8 {
        under_way.push(budget.admit().await.unwrap());
    }
    let ninth = tokio::time::timeout(Duration::from_secs(60), budget.admit()).await;
    assert!(ninth.is_err());
    under_way.pop().unwrap().good();
    budget.admit().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn good_responses_raise_concurrency_to_64() {
    let budget = Arc::new(budget(10_000, 0));
    let mut under_way = std::collections::VecDeque::new();
    for _ in 0..5000 {
        while under_way.len() < budget.concurrency() {
            under_way.push_back(budget.admit().await.unwrap());
        }
        under_way.pop_front().unwrap().good();
    }
    assert_eq!(budget.concurrency(), 64);
}

#[tokio::test(start_paused = true)]
async fn failures_halve_concurrency_down_to_one() {
    let budget = Arc::new(budget(1000, 0));
    let mut limits = Vec::new();
    for _ in 0..4 {
        budget.admit().await.unwrap().report_overload();
        limits.push(budget.concurrency());
    }
    assert_eq!(limits, [4, 2, 1, 1]);
    let only = budget.admit().await.unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(60), budget.admit()).await.is_err());
    only.good();
    budget.admit().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn withdrawn_permits_end_with_their_requests() {
    let budget = Arc::new(budget(1000, 0));
    let mut under_way = Vec::new();
    for _ in 0..8 {
        under_way.push(budget.admit().await.unwrap());
    }
    under_way.pop().unwrap().report_overload();
    under_way.truncate(4);
    assert!(tokio::time::timeout(Duration::from_secs(60), budget.admit()).await.is_err());
    under_way.truncate(3);
    budget.admit().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn quota_below_reserve_is_refused_with_both_numbers() {
    let budget = budget(20, 5000);
    budget.heard(5000);
    budget.admit().await.unwrap().good();
    budget.heard(4999);
    let failure = budget.admit().await.err().unwrap();
    assert_eq!(failure.class, FailureClass::Quota);
    assert!(failure.message.contains("4999") && failure.message.contains("5000"), "{failure}");
    assert_eq!(budget.usage().requests, 1);
    assert_eq!(budget.usage().quota_left, Some(4999));
}

#[tokio::test(start_paused = true)]
async fn exhausted_quota_refuses_all_requests() {
    let budget = budget(20, 0);
    budget.day_is_over();
    assert_eq!(budget.admit().await.err().unwrap().class, FailureClass::Quota);
    assert_eq!(budget.usage().requests, 0);
}
