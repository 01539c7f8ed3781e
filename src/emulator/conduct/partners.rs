//! Partner search: whether other members find users of a group.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known;
use crate::emulator::control::{Control, Misfit};
use crate::meaning::visibility::{Visibility, visibility};
use crate::model::VisibilityQuestion;

/// The query of the door.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub member: String,
    pub user_group: String,
}

/// What partners find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Found {
    /// Whether they find users of the group.
    pub visible: bool,
}

impl Control {
    /// Whether partners find a member's users of a group.
    ///
    /// # Errors
    /// A member that is not there.
    pub fn partners_find(&self, member: &str, user_group: &str) -> Result<Found, Misfit> {
        let question = VisibilityQuestion { member: self.member(member)?, user_group: user_group.into() };
        let (visibility, _) = known(visibility(&question, &self.0.stored()))?;
        Ok(Found { visible: visibility == Visibility::Visible })
    }
}
