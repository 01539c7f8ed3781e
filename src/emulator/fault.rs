//! Injected faults: conditions for requests, and effects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::config::ErrorShape;
use super::error_response::{ErrorResponse, ErrorShapeRule};
use super::random::{mix, text};

/// Fault for matching requests. An omitted condition matches everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InjectedFault {
    /// Code of the zone. `null` for every zone.
    #[serde(default)]
    pub zone: Option<String>,
    /// `GET`, `PUT` or `POST`.
    #[serde(default)]
    pub method: Option<String>,
    /// Substring of path and query as sent, such as `/code-tables/UserGroups`.
    #[serde(default)]
    pub path: Option<String>,
    /// Selection among the matching requests.
    #[serde(default)]
    pub when: FaultTrigger,
    /// Effect on the selected requests.
    pub effect: FaultEffect,
}

/// Selection among the matching requests. Requests count from 1, separately in every zone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultTrigger {
    /// All requests.
    #[default]
    Always,
    /// Only the n-th request.
    Nth(u64),
    /// The first n requests.
    First(u64),
    /// All requests after the first n.
    After(u64),
    /// Random share of the requests in percent, decided by the seed.
    Percent(u8),
}

/// Effect of a fault on a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultEffect {
    /// Error response, or a proxy page with `html`.
    Status {
        /// HTTP status.
        status: u16,
        /// Error code.
        #[serde(default = "general_error")]
        code: String,
        /// Error message.
        #[serde(default = "on_demand")]
        message: String,
        /// Error format.
        #[serde(default = "default_error_shape")]
        shape: ErrorShape,
        /// True if the zone processes the request anyway.
        #[serde(default)]
        processed: bool,
    },
    /// HTTP 429 `PER_SECOND_THRESHOLD`, not processed.
    PerSecondThreshold,
    /// HTTP 429 `DAILY_THRESHOLD`, not processed.
    DailyThreshold,
    /// No connection, not processed. Over sockets, the established connection breaks.
    Refused,
    /// Processed, then the connection breaks before the response.
    ResponseLost,
    /// Delays the request. Later faults still apply.
    Delay {
        /// Delay in milliseconds.
        ms: u64,
    },
    /// No response ever, not processed.
    Hang,
    /// Response cut in the middle, as by a failing proxy.
    Truncated,
    /// `GET /conf/test` and `GET /conf/general` report another institution.
    WrongInstitution {
        /// Reported institution code.
        code: String,
    },
}

impl FaultEffect {
    /// Returns the error response of the fault. None if the zone or nobody responds.
    pub(super) fn error(&self) -> Option<ErrorResponse> {
        match self {
            Self::Status { status, code, message, shape, .. } => Some(ErrorResponse {
                status: *status,
                code: code.clone(),
                message: message.clone(),
                shape: ErrorShapeRule::Fixed(*shape),
            }),
            Self::PerSecondThreshold => Some(ErrorResponse::too_fast()),
            Self::DailyThreshold => Some(ErrorResponse::day_used_up()),
            _ => None,
        }
    }

    /// Returns true if the zone processes the request before the error.
    pub(super) fn follows_processing(&self) -> bool {
        matches!(self, Self::Status { processed: true, .. })
    }
}

fn general_error() -> String {
    "GENERAL_ERROR".to_owned()
}

fn on_demand() -> String {
    "Fault on demand.".to_owned()
}

fn default_error_shape() -> ErrorShape {
    ErrorShape::AsRequested
}

/// Fault in one zone, with a counter of matching requests.
pub(super) struct ArmedFault {
    pub fault: InjectedFault,
    /// Number for the random selection, different for otherwise equal faults.
    pub number: u64,
    matched: u64,
}

impl ArmedFault {
    pub fn new(fault: InjectedFault, number: u64) -> Self {
        Self { fault, number, matched: 0 }
    }

    /// Returns the effect on a request, if selected. Counts a matching request.
    pub fn strike(&mut self, seed: u64, zone: &str, method: &str, target: &str) -> Option<FaultEffect> {
        let InjectedFault { method: only_method, path, when, effect, .. } = &self.fault;
        let matches = only_method.as_deref().is_none_or(|only| only.eq_ignore_ascii_case(method))
            && path.as_deref().is_none_or(|path| target.contains(path));
        if !matches {
            return None;
        }
        self.matched += 1;
        let is_selected = match when {
            FaultTrigger::Always => true,
            FaultTrigger::Nth(n) => self.matched == *n,
            FaultTrigger::First(n) => self.matched <= *n,
            FaultTrigger::After(n) => self.matched > *n,
            FaultTrigger::Percent(percent) => {
                mix(&[seed, self.number, text(zone), self.matched]) % 100 < u64::from(*percent)
            }
        };
        is_selected.then(|| effect.clone())
    }
}
