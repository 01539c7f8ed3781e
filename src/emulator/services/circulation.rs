//! Circulation desk: services blocked for a user.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::emulator::control::{ControlError, EmulatorControl};
use crate::emulator::endpoints::users::EmulatedUsers;
use crate::emulator::lock::lock;

/// Query of the endpoint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CirculationQuery {
    pub zone: String,
    pub user: String,
}

/// Services blocked for a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BlockedActions {
    /// Blocked services: any of `loan`, `renew`, `hold` and `ill`.
    pub kept_from: BTreeSet<&'static str>,
}

impl EmulatorControl {
    /// Returns the services blocked by a user's active blocks, according to the zone's block definitions.
    ///
    /// # Errors
    /// Unknown zone or user.
    pub fn kept_from(&self, zone: &str, user: &str) -> Result<BlockedActions, ControlError> {
        let entry = self.zone(zone)?;
        let settings = self.0.current_settings();
        let state = lock(&entry.state);
        let users = state.institution.content::<EmulatedUsers>();
        let blocked = users.and_then(|users| users.blocked_services(zone, user, &settings));
        let blocked = blocked.ok_or_else(|| ControlError(format!("zone `{zone}` has no user `{user}`")))?;
        Ok(BlockedActions { kept_from: blocked.iter().map(|service| service.as_str()).collect() })
    }
}
