//! Services outside Alma's API: link resolver, contributions, authority task list, partner search,
//! circulation. One file for each, with its control endpoint.
//!
//! Results follow from the stored settings, by the functions behind `zonal explain`. The endpoints are the
//! emulator's own, not part of Alma's API.

mod authority_task_list;
mod circulation;
mod known_answer;
mod link_resolver;
mod partner_search;
mod record_contribution;

use axum::Router;

pub use self::authority_task_list::TaskListPermissions;
pub use self::circulation::BlockedActions;
use self::circulation::CirculationQuery;
pub use self::link_resolver::ResolverResult;
pub use self::partner_search::PartnerSearchResult;
use super::control::EmulatorControl;
use super::control_response::{answer, show};

/// Returns the HTTP routes of the services.
pub(super) fn routes() -> Router<EmulatorControl> {
    Router::new()
        .route("/resolver", answer(EmulatorControl::resolve))
        .route("/contributions", show(EmulatorControl::contributions).post(record_contribution::respond))
        .route("/tasks", answer(EmulatorControl::tasks))
        .route("/partners", answer(EmulatorControl::partners_find))
        .route(
            "/circulation",
            answer(|control, CirculationQuery { zone, user }| control.kept_from(&zone, &user)),
        )
}
