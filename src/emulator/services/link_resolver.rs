//! Link resolver of the Network Zone: access of a member's user to an e-resource.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known_answer::known_or_error;
use crate::analysis::access::{TitleVisibility, decide};
use crate::emulator::control::{ControlError, EmulatorControl};
use crate::model::{AccessQuestion, ClientLocation, ResourceId};

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
    fn location(&self) -> Result<ClientLocation, ControlError> {
        match (self.address, &self.library, &self.campus) {
            (None, None, None) => Ok(ClientLocation::Elsewhere),
            (Some(address), None, None) => Ok(ClientLocation::Address(address)),
            (None, Some(library), None) => Ok(ClientLocation::Library(library.as_str().into())),
            (None, None, Some(campus)) => Ok(ClientLocation::Campus(campus.as_str().into())),
            (_, _, _) => {
                Err(ControlError("`address`, `library` and `campus` are mutually exclusive".to_owned()))
            }
        }
    }
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
    pub(super) fn resolve(&self, query: ResolverQuery) -> Result<ResolverResult, ControlError> {
        let unknown = || ControlError(format!("unknown e-resource `{}`", query.resource));
        let question = AccessQuestion {
            from: query.location()?,
            member: self.member(&query.member)?,
            resource: ResourceId::parse(&query.resource).ok_or_else(unknown)?,
            user_group: query.user_group.map(Into::into),
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
