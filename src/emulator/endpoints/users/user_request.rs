//! Request about users: state, lookups and responses.

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::allowed_values::AllowedUserValues;
use super::directory::UserDirectory;
use super::user::{EmulatedUser, malformed_body};
use super::user_query::UserQuery;
use crate::emulator::config::ModifyDate;
use crate::emulator::endpoint::{EndpointRequest, EndpointResult, ErrorResponse, XmlLayout};
use crate::emulator::request_body::parse_body;

const LAYOUT: XmlLayout =
    XmlLayout { coded: &[], lists: &[("user_blocks", "user_block"), ("user_roles", "user_role")] };

/// Request about users.
pub struct UserRequest<'a> {
    pub request: &'a EndpointRequest<'a>,
    pub users: &'a mut UserDirectory,
    pub allowed: AllowedUserValues<'a>,
}

impl UserRequest<'_> {
    /// Returns a page of all users, with page sizes like the API's own lists.
    pub fn reply_users(&self) -> EndpointResult {
        let query = self.request.call.parameter("q").filter(|query| !query.is_empty());
        let since = self.request.call.parameter("modify_date_from");
        if let (Some(_), Some(since)) = (query, since) {
            return Err(ErrorResponse::invalid_parameter("modify_date_from beside q", since));
        }
        let since = since.map(|text| {
            text.parse::<Date>().map_err(|_| ErrorResponse::invalid_parameter("modify_date_from", text))
        });
        let since = since.transpose()?;
        let query = query.map(UserQuery::parse).transpose()?;
        let is_modified = |user: &EmulatedUser| {
            since.is_none_or(|since| match self.request.settings.modify_date {
                ModifyDate::Included => user.modified >= since,
                ModifyDate::Excluded => user.modified > since,
            })
        };
        let mut users: Vec<&EmulatedUser> = self.users.users_of_zone(&self.request.zone.code).collect();
        users.retain(|user| is_modified(user) && query.as_ref().is_none_or(|query| query.matches(user)));
        users.sort_by_key(|user| &user.last_name);
        self.request.reply_page("users", "user", users, |user| user.to_list_node(self.request))
    }

    pub fn reply_user(&self, id: &str) -> EndpointResult {
        let user = self.users.find(&self.request.zone.code, id).ok_or_else(|| user_not_found(id))?;
        self.request.reply("user", &user.to_document(self.request, &self.allowed))
    }

    pub fn create(&mut self) -> EndpointResult {
        let user = EmulatedUser::merge_put_user(&self.body()?, None, &self.allowed, self.request)?;
        let zone = &self.request.zone.code;
        if self.users.find(zone, &user.primary_id).is_some() {
            let message =
                format!("User with identifier {} of type primary_id already exists.", user.primary_id);
            return Err(ErrorResponse::business(401_851, message));
        }
        let id = user.primary_id.clone();
        self.users.insert_user(zone, user);
        self.reply_user(&id)
    }

    /// Updates a user and returns the primary ID, which the client can change.
    pub fn update(&mut self, id: &str) -> Result<String, ErrorResponse> {
        let body = self.body()?;
        let zone = &self.request.zone.code;
        let current = self.users.find(zone, id).ok_or_else(|| user_not_found(id))?;
        let user = EmulatedUser::merge_put_user(&body, Some(current), &self.allowed, self.request)?;
        let new_id = user.primary_id.clone();
        if new_id != id && self.users.find(zone, &new_id).is_some() {
            return Err(ErrorResponse::business(401_860, "Failed to update user."));
        }
        self.users.remove_user(zone, id);
        self.users.insert_user(zone, user);
        Ok(new_id)
    }

    /// Returns the primary ID of the user named by a path and query.
    pub fn resolve_primary_id(&self, id: &str) -> Result<String, ErrorResponse> {
        let (zone, call) = (&self.request.zone.code, self.request.call);
        let institution = call.parameter("source_institution_code");
        let found = match (call.parameter("user_id_type"), institution) {
            // The linking ID of a source account also finds the linked account (the vendor's developer
            // pages).
            (Some("linking_id"), _) => {
                let linked = |user: &&EmulatedUser| {
                    let source = user.source.as_ref().map(|source| source.link_id.as_str());
                    user.linking_id.as_deref() == Some(id) || source == Some(id)
                };
                let missing = || ErrorResponse::business(4_019_998, "User with linking ID not found.");
                self.users.users_of_zone(zone).find(linked).ok_or_else(missing)?
            }
            (None | Some("all_unique" | "primary_id"), Some(institution)) => {
                let missing = || {
                    let message = format!(
                        "User with source identifier {id} of institution {institution} was not found."
                    );
                    ErrorResponse::business(4_019_990, message)
                };
                self.users.linked_account(zone, institution, id).ok_or_else(missing)?
            }
            (None | Some("all_unique" | "primary_id"), None) => {
                self.users.find(zone, id).ok_or_else(|| user_not_found(id))?
            }
            (Some(other), _) => {
                let message = format!("User with identifier {id} of type {other} was not found.");
                return Err(ErrorResponse::business(401_890, message));
            }
        };
        Ok(found.primary_id.clone())
    }

    fn body(&self) -> Result<Map<String, Value>, ErrorResponse> {
        let EndpointRequest { call, sent, .. } = self.request;
        let neither = || ErrorResponse::invalid_request("The Content-Type is neither JSON nor XML.");
        parse_body(call.body.ok_or_else(neither)?, "user", &LAYOUT, sent)
            .map_err(|problem| malformed_body(&problem))
    }
}

/// Returns the error for an unknown user: HTTP 400, because the API has no 404.
pub fn user_not_found(id: &str) -> ErrorResponse {
    ErrorResponse::business(401_861, format!("User with identifier {id} was not found."))
}
