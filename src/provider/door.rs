//! The whole door to a zone: for each collection the way that leads to it, found out by asking.
//!
//! Alma's API where it serves the collection and the zone lets it be seen; else the gateway, where the
//! network has one that lists it; else people, of whom what they have attested is known.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::alma::{self, AlmaReader, AlmaWriter};
use super::gateway::{GatewayReader, GatewayWriter, Listed, Verb};
use super::{Read, Snapshot, Usage, Write, WriteError};
use crate::model::{
    Change, Channel, CollectionId, Failure, FailureClass, ObservedCollection, ObservedRecord, Record, Witness,
};

/// What people have attested of one zone, by the names that manifests use.
pub type Attested = BTreeMap<CollectionId, Said>;

/// What people have attested of one collection.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// Records as they have made them.
    pub records: Vec<ObservedRecord>,
    /// Key fields of those that they have removed.
    pub gone: Vec<Record>,
}

/// Looks at one zone by whatever way leads to a collection.
pub struct ZoneReader {
    alma: AlmaReader,
    gateway: Option<GatewayReader>,
    attested: Attested,
}

/// Changes one zone by whatever way leads to a collection.
pub struct ZoneWriter {
    alma: AlmaWriter,
    gateway: Option<GatewayWriter>,
}

/// What a zone lets be seen.
#[derive(Debug, Clone)]
pub struct Capabilities {
    /// Codes of the code tables and of the mapping tables that its API lists.
    pub tables: [Vec<String>; 2],
    /// What the gateway serves for it, or why that is not known; nothing where there is no gateway.
    pub gateway: Result<Vec<Listed>, Failure>,
}

impl ZoneReader {
    /// A reader that goes these ways.
    pub fn new(alma: AlmaReader, gateway: Option<GatewayReader>, attested: Attested) -> Self {
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
    pub async fn capabilities(&self) -> Result<Capabilities, Failure> {
        let gateway = match &self.gateway {
            Some(gateway) => gateway.list().await.map(<[_]>::to_vec),
            None => Ok(Vec::new()),
        };
        Ok(Capabilities { tables: self.alma.listed().await?, gateway })
    }
}

impl ZoneWriter {
    /// A writer that goes these ways.
    pub fn new(alma: AlmaWriter, gateway: Option<GatewayWriter>) -> Self {
        Self { alma, gateway }
    }
}

impl Capabilities {
    /// The way by which a type of collection is changed; `None` where only the gateway could tell.
    pub fn channel(&self, kind: &str) -> Option<Channel> {
        if alma::serves(kind) {
            return Some(Channel::Api);
        }
        let served = self.gateway.as_ref().ok()?;
        let changes = |listed: &Listed| listed.kind == kind && listed.verbs.contains(&Verb::Put);
        Some(if served.iter().any(changes) { Channel::Gateway } else { Channel::Runbook })
    }
}

/// Reads a collection by whatever way leads to it.
async fn read<A: Read>(
    alma: &A,
    gateway: Option<&GatewayReader>,
    attested: Option<&Attested>,
    id: &CollectionId,
) -> Result<Snapshot, Failure> {
    if alma::serves(&id.kind) {
        match alma.read(id).await {
            Err(failure) if failure.class == FailureClass::Locked => {}
            answer => return answer,
        }
    }
    if let Some(gateway) = gateway
        && let Some(listed) = gateway.serves(id).await?
    {
        let mut snapshot = gateway.read(id).await?;
        if !listed.verbs.contains(&Verb::Put) {
            snapshot.observed.channel = Channel::Runbook;
        }
        return Ok(snapshot);
    }
    let Said { records, gone } = attested.and_then(|attested| attested.get(id)).cloned().unwrap_or_default();
    let observed = ObservedCollection {
        id: id.clone(),
        aliases: BTreeMap::new(),
        columns: Vec::new(),
        records,
        references: None,
        channel: Channel::Runbook,
        witness: Witness::People { gone },
    };
    Ok(Snapshot { observed, raw: Json::Null })
}

/// What a zone has cost, by whatever way; the day's quota is Alma's.
fn usage(alma: Usage, gateway: Option<&GatewayReader>) -> Usage {
    Usage { requests: alma.requests + gateway.map_or(0, GatewayReader::requests), ..alma }
}

impl Read for ZoneReader {
    async fn read(&self, id: &CollectionId) -> Result<Snapshot, Failure> {
        read(&self.alma, self.gateway.as_ref(), Some(&self.attested), id).await
    }

    fn usage(&self) -> Usage {
        usage(self.alma.usage(), self.gateway.as_ref())
    }
}

impl Read for ZoneWriter {
    async fn read(&self, id: &CollectionId) -> Result<Snapshot, Failure> {
        read(&self.alma, self.gateway.as_ref().map(GatewayWriter::reader), None, id).await
    }

    fn usage(&self) -> Usage {
        usage(self.alma.usage(), self.gateway.as_ref().map(GatewayWriter::reader))
    }
}

impl Write for ZoneWriter {
    async fn confirm(&self) -> Result<(), Failure> {
        self.alma.confirm().await
    }

    async fn write(&self, fresh: &Snapshot, changes: &[Change]) -> Result<(), WriteError> {
        match (fresh.observed.channel, &self.gateway) {
            (Channel::Api, _) => self.alma.write(fresh, changes).await,
            (Channel::Gateway, Some(gateway)) => gateway.write(fresh, changes).await,
            (Channel::Gateway, None) | (Channel::Runbook, _) => {
                let message = format!("{} can only be changed by a person", fresh.observed.id);
                Err(WriteError::Refused(
                    Failure::new(FailureClass::Locked, message).help("see `zonal runbook`"),
                ))
            }
        }
    }

    fn strays(&self, before: &Snapshot, changes: &[Change], after: &Snapshot) -> Vec<String> {
        match (before.observed.channel, &self.gateway) {
            (Channel::Gateway, Some(gateway)) => gateway.strays(before, changes, after),
            (Channel::Api, _) | (Channel::Gateway, None) | (Channel::Runbook, _) => {
                self.alma.strays(before, changes, after)
            }
        }
    }
}
