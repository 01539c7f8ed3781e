//! Services outside Alma's API: link resolver, contributions, authority task list, partner search,
//! circulation.
//!
//! Results follow from the stored settings, by the functions behind `zonal explain`. The endpoints are the
//! emulator's own, not part of Alma's API.

mod authority_task_list;
mod circulation;
mod link_resolver;
mod partner_search;
mod record_contribution;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::routing::get;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;

pub use self::authority_task_list::TaskListPermissions;
pub use self::circulation::BlockedActions;
pub use self::link_resolver::{ResolverResult, UserLocation};
pub use self::partner_search::PartnerSearchResult;
pub use self::record_contribution::{ContributedRecord, ContributionRefusal, RecordContribution};
use super::control::{ControlError, EmulatorControl};
use super::router::{empty_or_error_response, json_response, read};
use crate::model::network::ZoneRole;
use crate::model::{MaybeKnown, ZoneCode};

impl EmulatorControl {
    /// Returns the zone code of an existing member.
    fn member(&self, code: &str) -> Result<ZoneCode, ControlError> {
        match self.place(code)?.zone.role {
            ZoneRole::Member => Ok(code.into()),
            ZoneRole::Network => {
                Err(ControlError(format!("`{code}` is the Network Zone, expected a member")))
            }
        }
    }
}

/// Returns the known value, or the reason as an error.
fn known_or_error<T>(told: MaybeKnown<T>) -> Result<T, ControlError> {
    match told {
        MaybeKnown::Known(known) => Ok(known),
        MaybeKnown::Unknown(why) => Err(ControlError(why.to_string())),
    }
}

/// Returns the HTTP routes of the services.
pub(super) fn doors() -> Router<EmulatorControl> {
    Router::new()
        .route("/resolver", get(resolver))
        .route("/contributions", get(contributions).post(contribute))
        .route("/tasks", get(tasks))
        .route("/partners", get(partners))
        .route("/circulation", get(circulation))
}

async fn resolver(
    State(control): State<EmulatorControl>,
    asked: Query<link_resolver::ResolverQuery>,
) -> Response<Body> {
    json_or_error(asked.0.whereabouts().and_then(|whereabouts| {
        control.resolve(&asked.resource, &asked.member, whereabouts, asked.user_group.as_deref())
    }))
}

async fn contributions(State(control): State<EmulatorControl>) -> Response<Body> {
    json_response(StatusCode::OK, &control.contributions())
}

/// Handles a contribution. A rejection has Alma's error format.
///
/// No code is documented for the case: 402119 is the emulator's choice.
async fn contribute(State(control): State<EmulatorControl>, body: Bytes) -> Response<Body> {
    let contribution = match read::<RecordContribution>(&body) {
        Ok(contribution) => contribution,
        Err(error) => return empty_or_error_response(Err(error)),
    };
    match control.contribute(contribution) {
        Ok(contributed) => json_response(StatusCode::OK, &contributed),
        Err(ContributionRefusal::Misfit(misfit)) => empty_or_error_response(Err(misfit.to_string())),
        Err(refused @ ContributionRefusal::Denied { .. }) => {
            let message = format!("General error. {refused} (emulator message).");
            let error = json!({"errorCode": "402119", "errorMessage": message});
            json_response(
                StatusCode::BAD_REQUEST,
                &json!({"errorsExist": true, "errorList": {"error": [error]}}),
            )
        }
    }
}

async fn tasks(
    State(control): State<EmulatorControl>,
    asked: Query<authority_task_list::TaskListQuery>,
) -> Response<Body> {
    json_or_error(control.tasks(&asked.zone, &asked.role, asked.report.as_deref()))
}

async fn partners(
    State(control): State<EmulatorControl>,
    asked: Query<partner_search::PartnerSearchQuery>,
) -> Response<Body> {
    json_or_error(control.partners_find(&asked.member, &asked.user_group))
}

async fn circulation(
    State(control): State<EmulatorControl>,
    asked: Query<circulation::CirculationQuery>,
) -> Response<Body> {
    json_or_error(control.kept_from(&asked.zone, &asked.user))
}

fn json_or_error(answer: Result<impl Serialize, ControlError>) -> Response<Body> {
    match answer {
        Ok(answer) => json_response(StatusCode::OK, &answer),
        Err(misfit) => empty_or_error_response(Err(misfit.to_string())),
    }
}
