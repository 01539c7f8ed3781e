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
use axum::routing::get;

pub use self::authority_task_list::TaskListPermissions;
pub use self::circulation::BlockedActions;
pub use self::link_resolver::{ResolverResult, UserLocation};
pub use self::partner_search::PartnerSearchResult;
pub use self::record_contribution::ContributionRefusal;
use super::control::EmulatorControl;

/// Returns the HTTP routes of the services.
pub(super) fn routes() -> Router<EmulatorControl> {
    Router::new()
        .route("/resolver", get(link_resolver::respond))
        .route("/contributions", get(record_contribution::list).post(record_contribution::respond))
        .route("/tasks", get(authority_task_list::respond))
        .route("/partners", get(partner_search::respond))
        .route("/circulation", get(circulation::respond))
}
