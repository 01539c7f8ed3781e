//! Partner search: visibility of a member's users to other members.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known_answer::known_or_error;
use crate::analysis::visibility::{GroupVisibility, visibility};
use crate::emulator::control::{ControlError, EmulatorControl};
use crate::model::VisibilityQuestion;

/// Query of the endpoint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerSearchQuery {
    member: String,
    user_group: String,
}

/// Result of a partner search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PartnerSearchResult {
    /// True if partners find users of the group.
    pub visible: bool,
}

impl EmulatorControl {
    /// Returns the visibility of a member's user group to partners.
    ///
    /// # Errors
    /// Unknown member.
    pub(super) fn partners_find(
        &self,
        query: PartnerSearchQuery,
    ) -> Result<PartnerSearchResult, ControlError> {
        let PartnerSearchQuery { member, user_group } = query;
        let question = VisibilityQuestion { member: self.member(&member)?, user_group: user_group.into() };
        let (visibility, _) = known_or_error(visibility(&question, &self.0.current_settings()))?;
        Ok(PartnerSearchResult { visible: visibility == GroupVisibility::Visible })
    }
}
