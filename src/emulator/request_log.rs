//! Remembers what was asked, so that a test can tell what a client really did.

use std::collections::VecDeque;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

/// The last this many requests are kept.
const KEPT: usize = 100_000;

/// One request as the network saw it, in the order of arrival.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LoggedRequest {
    /// Code of the zone; `null` where no zone has the key.
    pub zone: Option<Arc<str>>,
    /// The method.
    pub method: String,
    /// Path and query, without the key.
    pub path: String,
    /// The HTTP status; `null` where there was no answer, or is none yet.
    pub status: Option<u16>,
    /// When it was sent, in milliseconds since the network's first request.
    pub at_ms: u64,
}

/// What a zone has been asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct RequestStatistics {
    /// Requests, whatever became of them.
    pub requests: u64,
    /// Requests other than GET.
    pub writes: u64,
    /// Answers with HTTP status 429.
    pub throttled: u64,
    /// Answers with any other HTTP status from 400 on.
    pub failed: u64,
    /// Most admitted requests in any one second; 0 while the zone has no threshold per second.
    pub peak_per_second: u64,
}

#[derive(Default)]
pub(super) struct RequestLog {
    entries: VecDeque<LoggedRequest>,
    /// Entries that are no longer kept.
    dropped: u64,
}

impl RequestLog {
    /// Notes a request and says under which number.
    pub fn record_request(&mut self, entry: LoggedRequest) -> u64 {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(entry);
        self.dropped + self.entries.len() as u64 - 1
    }

    /// Notes its answer, where the request is still kept.
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
