//! Where an apply writes down what it does: before and after each request, so that a run that is killed can be
//! taken up, and every change can be explained.

use std::future::ready;

use crate::model::{ApplyEvent, Deferral, JournalEntry, ZoneCode, ZoneFailure};

/// Whoever remembers what an apply does, and keeps others out of the zones that it writes to.
pub trait ApplyJournal: Sync {
    /// Waits until nobody else writes to a zone. May be dropped at any moment.
    ///
    /// # Errors
    /// [`Closed`]: then nothing is written to the zone.
    fn acquire_lease(
        &self,
        zone: &ZoneCode,
        tell: &(dyn Fn(ApplyEvent) + Sync),
    ) -> impl Future<Output = Result<(), ZoneLockout>> + Send;

    /// Lets others write to a zone.
    fn release_lease(&self, zone: &ZoneCode) -> impl Future<Output = ()> + Send;

    /// Writes something down. It has its place at once, before everything that is written later, even where
    /// nobody waits for the future; whoever does knows afterwards that it and all before it cannot be lost.
    ///
    /// # Errors
    /// [`crate::model::FailureClass::Store`]: what is not begun must not be begun, because nobody would remember it.
    fn append(&self, entry: JournalEntry) -> impl Future<Output = Result<(), ZoneFailure>> + Send;
}

/// Why a zone is not written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneLockout {
    /// It is left alone for now.
    Held(Deferral),
    /// It cannot be known whether somebody else is there.
    Failed(ZoneFailure),
}

/// Remembers nothing, and keeps nobody out.
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
