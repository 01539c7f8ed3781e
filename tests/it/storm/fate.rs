//! Faults and delays of single requests.

use std::time::Duration;

use bytes::Bytes;
use zonal::provider::transport::TransportError;

use super::random::StormRandom;
use super::shortness::Shortness;

/// Share of requests with a fault or a long delay, and of moments with an edit, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weather {
    pub faults: u64,
    pub edits: u64,
    /// Longest usual delay of a request, one way, in milliseconds.
    pub latency: u64,
    /// Share of journal entries with a fault.
    pub store: u64,
    /// What the servers of some zones do to rows of others with every PUT.
    pub servers: ServerHabit,
}

/// Habit of the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerHabit {
    /// They store what they get.
    Faithful,
    /// Every server changes a row of others with every PUT.
    AllMangle,
    /// The server of the zone with this number does so.
    OneMangles(usize),
}

impl Weather {
    pub const CALM: Self = Self { faults: 0, edits: 0, latency: 0, store: 0, servers: ServerHabit::Faithful };
    /// Every server mangles, and nothing else happens.
    pub const MANGLING: Self = Self { servers: ServerHabit::AllMangle, latency: 100, ..Self::CALM };

    pub fn random(random: &mut StormRandom) -> Self {
        if random.percent(8) {
            return Self::MANGLING;
        }
        let servers = match random.below(12) {
            0 => ServerHabit::AllMangle,
            1 => ServerHabit::OneMangles(random.below(4) as usize),
            _ => ServerHabit::Faithful,
        };
        Self {
            servers,
            faults: random.pick(&[0, 2, 8, 15, 30]),
            edits: random.pick(&[0, 3, 10, 25]),
            latency: random.pick(&[0, 100, 400, 900]),
            store: random.pick(&[0, 0, 10, 30]),
        }
    }
}

/// Fault of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    Refused,
    LostBefore,
    LostAfter,
    HangBefore,
    HangAfter,
    SlowBefore,
    SlowAfter,
    Throttled,
    ThrottledFor(u16),
    ThrottledUntilDate,
    DailyThreshold,
    ServerErrorBefore(u16),
    ServerErrorAfter(u16),
    ErrorPage,
    XmlError,
    AlmaError,
    Forbidden,
    Redirect,
    Truncated,
    EmptyBody,
    LoginPage,
    NotUtf8,
    OldAnswer,
    Mangled,
    /// The table lacks rows in this answer and in those of the next seconds.
    Short(Shortness),
    /// The table is hidden from the API for a while (90102).
    Hidden,
    /// The gateway says that the revision has changed (412).
    Moved,
    /// The gateway does not serve the collection for a while.
    Unserved,
}

/// Kind of a request, which decides the possible faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestRole {
    /// GET of a table.
    TableRead,
    /// PUT of a table.
    TableWrite,
    /// GET of a collection, or of the list of collections, of the gateway.
    GatewayRead,
    /// PUT or DELETE of a record of the gateway.
    GatewayWrite,
    /// Any other request.
    Other,
}

impl Fault {
    /// Returns a random fault of a request.
    pub fn random(random: &mut StormRandom, role: RequestRole) -> Self {
        use Fault::*;
        let seconds = random.pick(&[0_u16, 1, 2, 5, 30]);
        let status = random.pick(&[500, 502, 503, 504]);
        let general = [
            Refused,
            Refused,
            LostBefore,
            LostAfter,
            LostAfter,
            HangBefore,
            HangAfter,
            SlowBefore,
            SlowAfter,
            Throttled,
            ThrottledFor(seconds),
            ThrottledFor(seconds),
            ThrottledUntilDate,
            ServerErrorBefore(status),
            ServerErrorAfter(status),
            ErrorPage,
            XmlError,
            AlmaError,
            Redirect,
            Truncated,
            EmptyBody,
            LoginPage,
            NotUtf8,
        ];
        match random.below(100) {
            0 => DailyThreshold,
            1 => Forbidden,
            2..12 if role == RequestRole::TableWrite => Mangled,
            12..24 if role == RequestRole::TableWrite => OldAnswer,
            2..32 if role == RequestRole::TableRead => Short(Shortness::random(random)),
            32..37 if role == RequestRole::TableRead => Hidden,
            2..24 if role == RequestRole::GatewayWrite => Moved,
            2..12 if role == RequestRole::GatewayRead => Unserved,
            _ => random.pick(&general),
        }
    }

    /// Returns the name of the fault, for the figures.
    pub fn name(self) -> String {
        let text = format!("{self:?}");
        text.split('(').next().unwrap_or_default().to_owned()
    }

    /// Returns true if the zone never processes the request.
    pub fn stops_before(self) -> bool {
        use Fault::*;
        !matches!(
            self,
            LostAfter
                | HangAfter
                | SlowBefore
                | SlowAfter
                | ServerErrorAfter(_)
                | Truncated
                | EmptyBody
                | LoginPage
                | NotUtf8
                | OldAnswer
                | Mangled
                | Short(_)
                | Hidden
        )
    }

    /// Returns the further delays before and after processing.
    pub fn delays(self, random: &mut StormRandom) -> (Duration, Duration) {
        let long = Duration::from_millis(random.pick(&[800, 1_500, 3_000, 12_000, 35_000, 70_000, 90_000]));
        match self {
            Self::SlowBefore => (long, Duration::ZERO),
            Self::SlowAfter => (Duration::ZERO, long),
            _ => (Duration::ZERO, Duration::ZERO),
        }
    }

    /// Returns the result for the client: `answer` of the zone, unless the fault replaces or damages it.
    pub fn result(
        self,
        answer: Option<http::Response<Bytes>>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let lost = || Err(TransportError::Lost("connection reset (storm)".into()));
        let error = |status: u16, code: &str| {
            let body = format!(
                r#"{{"errorsExist":true,"errorList":{{"error":[{{"errorCode":"{code}","errorMessage":"storm"}}]}}}}"#
            );
            response(status, "application/json", body.into())
        };
        match self {
            Self::Refused => Err(TransportError::Connect("connection refused (storm)".into())),
            Self::LostBefore | Self::LostAfter => lost(),
            Self::Throttled => Ok(error(429, "PER_SECOND_THRESHOLD")),
            Self::ThrottledFor(seconds) => {
                let mut answer = error(429, "PER_SECOND_THRESHOLD");
                answer.headers_mut().insert("retry-after", seconds.into());
                Ok(answer)
            }
            Self::ThrottledUntilDate => {
                let mut answer = error(429, "PER_SECOND_THRESHOLD");
                let date = http::HeaderValue::from_static("Wed, 21 Oct 2026 07:28:00 GMT");
                answer.headers_mut().insert("retry-after", date);
                Ok(answer)
            }
            Self::DailyThreshold => Ok(error(429, "DAILY_THRESHOLD")),
            Self::ServerErrorBefore(status) | Self::ServerErrorAfter(status) => {
                Ok(error(status, "GENERAL_ERROR"))
            }
            Self::AlmaError => Ok(error(400, "402119")),
            Self::Forbidden => Ok(error(403, "FORBIDDEN")),
            Self::Moved => Ok(error(412, "MOVED")),
            Self::Unserved => Ok(error(404, "NOT_FOUND")),
            Self::ErrorPage => Ok(response(502, "text/html", PAGE.into())),
            Self::XmlError => Ok(response(503, "application/xml", XML_ERROR.into())),
            Self::Redirect => {
                let mut answer = response(302, "text/html", Bytes::new());
                let place = http::HeaderValue::from_static("https://login.invalid/");
                answer.headers_mut().insert("location", place);
                Ok(answer)
            }
            Self::EmptyBody => Ok(response(200, "application/json", Bytes::new())),
            Self::LoginPage => Ok(response(200, "text/html", PAGE.into())),
            Self::NotUtf8 => Ok(response(200, "application/json", Bytes::from_static(b"{\"row\":[\xff\xfe"))),
            Self::Truncated => match answer {
                Some(mut answer) => {
                    let half = answer.body().len() / 2;
                    answer.body_mut().truncate(half);
                    Ok(answer)
                }
                None => lost(),
            },
            Self::HangBefore
            | Self::HangAfter
            | Self::SlowBefore
            | Self::SlowAfter
            | Self::OldAnswer
            | Self::Mangled
            | Self::Short(_)
            | Self::Hidden => answer.map_or_else(lost, Ok),
        }
    }

    /// Returns true if the client never gets a result.
    pub fn hangs(self) -> bool {
        matches!(self, Self::HangBefore | Self::HangAfter)
    }
}

const PAGE: &str = "<html><body><h1>Bad gateway</h1></body></html>";
const XML_ERROR: &str = "<web_service_result><errorsExist>true</errorsExist></web_service_result>";

fn response(status: u16, kind: &str, body: Bytes) -> http::Response<Bytes> {
    let response = http::Response::builder().status(status).header("content-type", kind);
    response.body(body).expect("response should be valid")
}
