//! Gate in front of the emulated network. The gate counts requests, and can pause one before or after the
//! zone processes it, until its sender is killed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::extract::State;
use axum::middleware::{Next, from_fn_with_state};
use http::header::AUTHORIZATION;
use http::{Method, Request, Response};
use tokio::sync::Notify;

/// Side of the zone on which a request pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseSide {
    /// Before the zone receives the request.
    Before,
    /// After the zone has processed the request, before the response.
    After,
}

/// Counts and pauses requests. Clones share their state.
#[derive(Clone, Default)]
pub struct RequestGate {
    state: Arc<Mutex<GateState>>,
    /// Notified after a request pauses.
    held: Arc<Notify>,
    /// Notified to continue the paused request.
    freed: Arc<Notify>,
}

/// Selects the request to pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PausedRequest {
    /// Request with this number.
    Nth(usize),
    /// Next write.
    Write,
}

#[derive(Default)]
struct GateState {
    seen: usize,
    hold: Option<(PausedRequest, PauseSide)>,
    written: Vec<String>,
}

impl RequestGate {
    /// Puts the gate in front of a network.
    pub fn before(&self, network: axum::Router) -> axum::Router {
        network.layer(from_fn_with_state(self.clone(), pass))
    }

    /// Pauses the n-th request from now on, counted from 1.
    pub fn hold(&self, n: usize, side: PauseSide) {
        let mut inside = self.lock();
        inside.hold = Some((PausedRequest::Nth(inside.seen + n), side));
    }

    /// Pauses the next write.
    pub fn hold_write(&self, side: PauseSide) {
        self.lock().hold = Some((PausedRequest::Write, side));
    }

    /// Stops pausing requests.
    pub fn open(&self) {
        self.lock().hold = None;
    }

    /// Waits until a request pauses.
    pub async fn held(&self) {
        self.held.notified().await;
    }

    /// Continues the paused request.
    pub fn free(&self) {
        self.freed.notify_one();
    }

    /// Returns the number of requests so far.
    pub fn seen(&self) -> usize {
        self.lock().seen
    }

    /// Returns how often a zone processed each write: the zone's API key, the method and the path.
    pub fn written(&self) -> BTreeMap<String, usize> {
        let mut written = BTreeMap::new();
        for each in &self.lock().written {
            *written.entry(each.clone()).or_default() += 1;
        }
        written
    }

    async fn wait(&self) {
        self.held.notify_one();
        self.freed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn pass(State(gate): State<RequestGate>, request: Request<Body>, next: Next) -> Response<Body> {
    let writes = *request.method() != Method::GET;
    let held = {
        let mut inside = gate.lock();
        inside.seen += 1;
        let hold = match inside.hold {
            Some((PausedRequest::Nth(n), side)) if n == inside.seen => Some(side),
            Some((PausedRequest::Write, side)) if writes => Some(side),
            Some(_) | None => None,
        };
        if hold.is_some() {
            inside.hold = None;
        }
        hold
    };
    if held == Some(PauseSide::Before) {
        gate.wait().await;
    }
    let key = request.headers().get(AUTHORIZATION).and_then(|key| key.to_str().ok()).unwrap_or_default();
    let write = writes.then(|| {
        format!(
            "{key} {} {}",
            request.method(),
            request.uri().path_and_query().expect("request should have a path")
        )
    });
    let response = next.run(request).await;
    if let Some(write) = write.filter(|_| response.status().is_success()) {
        gate.lock().written.push(write);
    }
    if held == Some(PauseSide::After) {
        gate.wait().await;
    }
    response
}
