//! Partner search: visibility of a member's users to other members.

use axum::body::Body;
use axum::extract::{Query, State};
use http::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known_answer::known_or_error;
use crate::analysis::visibility::{GroupVisibility, visibility};
use crate::emulator::control::{ControlError, EmulatorControl};
use crate::emulator::control_response::json_or_error;
use crate::model::VisibilityQuestion;

/// Query of the endpoint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerSearchQuery {
    member: String,
    user_group: String,
}

pub(super) async fn respond(
    State(control): State<EmulatorControl>,
    Query(query): Query<PartnerSearchQuery>,
) -> Response<Body> {
    json_or_error(control.partners_find(&query.member, &query.user_group))
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
    pub fn partners_find(&self, member: &str, user_group: &str) -> Result<PartnerSearchResult, ControlError> {
        let question = VisibilityQuestion { member: self.member(member)?, user_group: user_group.into() };
        let (visibility, _) = known_or_error(visibility(&question, &self.0.current_settings()))?;
        Ok(PartnerSearchResult { visible: visibility == GroupVisibility::Visible })
    }
}
