//! The gateway in front of all zones: finds the zone by the key, counts, delays, fails on demand, answers.

use std::collections::BTreeMap;
use std::future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use tokio::time::{Instant, sleep};

use super::behaviour::{Behaviour, Connection, ErrorShape, Settings, UnknownKey};
use super::call::{Call, Route};
use super::conduct::Contributed;
use super::fault::{Armed, Effect};
use super::gateway::GatewayKeys;
use super::institution::{Institution, Reply, Visit};
use super::log::{Log, LoggedRequest, Statistics};
use super::random::{mix, text};
use super::refusal::{Refusal, Shape};
use super::seed;
use super::stored::Stored;
use super::threshold::Threshold;
use super::users::People;
use super::zone::EmulatedZone;

const REMAINING: HeaderName = HeaderName::from_static("x-exl-api-remaining");

/// All zones and what stands before them.
pub(super) struct Network {
    /// By key: the zone and what the key allows.
    keys: BTreeMap<String, (usize, Allowed)>,
    pub places: Vec<Place>,
    behaviour: Mutex<Behaviour>,
    pub log: Mutex<Log>,
    started: OnceLock<Instant>,
    tracked: AtomicU64,
    pub armed: AtomicU64,
    pub gateway_keys: Mutex<GatewayKeys>,
    pub stored: Stored,
    pub people: Mutex<People>,
    /// Records that members have brought into the network zone.
    pub contributed: Mutex<Vec<Contributed>>,
}

/// A zone and its part of the gateway.
pub(super) struct Place {
    pub zone: EmulatedZone,
    code: Arc<str>,
    pub state: Mutex<State>,
}

pub(super) struct State {
    pub institution: Institution,
    pub settings: Arc<Settings>,
    pub faults: Vec<Armed>,
    pub threshold: Threshold,
    pub statistics: Statistics,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The zone never saw the request.
    Before,
    /// The request was carried out.
    After,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    Reading,
    Everything,
}

/// What the gateway decided when a request arrived.
struct Arrival {
    settings: Arc<Settings>,
    remaining: u64,
    delay: Duration,
    effect: Option<Effect>,
    refusal: Option<Refusal>,
}

impl Network {
    pub fn new(zones: Vec<EmulatedZone>, behaviour: Behaviour) -> Self {
        let mut keys = BTreeMap::new();
        for (index, zone) in zones.iter().enumerate() {
            keys.insert(zone.read_key.clone(), (index, Allowed::Reading));
            // Last, so that one key for both opens everything.
            keys.extend(zone.write_key.clone().map(|key| (key, (index, Allowed::Everything))));
        }
        let places = zones.into_iter().map(|zone| Place {
            state: Mutex::new(State {
                institution: Institution::new(
                    seed::tables(&zone),
                    seed::objects(&zone),
                    seed::kept::collections(&zone),
                    seed::jobs::jobs(&zone),
                ),
                settings: Arc::new(behaviour.settings(&zone.code)),
                faults: Vec::new(),
                threshold: Threshold::default(),
                statistics: Statistics::default(),
            }),
            code: zone.code.as_str().into(),
            zone,
        });
        Self {
            keys,
            places: places.collect(),
            behaviour: Mutex::new(behaviour),
            log: Mutex::default(),
            started: OnceLock::new(),
            tracked: AtomicU64::new(0),
            armed: AtomicU64::new(0),
            gateway_keys: Mutex::default(),
            stored: Stored::default(),
            people: Mutex::default(),
            contributed: Mutex::default(),
        }
    }

    pub fn behaviour(&self) -> MutexGuard<'_, Behaviour> {
        lock(&self.behaviour)
    }

    /// Answers one request, or says why nothing comes back. Pending forever where the fault is to hang.
    pub async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Broken> {
        let call = Call::read(&request);
        let found = call.key.as_ref().and_then(|key| self.keys.get(key));
        let place = found.and_then(|(index, allowed)| Some((self.places.get(*index)?, *allowed)));
        let number = lock(&self.log).begin(LoggedRequest {
            zone: place.map(|(place, _)| Arc::clone(&place.code)),
            method: call.method.to_string(),
            path: call.target.clone(),
            status: None,
            at_ms: u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX),
        });
        let gateway = request.uri().path().starts_with(super::gateway::PREFIX);
        let response = match place {
            _ if gateway => self.gateway(&call, &request).await?,
            Some((place, allowed)) => self.visit(place, allowed, &call, request.body()).await?,
            None => self.unknown(&call),
        };
        lock(&self.log).finish(number, response.status().as_u16());
        Ok(response)
    }

    /// Time since the first request. Read lazily, because a network may be made before the
    /// runtime whose clock counts.
    fn now(&self) -> Duration {
        self.started.get_or_init(Instant::now).elapsed()
    }

    async fn visit(
        &self,
        place: &Place,
        allowed: Allowed,
        call: &Call,
        sent: &Bytes,
    ) -> Result<Response<Bytes>, Broken> {
        let latency = place.depart(call)?;
        nap(latency / 2).await;
        let Arrival { settings, remaining, delay, effect, refusal } = place.arrive(call, self.now());
        match effect {
            Some(Effect::Refused) => return Err(Broken::Before),
            Some(Effect::Hang) => return future::pending().await,
            Some(_) | None => {}
        }
        nap(delay).await;
        let code = match &effect {
            Some(Effect::WrongInstitution { code }) => code,
            Some(_) | None => &place.zone.code,
        };
        let result = match refusal.or_else(|| instead(effect.as_ref())) {
            Some(refusal) => Err(refusal),
            None if allowed == Allowed::Reading && call.method != Method::GET => Err(Refusal::unauthorized()),
            None => {
                let visit = Visit { call, sent, zone: &place.zone, settings: &settings, code };
                let answer = if let Route::Users | Route::User(_) = call.route {
                    self.users(&visit)
                } else {
                    lock(&place.state).institution.answer(&visit)
                };
                afterwards(effect.as_ref()).map_or(answer, Err)
            }
        };
        nap(latency - latency / 2).await;
        if effect == Some(Effect::AnswerLost) {
            return Err(Broken::After);
        }
        let mut response = self.respond(call, &settings, result);
        place.count(response.status());
        response.headers_mut().insert(REMAINING, HeaderValue::from(remaining));
        if effect == Some(Effect::Truncated) {
            let half = response.body().len() / 2;
            response.body_mut().truncate(half);
        }
        Ok(response)
    }

    fn unknown(&self, call: &Call) -> Response<Bytes> {
        let unknown_key = self.behaviour().unknown_key;
        self.turn_away(
            call,
            match unknown_key {
                UnknownKey::Forbidden => Refusal::gateway(403, "INVALID_REQUEST", "Invalid API key."),
                UnknownKey::Unauthorized => Refusal::unauthorized(),
            },
        )
    }

    /// Refuses a request before it is known whose it is.
    pub fn turn_away(&self, call: &Call, refusal: Refusal) -> Response<Bytes> {
        let settings = self.behaviour().settings("");
        self.respond(call, &settings, Err(refusal))
    }

    fn respond(&self, call: &Call, settings: &Settings, result: Result<Reply, Refusal>) -> Response<Bytes> {
        let (status, kind, body) = match result {
            // A deed that has nothing to show.
            Ok((format, body)) if body.is_empty() => (StatusCode::NO_CONTENT, format.content_type(), body),
            Ok((format, body)) => (StatusCode::OK, format.content_type(), body),
            Err(refusal) => {
                let number = self.tracked.fetch_add(1, Ordering::Relaxed) + 1;
                let tracking = format!("E01-{number:010}-ZONAL-EMULATOR");
                let (kind, body) = refusal.write(call.answer, settings.gateway_errors, &tracking);
                let status = StatusCode::from_u16(refusal.status);
                (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), kind, body)
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response
    }
}

impl Place {
    /// How long the request will be under way, there and back.
    fn depart(&self, call: &Call) -> Result<Duration, Broken> {
        let State { settings, statistics, .. } = &mut *lock(&self.state);
        statistics.requests += 1;
        statistics.writes += u64::from(call.method != Method::GET);
        if settings.connection == Connection::Down {
            return Err(Broken::Before);
        }
        let chance = match settings.jitter_ms {
            0 => 0,
            jitter => mix(&[settings.seed, text(&self.code), statistics.requests]) % jitter.saturating_add(1),
        };
        Ok(Duration::from_millis(settings.latency_ms.saturating_add(chance)))
    }

    /// Faults first: a request that is lost on the way is not counted.
    fn arrive(&self, call: &Call, now: Duration) -> Arrival {
        let State { settings, faults, threshold, statistics, .. } = &mut *lock(&self.state);
        let mut delay = Duration::ZERO;
        let mut effect = None;
        for armed in faults.iter_mut() {
            match armed.strike(settings.seed, &self.code, call.method.as_str(), &call.target) {
                None => {}
                Some(Effect::Delay { ms }) => delay += Duration::from_millis(ms),
                // Later rules count on, so that "the third" means the same whoever else strikes.
                Some(struck) => effect = effect.or(Some(struck)),
            }
        }
        let reaches = !matches!(effect, Some(Effect::Refused | Effect::Hang));
        let refusal = if reaches { threshold.admit(settings, now).err() } else { None };
        statistics.peak_per_second = threshold.peak as u64;
        Arrival {
            settings: Arc::clone(settings),
            remaining: threshold.remaining(settings),
            delay,
            effect,
            refusal,
        }
    }

    fn count(&self, status: StatusCode) {
        match status.as_u16() {
            429 => lock(&self.state).statistics.throttled += 1,
            400.. => lock(&self.state).statistics.failed += 1,
            0..400 => {}
        }
    }
}

/// What a fault answers before the zone sees the request.
fn instead(effect: Option<&Effect>) -> Option<Refusal> {
    match effect? {
        Effect::Status { processed: true, .. } => None,
        Effect::Status { status, code, message, shape, processed: false } => {
            Some(broken(*status, code, message, *shape))
        }
        Effect::PerSecondThreshold => Some(Refusal::too_fast()),
        Effect::DailyThreshold => Some(Refusal::day_used_up()),
        Effect::Refused
        | Effect::AnswerLost
        | Effect::Delay { .. }
        | Effect::Hang
        | Effect::Truncated
        | Effect::WrongInstitution { .. } => None,
    }
}

/// What a fault answers although the zone did what it was asked to.
fn afterwards(effect: Option<&Effect>) -> Option<Refusal> {
    if let Effect::Status { status, code, message, shape, processed: true } = effect? {
        return Some(broken(*status, code, message, *shape));
    }
    None
}

fn broken(status: u16, code: &str, message: &str, shape: ErrorShape) -> Refusal {
    Refusal { status, code: code.to_owned(), message: message.to_owned(), shape: Shape::Fixed(shape) }
}

/// Sleeps, unless there is nothing to sleep for: even no time at all would cost a turn of the timer.
pub(super) async fn nap(duration: Duration) {
    if !duration.is_zero() {
        sleep(duration).await;
    }
}

/// A state is changed in whole steps, so that one left by a panic is still a state.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
