//! Client for the network's gateway, a consortium's service for configuration outside Alma's public API.
//!
//! The contract is published as `schemas/gateway.openapi.json`. Unlike Alma, a gateway has a revision per
//! collection. The gateway itself therefore detects concurrent edits.

mod contract;
pub mod contract_check;
mod record_client;
mod shared_gateway;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Map, Value as Json};
use tokio::sync::OnceCell;

pub use self::contract::{GatewayVerb, ServedCollection, openapi};
pub use self::shared_gateway::SharedGateway;

use self::contract::{parse_collections, snapshot};
use self::record_client::GatewayRecordClient;
use super::http::client::HttpClient;
use super::http::get_client::GetClient;
use super::http::request_path::RequestPath;
use super::{CollectionSnapshot, WriteError, record_changes};
use crate::model::{
    ApplyMode, Change, CollectionId, FailureClass, FieldValue, ObservedRecord, TableName, ZoneCode,
    ZoneFailure,
};

/// Maximum number of attempts to continue a write after a lost response.
const TRIES: usize = 3;

/// Reader of one zone through the gateway.
pub struct GatewayReader {
    zone: ZoneCode,
    getter: GetClient,
    list: OnceCell<Result<Vec<ServedCollection>, ZoneFailure>>,
    shared: Arc<SharedGateway>,
}

/// Writer of one zone through the gateway.
pub struct GatewayWriter {
    reader: GatewayReader,
    keeper: GatewayRecordClient,
}

impl GatewayReader {
    /// Creates a reader of one zone.
    pub fn new(gateway: &Arc<SharedGateway>, zone: &ZoneCode, key: SecretString) -> Self {
        Self::with_client(gateway, zone, &Arc::new(gateway.wire(zone, key)))
    }

    fn with_client(gateway: &Arc<SharedGateway>, zone: &ZoneCode, wire: &Arc<HttpClient>) -> Self {
        let (getter, shared) = (GetClient::new(Arc::clone(wire)), Arc::clone(gateway));
        Self { zone: zone.clone(), getter, list: OnceCell::new(), shared }
    }

    /// Returns the collections that the gateway serves for the zone, with the permitted operations.
    ///
    /// The gateway is queried once, because an unresponsive gateway would delay each collection.
    ///
    /// # Errors
    /// [`FailureClass::Gateway`] if the gateway does not respond, rejects the key, or violates the contract.
    pub async fn list(&self) -> Result<&[ServedCollection], ZoneFailure> {
        let list = self.list.get_or_init(|| async {
            let path = RequestPath::new(&["v1", "zones", self.zone.as_str(), "collections"])?;
            match self.shared.first(self.getter.json(&path)).await {
                Ok(body) => parse_collections(&body).map_err(|what| malformed_response(&what)),
                // A gateway serves nothing for an unknown zone.
                Err(failure) if failure.class == FailureClass::Missing => Ok(Vec::new()),
                Err(failure) => Err(failure),
            }
        });
        list.await.as_ref().map(Vec::as_slice).map_err(|failure| self.as_gateway_failure(failure.clone()))
    }

    /// Returns the list entry of a collection; `None` if the gateway does not serve the collection.
    ///
    /// # Errors
    /// Same as [`Self::list`].
    pub async fn serves(&self, id: &CollectionId) -> Result<Option<&ServedCollection>, ZoneFailure> {
        Ok(self
            .list()
            .await?
            .iter()
            .find(|listed| listed.matches(id) && listed.verbs.contains(&GatewayVerb::Read)))
    }

    /// Reads a collection with its revision.
    ///
    /// # Errors
    /// [`FailureClass::Gateway`] if the gateway does not respond, or violates the contract.
    pub async fn read(&self, id: &CollectionId) -> Result<CollectionSnapshot, ZoneFailure> {
        let read = async {
            snapshot(id, self.getter.json(&path(&self.zone, id)?).await?)
                .map_err(|what| malformed_response(&what))
        };
        read.await.map_err(|failure| self.as_gateway_failure(failure))
    }

    /// Returns the number of requests to the gateway for the zone, retries included.
    pub fn requests(&self) -> u64 {
        self.getter.request_count()
    }

    /// Converts a failure to a gateway failure, because a failed gateway does not mean a failed zone.
    fn as_gateway_failure(&self, failure: ZoneFailure) -> ZoneFailure {
        let failure = self.getter.discreet(failure);
        let class = match failure.class {
            FailureClass::Unreachable
            | FailureClass::Denied
            | FailureClass::WrongZone
            | FailureClass::Quota
            | FailureClass::Malformed
            | FailureClass::Truncated
            | FailureClass::Gateway => FailureClass::Gateway,
            other @ (FailureClass::Missing
            | FailureClass::UnknownName
            | FailureClass::Locked
            | FailureClass::Rejected
            | FailureClass::Mismatch
            | FailureClass::Interrupted
            | FailureClass::Outdated
            | FailureClass::Store) => other,
        };
        let help = "check `gateway` in the Network manifest, or run `zonal gateway check`";
        ZoneFailure {
            class,
            message: format!("gateway: {}", failure.message),
            help: Some(help.into()),
            ..failure
        }
    }
}

impl GatewayWriter {
    /// Creates a writer of one zone. The writer also reads with its key.
    pub fn new(gateway: &Arc<SharedGateway>, zone: &ZoneCode, key: SecretString) -> Self {
        let wire = Arc::new(gateway.wire(zone, key));
        Self {
            reader: GatewayReader::with_client(gateway, zone, &wire),
            keeper: GatewayRecordClient::new(wire),
        }
    }

    /// Returns the writer's reader.
    pub fn reader(&self) -> &GatewayReader {
        &self.reader
    }

    /// Writes the changed records one after the other, each with the revision of the previous write.
    ///
    /// After a lost response, zonal reads the collection back. The write continues only if the collection
    /// contains exactly the records sent so far.
    ///
    /// # Errors
    /// [`WriteError::Moved`] if the collection changed since the read and nothing was written.
    /// [`WriteError::Unknown`] if a record was written; the caller must read the zone back.
    pub async fn write(&self, fresh: &CollectionSnapshot, changes: &[Change]) -> Result<(), WriteError> {
        let id = &fresh.observed.id;
        let changes: Vec<Change> =
            changes.iter().filter(|change| change.mode == ApplyMode::Apply).cloned().collect();
        let mut revision = contract::revision(&fresh.raw);
        let records = record_changes::changed_records(fresh, &changes).map_err(WriteError::Refused)?;
        let mut tries = 0;
        let mut index = 0;
        while let Some((key, record)) = records.get(index) {
            let path = record_path(&self.reader.zone, id, key).map_err(WriteError::Refused)?;
            let body =
                record.as_ref().map(|record| contract::body(record, record_fields(fresh, &changes[index])));
            match self.keeper.keep(&path, body.as_ref(), revision.as_deref()).await {
                Ok(Some(now)) => (revision, index) = (Some(now), index + 1),
                // If the gateway omits the new revision, zonal reads the collection.
                Ok(None) => {
                    (revision, index) = (self.current_revision(fresh, &changes[..=index]).await?, index + 1)
                }
                Err(WriteError::Unknown(lost)) if tries < TRIES => {
                    tries += 1;
                    let lost = self.reader.as_gateway_failure(lost);
                    let after = self.reader.read(id).await.map_err(|_| WriteError::Unknown(lost.clone()))?;
                    if record_changes::strays(fresh, &changes[..=index], &after).is_empty() {
                        index += 1;
                    } else if !record_changes::strays(fresh, &changes[..index], &after).is_empty() {
                        return Err(WriteError::Unknown(lost));
                    }
                    revision = contract::revision(&after.raw);
                }
                Err(error) if index == 0 => return Err(self.error(error)),
                Err(
                    WriteError::Refused(failure) | WriteError::Unknown(failure) | WriteError::Astray(failure),
                ) => {
                    return Err(WriteError::Unknown(self.reader.as_gateway_failure(failure)));
                }
                Err(WriteError::Unprocessed(reason)) => {
                    return Err(WriteError::Unknown(self.reader.as_gateway_failure(reason.into_failure())));
                }
                Err(WriteError::Moved) => {
                    let message = "the collection changed while its records were written one after the other";
                    return Err(WriteError::Unknown(ZoneFailure::new(FailureClass::Rejected, message)));
                }
            }
        }
        Ok(())
    }

    /// Returns the revision of a collection that must contain the records sent so far.
    async fn current_revision(
        &self,
        fresh: &CollectionSnapshot,
        sent: &[Change],
    ) -> Result<Option<String>, WriteError> {
        let after = self.reader.read(&fresh.observed.id).await.map_err(WriteError::Unknown)?;
        match record_changes::strays(fresh, sent, &after).is_empty() {
            true => Ok(contract::revision(&after.raw)),
            false => {
                let message = "the collection differs from the sent records after the write";
                Err(WriteError::Unknown(ZoneFailure::new(FailureClass::Rejected, message)))
            }
        }
    }

    fn error(&self, error: WriteError) -> WriteError {
        match error {
            WriteError::Refused(failure) => WriteError::Refused(self.reader.as_gateway_failure(failure)),
            WriteError::Unknown(failure) => WriteError::Unknown(self.reader.as_gateway_failure(failure)),
            WriteError::Astray(failure) => WriteError::Astray(self.reader.as_gateway_failure(failure)),
            WriteError::Moved | WriteError::Unprocessed(_) => error,
        }
    }

    /// Returns the differences between `after` and the expected result of the changes to `before`.
    pub fn strays(
        &self,
        before: &CollectionSnapshot,
        changes: &[Change],
        after: &CollectionSnapshot,
    ) -> Vec<String> {
        record_changes::strays(before, changes, after)
    }
}

/// Returns the received fields of a change's record.
fn record_fields<'a>(fresh: &'a CollectionSnapshot, change: &Change) -> Option<&'a Map<String, Json>> {
    let is_it = |each: &&ObservedRecord| {
        change.key.iter().all(|(field, value)| each.fields.get(field).unwrap_or(&FieldValue::Null) == value)
    };
    let index = fresh.observed.records.iter().position(|each| is_it(&each))?;
    fresh.raw.get("records")?.get(index)?.get("fields")?.as_object()
}

/// Returns the path of a collection.
fn path(zone: &ZoneCode, id: &CollectionId) -> Result<RequestPath, ZoneFailure> {
    Ok(collection_path(RequestPath::new(&["v1", "zones", zone.as_str(), "collections", &id.kind])?, id))
}

/// Returns the path of a record, with one segment per key value.
fn record_path(zone: &ZoneCode, id: &CollectionId, key: &[String]) -> Result<RequestPath, ZoneFailure> {
    let mut segments = vec!["v1", "zones", zone.as_str(), "collections", &id.kind, "records"];
    segments.extend(key.iter().map(String::as_str));
    Ok(collection_path(RequestPath::new(&segments)?, id))
}

fn collection_path(path: RequestPath, id: &CollectionId) -> RequestPath {
    let (table, title) = match &id.table {
        TableName::Code(code) => (Some(&**code), None),
        TableName::Title(title) => (None, Some(&**title)),
        TableName::Whole => (None, None),
    };
    path.query("table", table)
        .query("title", title)
        .query("library", id.library.as_deref())
        .query("language", id.language.as_deref())
}

fn malformed_response(what: &str) -> ZoneFailure {
    ZoneFailure::new(FailureClass::Malformed, format!("the response violates the contract: {what}"))
}

/// Returns the text of a field; `None` if the field is absent or empty.
fn text(body: &Json, member: &str) -> Option<String> {
    super::alma::table_layout::non_empty_text(body.get(member))
}
