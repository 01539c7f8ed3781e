//! Interface to a zone, independent of the channel.
//!
//! Reads and writes use two traits, not one trait and a flag. Planning gets a [`ZoneReader`], which cannot
//! change anything. Only apply gets a [`ZoneWriter`].

pub mod alma;
pub mod budget;
pub mod channel_routing;
pub mod gateway;
mod http;
mod record_changes;
pub mod transport;

use std::future::Future;
use std::time::Duration;

use crate::model::{Change, CollectionId, FailureClass, ObservedCollection, ZoneFailure};

/// Reader of one zone.
pub trait ZoneReader: Send + Sync {
    /// Reads a collection. Nothing is cached: each call queries the zone.
    ///
    /// # Errors
    /// Any [`crate::model::FailureClass`] that a zone can cause. Transient failures were retried. The caller
    /// sends no further requests if `class.whole_zone()`.
    fn read_collection(
        &self,
        id: &CollectionId,
    ) -> impl Future<Output = Result<CollectionSnapshot, ZoneFailure>> + Send;

    /// Returns the number of requests so far, retries included, and the zone's remaining quota of today.
    fn request_usage(&self) -> RequestUsage;
}

/// Writer of one zone.
pub trait ZoneWriter: ZoneReader {
    /// Verifies, before any write, that the key belongs to the intended zone and environment.
    ///
    /// # Errors
    /// [`crate::model::FailureClass::WrongZone`] for another zone or environment; any failure of a read.
    fn verify_zone_identity(&self) -> impl Future<Output = Result<(), ZoneFailure>> + Send;

    /// Reads a collection for a write that follows at once.
    ///
    /// Other readings that the write needs come first, so that nothing lies between this reading and the
    /// write.
    ///
    /// # Errors
    /// Same as [`ZoneReader::read_collection`].
    fn read_for_write(
        &self,
        id: &CollectionId,
    ) -> impl Future<Output = Result<(CollectionSnapshot, WriteTurn<'_>), ZoneFailure>> + Send;

    /// Writes a collection: the fresh rows with the changes, and all other content as read.
    ///
    /// Sends at most one request per collection, or per record of a gateway.
    ///
    /// # Errors
    /// [`WriteError`]: each variant allows a different conclusion about the zone.
    fn write_collection(
        &self,
        turn: WriteTurn<'_>,
        fresh: &CollectionSnapshot,
        changes: &[Change],
    ) -> impl Future<Output = Result<(), WriteError>> + Send;

    /// Returns one line per difference between `after` and the expected result of the changes to `before`.
    ///
    /// Fields that the zone sets itself (author and date) and the order of rows do not count.
    fn unexpected_differences(
        &self,
        before: &CollectionSnapshot,
        changes: &[Change],
        after: &CollectionSnapshot,
    ) -> Vec<String>;

    /// Returns one line per result in the zone that contradicts the changes, from a source other than the collection.
    ///
    /// Empty without such a source, or if zonal cannot read it.
    fn contradictions(
        &self,
        before: &CollectionSnapshot,
        changes: &[Change],
    ) -> impl Future<Output = Vec<String>> + Send;
}

/// Collection at one point in time.
#[derive(Debug, Clone)]
pub struct CollectionSnapshot {
    /// Parsed content.
    pub observed: ObservedCollection,
    /// Whole response, so that unknown content goes back unchanged.
    pub raw: serde_json::Value,
}

/// Right to write a collection after its reading.
///
/// `None` for channels that detect concurrent edits themselves, and for collections that only people write.
pub type WriteTurn<'a> = Option<alma::AlmaWriteTurn<'a>>;

/// Failure of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteError {
    /// Not processed: nothing changed. The caller may try again, with a new reading.
    Unprocessed(UnprocessedReason),
    /// Rejected or never received: nothing changed.
    Refused(ZoneFailure),
    /// No response: the caller must read the zone first.
    Unknown(ZoneFailure),
    /// Written to the wrong target: a person must check the zone.
    Astray(ZoneFailure),
    /// Revision changed since the read: nothing was written.
    Moved,
}

/// Reason why a zone did not process a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnprocessedReason {
    /// Not sent, because the reading was too old.
    Outdated {
        /// Age of the reading.
        age: Duration,
        /// Part of the age: the wait for the rate of requests, or the expected wait.
        pace: Duration,
    },
    /// Rejected because requests come too fast.
    Throttled(ZoneFailure),
    /// Not sent, because there was no connection.
    NotSent(ZoneFailure),
    /// Not sent, because another reading must come first.
    ReadingMissing,
}

impl UnprocessedReason {
    /// Returns the failure of a write that is not tried again.
    pub fn into_failure(self) -> ZoneFailure {
        match self {
            Self::Throttled(failure) | Self::NotSent(failure) => failure,
            Self::Outdated { .. } | Self::ReadingMissing => {
                ZoneFailure::new(FailureClass::Rejected, "not sent, because its reading is too old")
            }
        }
    }
}

/// Request usage of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestUsage {
    /// Requests sent, retries included.
    pub requests: u64,
    /// Remaining requests until midnight, from the zone's latest report.
    pub quota_left: Option<u64>,
}
