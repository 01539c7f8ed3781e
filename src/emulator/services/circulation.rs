//! The desk: what a user's blocks keep them from.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::emulator::control::{ControlError, EmulatorControl};

/// The query of the door.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CirculationQuery {
    pub zone: String,
    pub user: String,
}

/// What a user cannot do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BlockedActions {
    /// Of `loan`, `renew`, `hold` and `ill`.
    pub kept_from: BTreeSet<&'static str>,
}

impl EmulatorControl {
    /// What the active blocks of a user keep them from, by what the zone's block definitions say.
    ///
    /// # Errors
    /// A zone or a user that is not there.
    pub fn kept_from(&self, zone: &str, user: &str) -> Result<BlockedActions, ControlError> {
        self.place(zone)?;
        let stops = self.0.blocked_services(zone, user);
        let stops = stops.ok_or_else(|| ControlError(format!("`{zone}` has no user `{user}`")))?;
        Ok(BlockedActions { kept_from: stops.iter().map(|stop| stop.as_str()).collect() })
    }
}
