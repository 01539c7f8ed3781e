//! Answers of the analysis as results of a service.

use crate::emulator::control::{ControlError, EmulatorControl};
use crate::model::network::ZoneRole;
use crate::model::{MaybeKnown, ZoneCode};

impl EmulatorControl {
    /// Returns the zone code of an existing member.
    pub(super) fn member(&self, code: &str) -> Result<ZoneCode, ControlError> {
        match self.zone(code)?.zone.role {
            ZoneRole::Member => Ok(code.into()),
            ZoneRole::Network => {
                Err(ControlError(format!("`{code}` is the Network Zone, expected a member")))
            }
        }
    }
}

/// Returns the known value, or the reason as an error.
pub(super) fn known_or_error<T>(answer: MaybeKnown<T>) -> Result<T, ControlError> {
    match answer {
        MaybeKnown::Known(known) => Ok(known),
        MaybeKnown::Unknown(reason) => Err(ControlError(reason.to_string())),
    }
}
