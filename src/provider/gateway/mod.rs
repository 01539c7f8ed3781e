//! A zone behind the network's gateway: whatever a consortium puts in front of what Alma's public API
//! does not reach. The contract is published as `schemas/gateway.openapi.json`.
//!
//! A gateway has what Alma lacks: a revision for each collection, so that an edit in between is
//! noticed by the door itself.

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
use super::record_changes::RecordWrite;
use super::{CollectionSnapshot, WriteError, record_changes};
use crate::model::{
    ApplyMode, Change, CollectionId, FailureClass, FieldValue, ObservedRecord, TableName, ZoneCode,
    ZoneFailure,
};

/// How often a write goes on after an answer that was lost.
const TRIES: usize = 3;

/// Looks at one zone through the gateway.
pub struct GatewayReader {
    zone: ZoneCode,
    getter: GetClient,
    list: OnceCell<Result<Vec<ServedCollection>, ZoneFailure>>,
    shared: Arc<SharedGateway>,
}

/// Changes one zone through the gateway.
pub struct GatewayWriter {
    reader: GatewayReader,
    keeper: GatewayRecordClient,
}

impl GatewayReader {
    /// A reader of one zone.
    pub fn new(gateway: &Arc<SharedGateway>, zone: &ZoneCode, key: SecretString) -> Self {
        Self::with_client(gateway, zone, &Arc::new(gateway.wire(zone, key)))
    }

    fn with_client(gateway: &Arc<SharedGateway>, zone: &ZoneCode, wire: &Arc<HttpClient>) -> Self {
        let (getter, shared) = (GetClient::new(Arc::clone(wire)), Arc::clone(gateway));
        Self { zone: zone.clone(), getter, list: OnceCell::new(), shared }
    }

    /// The collections that the gateway serves for the zone, and what may be done with each. Asked once: a
    /// gateway that does not answer would otherwise be waited for once for each collection.
    ///
    /// # Errors
    /// [`FailureClass::Gateway`] where it does not answer, refuses the key, or answers something else.
    pub async fn list(&self) -> Result<&[ServedCollection], ZoneFailure> {
        let list = self.list.get_or_init(|| async {
            let path = RequestPath::new(&["v1", "zones", self.zone.as_str(), "collections"])?;
            match self.shared.first(self.getter.json(&path)).await {
                Ok(body) => parse_collections(&body).map_err(|what| malformed_response(&what)),
                // A zone that the gateway does not know is one that it serves nothing for.
                Err(failure) if failure.class == FailureClass::Missing => Ok(Vec::new()),
                Err(failure) => Err(failure),
            }
        });
        list.await.as_ref().map(Vec::as_slice).map_err(|failure| self.as_gateway_failure(failure.clone()))
    }

    /// What the gateway serves of a collection; nothing where it does not serve it.
    ///
    /// # Errors
    /// As [`Self::list`].
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
    /// [`FailureClass::Gateway`] where it does not answer, or not as the contract says.
    pub async fn read(&self, id: &CollectionId) -> Result<CollectionSnapshot, ZoneFailure> {
        let read = async {
            snapshot(id, self.getter.json(&path(&self.zone, id)?).await?)
                .map_err(|what| malformed_response(&what))
        };
        read.await.map_err(|failure| self.as_gateway_failure(failure))
    }

    /// Requests sent to the gateway for the zone, retries included.
    pub fn requests(&self) -> u64 {
        self.getter.request_count()
    }

    /// A gateway that fails must not be taken for a zone that fails.
    fn as_gateway_failure(&self, failure: ZoneFailure) -> ZoneFailure {
        let failure = self.getter.discreet(failure);
        let class = match failure.class {
            FailureClass::Unreachable
            | FailureClass::Denied
            | FailureClass::WrongZone
            | FailureClass::Quota
            | FailureClass::Malformed
            | FailureClass::Gateway => FailureClass::Gateway,
            other @ (FailureClass::Missing
            | FailureClass::Locked
            | FailureClass::Rejected
            | FailureClass::Mismatch
            | FailureClass::Interrupted
            | FailureClass::Store) => other,
        };
        let help = "look at `gateway` in the Network manifest; `zonal gateway check` tries it out";
        ZoneFailure {
            class,
            message: format!("the gateway: {}", failure.message),
            help: Some(help.into()),
            ..failure
        }
    }
}

impl GatewayWriter {
    /// A writer of one zone, which also reads with its key.
    pub fn new(gateway: &Arc<SharedGateway>, zone: &ZoneCode, key: SecretString) -> Self {
        let wire = Arc::new(gateway.wire(zone, key));
        Self {
            reader: GatewayReader::with_client(gateway, zone, &wire),
            keeper: GatewayRecordClient::new(wire),
        }
    }

    /// What it reads with.
    pub fn reader(&self) -> &GatewayReader {
        &self.reader
    }

    /// Writes the records that change, one after the other, each on the revision that the one before
    /// has made. Where an answer is lost, the collection is read back, and the write goes on only if it
    /// holds exactly what was sent so far.
    ///
    /// # Errors
    /// [`WriteError::Moved`] where the collection has moved since it was read and nothing was written
    /// yet; [`WriteError::Unknown`] where something was, so that the zone must be read back.
    pub async fn write(&self, fresh: &CollectionSnapshot, changes: &[Change]) -> Result<(), WriteError> {
        let id = &fresh.observed.id;
        let changes: Vec<Change> =
            changes.iter().filter(|change| change.mode == ApplyMode::Apply).cloned().collect();
        let mut revision = contract::revision(&fresh.raw);
        let records = record_changes::one_by_one(fresh, &changes).map_err(WriteError::Refused)?;
        let mut tries = 0;
        let mut index = 0;
        while let Some(RecordWrite { key, record }) = records.get(index) {
            let path = record_path(&self.reader.zone, id, key).map_err(WriteError::Refused)?;
            let body =
                record.as_ref().map(|record| contract::body(record, record_fields(fresh, &changes[index])));
            match self.keeper.keep(&path, body.as_ref(), revision.as_deref()).await {
                Ok(Some(now)) => (revision, index) = (Some(now), index + 1),
                // A gateway that does not say what revision it has made is asked.
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
                Err(WriteError::Moved) => {
                    let message = "the collection moved while its records were written one after the other";
                    return Err(WriteError::Unknown(ZoneFailure::new(FailureClass::Rejected, message)));
                }
            }
        }
        Ok(())
    }

    /// The revision of a collection that must hold what was sent so far.
    async fn current_revision(
        &self,
        fresh: &CollectionSnapshot,
        sent: &[Change],
    ) -> Result<Option<String>, WriteError> {
        let after = self.reader.read(&fresh.observed.id).await.map_err(WriteError::Unknown)?;
        match record_changes::strays(fresh, sent, &after).is_empty() {
            true => Ok(contract::revision(&after.raw)),
            false => {
                let message = "after a write the collection holds something else than was sent";
                Err(WriteError::Unknown(ZoneFailure::new(FailureClass::Rejected, message)))
            }
        }
    }

    fn error(&self, error: WriteError) -> WriteError {
        match error {
            WriteError::Refused(failure) => WriteError::Refused(self.reader.as_gateway_failure(failure)),
            WriteError::Unknown(failure) => WriteError::Unknown(self.reader.as_gateway_failure(failure)),
            WriteError::Astray(failure) => WriteError::Astray(self.reader.as_gateway_failure(failure)),
            WriteError::Moved => WriteError::Moved,
        }
    }

    /// What differs between `after` and what `before` should have become.
    pub fn strays(
        &self,
        before: &CollectionSnapshot,
        changes: &[Change],
        after: &CollectionSnapshot,
    ) -> Vec<String> {
        record_changes::strays(before, changes, after)
    }
}

/// The fields of the record that a change is about, as they came.
fn record_fields<'a>(fresh: &'a CollectionSnapshot, change: &Change) -> Option<&'a Map<String, Json>> {
    let is_it = |each: &&ObservedRecord| {
        change.key.iter().all(|(field, value)| each.fields.get(field).unwrap_or(&FieldValue::Null) == value)
    };
    let index = fresh.observed.records.iter().position(|each| is_it(&each))?;
    fresh.raw.get("records")?.get(index)?.get("fields")?.as_object()
}

/// Where a collection stands.
fn path(zone: &ZoneCode, id: &CollectionId) -> Result<RequestPath, ZoneFailure> {
    Ok(collection_path(RequestPath::new(&["v1", "zones", zone.as_str(), "collections", &id.kind])?, id))
}

/// Where a record stands: the parts of its key are segments.
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
    ZoneFailure::new(FailureClass::Malformed, format!("its answer is not as the contract says: {what}"))
}

/// The text of a member, where it is one.
fn text(body: &Json, member: &str) -> Option<String> {
    super::alma::table_layout::non_empty_text(body.get(member))
}
