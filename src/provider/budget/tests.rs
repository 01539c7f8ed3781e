//! The promises a budget makes to a zone.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

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

/// When each of `count` requests was let through, all asking at once.
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

/// The most requests that any one second holds.
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
fn no_second_holds_more_than_the_rate_when_the_last_are_40_ms_faster() {
    for rate in 1..=60 {
        let slots = slots(rate);
        // The worst that jitter can do to a window: its first request late, the others early.
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
    fn no_second_holds_more_than_the_rate_whatever_the_jitter(
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
fn the_rate_is_used() {
    assert!(slots(20)[20] < Duration::from_millis(1100));
    assert!(slots(1)[3] < Duration::from_millis(3300));
}

#[tokio::test(start_paused = true)]
async fn who_asks_first_is_sent_first() {
    let times = sent(&Arc::new(budget(20, 0)), 30).await;
    assert!(times.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn everyone_waits_a_second_when_the_zone_says_too_fast_and_goes_slower_for_a_while() {
    let budget = Arc::new(budget(20, 0));
    let before = Instant::now();
    budget.admit().await.unwrap().too_fast(None);
    let times = sent(&budget, 3).await;
    assert_eq!(times[0] - before, Duration::from_secs(1));
    let wide = times[2] - times[1];
    assert!(wide > Duration::from_millis(75), "{wide:?}");
    let times = sent(&budget, 200).await;
    let narrow = times[199] - times[198];
    assert!(narrow < Duration::from_millis(56), "{narrow:?}");
}

#[tokio::test(start_paused = true)]
async fn requests_that_already_wait_are_pushed_back_too() {
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
    first.too_fast(Some(Duration::from_secs(5)));
    assert_eq!(waiting.await.unwrap() - start, Duration::from_millis(5500));
}

#[tokio::test(start_paused = true)]
async fn complaints_of_the_same_moment_count_once() {
    let budget = Arc::new(budget(20, 0));
    let mut under_way = Vec::new();
    for _ in 0..4 {
        under_way.push(budget.admit().await.unwrap());
    }
    under_way.into_iter().for_each(|permit| permit.too_fast(None));
    let times = sent(&budget, 2).await;
    assert!(times[1] - times[0] < Duration::from_millis(90));
}

#[tokio::test(start_paused = true)]
async fn eight_requests_are_under_way_at_first_and_the_ninth_waits_for_an_answer() {
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
async fn good_answers_open_lanes_one_by_one_up_to_64() {
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
async fn trouble_halves_the_lanes_but_leaves_one() {
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
async fn lanes_that_are_occupied_while_halved_close_when_they_are_free() {
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
async fn nothing_is_sent_below_the_reserve_and_the_message_names_both_numbers() {
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
async fn nothing_is_sent_once_the_day_is_over() {
    let budget = budget(20, 0);
    budget.day_is_over();
    assert_eq!(budget.admit().await.err().unwrap().class, FailureClass::Quota);
    assert_eq!(budget.usage().requests, 0);
}
