//! The link resolver of the network zone: what somebody at a member gets of an e-resource.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known_or_error;
use crate::analysis::access::{TitleVisibility, decide};
use crate::emulator::control::{ControlError, EmulatorControl};
use crate::model::{AccessQuestion, ClientLocation, ResourceId};

/// Where the user is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserLocation {
    /// Nobody knows, or nowhere that counts.
    Elsewhere,
    /// At a client address.
    Address(IpAddr),
    /// In a library, by its code.
    Library(String),
    /// On a campus, by its code.
    Campus(String),
}

/// The query of the door.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolverQuery {
    pub resource: String,
    pub member: String,
    address: Option<IpAddr>,
    library: Option<String>,
    campus: Option<String>,
    pub user_group: Option<String>,
}

impl ResolverQuery {
    /// Where the user is.
    pub fn whereabouts(&self) -> Result<UserLocation, ControlError> {
        match (self.address, &self.library, &self.campus) {
            (None, None, None) => Ok(UserLocation::Elsewhere),
            (Some(address), None, None) => Ok(UserLocation::Address(address)),
            (None, Some(library), None) => Ok(UserLocation::Library(library.clone())),
            (None, None, Some(campus)) => Ok(UserLocation::Campus(campus.clone())),
            (_, _, _) => Err(ControlError("name one of `address`, `library` and `campus`".to_owned())),
        }
    }
}

/// What the resolver answers.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ResolverResult {
    /// Whether full text is offered.
    pub available: bool,
    /// The groups that let the user in, by name.
    pub groups: Vec<String>,
    /// The one whose settings count; `null` where no group decides.
    pub group: Option<String>,
    /// Whether the group has it go through a proxy; `null` for whatever the resource says.
    pub proxy_enabled: Option<bool>,
    /// The group's proxy.
    pub proxy: Option<String>,
    /// What the resource is called for the group.
    pub public_name: Option<String>,
    /// What the group reads about signing in.
    pub authentication_note: Option<String>,
    /// What else the group reads.
    pub public_note: Option<String>,
    /// Whether the title shows in search, reachable or not.
    pub title_shown: bool,
}

impl EmulatorControl {
    /// What the network zone's link resolver answers to somebody at a member. `resource` is the ids, joined by dots.
    ///
    /// # Errors
    /// A member or a resource that is not there.
    pub fn resolve(
        &self,
        resource: &str,
        member: &str,
        whereabouts: UserLocation,
        user_group: Option<&str>,
    ) -> Result<ResolverResult, ControlError> {
        let none = || ControlError(format!("there is no e-resource `{resource}`"));
        let question = AccessQuestion {
            member: self.member(member)?,
            from: match whereabouts {
                UserLocation::Elsewhere => ClientLocation::Elsewhere,
                UserLocation::Address(address) => ClientLocation::Address(address),
                UserLocation::Library(code) => ClientLocation::Library(code.into()),
                UserLocation::Campus(code) => ClientLocation::Campus(code.into()),
            },
            resource: ResourceId::parse(resource).ok_or_else(none)?,
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
