//! What the network does and its API does not show: who reaches an e-resource, whose records come in, who works on
//! the task list, whom partners find, what a user is kept from.
//!
//! All of it follows from what the zones store, by the functions that `zonal explain` answers with. None of it is
//! Alma's API: the doors are the emulator's own.

mod circulation;
mod contributions;
mod partners;
mod resolver;
mod tasks;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::routing::get;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;

pub use self::circulation::KeptFrom;
pub use self::contributions::{Contributed, Contribution, NotTaken};
pub use self::partners::Found;
pub use self::resolver::{Resolved, Whereabouts};
pub use self::tasks::Permitted;
use super::control::{Control, Misfit};
use super::router::{done, read, said};
use crate::model::network::Role;
use crate::model::{Told, ZoneCode};

impl Control {
    /// A zone's code, once it is sure that there is such a member.
    fn member(&self, code: &str) -> Result<ZoneCode, Misfit> {
        match self.place(code)?.zone.role {
            Role::Member => Ok(code.into()),
            Role::Network => Err(Misfit(format!("`{code}` is the network zone, not a member"))),
        }
    }
}

/// What is known, or why it is not.
fn known<T>(told: Told<T>) -> Result<T, Misfit> {
    match told {
        Told::Is(known) => Ok(known),
        Told::Not(why) => Err(Misfit(why.to_string())),
    }
}

/// The doors over HTTP.
pub(super) fn doors() -> Router<Control> {
    Router::new()
        .route("/resolver", get(resolver))
        .route("/contributions", get(contributions).post(contribute))
        .route("/tasks", get(tasks))
        .route("/partners", get(partners))
        .route("/circulation", get(circulation))
}

async fn resolver(State(control): State<Control>, asked: Query<resolver::Asked>) -> Response<Body> {
    answered(asked.0.whereabouts().and_then(|whereabouts| {
        control.resolve(&asked.resource, &asked.member, whereabouts, asked.user_group.as_deref())
    }))
}

async fn contributions(State(control): State<Control>) -> Response<Body> {
    said(StatusCode::OK, &control.contributions())
}

/// A refusal looks like Alma's. No code of Alma's is documented for it: this is the emulator's own use of 402119.
async fn contribute(State(control): State<Control>, body: Bytes) -> Response<Body> {
    let contribution = match read::<Contribution>(&body) {
        Ok(contribution) => contribution,
        Err(error) => return done(Err(error)),
    };
    match control.contribute(contribution) {
        Ok(contributed) => said(StatusCode::OK, &contributed),
        Err(NotTaken::Misfit(misfit)) => done(Err(misfit.to_string())),
        Err(refused @ NotTaken::Denied { .. }) => {
            let message = format!("General error. {refused} (as the emulator says it).");
            let error = json!({"errorCode": "402119", "errorMessage": message});
            said(StatusCode::BAD_REQUEST, &json!({"errorsExist": true, "errorList": {"error": [error]}}))
        }
    }
}

async fn tasks(State(control): State<Control>, asked: Query<tasks::Asked>) -> Response<Body> {
    answered(control.tasks(&asked.zone, &asked.role, asked.report.as_deref()))
}

async fn partners(State(control): State<Control>, asked: Query<partners::Asked>) -> Response<Body> {
    answered(control.partners_find(&asked.member, &asked.user_group))
}

async fn circulation(State(control): State<Control>, asked: Query<circulation::Asked>) -> Response<Body> {
    answered(control.kept_from(&asked.zone, &asked.user))
}

fn answered(answer: Result<impl Serialize, Misfit>) -> Response<Body> {
    match answer {
        Ok(answer) => said(StatusCode::OK, &answer),
        Err(misfit) => done(Err(misfit.to_string())),
    }
}
