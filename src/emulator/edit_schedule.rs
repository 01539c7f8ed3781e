//! Schedule of librarian edits: each right after a request to race with.

use super::endpoint::EditFormat;
use super::librarian_edit::{EditTrigger, LibrarianEdit};

/// API request for an object, just completed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TableEvent {
    Read,
    Write,
}

/// Edits waiting for a trigger.
#[derive(Default)]
pub(super) struct EditSchedule(Vec<ScheduledEdit>);

/// Edit with the number of requests before the trigger.
struct ScheduledEdit {
    edit: LibrarianEdit,
    remaining: u64,
}

impl EditSchedule {
    /// Schedules an edit after `requests` requests.
    pub fn add(&mut self, edit: LibrarianEdit, requests: u64) {
        self.0.push(ScheduledEdit { edit, remaining: requests.max(1) });
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts a request and returns the edits due.
    pub fn take_due(&mut self, format: &EditFormat, name: &str, event: TableEvent) -> Vec<LibrarianEdit> {
        for ScheduledEdit { edit, remaining } in &mut self.0 {
            let counts = match edit.when {
                EditTrigger::Now => false,
                EditTrigger::AfterReads(_) => event == TableEvent::Read,
                EditTrigger::AfterWrites(_) => event == TableEvent::Write,
            };
            if counts && edit.kind.0 == format.kind && edit.name(format) == name {
                *remaining -= 1;
            }
        }
        self.0.extract_if(.., |scheduled| scheduled.remaining == 0).map(|due| due.edit).collect()
    }
}
