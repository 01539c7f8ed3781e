//! Counts what an institution is asked, as the gateway does: per second and per day, over all its keys.

use std::collections::VecDeque;
use std::time::Duration;

use super::config::ZoneConfig;
use super::error_response::ErrorResponse;

const SECOND: Duration = Duration::from_secs(1);
const DAY: u64 = 24 * 60 * 60;

/// What one institution has been asked so far.
#[derive(Default)]
pub(super) struct ThresholdCounter {
    /// When the requests of the last second came, refused ones aside; empty without a threshold.
    second: VecDeque<Duration>,
    day: u64,
    used: u64,
    /// Most requests in any one second so far.
    pub peak: usize,
}

impl ThresholdCounter {
    /// Counts a request that comes now, `now` after the network was started, which is midnight.
    /// A refused request does not count; whether it does in Alma is not known.
    pub fn admit(&mut self, settings: &ZoneConfig, now: Duration) -> Result<(), ErrorResponse> {
        let today = now.as_secs() / DAY;
        if today != self.day {
            (self.day, self.used) = (today, 0);
        }
        if self.used >= settings.daily {
            return Err(ErrorResponse::day_used_up());
        }
        if settings.per_second != u32::MAX {
            while self.second.front().is_some_and(|then| *then + SECOND <= now) {
                self.second.pop_front();
            }
            if self.second.len() >= settings.per_second as usize {
                return Err(ErrorResponse::too_fast());
            }
            self.second.push_back(now);
            self.peak = self.peak.max(self.second.len());
        }
        self.used += 1;
        Ok(())
    }

    /// Requests left until midnight.
    pub fn remaining_requests(&self, settings: &ZoneConfig) -> u64 {
        settings.daily.saturating_sub(self.used)
    }
}
