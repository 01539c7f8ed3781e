//! Creates the providers of the zones: readers for all commands, writers only for apply.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use secrecy::SecretString;

use super::effects::{WriteKeys, ZoneKeys};
use crate::model::network::Zone;
use crate::model::{Network, ZoneCode};
use crate::provider::alma::write_key_test::WriteKeyTest;
use crate::provider::alma::{AlmaReader, AlmaWriter};
use crate::provider::budget::RequestBudget;
use crate::provider::channel_routing::{AttestedZone, RoutingReader, RoutingWriter};
use crate::provider::gateway::{GatewayReader, GatewayWriter, SharedGateway};
use crate::provider::transport::{Transport, TransportError, TransportFuture};

/// Shared parts of all providers of a plan: transport, read keys, request budgets and gateway.
pub struct ProviderFactory {
    transport: Arc<dyn Transport>,
    /// Read keys.
    pub keys: ZoneKeys,
    budgets: BTreeMap<ZoneCode, Arc<RequestBudget>>,
    gateway: Option<Arc<SharedGateway>>,
}

impl ProviderFactory {
    /// Creates a factory for the zones of a network.
    pub fn new(network: &Network, transport: Arc<dyn Transport>, keys: ZoneKeys) -> Self {
        let budgets =
            network.zones.iter().map(|zone| (zone.code.clone(), Arc::new(RequestBudget::new(zone.rate))));
        let gateway = network.gateway.as_ref();
        let gateway = gateway
            .map(|gateway| Arc::new(SharedGateway::new(&gateway.url, gateway.rate, transport.clone())));
        Self { transport, keys, budgets: budgets.collect(), gateway }
    }

    /// Creates a factory whose providers send no request.
    pub fn offline(network: &Network) -> Self {
        Self::new(network, Arc::new(OfflineTransport), ZoneKeys::default())
    }

    /// Returns a reader for each zone with a read key; attested records included.
    pub fn readers(
        &self,
        network: &Network,
        mut attested: BTreeMap<ZoneCode, AttestedZone>,
    ) -> BTreeMap<ZoneCode, RoutingReader> {
        self.open(network, &self.keys, |zone, key, budget| {
            let alma = AlmaReader::new(zone, key.clone(), self.transport.clone(), budget.clone());
            let gateway = self.gateway(&self.keys);
            let gateway = gateway.map(|(gateway, key)| GatewayReader::new(gateway, &zone.code, key));
            RoutingReader::new(alma, gateway, attested.remove(&zone.code).unwrap_or_default())
        })
    }

    /// Returns a writer for each zone with a write key, sharing the request budget of the zone's reader.
    pub fn writers(&self, network: &Network, keys: &WriteKeys) -> BTreeMap<ZoneCode, RoutingWriter> {
        let WriteKeys(keys) = keys;
        self.open(network, keys, |zone, key, budget| {
            let alma = AlmaWriter::new(zone, key.clone(), self.transport.clone(), budget.clone());
            let gateway = self.gateway(keys);
            let gateway = gateway.map(|(gateway, key)| GatewayWriter::new(gateway, &zone.code, key));
            RoutingWriter::new(alma, gateway)
        })
    }

    /// Returns the test of each write key.
    pub fn write_key_tests(
        &self,
        network: &Network,
        WriteKeys(keys): &WriteKeys,
    ) -> BTreeMap<ZoneCode, WriteKeyTest> {
        self.open(network, keys, |zone, key, budget| {
            WriteKeyTest::new(zone, key.clone(), self.transport.clone(), budget.clone())
        })
    }

    fn gateway(&self, keys: &ZoneKeys) -> Option<(&Arc<SharedGateway>, SecretString)> {
        Some((self.gateway.as_ref()?, keys.gateway.clone()?))
    }

    fn open<D>(
        &self,
        network: &Network,
        keys: &ZoneKeys,
        mut door: impl FnMut(&Zone, &SecretString, &Arc<RequestBudget>) -> D,
    ) -> BTreeMap<ZoneCode, D> {
        let zones = network.zones.iter().filter_map(|zone| {
            let (key, budget) = (keys.zones.get(&zone.code)?, self.budgets.get(&zone.code)?);
            Some((zone.code.clone(), door(zone, key, budget)))
        });
        zones.collect()
    }
}

/// Transport that rejects all requests.
struct OfflineTransport;

impl Transport for OfflineTransport {
    fn send(&self, _: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async { Err(TransportError::Connect("no request is sent".into())) })
    }
}
