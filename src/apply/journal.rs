//! Where an apply writes down what it does: before and after each request, so that a run that is killed can be
//! taken up, and every change can be explained.

use std::future::ready;

use crate::model::{Entry, Event, Failure, Hold, ZoneCode};

/// Whoever remembers what an apply does, and keeps others out of the zones that it writes to.
pub trait Journal: Sync {
    /// Waits until nobody else writes to a zone. May be dropped at any moment.
    ///
    /// # Errors
    /// [`Closed`]: then nothing is written to the zone.
    fn enter(
        &self,
        zone: &ZoneCode,
        tell: &(dyn Fn(Event) + Sync),
    ) -> impl Future<Output = Result<(), Closed>> + Send;

    /// Lets others write to a zone.
    fn leave(&self, zone: &ZoneCode) -> impl Future<Output = ()> + Send;

    /// Writes something down. It has its place at once, before everything that is written later, even where
    /// nobody waits for the future; whoever does knows afterwards that it and all before it cannot be lost.
    ///
    /// # Errors
    /// [`crate::model::FailureClass::Store`]: what is not begun must not be begun, because nobody would remember it.
    fn write(&self, entry: Entry) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Why a zone is not written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// It is left alone for now.
    Held(Hold),
    /// It cannot be known whether somebody else is there.
    Failed(Failure),
}

/// Remembers nothing, and keeps nobody out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forgetful;

impl Journal for Forgetful {
    fn enter(
        &self,
        _: &ZoneCode,
        _: &(dyn Fn(Event) + Sync),
    ) -> impl Future<Output = Result<(), Closed>> + Send {
        ready(Ok(()))
    }

    fn leave(&self, _: &ZoneCode) -> impl Future<Output = ()> + Send {
        ready(())
    }

    fn write(&self, _: Entry) -> impl Future<Output = Result<(), Failure>> + Send {
        ready(Ok(()))
    }
}
