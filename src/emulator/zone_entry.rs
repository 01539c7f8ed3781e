//! Zone with content, settings, faults and request counts.

use std::sync::{Arc, Mutex};

use super::config::EmulatorConfig;
use super::fault::ArmedFault;
use super::institution::EmulatedInstitution;
use super::request_log::RequestStatistics;
use super::threshold::ThresholdCounter;
use super::zone::EmulatedZone;

/// Zone with the gateway state of the zone.
pub(super) struct ZoneEntry {
    pub zone: EmulatedZone,
    pub code: Arc<str>,
    pub state: Mutex<EmulatorState>,
}

pub(super) struct EmulatorState {
    pub institution: EmulatedInstitution,
    pub settings: Arc<EmulatorConfig>,
    pub faults: Vec<ArmedFault>,
    pub threshold: ThresholdCounter,
    pub statistics: RequestStatistics,
}

impl ZoneEntry {
    /// Creates all zones with seeded content.
    pub fn seed(zones: Vec<EmulatedZone>, config: &EmulatorConfig) -> Vec<Self> {
        let institutions = EmulatedInstitution::seed(&zones);
        let entry = |(zone, institution): (EmulatedZone, EmulatedInstitution)| Self {
            state: Mutex::new(EmulatorState {
                institution,
                settings: Arc::new(config.settings(&zone.code)),
                faults: Vec::new(),
                threshold: ThresholdCounter::default(),
                statistics: RequestStatistics::default(),
            }),
            code: zone.code.as_str().into(),
            zone,
        };
        zones.into_iter().zip(institutions).map(entry).collect()
    }
}
