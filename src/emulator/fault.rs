//! What goes wrong on demand: which requests are hit, when, and what becomes of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::config::ErrorShape;
use super::random::{mix, text};

/// A rule by which requests fail. What is left out matches everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InjectedFault {
    /// Code of the zone; `null` for each zone.
    #[serde(default)]
    pub zone: Option<String>,
    /// `GET`, `PUT` or `POST`.
    #[serde(default)]
    pub method: Option<String>,
    /// A part of path and query as they are sent, `/code-tables/UserGroups`.
    #[serde(default)]
    pub path: Option<String>,
    /// Which of the matching requests are hit.
    #[serde(default)]
    pub when: FaultTrigger,
    /// What becomes of them.
    pub effect: FaultEffect,
}

/// Which of the matching requests are hit. They are counted from 1, in each zone on its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultTrigger {
    /// Each.
    #[default]
    Always,
    /// That one.
    Nth(u64),
    /// The first so many.
    First(u64),
    /// All but the first so many.
    After(u64),
    /// So many of a hundred, decided by the seed.
    Percent(u8),
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultEffect {
    /// An error, or with `html` a page of some proxy.
    Status {
        /// The HTTP status.
        status: u16,
        /// The error code.
        #[serde(default = "general_error")]
        code: String,
        /// The message.
        #[serde(default = "on_demand")]
        message: String,
        /// What it looks like.
        #[serde(default = "default_error_shape")]
        shape: ErrorShape,
        /// Whether the request was carried out all the same.
        #[serde(default)]
        processed: bool,
    },
    /// HTTP 429 `PER_SECOND_THRESHOLD`, not processed.
    PerSecondThreshold,
    /// HTTP 429 `DAILY_THRESHOLD`, not processed.
    DailyThreshold,
    /// No connection: not processed. Over sockets, where the connection already stands, it breaks.
    Refused,
    /// Processed, then the connection breaks before the answer.
    AnswerLost,
    /// It takes longer. Later rules still count.
    Delay {
        /// By how much, in milliseconds.
        ms: u64,
    },
    /// It is never answered, and not processed.
    Hang,
    /// The answer ends in the middle, as a proxy that gives up leaves it.
    Truncated,
    /// `GET /conf/test` and `GET /conf/general` answer as if the key opened this institution.
    WrongInstitution {
        /// Its code.
        code: String,
    },
}

fn general_error() -> String {
    "GENERAL_ERROR".to_owned()
}

fn on_demand() -> String {
    "Fault on demand.".to_owned()
}

fn default_error_shape() -> ErrorShape {
    ErrorShape::Asked
}

/// A rule in one zone, with what it has seen there.
pub(super) struct ArmedFault {
    pub fault: InjectedFault,
    /// Tells rules apart that are otherwise the same, so that each has its own chance.
    pub number: u64,
    matched: u64,
}

impl ArmedFault {
    pub fn new(fault: InjectedFault, number: u64) -> Self {
        Self { fault, number, matched: 0 }
    }

    /// What becomes of this request, where it is hit. Counts it where it matches.
    pub fn strike(&mut self, seed: u64, zone: &str, method: &str, target: &str) -> Option<FaultEffect> {
        let InjectedFault { zone: of, method: verb, path, when, effect } = &self.fault;
        let matches = of.as_deref().is_none_or(|of| of == zone)
            && verb.as_deref().is_none_or(|verb| verb.eq_ignore_ascii_case(method))
            && path.as_deref().is_none_or(|path| target.contains(path));
        if !matches {
            return None;
        }
        self.matched += 1;
        let hit = match when {
            FaultTrigger::Always => true,
            FaultTrigger::Nth(n) => self.matched == *n,
            FaultTrigger::First(n) => self.matched <= *n,
            FaultTrigger::After(n) => self.matched > *n,
            FaultTrigger::Percent(percent) => {
                mix(&[seed, self.number, text(zone), self.matched]) % 100 < u64::from(*percent)
            }
        };
        hit.then(|| effect.clone())
    }
}
