//! Queries the channel of each kind in each zone.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use schemars::JsonSchema;
use serde::Serialize;

use super::error::SessionError;
use super::network_session::NetworkSession;
use super::observe_zones::open_zones;
use super::selection::ZoneSelection;
use crate::kinds::{KINDS, is_retired};
use crate::model::network::Zone;
use crate::model::{Channel, DesiredCollection, TableName, ZoneFailure};
use crate::provider::channel_routing::ZoneCapabilities;

/// Channels by zone and kind.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal capabilities --json")]
pub struct CapabilityMatrix {
    /// Name of the network.
    pub network: String,
    /// Selected environment; null without an environment.
    pub environment: Option<String>,
    /// Queried zones.
    pub zones: Vec<CapabilityRow>,
}

/// Channels of one zone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CapabilityRow {
    /// Alma's institution code.
    pub zone: String,
    /// Failure of the query, if the zone or its gateway did not answer.
    pub failure: Option<ZoneFailure>,
    /// Channel of each collection type, by kind; null if the gateway gave no information.
    ///
    /// Without kinds that do not apply to the zone; empty if the zone did not answer.
    pub kinds: BTreeMap<String, BTreeMap<String, Option<Channel>>>,
    /// Number of code tables in the API's list.
    pub code_tables: usize,
    /// Number of mapping tables in the API's list.
    pub mapping_tables: usize,
    /// Desired tables that the API does not list, such as hidden tables.
    pub tables_not_in_api: Vec<String>,
    /// Collection types that the gateway lists and zonal no longer uses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retired_in_gateway: Vec<String>,
}

/// Queries the channels of the selected zones.
///
/// # Errors
/// Returns [`SessionError::InvalidSelection`], or the error of an effect. A zone that does not answer is part
/// of the matrix.
pub async fn capabilities(
    session: &NetworkSession,
    selection: &ZoneSelection,
) -> Result<CapabilityMatrix, SessionError> {
    let NetworkSession { config, effects, .. } = session;
    let network = &config.network;
    let zones = selection.zones(network).map_err(SessionError::InvalidSelection)?;
    let readers = open_zones(session, &zones).await?.readers;
    let queries: FuturesUnordered<_> =
        readers.iter().map(|(code, reader)| async move { (code, reader.capabilities().await) }).collect();
    let answers: BTreeMap<_, _> = effects.cancel.before_writing(queries.collect()).await?;
    let rows = zones.iter().filter_map(|zone| {
        let desired = config.desired.zones.get(&zone.code).map(Vec::as_slice).unwrap_or_default();
        Some(row(zone, answers.get(&zone.code)?, desired))
    });
    let (name, environment) = (network.name.clone(), network.environment.clone());
    Ok(CapabilityMatrix { network: name, environment, zones: rows.collect() })
}

fn row(
    zone: &Zone,
    answer: &Result<ZoneCapabilities, ZoneFailure>,
    desired: &[DesiredCollection],
) -> CapabilityRow {
    let known = match answer {
        Ok(known) => known,
        Err(failure) => {
            return CapabilityRow {
                zone: zone.code.to_string(),
                failure: Some(failure.clone()),
                kinds: BTreeMap::new(),
                code_tables: 0,
                mapping_tables: 0,
                tables_not_in_api: Vec::new(),
                retired_in_gateway: Vec::new(),
            };
        }
    };
    let kinds = KINDS.iter().filter(|kind| kind.reach.covers(zone.role) && !kind.collections.is_empty());
    let [code_tables, mapping_tables] = &known.tables;
    let unlisted = desired.iter().filter(|collection| {
        let listed = match &*collection.id.kind {
            "CodeTable" => code_tables,
            "MappingTable" => mapping_tables,
            _ => return false,
        };
        matches!(&collection.id.table, TableName::Code(code) if !listed.iter().any(|each| each.code == *code))
    });
    let unlisted: BTreeSet<String> =
        unlisted.map(|collection| collection.id.without_language().to_string()).collect();
    let served = known.gateway.iter().flatten().map(|listed| listed.kind.as_str());
    let retired: BTreeSet<String> = served.filter(|kind| is_retired(kind)).map(str::to_owned).collect();
    CapabilityRow {
        zone: zone.code.to_string(),
        failure: known.gateway.as_ref().err().cloned(),
        kinds: kinds
            .map(|kind| {
                let elsewhere =
                    |name| kind.gateway.iter().any(|each| each.kind == name && !each.reach.covers(zone.role));
                let here = kind.collections.iter().copied().filter(|name| !elsewhere(*name));
                let channels = here.map(|name| (name.to_owned(), known.channel(name)));
                (kind.name.to_owned(), channels.collect())
            })
            .collect(),
        code_tables: code_tables.len(),
        mapping_tables: mapping_tables.len(),
        tables_not_in_api: unlisted.into_iter().collect(),
        retired_in_gateway: retired.into_iter().collect(),
    }
}
