//! Log of requests, so that tests can check the behavior of a client.

use std::collections::VecDeque;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

/// Maximum number of logged requests.
const KEPT: usize = 100_000;

/// Request as received by the network, in order of arrival.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LoggedRequest {
    /// Code of the zone. `null` if the key belongs to no zone.
    pub zone: Option<Arc<str>>,
    /// HTTP method.
    pub method: String,
    /// Path and query, without the API key.
    pub path: String,
    /// HTTP status. `null` without a response, or while the response is pending.
    pub status: Option<u16>,
    /// Time of the request, in milliseconds since the network's first request.
    pub at_ms: u64,
}

/// Request counts of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct RequestStatistics {
    /// All requests, with any outcome.
    pub requests: u64,
    /// Requests except GET.
    pub writes: u64,
    /// Responses with HTTP status 429.
    pub throttled: u64,
    /// Responses with HTTP status 400 or higher, except 429.
    pub failed: u64,
    /// Maximum of admitted requests in any one second. 0 for a zone without a threshold per second.
    pub peak_per_second: u64,
}

#[derive(Default)]
pub(super) struct RequestLog {
    entries: VecDeque<LoggedRequest>,
    /// Number of dropped entries.
    dropped: u64,
}

impl RequestLog {
    /// Records a request and returns the request's number.
    pub fn record_request(&mut self, entry: LoggedRequest) -> u64 {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(entry);
        self.dropped + self.entries.len() as u64 - 1
    }

    /// Records the response status, if the log still contains the request.
    pub fn finish(&mut self, number: u64, status: u16) {
        let index = number.checked_sub(self.dropped).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) {
            entry.status = Some(status);
        }
    }

    pub fn entries(&self) -> Vec<LoggedRequest> {
        self.entries.iter().cloned().collect()
    }

    pub fn clear(&mut self) {
        self.dropped += self.entries.len() as u64;
        self.entries.clear();
    }
}
