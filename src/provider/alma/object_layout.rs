//! Describes a collection type other than a table: its path, JSON as records, and the PUT body.

use serde_json::Value as Json;

use super::put_client::PutBody;
use super::write_verification::content_differences;
use crate::model::{Change, CollectionId, ZoneCode, ZoneFailure};
use crate::provider::http::request_path::RequestPath;
use crate::provider::{CollectionSnapshot, record_changes};

/// Collection type with one GET and one whole PUT at one path.
#[derive(Debug)]
pub struct ObjectLayout {
    /// Kind of the collections, `Letter`.
    pub kind: &'static str,
    /// Returns the path of a collection.
    pub path: fn(&ZoneCode, &CollectionId) -> Result<RequestPath, ZoneFailure>,
    /// Parses the response as a collection. Fails if the response does not match the request.
    pub snapshot: fn(&ZoneCode, &CollectionId, Json) -> Result<CollectionSnapshot, ZoneFailure>,
    /// Returns the PUT body with the changes. All other content stays as read.
    pub payload: fn(&CollectionSnapshot, &[Change]) -> Result<PutBody, ZoneFailure>,
    /// Returns content outside the records and the zone's own fields; writes must not change such content.
    pub rest: fn(&Json) -> Json,
}

impl ObjectLayout {
    /// Returns the differences between `after` and the expected result of the changes to `before`.
    pub fn strays(
        &self,
        before: &CollectionSnapshot,
        changes: &[Change],
        after: &CollectionSnapshot,
    ) -> Vec<String> {
        let mut strays = record_changes::strays(before, changes, after);
        strays.extend(content_differences(&(self.rest)(&before.raw), &(self.rest)(&after.raw)));
        strays
    }
}
