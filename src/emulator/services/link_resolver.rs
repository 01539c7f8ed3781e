//! Link resolver of the Network Zone: access of a member's user to an e-resource.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::{Query, State};
use http::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known_answer::known_or_error;
use crate::analysis::access::{TitleVisibility, decide};
use crate::emulator::control::{ControlError, EmulatorControl};
use crate::emulator::control_response::json_or_error;
use crate::model::{AccessQuestion, ClientLocation, ResourceId};

/// Location of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserLocation {
    /// Unknown, or outside all known locations.
    Elsewhere,
    /// Client address.
    Address(IpAddr),
    /// Library, by code.
    Library(String),
    /// Campus, by code.
    Campus(String),
}

/// Query of the endpoint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolverQuery {
    resource: String,
    member: String,
    address: Option<IpAddr>,
    library: Option<String>,
    campus: Option<String>,
    user_group: Option<String>,
}

impl ResolverQuery {
    /// Returns the location of the user.
    fn location(&self) -> Result<UserLocation, ControlError> {
        match (self.address, &self.library, &self.campus) {
            (None, None, None) => Ok(UserLocation::Elsewhere),
            (Some(address), None, None) => Ok(UserLocation::Address(address)),
            (None, Some(library), None) => Ok(UserLocation::Library(library.clone())),
            (None, None, Some(campus)) => Ok(UserLocation::Campus(campus.clone())),
            (_, _, _) => {
                Err(ControlError("`address`, `library` and `campus` are mutually exclusive".to_owned()))
            }
        }
    }
}

pub(super) async fn respond(
    State(control): State<EmulatorControl>,
    Query(query): Query<ResolverQuery>,
) -> Response<Body> {
    json_or_error(query.location().and_then(|location| {
        control.resolve(&query.resource, &query.member, location, query.user_group.as_deref())
    }))
}

/// Response of the link resolver.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ResolverResult {
    /// True if full text is offered.
    pub available: bool,
    /// Names of the groups that give access.
    pub groups: Vec<String>,
    /// Group with the effective settings. `null` if no group decides.
    pub group: Option<String>,
    /// Proxy flag of the group. `null` if the resource decides.
    pub proxy_enabled: Option<bool>,
    /// Proxy of the group.
    pub proxy: Option<String>,
    /// Public name of the resource for the group.
    pub public_name: Option<String>,
    /// Authentication note for the group.
    pub authentication_note: Option<String>,
    /// Public note for the group.
    pub public_note: Option<String>,
    /// True if search shows the title, with or without access.
    pub title_shown: bool,
}

impl EmulatorControl {
    /// Returns the link resolver's response for a member's user. `resource` is the IDs, joined by dots.
    ///
    /// # Errors
    /// Unknown member or resource.
    pub fn resolve(
        &self,
        resource: &str,
        member: &str,
        location: UserLocation,
        user_group: Option<&str>,
    ) -> Result<ResolverResult, ControlError> {
        let unknown = || ControlError(format!("unknown e-resource `{resource}`"));
        let question = AccessQuestion {
            member: self.member(member)?,
            from: match location {
                UserLocation::Elsewhere => ClientLocation::Elsewhere,
                UserLocation::Address(address) => ClientLocation::Address(address),
                UserLocation::Library(code) => ClientLocation::Library(code.into()),
                UserLocation::Campus(code) => ClientLocation::Campus(code.into()),
            },
            resource: ResourceId::parse(resource).ok_or_else(unknown)?,
            user_group: user_group.map(Into::into),
        };
        let stored = self.0.current_settings();
        let access = known_or_error(decide(&question, &stored))?;
        let setting = access.grants.first().map(|grant| grant.setting);
        let text = |field: &str| setting.and_then(|setting| setting.text_field(field)).map(str::to_owned);
        Ok(ResolverResult {
            available: access.refusal.is_none(),
            groups: access.grants.iter().map(|grant| grant.group.to_owned()).collect(),
            group: access.grants.first().map(|grant| grant.group.to_owned()),
            proxy_enabled: setting.and_then(|setting| setting.flag("proxy_enabled")),
            proxy: text("proxy"),
            public_name: text("public_name"),
            authentication_note: text("authentication_note"),
            public_note: text("public_note"),
            title_shown: access.title == TitleVisibility::Shown,
        })
    }
}
