//! Reads how long a server asks to wait (`Retry-After`, RFC 9110).
//!
//! The vendor documents no such header; gateways and proxies in front of Alma send one.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// Longest wait that zonal accepts. A zone that asks for more gets no further request in this run.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Help for a zone that asks for a longer wait.
pub const AFTER_WAIT: &str = "try again after that time";

/// Wait that a server asks for before the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestedWait {
    /// Wait that zonal observes.
    Accepted(Duration),
    /// Wait over one minute: zonal gives the zone up.
    TooLong(Duration),
}

impl RequestedWait {
    /// Returns the delay before a retry; `None` if zonal chooses the delay, or gives up.
    pub fn delay(self) -> Option<Duration> {
        match self {
            // Zero seconds ask for no delay, but a retry without one would meet the same trouble.
            Self::Accepted(wait) => Some(wait).filter(|wait| !wait.is_zero()),
            Self::TooLong(_) => None,
        }
    }
}

/// Returns the wait: seconds, or a date relative to the date of the response. `None` without a readable header.
pub fn parse(headers: &HeaderMap) -> Option<RequestedWait> {
    let wait = duration(headers)?;
    Some(match wait > LONGEST_WAIT {
        true => RequestedWait::TooLong(wait),
        false => RequestedWait::Accepted(wait),
    })
}

fn duration(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| Some(headers.get(name)?.to_str().ok()?.trim());
    let wait = text(RETRY_AFTER)?;
    if let Ok(seconds) = wait.parse() {
        return Some(Duration::from_secs(seconds));
    }
    // The clock of the server decides, because the two clocks can differ.
    let date = |text: &str| DateTimeParser::new().parse_timestamp(text).ok();
    let (until, now): (Timestamp, Timestamp) = (date(wait)?, date(text(DATE)?)?);
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

/// Returns the end of a message about a wait over [`LONGEST_WAIT`].
pub fn too_long(wait: Duration) -> String {
    format!(
        "; the server asks to wait {} s, and zonal waits at most {} s",
        wait.as_secs(),
        LONGEST_WAIT.as_secs()
    )
}
