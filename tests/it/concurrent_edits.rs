//! Transport to the emulated network that injects edits by librarians between requests.
//!
//! The transport records the requests and edits of a zone in order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use zonal::emulator::{
    CodeTableEdit, EditAction, EditTrigger, EmulatorControl, EmulatorTransport, LibrarianEdit,
};
use zonal::provider::transport::{Transport, TransportFuture};

/// Forwards requests, and applies the scheduled edits in [`MEDDLED`] just before their request.
#[derive(Clone)]
pub struct ConcurrentEditTransport {
    inner: EmulatorTransport,
    control: EmulatorControl,
    state: Arc<Mutex<EditTransportState>>,
}

#[derive(Default)]
struct EditTransportState {
    /// Number of requests to the zone so far.
    requests: usize,
    waiting: Vec<(usize, LibrarianEdit)>,
    seen: Vec<ZoneEvent>,
}

/// Event of a zone, in order of occurrence.
#[derive(Debug, Clone)]
pub enum ZoneEvent {
    Request { put: bool, table: Option<String> },
    Edit(LibrarianEdit),
}

impl ConcurrentEditTransport {
    pub fn new(inner: EmulatorTransport, control: EmulatorControl) -> Self {
        Self { inner, control, state: Arc::default() }
    }

    /// Schedules an edit just before the n-th next request to the zone.
    pub fn before_request(&self, n: usize, edit: LibrarianEdit) {
        let mut state = self.lock();
        let at = state.requests + n;
        state.waiting.push((at, edit));
    }

    pub fn seen(&self) -> Vec<ZoneEvent> {
        self.lock().seen.clone()
    }

    /// Cancels all scheduled edits.
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
            // A missing row cannot be edited: no event.
            if self.control.edit(edit.clone()).is_ok() {
                state.seen.push(ZoneEvent::Edit(edit));
            }
        }
        let table = request.uri().path().rsplit_once("-tables/").map(|(_, table)| table.to_owned());
        state.seen.push(ZoneEvent::Request { put: request.method() == http::Method::PUT, table });
    }
}

/// Returns an edit by a librarian that sets the description of a code table's row.
pub fn row_edit(zone: &str, table: &str, code: &str, description: &str, when: EditTrigger) -> LibrarianEdit {
    LibrarianEdit {
        zone: zone.to_owned(),
        kind: "code".into(),
        table: table.to_owned(),
        library: None,
        by: "m.tremblay".to_owned(),
        when,
        action: EditAction::new(CodeTableEdit::SetCode {
            code: code.to_owned(),
            description: Some(description.to_owned()),
            language: None,
            enabled: None,
            default: None,
        }),
    }
}

/// Zone with concurrent edits.
pub const MEDDLED: &str = "01P_ALPHA";

/// Returns true if the edit at index `at` falls between the read of a table and its write. Alma offers no way
/// to detect such an edit.
pub fn in_the_gap(seen: &[ZoneEvent], at: usize) -> bool {
    let ZoneEvent::Edit(edit) = &seen[at] else { return false };
    let next = seen[at..].iter().find_map(|each| match each {
        ZoneEvent::Request { put, table: Some(table) } if *table == edit.table => Some(*put),
        ZoneEvent::Request { .. } | ZoneEvent::Edit(_) => None,
    });
    next == Some(true)
}

/// Returns true if a table was edited after its last request.
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
