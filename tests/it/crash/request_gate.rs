//! The way to the emulated network: it counts requests, and can hold one of them just before the zone sees it or
//! just after the zone has done it, for as long as it takes to kill whoever sent it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::extract::State;
use axum::middleware::{Next, from_fn_with_state};
use http::header::AUTHORIZATION;
use http::{Method, Request, Response};
use tokio::sync::Notify;

/// On which side of the zone a request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseSide {
    /// The zone has not seen it.
    Before,
    /// The zone has done it, and its answer has not left.
    After,
}

/// Counts and holds requests. Clones are the same gate.
#[derive(Clone, Default)]
pub struct RequestGate {
    state: Arc<Mutex<GateState>>,
    /// Rings once a request is held.
    held: Arc<Notify>,
    /// Rings once it may go on.
    freed: Arc<Notify>,
}

/// Which request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PausedRequest {
    /// That of this number.
    Nth(usize),
    /// The next one that writes.
    Write,
}

#[derive(Default)]
struct GateState {
    seen: usize,
    hold: Option<(PausedRequest, PauseSide)>,
    written: Vec<String>,
}

impl RequestGate {
    /// The network behind the gate.
    pub fn before(&self, network: axum::Router) -> axum::Router {
        network.layer(from_fn_with_state(self.clone(), pass))
    }

    /// Holds the n-th request from now on, counted from 1.
    pub fn hold(&self, n: usize, side: PauseSide) {
        let mut inside = self.lock();
        inside.hold = Some((PausedRequest::Nth(inside.seen + n), side));
    }

    /// Holds the next request that writes.
    pub fn hold_write(&self, side: PauseSide) {
        self.lock().hold = Some((PausedRequest::Write, side));
    }

    /// Holds nothing any more.
    pub fn open(&self) {
        self.lock().hold = None;
    }

    /// Waits until a request is held.
    pub async fn held(&self) {
        self.held.notified().await;
    }

    /// Lets the request that is held go on.
    pub fn free(&self) {
        self.freed.notify_one();
    }

    /// Requests so far.
    pub fn seen(&self) -> usize {
        self.lock().seen
    }

    /// How often each write was done by its zone: the zone's key, the method and the path.
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
        format!("{key} {} {}", request.method(), request.uri().path_and_query().expect("it has a path"))
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
