//! Opens the doors to the zones: one reader for each, and, for apply alone, one writer.

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::SecretString;

use super::world::World;
use crate::model::network::Zone;
use crate::model::{Network, ZoneCode};
use crate::provider::alma::{AlmaReader, AlmaWriter};
use crate::provider::budget::Budget;
use crate::provider::transport::{HttpSettings, HttpTransport, Transport};

/// What all doors of a run share: how requests travel, and how fast each zone may be asked.
pub struct Doors {
    transport: Arc<dyn Transport>,
    budgets: BTreeMap<ZoneCode, Arc<Budget>>,
}

impl Doors {
    /// Doors to the zones of a network.
    ///
    /// # Errors
    /// In words, where sockets and certificates cannot be set up.
    pub fn new(network: &Network, world: &World) -> Result<Self, String> {
        let transport = match &world.transport {
            Some(transport) => transport.clone(),
            None => Arc::new(HttpTransport::new(HttpSettings::default()).map_err(|error| error.to_string())?),
        };
        let budgets = network.zones.iter().map(|zone| (zone.code.clone(), Arc::new(Budget::new(zone.rate))));
        Ok(Self { transport, budgets: budgets.collect() })
    }

    /// A reader for each zone that there is a key for.
    pub fn readers(
        &self,
        network: &Network,
        keys: &BTreeMap<ZoneCode, SecretString>,
    ) -> BTreeMap<ZoneCode, AlmaReader> {
        let reader = |zone: &Zone, key: &SecretString, budget: &Arc<Budget>| {
            AlmaReader::new(zone, key.clone(), self.transport.clone(), budget.clone())
        };
        self.open(network, keys, reader)
    }

    /// A writer for each zone that there is a key for. It shares the budget of the zone's reader.
    pub fn writers(
        &self,
        network: &Network,
        keys: &BTreeMap<ZoneCode, SecretString>,
    ) -> BTreeMap<ZoneCode, AlmaWriter> {
        let writer = |zone: &Zone, key: &SecretString, budget: &Arc<Budget>| {
            AlmaWriter::new(zone, key.clone(), self.transport.clone(), budget.clone())
        };
        self.open(network, keys, writer)
    }

    fn open<D>(
        &self,
        network: &Network,
        keys: &BTreeMap<ZoneCode, SecretString>,
        door: impl Fn(&Zone, &SecretString, &Arc<Budget>) -> D,
    ) -> BTreeMap<ZoneCode, D> {
        let zones = network.zones.iter().filter_map(|zone| {
            let (key, budget) = (keys.get(&zone.code)?, self.budgets.get(&zone.code)?);
            Some((zone.code.clone(), door(zone, key, budget)))
        });
        zones.collect()
    }
}
