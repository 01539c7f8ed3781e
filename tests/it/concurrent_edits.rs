//! A way to the emulated network on which librarians wait for their moment: it knows what was
//! asked of which table before and after each of their edits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use zonal::emulator::{EmulatorControl, EmulatorTransport, LibrarianEdit};
use zonal::provider::transport::{Transport, TransportFuture};

/// Carries requests, and lets the librarians of [`MEDDLED`] do their edits just before the request
/// that they chose.
#[derive(Clone)]
pub struct ConcurrentEditTransport {
    inner: EmulatorTransport,
    control: EmulatorControl,
    state: Arc<Mutex<EditTransportState>>,
}

#[derive(Default)]
struct EditTransportState {
    /// Requests of the zone so far.
    requests: usize,
    waiting: Vec<(usize, LibrarianEdit)>,
    seen: Vec<ZoneEvent>,
}

/// What happened to a zone, in order.
#[derive(Debug, Clone)]
pub enum ZoneEvent {
    Request { put: bool, table: Option<String> },
    Edit(LibrarianEdit),
}

impl ConcurrentEditTransport {
    pub fn new(inner: EmulatorTransport, control: EmulatorControl) -> Self {
        Self { inner, control, state: Arc::default() }
    }

    /// A librarian does this just before the n-th request of the zone from now on.
    pub fn before_request(&self, n: usize, edit: LibrarianEdit) {
        let mut state = self.lock();
        let at = state.requests + n;
        state.waiting.push((at, edit));
    }

    pub fn seen(&self) -> Vec<ZoneEvent> {
        self.lock().seen.clone()
    }

    /// Nobody waits any longer.
    pub fn send_librarians_home(&self) {
        self.lock().waiting.clear();
    }

    fn lock(&self) -> MutexGuard<'_, EditTransportState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self, request: &http::Request<Bytes>) {
        let key = request.headers().get(AUTHORIZATION).and_then(|key| key.to_str().ok()).unwrap_or_default();
        if !key.ends_with(MEDDLED) {
            return;
        }
        let mut state = self.lock();
        state.requests += 1;
        let now = state.requests;
        let (due, rest) = std::mem::take(&mut state.waiting).into_iter().partition(|(at, _)| *at <= now);
        state.waiting = rest;
        let due: Vec<(usize, LibrarianEdit)> = due;
        for (_, edit) in due {
            // A row that is not there cannot be edited: then nothing happened.
            if self.control.edit(edit.clone()).is_ok() {
                state.seen.push(ZoneEvent::Edit(edit));
            }
        }
        let table = request.uri().path().rsplit_once("-tables/").map(|(_, table)| table.to_owned());
        state.seen.push(ZoneEvent::Request { put: request.method() == http::Method::PUT, table });
    }
}

/// The zone in which librarians are.
pub const MEDDLED: &str = "01P_ALPHA";

/// Whether a librarian's edit, the one at this place of what was seen, hit the moment between
/// the reading of a table and its writing. Alma gives nobody a way to notice that.
pub fn in_the_gap(seen: &[ZoneEvent], at: usize) -> bool {
    let ZoneEvent::Edit(edit) = &seen[at] else { return false };
    let next = seen[at..].iter().find_map(|each| match each {
        ZoneEvent::Request { put, table: Some(table) } if *table == edit.table => Some(*put),
        ZoneEvent::Request { .. } | ZoneEvent::Edit(_) => None,
    });
    next == Some(true)
}

/// Whether somebody edited a table after it was last asked for.
pub fn edited_since(seen: &[ZoneEvent], name: &str) -> bool {
    let last = seen.iter().rev().find_map(|each| match each {
        ZoneEvent::Request { table: Some(table), .. } if table == name => Some(false),
        ZoneEvent::Edit(edit) if edit.table == name => Some(true),
        ZoneEvent::Request { .. } | ZoneEvent::Edit(_) => None,
    });
    last == Some(true)
}

impl Transport for ConcurrentEditTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            self.pass(&request);
            self.inner.send(request).await
        })
    }
}
