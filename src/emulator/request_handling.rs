//! Handling of API requests in front of all zones: finds the zone by API key, counts and delays requests,
//! injects faults, responds.

use std::future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use super::api_request::ApiRequest;
use super::config::{Connection, EmulatorConfig, ErrorShape, UnknownKey};
use super::endpoint::{EndpointRequest, EndpointResult, ResponseSource};
use super::error_response::ErrorResponse;
use super::fault::FaultEffect;
use super::gateway::PREFIX;
use super::institution::find_endpoint;
use super::lock::lock;
use super::network::{DroppedConnection, EmulatedNetwork, KeyPermission, nap};
use super::random::{mix, text};
use super::request_log::LoggedRequest;
use super::response_document::to_response;
use super::zone_entry::{EmulatorState, ZoneEntry};

const REMAINING: HeaderName = HeaderName::from_static("x-exl-api-remaining");

/// Decision of the gateway on an arriving request.
struct RequestAdmission {
    settings: Arc<EmulatorConfig>,
    remaining: u64,
    delay: Duration,
    effect: Option<FaultEffect>,
    refusal: Option<ErrorResponse>,
}

impl EmulatedNetwork {
    /// Handles a request, and returns an error if no response arrives. Stays pending for a hang fault.
    pub async fn handle(&self, request: Request<Bytes>) -> Result<Response<Bytes>, DroppedConnection> {
        let call = ApiRequest::read(&request);
        let opened = call.key.as_ref().and_then(|key| self.zone_of_key(key));
        let number = lock(&self.log).record_request(LoggedRequest {
            zone: opened.map(|(entry, _)| Arc::clone(&entry.code)),
            method: call.method.to_string(),
            path: call.target.clone(),
            status: None,
            at_ms: u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        let is_for_gateway = request.uri().path().starts_with(PREFIX);
        let response = match opened {
            _ if is_for_gateway => self.handle_gateway(&call, &request).await?,
            Some((entry, permission)) => {
                self.handle_in_zone(entry, permission, &call, request.body()).await?
            }
            None => self.reject_key(&call),
        };
        lock(&self.log).finish(number, response.status().as_u16());
        Ok(response)
    }

    async fn handle_in_zone(
        &self,
        entry: &ZoneEntry,
        permission: KeyPermission,
        call: &ApiRequest,
        sent: &Bytes,
    ) -> Result<Response<Bytes>, DroppedConnection> {
        let latency = entry.depart(call)?;
        nap(latency / 2).await;
        let RequestAdmission { settings, remaining, delay, effect, refusal } =
            entry.arrive(call, self.elapsed());
        match effect {
            Some(FaultEffect::Refused) => return Err(DroppedConnection::NotReceived),
            Some(FaultEffect::Hang) => return future::pending().await,
            Some(_) | None => {}
        }
        nap(delay).await;
        let code = match &effect {
            Some(FaultEffect::WrongInstitution { code }) => code,
            Some(_) | None => &entry.zone.code,
        };
        let injected_error = effect.as_ref().and_then(FaultEffect::error);
        let is_late = effect.as_ref().is_some_and(FaultEffect::follows_processing);
        let result = match refusal.or_else(|| injected_error.clone().filter(|_| !is_late)) {
            Some(error) => Err(error),
            None if permission == KeyPermission::ReadOnly && call.method != Method::GET => {
                Err(ErrorResponse::unauthorized_response())
            }
            None => {
                // The settings come first: they lock every zone.
                let endpoint = find_endpoint(call).map(|(_, endpoint)| endpoint.source);
                let network = (endpoint == Some(ResponseSource::Network)).then(|| self.current_settings());
                let result = lock(&entry.state).institution.handle(&EndpointRequest {
                    call,
                    path: &call.path,
                    sent,
                    zone: &entry.zone,
                    settings: &settings,
                    code,
                    network: network.as_deref(),
                    neighbors: [&[], &[]],
                });
                injected_error.map_or(result, Err)
            }
        };
        nap(latency - latency / 2).await;
        if effect == Some(FaultEffect::ResponseLost) {
            return Err(DroppedConnection::ResponseLost);
        }
        let mut response = self.respond(call, settings.gateway_errors, result);
        entry.count(response.status());
        response.headers_mut().insert(REMAINING, HeaderValue::from(remaining));
        if effect == Some(FaultEffect::Truncated) {
            let half = response.body().len() / 2;
            response.body_mut().truncate(half);
        }
        Ok(response)
    }

    fn reject_key(&self, call: &ApiRequest) -> Response<Bytes> {
        let refusal = match self.config().unknown_key {
            UnknownKey::Forbidden => ErrorResponse::gateway(403, "INVALID_REQUEST", "Invalid API key."),
            UnknownKey::Unauthorized => ErrorResponse::unauthorized_response(),
        };
        self.turn_away(call, refusal)
    }

    /// Rejects a request before the gateway knows the zone.
    pub fn turn_away(&self, call: &ApiRequest, refusal: ErrorResponse) -> Response<Bytes> {
        let shape = self.config().gateway_errors;
        self.respond(call, shape, Err(refusal))
    }

    fn respond(
        &self,
        call: &ApiRequest,
        gateway_errors: ErrorShape,
        result: EndpointResult,
    ) -> Response<Bytes> {
        let (status, kind, body) = match result {
            // Success without content.
            Ok((format, body)) if body.is_empty() => (StatusCode::NO_CONTENT, format.content_type(), body),
            Ok((format, body)) => (StatusCode::OK, format.content_type(), body),
            Err(refusal) => {
                let number = self.tracked.fetch_add(1, Ordering::Relaxed) + 1;
                let tracking = format!("E01-{number:010}-ZONAL-EMULATOR");
                let (kind, body) = refusal.write(call.answer, gateway_errors, &tracking);
                let status = StatusCode::from_u16(refusal.status);
                (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), kind, body)
            }
        };
        to_response(status, kind, body)
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
        let jitter = match settings.jitter_ms {
            0 => 0,
            limit => mix(&[settings.seed, text(&self.code), statistics.requests]) % limit.saturating_add(1),
        };
        Ok(Duration::from_millis(settings.latency_ms.saturating_add(jitter)))
    }

    /// Applies faults and thresholds. Faults come first: a request lost on the way does not count.
    fn arrive(&self, call: &ApiRequest, time: Duration) -> RequestAdmission {
        let EmulatorState { settings, faults, threshold, statistics, .. } = &mut *lock(&self.state);
        let mut delay = Duration::ZERO;
        let mut effect = None;
        for armed in faults.iter_mut() {
            match armed.strike(settings.seed, &self.code, call.method.as_str(), &call.target) {
                None => {}
                Some(FaultEffect::Delay { ms }) => delay += Duration::from_millis(ms),
                // Later faults keep counting, so that "the third" does not depend on other faults.
                Some(injected) => effect = effect.or(Some(injected)),
            }
        }
        let reaches = !matches!(effect, Some(FaultEffect::Refused | FaultEffect::Hang));
        let refusal = if reaches { threshold.admit(settings, time).err() } else { None };
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
