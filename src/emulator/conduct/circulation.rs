//! The desk: what a user's blocks keep them from.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::emulator::control::{Control, Misfit};

/// The query of the door.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub zone: String,
    pub user: String,
}

/// What a user cannot do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeptFrom {
    /// Of `loan`, `renew`, `hold` and `ill`.
    pub kept_from: BTreeSet<&'static str>,
}

impl Control {
    /// What the active blocks of a user keep them from, by what the zone's block definitions say.
    ///
    /// # Errors
    /// A zone or a user that is not there.
    pub fn kept_from(&self, zone: &str, user: &str) -> Result<KeptFrom, Misfit> {
        self.place(zone)?;
        let stops = self.0.stops(zone, user);
        let stops = stops.ok_or_else(|| Misfit(format!("`{zone}` has no user `{user}`")))?;
        Ok(KeptFrom { kept_from: stops.iter().map(|stop| stop.word()).collect() })
    }
}
