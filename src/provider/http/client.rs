//! Sends one request to one zone, within its budget, and classifies the response.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, IF_MATCH};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use tokio::time::Instant;

use super::api_key::ApiKey;
use super::reading_age::{self, FreshReading};
use super::request_path::RequestPath;
use super::response::{HttpFailure, HttpFailureType, HttpSuccess, classify};
use super::retry::{RetryBudget, RetrySafety};
use super::retry_after::RequestedWait;
use crate::model::{FailureClass, ZoneCode, ZoneFailure};
use crate::provider::budget::{RequestBudget, RequestPermit, WriteAdmission, WriteSlot};
use crate::provider::transport::{Transport, TransportError};

/// Maximum wait for a response, whatever the transport does.
const GIVE_UP: Duration = Duration::from_secs(60);

/// HTTP client for a zone's API with one key.
///
/// Only clients for specific methods, such as [`super::get_client::GetClient`], own an HTTP client. A caller
/// with a GET client alone has no way to change anything.
pub struct HttpClient {
    /// Zone, for logs.
    pub zone: ZoneCode,
    /// Scheme, host and path, up to and including `/almaws/v1`.
    pub root: String,
    /// API key.
    pub key: ApiKey,
    /// Transport of the requests.
    pub transport: Arc<dyn Transport>,
    /// Request budget of the zone.
    pub budget: Arc<RequestBudget>,
    /// Requests sent by this client, retries included.
    pub sent: AtomicU64,
    /// Header `Date` of the latest answer.
    pub server_date: Mutex<Option<String>>,
}

/// Request before sending.
pub struct HttpRequest<'a> {
    /// HTTP method.
    pub method: Method,
    /// Path of the request.
    pub path: &'a RequestPath,
    /// Body of the request.
    pub body: Bytes,
    /// Retry safety.
    pub repeat: RetrySafety,
    /// Format of the body and of the requested response.
    pub format: ContentFormat,
    /// Revision for which the body was made, if the server has revisions.
    pub if_match: Option<String>,
    /// Reading for which the body was made, if the server has no revisions.
    pub reading: Option<&'a FreshReading<'a>>,
}

/// Format of request and response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentFormat {
    /// JSON, supported by nearly all endpoints.
    Json,
    /// XML, the only format of some endpoints in Alma's API.
    Xml,
}

impl ContentFormat {
    fn media_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Xml => "application/xml",
        })
    }
}

impl<'a> HttpRequest<'a> {
    /// Creates a JSON request.
    pub fn new(method: Method, path: &'a RequestPath, body: Bytes, repeat: RetrySafety) -> Self {
        Self { method, path, body, repeat, format: ContentFormat::Json, if_match: None, reading: None }
    }
}

impl HttpRequest<'_> {
    /// Returns the name of the request in messages.
    pub fn name(&self) -> String {
        format!("`{} {}`", self.method, self.path)
    }
}

impl HttpClient {
    /// Sends a request, with retries if safe and useful.
    ///
    /// `understand` converts a response into the result, or into a failure. A write may rest on the result
    /// for as long as the reading is fresh.
    pub async fn send<T>(
        &self,
        draft: &HttpRequest<'_>,
        understand: impl Fn(HttpSuccess) -> Result<T, HttpFailure>,
    ) -> Result<(T, FreshReading<'_>), HttpFailure> {
        let mut patience = RetryBudget::new(draft.repeat, self.budget.usage().requests);
        let mut tries = 1u32;
        loop {
            let request = self.request(draft).map_err(unsent)?;
            let permit = match draft.reading {
                Some(reading) => self.admit_write(reading).await?,
                None => self.budget.admit().await.map_err(unsent)?,
            };
            let start = Instant::now();
            self.sent.fetch_add(1, Ordering::Relaxed);
            let sent = tokio::time::timeout(GIVE_UP, self.transport.send(request));
            let (came, read_at) = reading_age::timed(&*self.transport, sent).await;
            let came = came.unwrap_or_else(|_| Err(TransportError::Lost("timeout after one minute".into())));
            let took = start.elapsed();
            self.log(draft, &came, took, tries);
            let left = came.as_ref().ok().and_then(|answer| remaining_quota(answer.headers()));
            self.note_date(came.as_ref().ok());
            let judged = classify(&self.key, &draft.name(), came).and_then(&understand);
            let slot = self.settle(permit, left, judged.as_ref().err());
            let trouble = match judged {
                Ok(good) => return Ok((good, FreshReading { slot, read_at })),
                Err(trouble) => trouble,
            };
            match patience.next_delay(&trouble, took) {
                Some(wait) => tokio::time::sleep(wait).await,
                None if tries == 1 => return Err(trouble),
                None => return Err(after_tries(trouble, tries)),
            }
            tries += 1;
        }
    }

    /// Waits for permission to send a write, at most until its reading is too old.
    async fn admit_write(&self, reading: &FreshReading<'_>) -> Result<RequestPermit<'_>, HttpFailure> {
        let start = Instant::now();
        let outdated = |waited| {
            let failure =
                ZoneFailure::new(FailureClass::Rejected, "not sent, because its reading is too old");
            HttpFailure::new(HttpFailureType::Outdated(waited), failure)
        };
        let admitted = self.budget.admit_write(&reading.slot, reading.read_at.deadline()).await;
        let permit = match admitted.map_err(unsent)? {
            WriteAdmission::Admitted(permit) => permit,
            WriteAdmission::TooLate(wait) => return Err(outdated(wait)),
        };
        // The last look before the request leaves: the process may have been stopped.
        match reading.read_at.is_outdated(&*self.transport) {
            true => Err(outdated(start.elapsed())),
            false => Ok(permit),
        }
    }

    /// Returns the age of a reading.
    pub fn reading_age(&self, reading: &FreshReading<'_>) -> Duration {
        reading.read_at.age(&*self.transport)
    }

    fn note_date(&self, answer: Option<&Response<Bytes>>) {
        let date = answer.and_then(|answer| answer.headers().get(DATE)?.to_str().ok());
        if let Some(date) = date {
            *self.server_date.lock().unwrap_or_else(PoisonError::into_inner) = Some(date.to_owned());
        }
    }

    fn request(&self, draft: &HttpRequest<'_>) -> Result<Request<Bytes>, ZoneFailure> {
        let mut request = Request::builder()
            .method(draft.method.clone())
            .uri(format!("{}{}", self.root, draft.path))
            .header(AUTHORIZATION, self.key.header()?)
            .header(ACCEPT, draft.format.media_type());
        if let Some(revision) = &draft.if_match {
            request = request.header(IF_MATCH, format!("\"{revision}\""));
        }
        if !draft.body.is_empty() {
            request = request.header(CONTENT_TYPE, draft.format.media_type());
        }
        request.body(draft.body.clone()).map_err(|error| {
            ZoneFailure::new(FailureClass::Unreachable, format!("invalid URL of the zone: {error}"))
                .help("check `baseUrl`")
        })
    }

    /// Reports the result of a request to the budget.
    fn settle<'b>(
        &self,
        permit: RequestPermit<'b>,
        left: Option<u64>,
        trouble: Option<&HttpFailure>,
    ) -> WriteSlot<'b> {
        if let Some(left) = left {
            self.budget.heard(left);
        }
        let Some(trouble) = trouble else { return permit.good() };
        if let Some(wait) = trouble.retry_after {
            match wait {
                RequestedWait::TooLong(_) => self.budget.close(&trouble.failure),
                RequestedWait::Accepted(wait) => self.budget.hold(wait),
            }
        }
        match (trouble.kind, trouble.failure.class) {
            (HttpFailureType::Throttled, _) => permit.too_fast(),
            (HttpFailureType::NoResponse | HttpFailureType::ServerError, _) => permit.report_overload(),
            (_, FailureClass::Quota) => self.budget.day_is_over(),
            // An unreachable host gives no information about its capacity.
            (HttpFailureType::NotSent | HttpFailureType::Outdated(_), _) => drop(permit),
            (
                HttpFailureType::InvalidBody
                | HttpFailureType::UnexpectedStatus
                | HttpFailureType::Rejected
                | HttpFailureType::PreconditionFailed,
                _,
            ) => drop(permit.good()),
        }
        WriteSlot::default()
    }

    fn log(
        &self,
        draft: &HttpRequest<'_>,
        came: &Result<Response<Bytes>, TransportError>,
        took: Duration,
        tries: u32,
    ) {
        let status = came.as_ref().ok().map(|answer| answer.status().as_u16());
        let milliseconds = took.as_millis();
        tracing::debug!(zone = %self.zone, method = %draft.method, path = %draft.path, status, milliseconds, tries);
    }
}

/// Returns the remaining requests until midnight, as reported by the zone (the vendor's OpenAPI).
fn remaining_quota(headers: &HeaderMap) -> Option<u64> {
    headers.get("x-exl-api-remaining")?.to_str().ok()?.trim().parse().ok()
}

/// Returns the failure for a request that the budget or the key prevented: nothing was sent.
fn unsent(failure: ZoneFailure) -> HttpFailure {
    HttpFailure::new(HttpFailureType::NotSent, failure)
}

fn after_tries(mut trouble: HttpFailure, tries: u32) -> HttpFailure {
    trouble.failure.message.push_str(&format!(", after {tries} tries"));
    trouble
}
