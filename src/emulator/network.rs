//! Gateway in front of all zones: finds the zone by API key, counts and delays requests, injects faults,
//! responds.

use std::collections::BTreeMap;
use std::future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use tokio::time::{Instant, sleep};

use super::api_request::{ApiRequest, ApiRoute};
use super::config::{Connection, EmulatorConfig, ErrorShape, UnknownKey, ZoneConfig};
use super::error_response::{ErrorResponse, ErrorShapeRule};
use super::fault::{ArmedFault, FaultEffect};
use super::gateway::GatewayKeys;
use super::institution::{EmulatedInstitution, InstitutionRequest, SuccessResponse};
use super::random::{mix, text};
use super::request_log::{LoggedRequest, RequestLog, RequestStatistics};
use super::seed;
use super::services::ContributedRecord;
use super::stored_settings::StoredSettings;
use super::threshold::ThresholdCounter;
use super::users::UserDirectory;
use super::zone::EmulatedZone;

const REMAINING: HeaderName = HeaderName::from_static("x-exl-api-remaining");

/// All zones, and the gateway in front.
pub(super) struct EmulatedNetwork {
    /// Zone index and permission by API key.
    keys: BTreeMap<String, (usize, KeyPermission)>,
    pub places: Vec<ZoneEntry>,
    behaviour: Mutex<EmulatorConfig>,
    pub log: Mutex<RequestLog>,
    started: OnceLock<Instant>,
    tracked: AtomicU64,
    pub armed: AtomicU64,
    pub gateway_keys: Mutex<GatewayKeys>,
    pub stored: StoredSettings,
    pub people: Mutex<UserDirectory>,
    /// Records contributed to the Network Zone by members.
    pub contributed: Mutex<Vec<ContributedRecord>>,
}

/// Zone with the gateway state of the zone.
pub(super) struct ZoneEntry {
    pub zone: EmulatedZone,
    code: Arc<str>,
    pub state: Mutex<EmulatorState>,
}

pub(super) struct EmulatorState {
    pub institution: EmulatedInstitution,
    pub settings: Arc<ZoneConfig>,
    pub faults: Vec<ArmedFault>,
    pub threshold: ThresholdCounter,
    pub statistics: RequestStatistics,
}

/// Cause of a missing response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DroppedConnection {
    /// Request not received by the zone.
    NotReceived,
    /// Request processed, response lost.
    ResponseLost,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyPermission {
    ReadOnly,
    ReadWrite,
}

/// Decision of the gateway on an arriving request.
struct RequestAdmission {
    settings: Arc<ZoneConfig>,
    remaining: u64,
    delay: Duration,
    effect: Option<FaultEffect>,
    refusal: Option<ErrorResponse>,
}

impl EmulatedNetwork {
    pub fn new(zones: Vec<EmulatedZone>, behaviour: EmulatorConfig) -> Self {
        let mut keys = BTreeMap::new();
        for (index, zone) in zones.iter().enumerate() {
            keys.insert(zone.read_key.clone(), (index, KeyPermission::ReadOnly));
            // Inserted last: a key used for both reading and writing allows both.
            keys.extend(zone.write_key.clone().map(|key| (key, (index, KeyPermission::ReadWrite))));
        }
        let places = zones.into_iter().map(|zone| ZoneEntry {
            state: Mutex::new(EmulatorState {
                institution: EmulatedInstitution::new(
                    seed::tables(&zone),
                    seed::objects(&zone),
                    seed::gateway_collections::collections(&zone),
                    seed::jobs::jobs(&zone),
                ),
                settings: Arc::new(behaviour.settings(&zone.code)),
                faults: Vec::new(),
                threshold: ThresholdCounter::default(),
                statistics: RequestStatistics::default(),
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
            stored: StoredSettings::default(),
            people: Mutex::default(),
            contributed: Mutex::default(),
        }
    }

    pub fn behaviour(&self) -> MutexGuard<'_, EmulatorConfig> {
        lock(&self.behaviour)
    }

    /// Handles a request, and returns an error if no response arrives. Stays pending for a hang fault.
    pub async fn handle(&self, request: Request<Bytes>) -> Result<Response<Bytes>, DroppedConnection> {
        let call = ApiRequest::read(&request);
        let found = call.key.as_ref().and_then(|key| self.keys.get(key));
        let place = found.and_then(|(index, allowed)| Some((self.places.get(*index)?, *allowed)));
        let number = lock(&self.log).record_request(LoggedRequest {
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

    /// Returns the time since the first request.
    ///
    /// The clock starts lazily, because a network may exist before the runtime whose clock counts.
    fn now(&self) -> Duration {
        self.started.get_or_init(Instant::now).elapsed()
    }

    async fn visit(
        &self,
        place: &ZoneEntry,
        allowed: KeyPermission,
        call: &ApiRequest,
        sent: &Bytes,
    ) -> Result<Response<Bytes>, DroppedConnection> {
        let latency = place.depart(call)?;
        nap(latency / 2).await;
        let RequestAdmission { settings, remaining, delay, effect, refusal } = place.arrive(call, self.now());
        match effect {
            Some(FaultEffect::Refused) => return Err(DroppedConnection::NotReceived),
            Some(FaultEffect::Hang) => return future::pending().await,
            Some(_) | None => {}
        }
        nap(delay).await;
        let code = match &effect {
            Some(FaultEffect::WrongInstitution { code }) => code,
            Some(_) | None => &place.zone.code,
        };
        let result = match refusal.or_else(|| instead(effect.as_ref())) {
            Some(refusal) => Err(refusal),
            None if allowed == KeyPermission::ReadOnly && call.method != Method::GET => {
                Err(ErrorResponse::unauthorized_response())
            }
            None => {
                let visit = InstitutionRequest { call, sent, zone: &place.zone, settings: &settings, code };
                let answer = if let ApiRoute::Users | ApiRoute::User(_) = call.route {
                    self.users(&visit)
                } else {
                    lock(&place.state).institution.handle(&visit)
                };
                afterwards(effect.as_ref()).map_or(answer, Err)
            }
        };
        nap(latency - latency / 2).await;
        if effect == Some(FaultEffect::ResponseLost) {
            return Err(DroppedConnection::ResponseLost);
        }
        let mut response = self.respond(call, &settings, result);
        place.count(response.status());
        response.headers_mut().insert(REMAINING, HeaderValue::from(remaining));
        if effect == Some(FaultEffect::Truncated) {
            let half = response.body().len() / 2;
            response.body_mut().truncate(half);
        }
        Ok(response)
    }

    fn unknown(&self, call: &ApiRequest) -> Response<Bytes> {
        let unknown_key = self.behaviour().unknown_key;
        self.turn_away(
            call,
            match unknown_key {
                UnknownKey::Forbidden => ErrorResponse::gateway(403, "INVALID_REQUEST", "Invalid API key."),
                UnknownKey::Unauthorized => ErrorResponse::unauthorized_response(),
            },
        )
    }

    /// Rejects a request before the gateway knows the zone.
    pub fn turn_away(&self, call: &ApiRequest, refusal: ErrorResponse) -> Response<Bytes> {
        let settings = self.behaviour().settings("");
        self.respond(call, &settings, Err(refusal))
    }

    fn respond(
        &self,
        call: &ApiRequest,
        settings: &ZoneConfig,
        result: Result<SuccessResponse, ErrorResponse>,
    ) -> Response<Bytes> {
        let (status, kind, body) = match result {
            // Success without content.
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

impl ZoneEntry {
    /// Counts the request and returns the latency of the round trip.
    fn depart(&self, call: &ApiRequest) -> Result<Duration, DroppedConnection> {
        let EmulatorState { settings, statistics, .. } = &mut *lock(&self.state);
        statistics.requests += 1;
        statistics.writes += u64::from(call.method != Method::GET);
        if settings.connection == Connection::Down {
            return Err(DroppedConnection::NotReceived);
        }
        let chance = match settings.jitter_ms {
            0 => 0,
            jitter => mix(&[settings.seed, text(&self.code), statistics.requests]) % jitter.saturating_add(1),
        };
        Ok(Duration::from_millis(settings.latency_ms.saturating_add(chance)))
    }

    /// Applies faults and thresholds. Faults come first: a request lost on the way does not count.
    fn arrive(&self, call: &ApiRequest, now: Duration) -> RequestAdmission {
        let EmulatorState { settings, faults, threshold, statistics, .. } = &mut *lock(&self.state);
        let mut delay = Duration::ZERO;
        let mut effect = None;
        for armed in faults.iter_mut() {
            match armed.strike(settings.seed, &self.code, call.method.as_str(), &call.target) {
                None => {}
                Some(FaultEffect::Delay { ms }) => delay += Duration::from_millis(ms),
                // Later faults keep counting, so that "the third" does not depend on other faults.
                Some(struck) => effect = effect.or(Some(struck)),
            }
        }
        let reaches = !matches!(effect, Some(FaultEffect::Refused | FaultEffect::Hang));
        let refusal = if reaches { threshold.admit(settings, now).err() } else { None };
        statistics.peak_per_second = threshold.peak as u64;
        RequestAdmission {
            settings: Arc::clone(settings),
            remaining: threshold.remaining_requests(settings),
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

/// Returns the error of a fault that stops the request before the zone.
fn instead(effect: Option<&FaultEffect>) -> Option<ErrorResponse> {
    match effect? {
        FaultEffect::Status { processed: true, .. } => None,
        FaultEffect::Status { status, code, message, shape, processed: false } => {
            Some(error_response(*status, code, message, *shape))
        }
        FaultEffect::PerSecondThreshold => Some(ErrorResponse::too_fast()),
        FaultEffect::DailyThreshold => Some(ErrorResponse::day_used_up()),
        FaultEffect::Refused
        | FaultEffect::ResponseLost
        | FaultEffect::Delay { .. }
        | FaultEffect::Hang
        | FaultEffect::Truncated
        | FaultEffect::WrongInstitution { .. } => None,
    }
}

/// Returns the error of a fault that follows successful processing.
fn afterwards(effect: Option<&FaultEffect>) -> Option<ErrorResponse> {
    if let FaultEffect::Status { status, code, message, shape, processed: true } = effect? {
        return Some(error_response(*status, code, message, *shape));
    }
    None
}

fn error_response(status: u16, code: &str, message: &str, shape: ErrorShape) -> ErrorResponse {
    ErrorResponse {
        status,
        code: code.to_owned(),
        message: message.to_owned(),
        shape: ErrorShapeRule::Fixed(shape),
    }
}

/// Sleeps, except for zero: even a sleep of zero costs a turn of the timer.
pub(super) async fn nap(duration: Duration) {
    if !duration.is_zero() {
        sleep(duration).await;
    }
}

/// Locks a mutex, even after a panic: the state changes in whole steps and stays valid.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
