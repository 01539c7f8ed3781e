//! Limits the time of all rules together.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::EvaluationMessage;

/// Running time limit. Dropping it ends its thread.
pub struct TimeLimit {
    listeners: Arc<Mutex<TimeLimitState>>,
    _running: Sender<()>,
}

enum TimeLimitState {
    /// Receivers of the message when the time is up.
    Running(Vec<Sender<EvaluationMessage>>),
    /// Time is up, or no thread can measure it.
    Expired,
}

impl TimeLimit {
    /// Starts a time limit.
    pub fn start(limit: Duration) -> Self {
        let listeners = Arc::new(Mutex::new(TimeLimitState::Running(Vec::new())));
        let (running, stopped) = mpsc::channel::<()>();
        let of_thread = Arc::clone(&listeners);
        let thread = std::thread::Builder::new().spawn(move || {
            // Ends immediately when the sender is dropped.
            if stopped.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                expire(&of_thread);
            }
        });
        if thread.is_err() {
            expire(&listeners);
        }
        Self { listeners, _running: running }
    }

    /// Sends [`EvaluationMessage::TimeIsUp`] when the time is up. Returns false if that is already the case.
    pub fn tell(&self, listener: Sender<EvaluationMessage>) -> bool {
        match &mut *lock(&self.listeners) {
            TimeLimitState::Running(listeners) => {
                listeners.push(listener);
                true
            }
            TimeLimitState::Expired => false,
        }
    }
}

fn expire(listeners: &Mutex<TimeLimitState>) {
    let before = std::mem::replace(&mut *lock(listeners), TimeLimitState::Expired);
    if let TimeLimitState::Running(listeners) = before {
        for listener in listeners {
            // A policy that is done listens no more.
            let _ = listener.send(EvaluationMessage::TimeIsUp);
        }
    }
}

fn lock(state: &Mutex<TimeLimitState>) -> MutexGuard<'_, TimeLimitState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
