//! Request counter of an institution, as in the gateway: per second and per day, over all API keys.

use std::collections::VecDeque;
use std::time::Duration;

use super::config::EmulatorConfig;
use super::error_response::ErrorResponse;

const SECOND: Duration = Duration::from_secs(1);
const DAY: u64 = 24 * 60 * 60;

/// Requests of one institution so far.
#[derive(Default)]
pub(super) struct ThresholdCounter {
    /// Times of the requests in the last second, without rejected requests. Empty without a threshold.
    second: VecDeque<Duration>,
    day: u64,
    used: u64,
    /// Maximum of requests in any one second so far.
    pub peak: usize,
}

impl ThresholdCounter {
    /// Admits and counts a request. `time` is the time since the start of the network, at midnight.
    ///
    /// A rejected request does not count. Alma's behavior is unknown.
    pub fn admit(&mut self, settings: &EmulatorConfig, time: Duration) -> Result<(), ErrorResponse> {
        let today = time.as_secs() / DAY;
        if today != self.day {
            (self.day, self.used) = (today, 0);
        }
        if self.used >= settings.daily {
            return Err(ErrorResponse::day_used_up());
        }
        if settings.per_second != u32::MAX {
            while self.second.front().is_some_and(|earliest| *earliest + SECOND <= time) {
                self.second.pop_front();
            }
            if self.second.len() >= settings.per_second as usize {
                return Err(ErrorResponse::too_fast());
            }
            self.second.push_back(time);
            self.peak = self.peak.max(self.second.len());
        }
        self.used += 1;
        Ok(())
    }

    /// Returns the requests left until midnight.
    pub fn remaining_requests(&self, settings: &EmulatorConfig) -> u64 {
        settings.daily.saturating_sub(self.used)
    }
}
