//! Routes each collection of a zone to its channel.
//!
//! The channel: Alma's API, if it serves the collection and the zone exposes it. Next, the gateway, if the
//! network has one that lists the collection. Finally, people with their attestations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use super::alma::{self, AlmaReader, AlmaWriter};
use super::gateway::{GatewayReader, GatewayVerb, GatewayWriter, ServedCollection};
use super::{CollectionSnapshot, RequestUsage, WriteError, WriteTurn, ZoneReader, ZoneWriter};
use crate::model::{
    Change, Channel, CollectionId, FailureClass, ObservationSource, ObservedCollection, ObservedRecord,
    Record, TableListing, ZoneFailure,
};

/// Attestations of one zone, by collection as named in manifests.
pub type AttestedZone = BTreeMap<CollectionId, AttestedCollection>;

/// Attestations of one collection.
#[derive(Debug, Clone, Default)]
pub struct AttestedCollection {
    /// Records as attested.
    pub records: Vec<ObservedRecord>,
    /// Key fields of deleted records.
    pub gone: Vec<Record>,
}

/// Reader of one zone, over all channels.
pub struct RoutingReader {
    alma: AlmaReader,
    gateway: Option<GatewayReader>,
    attested: AttestedZone,
}

/// Writer of one zone, over all channels.
pub struct RoutingWriter {
    alma: AlmaWriter,
    gateway: Option<GatewayWriter>,
}

/// Collections that a zone exposes.
#[derive(Debug, Clone)]
pub struct ZoneCapabilities {
    /// Code tables and mapping tables in the API's lists.
    pub tables: [Vec<TableListing>; 2],
    /// Collections that the gateway serves, or its failure; empty without a gateway.
    pub gateway: Result<Vec<ServedCollection>, ZoneFailure>,
}

impl RoutingReader {
    /// Creates a reader over these channels.
    pub fn new(alma: AlmaReader, gateway: Option<GatewayReader>, attested: AttestedZone) -> Self {
        Self { alma, gateway, attested }
    }

    /// Returns the reader of Alma's API.
    pub fn alma(&self) -> &AlmaReader {
        &self.alma
    }

    /// Returns the codes of the listed tables by collection type, from two requests to the zone.
    ///
    /// # Errors
    /// Any failure of a read.
    pub async fn table_codes(&self) -> Result<BTreeMap<Arc<str>, BTreeSet<String>>, ZoneFailure> {
        let [code_tables, mapping_tables] = self.alma.list_tables().await?;
        let lists = [("CodeTable", code_tables), ("MappingTable", mapping_tables)];
        let codes = |tables: &[TableListing]| tables.iter().map(|table| table.code.to_string()).collect();
        Ok(lists.into_iter().map(|(kind, tables)| (kind.into(), codes(tables))).collect())
    }

    /// Reads the lists of collections: two requests to the zone, one to the gateway.
    ///
    /// # Errors
    /// Any failure of a read from Alma. A failure of the gateway is part of the result, because the API's
    /// collections are known.
    pub async fn capabilities(&self) -> Result<ZoneCapabilities, ZoneFailure> {
        let gateway = match &self.gateway {
            Some(gateway) => gateway.list().await.map(<[_]>::to_vec),
            None => Ok(Vec::new()),
        };
        let tables = self.alma.list_tables().await?.map(<[_]>::to_vec);
        Ok(ZoneCapabilities { tables, gateway })
    }
}

impl RoutingWriter {
    /// Creates a writer over these channels.
    pub fn new(alma: AlmaWriter, gateway: Option<GatewayWriter>) -> Self {
        Self { alma, gateway }
    }
}

impl ZoneCapabilities {
    /// Returns the write channel of a collection type; `None` if only the unresponsive gateway could
    /// determine it.
    pub fn channel(&self, kind: &str) -> Option<Channel> {
        if alma::serves(kind) {
            return Some(Channel::Api);
        }
        let served = self.gateway.as_ref().ok()?;
        let changes =
            |listed: &ServedCollection| listed.kind == kind && listed.verbs.contains(&GatewayVerb::Put);
        Some(if served.iter().any(changes) { Channel::Gateway } else { Channel::Runbook })
    }
}

/// Reads a collection over its channel.
async fn read<A: ZoneReader>(
    alma: &A,
    gateway: Option<&GatewayReader>,
    attested: Option<&AttestedZone>,
    id: &CollectionId,
) -> Result<CollectionSnapshot, ZoneFailure> {
    let mut refusal = None;
    if alma::serves(&id.kind) {
        match alma.read_collection(id).await {
            Err(failure) if failure.class == FailureClass::Locked => refusal = Some(failure.message),
            answer => return answer,
        }
    }
    let mut snapshot = read_beside_alma(gateway, attested, id).await?;
    if let ObservationSource::Attestation { refusal: reason, .. } = &mut snapshot.observed.witness {
        *reason = refusal;
    }
    Ok(snapshot)
}

/// Reads a collection that Alma's API does not show, from the gateway or from attestations.
async fn read_beside_alma(
    gateway: Option<&GatewayReader>,
    attested: Option<&AttestedZone>,
    id: &CollectionId,
) -> Result<CollectionSnapshot, ZoneFailure> {
    if let Some(gateway) = gateway
        && let Some(listed) = gateway.serves(id).await?
    {
        let mut snapshot = gateway.read(id).await?;
        if !listed.verbs.contains(&GatewayVerb::Put) {
            snapshot.observed.channel = Channel::Runbook;
        }
        return Ok(snapshot);
    }
    let AttestedCollection { records, gone } =
        attested.and_then(|attested| attested.get(id)).cloned().unwrap_or_default();
    let observed = ObservedCollection {
        id: id.clone(),
        title: None,
        aliases: BTreeMap::new(),
        columns: Vec::new(),
        records,
        references: None,
        channel: Channel::Runbook,
        witness: ObservationSource::Attestation { gone, refusal: None },
    };
    Ok(CollectionSnapshot { observed, raw: Json::Null })
}

/// Returns the request usage over all channels. The daily quota is Alma's.
fn usage(alma: RequestUsage, gateway: Option<&GatewayReader>) -> RequestUsage {
    RequestUsage { requests: alma.requests + gateway.map_or(0, GatewayReader::requests), ..alma }
}

impl ZoneReader for RoutingReader {
    async fn read_collection(&self, id: &CollectionId) -> Result<CollectionSnapshot, ZoneFailure> {
        read(&self.alma, self.gateway.as_ref(), Some(&self.attested), id).await
    }

    fn request_usage(&self) -> RequestUsage {
        usage(self.alma.request_usage(), self.gateway.as_ref())
    }
}

impl ZoneReader for RoutingWriter {
    async fn read_collection(&self, id: &CollectionId) -> Result<CollectionSnapshot, ZoneFailure> {
        read(&self.alma, self.gateway.as_ref().map(GatewayWriter::reader), None, id).await
    }

    fn request_usage(&self) -> RequestUsage {
        usage(self.alma.request_usage(), self.gateway.as_ref().map(GatewayWriter::reader))
    }
}

impl ZoneWriter for RoutingWriter {
    async fn verify_zone_identity(&self) -> Result<(), ZoneFailure> {
        self.alma.verify_zone_identity().await
    }

    async fn read_for_write(
        &self,
        id: &CollectionId,
    ) -> Result<(CollectionSnapshot, WriteTurn<'_>), ZoneFailure> {
        if alma::serves(&id.kind) {
            match self.alma.read_for_write(id).await {
                Err(failure) if failure.class == FailureClass::Locked => {}
                answer => return answer,
            }
        }
        let gateway = self.gateway.as_ref().map(GatewayWriter::reader);
        read_beside_alma(gateway, None, id).await.map(|snapshot| (snapshot, None))
    }

    async fn write_collection(
        &self,
        turn: WriteTurn<'_>,
        fresh: &CollectionSnapshot,
        changes: &[Change],
    ) -> Result<(), WriteError> {
        match (fresh.observed.channel, &self.gateway) {
            (Channel::Api, _) => self.alma.write_collection(turn, fresh, changes).await,
            (Channel::Gateway, Some(gateway)) => gateway.write(fresh, changes).await,
            (Channel::Gateway, None) | (Channel::Runbook, _) => {
                let message = format!("{} can only be changed manually", fresh.observed.id);
                Err(WriteError::Refused(
                    ZoneFailure::new(FailureClass::Locked, message)
                        .help("run `zonal runbook` to print the manual steps"),
                ))
            }
        }
    }

    fn unexpected_differences(
        &self,
        before: &CollectionSnapshot,
        changes: &[Change],
        after: &CollectionSnapshot,
    ) -> Vec<String> {
        match (before.observed.channel, &self.gateway) {
            (Channel::Gateway, Some(gateway)) => gateway.strays(before, changes, after),
            (Channel::Api, _) | (Channel::Gateway, None) | (Channel::Runbook, _) => {
                self.alma.unexpected_differences(before, changes, after)
            }
        }
    }

    async fn contradictions(&self, before: &CollectionSnapshot, changes: &[Change]) -> Vec<String> {
        match before.observed.channel {
            Channel::Api => self.alma.contradictions(before, changes).await,
            Channel::Gateway | Channel::Runbook => Vec::new(),
        }
    }
}
