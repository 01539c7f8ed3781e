//! Partner search: whether other members find users of a group.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known_or_error;
use crate::analysis::visibility::{GroupVisibility, visibility};
use crate::emulator::control::{ControlError, EmulatorControl};
use crate::model::VisibilityQuestion;

/// The query of the door.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerSearchQuery {
    pub member: String,
    pub user_group: String,
}

/// What partners find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PartnerSearchResult {
    /// Whether they find users of the group.
    pub visible: bool,
}

impl EmulatorControl {
    /// Whether partners find a member's users of a group.
    ///
    /// # Errors
    /// A member that is not there.
    pub fn partners_find(&self, member: &str, user_group: &str) -> Result<PartnerSearchResult, ControlError> {
        let question = VisibilityQuestion { member: self.member(member)?, user_group: user_group.into() };
        let (visibility, _) = known_or_error(visibility(&question, &self.0.current_settings()))?;
        Ok(PartnerSearchResult { visible: visibility == GroupVisibility::Visible })
    }
}
