//! Users of the zones: own users, and linked accounts of other members' users.
//!
//! The code contains no rules about users at other members: the stored settings of the zones decide.

mod allowed_values;
mod linked_accounts;
mod user;
mod user_block;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use http::Method;

use self::allowed_values::AllowedUserValues;
use self::user::{EmulatedUser, malformed_body};
use super::api_request::ApiRoute;
use super::error_response::ErrorResponse;
use super::institution::{InstitutionRequest, SuccessResponse, invalid, number};
use super::network::{EmulatedNetwork, lock};
use super::request_body;
use super::response_document::{DocumentNode, DocumentPart, write};
use super::table_response::ResponseContext;
use crate::analysis::NetworkSettings;
use crate::analysis::patron::blocks::BlockedService;
use crate::model::ZoneCode;

/// Users of all zones, under one lock because a linked account concerns two zones.
#[derive(Default)]
pub(super) struct UserDirectory {
    /// Users by institution code and primary ID.
    zones: BTreeMap<String, BTreeMap<String, EmulatedUser>>,
    /// Number of assigned IDs.
    given: u64,
}

impl UserDirectory {
    fn users_of_zone(&self, zone: &str) -> impl Iterator<Item = &EmulatedUser> {
        self.zones.get(zone).into_iter().flat_map(|users| users.values())
    }

    fn find(&self, zone: &str, id: &str) -> Option<&EmulatedUser> {
        self.zones.get(zone)?.get(id)
    }

    fn find_mut(&mut self, zone: &str, id: &str) -> Option<&mut EmulatedUser> {
        self.zones.get_mut(zone)?.get_mut(id)
    }

    fn insert_user(&mut self, zone: &str, user: EmulatedUser) {
        self.zones.entry(zone.to_owned()).or_default().insert(user.primary_id.clone(), user);
    }

    /// Returns the linked account at a zone for a linking ID of the source account.
    fn copy(&self, zone: &str, institution: &str, link_id: &str) -> Option<&EmulatedUser> {
        self.users_of_zone(zone).find(|user| {
            let source = user.source.as_ref();
            source.is_some_and(|source| source.institution == institution && source.link_id == link_id)
        })
    }
}

/// Request about users.
struct UserRequest<'a> {
    visit: &'a InstitutionRequest<'a>,
    view: ResponseContext<'a>,
    people: &'a mut UserDirectory,
    legal: AllowedUserValues<'a>,
}

impl EmulatedNetwork {
    /// Handles a request about users.
    pub fn users(&self, visit: &InstitutionRequest<'_>) -> Result<SuccessResponse, ErrorResponse> {
        let stored: Arc<NetworkSettings> = self.current_settings();
        let zone = ZoneCode::from(visit.zone.code.as_str());
        let place = self.places.iter().find(|place| place.zone.code == visit.zone.code);
        let block_types = place.and_then(|place| {
            let state = lock(&place.state);
            let rows = state.institution.code_tables.get("UserBlockTypes")?.rows.get("")?;
            Some(rows.iter().filter(|row| row.enabled).map(|row| row.code.clone()).collect())
        });
        let view = ResponseContext {
            zone: visit.zone,
            settings: visit.settings,
            language: &visit.zone.default_language,
            library: "",
        };
        let legal = AllowedUserValues { zone: &zone, stored: &stored, block_types };
        let desk = UserRequest { visit, view, people: &mut lock(&self.people), legal };
        desk.handle()
    }
}

impl EmulatedNetwork {
    /// Returns the services blocked for a user. `None` for an unknown user.
    pub fn blocked_services(&self, zone: &str, user: &str) -> Option<BTreeSet<BlockedService>> {
        let (stored, code) = (self.current_settings(), ZoneCode::from(zone));
        let legal = AllowedUserValues { zone: &code, stored: &stored, block_types: None };
        let people = lock(&self.people);
        let blocks = &people.find(zone, user)?.blocks;
        Some(blocks.iter().flat_map(|block| legal.blocked_services(block)).copied().collect())
    }
}

impl UserRequest<'_> {
    fn handle(mut self) -> Result<SuccessResponse, ErrorResponse> {
        let query = &self.visit.call.query;
        let source = (query.source_institution_code.as_deref(), query.source_user_id.as_deref());
        match (&self.visit.call.route, &self.visit.call.method) {
            (ApiRoute::Users, &Method::GET) => match source {
                (Some(institution), Some(id)) => {
                    let found = self.copy_of(institution, id)?.entry(&self.view);
                    Ok(self.list(1, vec![DocumentNode::Group(found)]))
                }
                (_, _) => self.list_users(),
            },
            (ApiRoute::Users, &Method::POST) => match source {
                (Some(institution), Some(id)) => {
                    let id = self.create_linked_account(institution, id)?;
                    self.show(&id)
                }
                (_, _) => self.create(),
            },
            (ApiRoute::User(id), &Method::GET) => {
                let id = self.resolve_primary_id(id)?;
                self.show(&id)
            }
            (ApiRoute::User(id), &Method::PUT) => {
                let id = self.resolve_primary_id(id)?;
                let id = self.update(&id)?;
                self.show(&id)
            }
            (ApiRoute::User(id), &Method::POST) if query.op.as_deref() == Some("refresh") => {
                let id = self.resolve_primary_id(id)?;
                self.refresh(&id)?;
                Ok(self.user_response())
            }
            (ApiRoute::User(_), &Method::POST) => Err(invalid("op", query.op.as_deref().unwrap_or_default())),
            (ApiRoute::User(id), &Method::DELETE) => {
                let id = self.resolve_primary_id(id)?;
                self.people.zones.entry(self.visit.zone.code.clone()).or_default().remove(&id);
                Ok(self.user_response())
            }
            (_, _) => Err(ErrorResponse::routing_error()),
        }
    }

    /// Returns a page of all users, with page sizes like the API's own lists.
    fn list_users(&self) -> Result<SuccessResponse, ErrorResponse> {
        let query = &self.visit.call.query;
        if let Some(q) = &query.q {
            return Err(invalid("emulated query", q));
        }
        let offset = number("offset", query.offset.as_deref(), 0)?;
        let limit = number("limit", query.limit.as_deref(), 10)?.min(100);
        let mut users: Vec<&EmulatedUser> = self.people.users_of_zone(&self.visit.zone.code).collect();
        users.sort_by_key(|user| &user.last_name);
        let total = users.len();
        let page = users.into_iter().skip(offset).take(limit);
        Ok(self.list(total, page.map(|user| DocumentNode::Group(user.entry(&self.view))).collect()))
    }

    fn list(&self, total: usize, items: Vec<DocumentNode>) -> SuccessResponse {
        let count = DocumentPart::Count("total_record_count", total);
        self.reply(
            "users",
            &DocumentNode::Group(vec![count, DocumentPart::List { around: None, item: "user", items }]),
        )
    }

    fn create(&mut self) -> Result<SuccessResponse, ErrorResponse> {
        let user = EmulatedUser::merge_put_user(&self.body()?, None, &self.legal, self.visit)?;
        let zone = &self.visit.zone.code;
        if self.people.find(zone, &user.primary_id).is_some() {
            let message =
                format!("User with identifier {} of type primary_id already exists.", user.primary_id);
            return Err(ErrorResponse::business(401_851, message));
        }
        let id = user.primary_id.clone();
        self.people.insert_user(zone, user);
        self.show(&id)
    }

    /// Updates a user and returns the primary ID, which the client can change.
    fn update(&mut self, id: &str) -> Result<String, ErrorResponse> {
        let body = self.body()?;
        let zone = &self.visit.zone.code;
        let held = self.people.find(zone, id).ok_or_else(|| user_not_found(id))?;
        let user = EmulatedUser::merge_put_user(&body, Some(held), &self.legal, self.visit)?;
        let is = user.primary_id.clone();
        if is != id && self.people.find(zone, &is).is_some() {
            return Err(ErrorResponse::business(401_860, "Failed to update user."));
        }
        self.people.zones.entry(zone.clone()).or_default().remove(id);
        self.people.insert_user(zone, user);
        self.send_home(&is);
        Ok(is)
    }

    fn show(&self, id: &str) -> Result<SuccessResponse, ErrorResponse> {
        let user = self.people.find(&self.visit.zone.code, id).ok_or_else(|| user_not_found(id))?;
        Ok(self.reply("user", &user.answer(&self.view, &self.legal)))
    }

    /// Returns the primary ID of the user named by a path and query.
    fn resolve_primary_id(&self, id: &str) -> Result<String, ErrorResponse> {
        let (zone, query) = (&self.visit.zone.code, &self.visit.call.query);
        let institution = query.source_institution_code.as_deref();
        let found = match (query.user_id_type.as_deref(), institution) {
            // The linking ID of a source account also finds the linked account (the vendor's developer
            // pages).
            (Some("linking_id"), _) => {
                let linked = |user: &&EmulatedUser| {
                    let source = user.source.as_ref().map(|source| source.link_id.as_str());
                    user.linking_id.as_deref() == Some(id) || source == Some(id)
                };
                let missing = || ErrorResponse::business(4_019_998, "User with linking ID not found.");
                self.people.users_of_zone(zone).find(linked).ok_or_else(missing)?
            }
            (None | Some("all_unique" | "primary_id"), Some(institution)) => {
                let missing = || {
                    let message = format!(
                        "User with source identifier {id} of institution {institution} was not found."
                    );
                    ErrorResponse::business(4_019_990, message)
                };
                self.people.copy(zone, institution, id).ok_or_else(missing)?
            }
            (None | Some("all_unique" | "primary_id"), None) => {
                self.people.find(zone, id).ok_or_else(|| user_not_found(id))?
            }
            (Some(other), _) => {
                let message = format!("User with identifier {id} of type {other} was not found.");
                return Err(ErrorResponse::business(401_890, message));
            }
        };
        Ok(found.primary_id.clone())
    }

    fn body(&self) -> Result<serde_json::Map<String, serde_json::Value>, ErrorResponse> {
        let InstitutionRequest { call, sent, .. } = self.visit;
        let neither = || ErrorResponse::invalid_request("The Content-Type is neither JSON nor XML.");
        request_body::parse_body(call.body.ok_or_else(neither)?, "user", sent)
            .map_err(|what| malformed_body(&what))
    }

    fn reply(&self, root: &str, node: &DocumentNode) -> SuccessResponse {
        let InstitutionRequest { call, settings, .. } = self.visit;
        (call.answer, write(root, node, call.answer, settings.booleans))
    }

    fn user_response(&self) -> SuccessResponse {
        (self.visit.call.answer, Bytes::new())
    }
}

/// Returns the error for an unknown user: HTTP 400, because the API has no 404.
fn user_not_found(id: &str) -> ErrorResponse {
    ErrorResponse::business(401_861, format!("User with identifier {id} was not found."))
}
