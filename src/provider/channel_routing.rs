//! The whole door to a zone: for each collection the way that leads to it, found out by asking.
//!
//! Alma's API where it serves the collection and the zone lets it be seen; else the gateway, where the
//! network has one that lists it; else people, of whom what they have attested is known.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::alma::{self, AlmaReader, AlmaWriter};
use super::gateway::{GatewayReader, GatewayVerb, GatewayWriter, ServedCollection};
use super::{CollectionSnapshot, RequestUsage, WriteError, ZoneReader, ZoneWriter};
use crate::model::{
    Change, Channel, CollectionId, FailureClass, ObservationSource, ObservedCollection, ObservedRecord,
    Record, ZoneFailure,
};

/// What people have attested of one zone, by the names that manifests use.
pub type AttestedZone = BTreeMap<CollectionId, AttestedCollection>;

/// What people have attested of one collection.
#[derive(Debug, Clone, Default)]
pub struct AttestedCollection {
    /// Records as they have made them.
    pub records: Vec<ObservedRecord>,
    /// Key fields of those that they have removed.
    pub gone: Vec<Record>,
}

/// Looks at one zone by whatever way leads to a collection.
pub struct RoutingReader {
    alma: AlmaReader,
    gateway: Option<GatewayReader>,
    attested: AttestedZone,
}

/// Changes one zone by whatever way leads to a collection.
pub struct RoutingWriter {
    alma: AlmaWriter,
    gateway: Option<GatewayWriter>,
}

/// What a zone lets be seen.
#[derive(Debug, Clone)]
pub struct ZoneCapabilities {
    /// Codes of the code tables and of the mapping tables that its API lists.
    pub tables: [Vec<String>; 2],
    /// What the gateway serves for it, or why that is not known; nothing where there is no gateway.
    pub gateway: Result<Vec<ServedCollection>, ZoneFailure>,
}

impl RoutingReader {
    /// A reader that goes these ways.
    pub fn new(alma: AlmaReader, gateway: Option<GatewayReader>, attested: AttestedZone) -> Self {
        Self { alma, gateway, attested }
    }

    /// The way by which Alma is asked.
    pub fn alma(&self) -> &AlmaReader {
        &self.alma
    }

    /// Asks for the lists of what there is: two requests to the zone, one to the gateway.
    ///
    /// # Errors
    /// Whatever reading can fail with. A gateway that fails is no error: what the API serves is known.
    pub async fn capabilities(&self) -> Result<ZoneCapabilities, ZoneFailure> {
        let gateway = match &self.gateway {
            Some(gateway) => gateway.list().await.map(<[_]>::to_vec),
            None => Ok(Vec::new()),
        };
        Ok(ZoneCapabilities { tables: self.alma.list_table_codes().await?, gateway })
    }
}

impl RoutingWriter {
    /// A writer that goes these ways.
    pub fn new(alma: AlmaWriter, gateway: Option<GatewayWriter>) -> Self {
        Self { alma, gateway }
    }
}

impl ZoneCapabilities {
    /// The way by which a type of collection is changed; `None` where only the gateway could tell.
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

/// Reads a collection by whatever way leads to it.
async fn read<A: ZoneReader>(
    alma: &A,
    gateway: Option<&GatewayReader>,
    attested: Option<&AttestedZone>,
    id: &CollectionId,
) -> Result<CollectionSnapshot, ZoneFailure> {
    if alma::serves(&id.kind) {
        match alma.read_collection(id).await {
            Err(failure) if failure.class == FailureClass::Locked => {}
            answer => return answer,
        }
    }
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
        aliases: BTreeMap::new(),
        columns: Vec::new(),
        records,
        references: None,
        channel: Channel::Runbook,
        witness: ObservationSource::Attestation { gone },
    };
    Ok(CollectionSnapshot { observed, raw: Json::Null })
}

/// What a zone has cost, by whatever way; the day's quota is Alma's.
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

    async fn write_collection(
        &self,
        fresh: &CollectionSnapshot,
        changes: &[Change],
    ) -> Result<(), WriteError> {
        match (fresh.observed.channel, &self.gateway) {
            (Channel::Api, _) => self.alma.write_collection(fresh, changes).await,
            (Channel::Gateway, Some(gateway)) => gateway.write(fresh, changes).await,
            (Channel::Gateway, None) | (Channel::Runbook, _) => {
                let message = format!("{} can only be changed by a person", fresh.observed.id);
                Err(WriteError::Refused(
                    ZoneFailure::new(FailureClass::Locked, message).help("see `zonal runbook`"),
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
}
