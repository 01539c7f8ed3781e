//! The door to a zone: what the stages may ask of one, whatever stands behind it.
//!
//! There are two types, not one type and a flag: planning is given a [`Read`], which has no way
//! to change anything, and only apply is ever given a [`Write`].

pub mod alma;
pub mod budget;
pub mod channel_routing;
pub mod gateway;
mod http;
mod record_changes;
pub mod transport;

use std::future::Future;

use crate::model::{Change, CollectionId, ObservedCollection, ZoneFailure};

/// Looks at one zone.
pub trait ZoneReader: Send + Sync {
    /// Reads a collection. Nothing is cached: each call asks the zone.
    ///
    /// # Errors
    /// Every [`crate::model::FailureClass`] that a zone can cause; transient trouble has been
    /// retried before. The caller asks for nothing more where `class.whole_zone()`.
    fn read_collection(
        &self,
        id: &CollectionId,
    ) -> impl Future<Output = Result<CollectionSnapshot, ZoneFailure>> + Send;

    /// Requests sent to the zone so far, retries included, and what the zone says is left of today's quota.
    fn request_usage(&self) -> RequestUsage;
}

/// Changes one zone.
pub trait ZoneWriter: ZoneReader {
    /// Makes sure, before anything is written, that the key opens the zone and the environment
    /// that are meant.
    ///
    /// # Errors
    /// [`crate::model::FailureClass::WrongZone`] where it does not; whatever reading can fail with.
    fn verify_zone_identity(&self) -> impl Future<Output = Result<(), ZoneFailure>> + Send;

    /// Writes a collection: the rows just read with the changes laid over them, so that whatever
    /// nobody asked for goes back as it came. Sends exactly one write unless the zone was too
    /// busy to look at it.
    ///
    /// # Errors
    /// See [`WriteError`]: what may be assumed about the zone differs.
    fn write_collection(
        &self,
        fresh: &CollectionSnapshot,
        changes: &[Change],
    ) -> impl Future<Output = Result<(), WriteError>> + Send;

    /// What differs between `after` and what `before` with the changes laid over it should have
    /// become, one line for each difference; empty when the zone holds exactly that. Fields that
    /// the zone sets itself (who changed it, when) and the order of rows do not count.
    fn unexpected_differences(
        &self,
        before: &CollectionSnapshot,
        changes: &[Change],
        after: &CollectionSnapshot,
    ) -> Vec<String>;
}

/// A collection as it was at one moment.
#[derive(Debug, Clone)]
pub struct CollectionSnapshot {
    /// What the stages understand of it.
    pub observed: ObservedCollection,
    /// The whole answer, so that what zonal does not understand goes back untouched.
    pub raw: serde_json::Value,
}

/// How a write can fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteError {
    /// The zone refused, or never got it: nothing was changed.
    Refused(ZoneFailure),
    /// The answer was lost: read the zone before believing anything.
    Unknown(ZoneFailure),
    /// The zone wrote, but somewhere else: a person must look.
    Astray(ZoneFailure),
    /// The collection has another revision than the one that was read: nothing was changed.
    Moved,
}

/// What a zone has cost so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestUsage {
    /// Requests sent, retries included.
    pub requests: u64,
    /// Requests that the zone says are left until midnight, the last time it said so.
    pub quota_left: Option<u64>,
}
