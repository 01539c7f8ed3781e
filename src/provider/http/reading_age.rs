//! Age of a reading: the time between its last byte and the PUT that rests on it.
//!
//! Alma's API has no version to check. An edit by another user after the reading would be lost, so a PUT
//! rests on a reading of the last second only.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::provider::budget::WriteSlot;
use crate::provider::transport::Transport;

/// Maximum age of a reading before a PUT.
pub const MAX_READING_AGE: Duration = Duration::from_secs(1);
/// Precision of timers, in addition to the maximum age.
const TIMER_PRECISION: Duration = Duration::from_millis(10);
/// Interval of the checks that the process is running.
const PULSE: Duration = Duration::from_millis(250);

/// Time at which a reading was complete.
#[derive(Debug, Clone, Copy)]
pub struct ReadingTime {
    at: Instant,
    uptime: Option<Duration>,
}

/// Right to write what a reading showed, for as long as the reading is fresh.
pub struct FreshReading<'a> {
    /// Place of the write in the request budget.
    pub slot: WriteSlot<'a>,
    /// Time of the reading.
    pub read_at: ReadingTime,
}

impl ReadingTime {
    /// Returns the current time.
    pub fn now(transport: &dyn Transport) -> Self {
        Self { at: Instant::now(), uptime: transport.uptime() }
    }

    /// Returns the time since the reading, suspended time included.
    pub fn age(&self, transport: &dyn Transport) -> Duration {
        let uptime = transport.uptime().zip(self.uptime).map(|(now, then)| now.saturating_sub(then));
        self.at.elapsed().max(uptime.unwrap_or_default())
    }

    /// Returns the time until which the reading may be written, on the clock of the runtime.
    pub fn deadline(&self) -> Instant {
        self.at + MAX_READING_AGE + TIMER_PRECISION
    }

    /// Returns true if no write may rest on the reading.
    pub fn is_outdated(&self, transport: &dyn Transport) -> bool {
        self.age(transport) > MAX_READING_AGE + TIMER_PRECISION
    }
}

/// Waits for a response, and returns the time at which it was complete.
///
/// If the process was stopped meanwhile, the response may have waited in the socket. The returned time is
/// then the last time at which the process was running.
pub async fn timed<T>(transport: &dyn Transport, response: impl Future<Output = T>) -> (T, ReadingTime) {
    let mut response = std::pin::pin!(response);
    let mut running_at = ReadingTime::now(transport);
    loop {
        tokio::select! {
            biased;
            response = &mut response => {
                let was_stopped = running_at.age(transport) > PULSE + MAX_READING_AGE;
                return (response, if was_stopped { running_at } else { ReadingTime::now(transport) });
            }
            () = sleep(PULSE) => {
                // A stop just before this check is noticed at the next one, or by the response above.
                if running_at.age(transport) <= PULSE + MAX_READING_AGE {
                    running_at = ReadingTime::now(transport);
                }
            }
        }
    }
}
