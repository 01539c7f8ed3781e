//! Journal of an apply: entries before and after each request.
//!
//! The journal allows zonal to resume an interrupted run and to explain every change.

use std::future::ready;

use crate::model::{ApplyEvent, Deferral, JournalEntry, ZoneCode, ZoneFailure};

/// Write-ahead journal and zone leases of one apply.
pub trait ApplyJournal: Sync {
    /// Waits for the lease of a zone. The future can be dropped at any time.
    ///
    /// # Errors
    /// [`ZoneLockout`]: the apply writes nothing to the zone.
    fn acquire_lease(
        &self,
        zone: &ZoneCode,
        tell: &(dyn Fn(ApplyEvent) + Sync),
    ) -> impl Future<Output = Result<(), ZoneLockout>> + Send;

    /// Releases the lease of a zone.
    fn release_lease(&self, zone: &ZoneCode) -> impl Future<Output = ()> + Send;

    /// Appends an entry.
    ///
    /// The entry gets its position at the call, before all later entries, even if the future is never
    /// awaited. After the future completes, this entry and all earlier entries are durable.
    ///
    /// # Errors
    /// [`crate::model::FailureClass::Store`]: the caller must not start the write, because the journal would
    /// not contain its entry.
    fn append(&self, entry: JournalEntry) -> impl Future<Output = Result<(), ZoneFailure>> + Send;
}

/// Reason for not writing to a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneLockout {
    /// Deferral of the zone.
    Held(Deferral),
    /// Failure of the lease: another run may be writing to the zone.
    Failed(ZoneFailure),
}

/// Journal without entries and without leases.
#[derive(Debug, Clone, Copy, Default)]
pub struct NullJournal;

impl ApplyJournal for NullJournal {
    fn acquire_lease(
        &self,
        _: &ZoneCode,
        _: &(dyn Fn(ApplyEvent) + Sync),
    ) -> impl Future<Output = Result<(), ZoneLockout>> + Send {
        ready(Ok(()))
    }

    fn release_lease(&self, _: &ZoneCode) -> impl Future<Output = ()> + Send {
        ready(())
    }

    fn append(&self, _: JournalEntry) -> impl Future<Output = Result<(), ZoneFailure>> + Send {
        ready(Ok(()))
    }
}
