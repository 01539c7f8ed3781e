//! All zones of the emulated network, and the state shared by the zones.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::config::EmulatorConfig;
use super::contributed_record::ContributedRecord;
use super::gateway_keys::GatewayKeys;
use super::lock::lock;
use super::request_log::RequestLog;
use super::stored_settings::StoredSettings;
use super::zone::EmulatedZone;
use super::zone_entry::ZoneEntry;
use crate::analysis::NetworkSettings;

/// All zones, and the gateway in front.
pub(super) struct EmulatedNetwork {
    /// Zone index and permission by API key.
    keys: BTreeMap<String, (usize, KeyPermission)>,
    pub zones: Vec<ZoneEntry>,
    config: Mutex<EmulatorConfig>,
    pub log: Mutex<RequestLog>,
    started: OnceLock<Instant>,
    /// Number of tracking IDs in error responses.
    pub tracked: AtomicU64,
    /// Number of injected faults.
    pub armed: AtomicU64,
    pub gateway_keys: Mutex<GatewayKeys>,
    stored: StoredSettings,
    /// Records contributed to the Network Zone by members.
    pub contributed: Mutex<Vec<ContributedRecord>>,
}

/// Cause of a missing response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DroppedConnection {
    /// Request not received by the zone.
    NotReceived,
    /// Request processed, response lost.
    ResponseLost,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyPermission {
    ReadOnly,
    ReadWrite,
}

impl EmulatedNetwork {
    pub fn new(zones: Vec<EmulatedZone>, config: EmulatorConfig) -> Self {
        let mut keys = BTreeMap::new();
        for (index, zone) in zones.iter().enumerate() {
            keys.insert(zone.read_key.clone(), (index, KeyPermission::ReadOnly));
            // Inserted last: a key used for both reading and writing allows both.
            keys.extend(zone.write_key.clone().map(|key| (key, (index, KeyPermission::ReadWrite))));
        }
        Self {
            keys,
            zones: ZoneEntry::seed(zones, &config),
            config: Mutex::new(config),
            log: Mutex::default(),
            started: OnceLock::new(),
            tracked: AtomicU64::new(0),
            armed: AtomicU64::new(0),
            gateway_keys: Mutex::default(),
            stored: StoredSettings::default(),
            contributed: Mutex::default(),
        }
    }

    pub fn config(&self) -> MutexGuard<'_, EmulatorConfig> {
        lock(&self.config)
    }

    /// Returns the zone with this code.
    pub fn zone(&self, code: &str) -> Option<&ZoneEntry> {
        self.zones.iter().find(|entry| entry.zone.code == code)
    }

    /// Returns the zone opened by an API key, with the permission.
    pub fn zone_of_key(&self, key: &str) -> Option<(&ZoneEntry, KeyPermission)> {
        let (index, permission) = self.keys.get(key)?;
        Some((self.zones.get(*index)?, *permission))
    }

    /// Returns the current settings of all zones.
    pub fn current_settings(&self) -> Arc<NetworkSettings> {
        self.stored.current(&self.zones)
    }

    /// Returns the time since the first request.
    ///
    /// The clock starts lazily, because a network may exist before the runtime whose clock counts.
    pub fn elapsed(&self) -> Duration {
        self.started.get_or_init(Instant::now).elapsed()
    }
}

/// Sleeps, except for zero: even a sleep of zero costs a turn of the timer.
pub(super) async fn nap(duration: Duration) {
    if !duration.is_zero() {
        sleep(duration).await;
    }
}
