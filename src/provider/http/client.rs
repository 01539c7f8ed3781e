//! Sends one request to one zone, within its budget, and judges the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_MATCH};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use tokio::time::Instant;

use super::api_key::ApiKey;
use super::request_path::RequestPath;
use super::response::{HttpFailure, HttpFailureType, HttpSuccess, classify};
use super::retry::{RetryBudget, RetrySafety};
use crate::model::{FailureClass, ZoneCode, ZoneFailure};
use crate::provider::budget::{RequestBudget, RequestPermit};
use crate::provider::transport::{Transport, TransportError};

/// Whatever the transport does, nobody waits longer for an answer.
const GIVE_UP: Duration = Duration::from_secs(60);

/// A zone's API and one key to it. Only [`super::getter::Getter`] and [`super::putter::Putter`]
/// hold one, so that whoever has a getter alone has no way to change anything.
pub struct HttpClient {
    /// The zone, for logs.
    pub zone: ZoneCode,
    /// Scheme, host and path up to and including `/almaws/v1`.
    pub root: String,
    /// The key.
    pub key: ApiKey,
    /// How requests travel.
    pub transport: Arc<dyn Transport>,
    /// What the zone can bear.
    pub budget: Arc<RequestBudget>,
    /// Requests sent over this wire, retries included.
    pub sent: AtomicU64,
}

/// One request, before it is sent.
pub struct HttpRequest<'a> {
    /// The verb.
    pub method: Method,
    /// Where to.
    pub path: &'a RequestPath,
    /// What with.
    pub body: Bytes,
    /// What may be tried again.
    pub repeat: RetrySafety,
    /// What the body is, and what is asked for.
    pub format: ContentFormat,
    /// The revision that the body was made for, where the server has revisions.
    pub if_match: Option<String>,
}

/// What is sent and asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentFormat {
    /// What nearly everything speaks.
    Json,
    /// What some of Alma's API speaks and nothing else.
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
    /// A request in JSON.
    pub fn new(method: Method, path: &'a RequestPath, body: Bytes, repeat: RetrySafety) -> Self {
        Self { method, path, body, repeat, format: ContentFormat::Json, if_match: None }
    }
}

impl HttpRequest<'_> {
    /// How messages name it.
    pub fn name(&self) -> String {
        format!("`{} {}`", self.method, self.path)
    }
}

impl HttpClient {
    /// Sends a request, again where that is safe and may help. `understand` turns an answer into
    /// what is wanted of it, or into trouble.
    pub async fn send<T>(
        &self,
        draft: &HttpRequest<'_>,
        understand: impl Fn(HttpSuccess) -> Result<T, HttpFailure>,
    ) -> Result<T, HttpFailure> {
        let mut patience = RetryBudget::new(draft.repeat, self.budget.usage().requests);
        let mut tries = 1u32;
        loop {
            let request = self.request(draft).map_err(unsent)?;
            let permit = self.budget.admit().await.map_err(unsent)?;
            let start = Instant::now();
            self.sent.fetch_add(1, Ordering::Relaxed);
            let came = tokio::time::timeout(GIVE_UP, self.transport.send(request))
                .await
                .unwrap_or_else(|_| Err(TransportError::Lost("it took more than a minute".into())));
            let took = start.elapsed();
            self.log(draft, &came, took, tries);
            let left = came.as_ref().ok().and_then(|answer| remaining_quota(answer.headers()));
            let judged = classify(&self.key, &draft.name(), came).and_then(&understand);
            self.settle(permit, left, judged.as_ref().err());
            let trouble = match judged {
                Ok(good) => return Ok(good),
                Err(trouble) => trouble,
            };
            match patience.next_delay(trouble.kind, took) {
                Some(wait) => tokio::time::sleep(wait).await,
                None if tries == 1 => return Err(trouble),
                None => return Err(after_tries(trouble, tries)),
            }
            tries += 1;
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
            ZoneFailure::new(FailureClass::Unreachable, format!("the zone's address is not one: {error}"))
                .help("look at `baseUrl`")
        })
    }

    /// Tells the budget what was learned.
    fn settle(&self, permit: RequestPermit<'_>, left: Option<u64>, trouble: Option<&HttpFailure>) {
        if let Some(left) = left {
            self.budget.heard(left);
        }
        match trouble.map(|trouble| (trouble.kind, trouble.failure.class)) {
            Some((HttpFailureType::Throttled(wait), _)) => permit.too_fast(wait),
            Some((HttpFailureType::NoResponse | HttpFailureType::ServerError, _)) => permit.report_overload(),
            Some((_, FailureClass::Quota)) => self.budget.day_is_over(),
            // A host that cannot be reached says nothing about how much it can bear.
            Some((HttpFailureType::NotSent, _)) => drop(permit),
            Some((
                HttpFailureType::InvalidBody
                | HttpFailureType::UnexpectedStatus
                | HttpFailureType::Rejected
                | HttpFailureType::PreconditionFailed,
                _,
            ))
            | None => permit.good(),
        }
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

/// Requests that the zone says are left until midnight (the vendor's OpenAPI).
fn remaining_quota(headers: &HeaderMap) -> Option<u64> {
    headers.get("x-exl-api-remaining")?.to_str().ok()?.trim().parse().ok()
}

/// The budget or the key forbids it: nothing was sent.
fn unsent(failure: ZoneFailure) -> HttpFailure {
    HttpFailure { kind: HttpFailureType::NotSent, failure }
}

fn after_tries(mut trouble: HttpFailure, tries: u32) -> HttpFailure {
    trouble.failure.message.push_str(&format!(", after {tries} tries"));
    trouble
}
