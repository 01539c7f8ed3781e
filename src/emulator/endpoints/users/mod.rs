//! Users of the zones: own users, and linked accounts of other members' users. All below `users`.
//!
//! The code contains no rules about users at other members: the stored settings of the zones decide.

mod allowed_values;
mod directory;
mod linked_accounts;
mod user;
mod user_block;
mod user_members;
mod user_query;
mod user_request;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use http::Method;

use self::allowed_values::AllowedUserValues;
use self::directory::UserDirectory;
use self::user_request::UserRequest;
use super::code_tables::CodeTables;
use crate::analysis::NetworkSettings;
use crate::analysis::patron::blocks::BlockedService;
use crate::emulator::endpoint::{
    EmulatedEndpoint, EndpointEntry, EndpointRequest, EndpointResult, ErrorResponse, ResponseSource,
    seed_each,
};
use crate::emulator::lock::lock;
use crate::model::ZoneCode;

pub(super) const ENDPOINT: EndpointEntry = EndpointEntry {
    path: &["users"],
    source: ResponseSource::Network,
    seed: |zones| {
        let users = Arc::new(Mutex::default());
        seed_each(zones, |_| EmulatedUsers(Arc::clone(&users)))
    },
    edits: None,
};

/// Users, shared by all zones.
pub(in crate::emulator) struct EmulatedUsers(Arc<Mutex<UserDirectory>>);

impl EmulatedEndpoint for EmulatedUsers {
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        self.handle(request)
    }

    fn write(&mut self, request: &EndpointRequest<'_>) -> EndpointResult {
        self.handle(request)
    }
}

impl EmulatedUsers {
    /// Returns the services blocked for a user. `None` for an unknown user.
    pub fn blocked_services(
        &self,
        zone: &str,
        user: &str,
        stored: &NetworkSettings,
    ) -> Option<BTreeSet<BlockedService>> {
        let code = ZoneCode::from(zone);
        let allowed = AllowedUserValues { zone: &code, stored, block_types: None };
        let users = lock(&self.0);
        let blocks = &users.find(zone, user)?.blocks;
        Some(blocks.iter().flat_map(|block| block.blocked_services(&allowed)).copied().collect())
    }

    fn handle(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        let EndpointRequest { call, path, network: Some(stored), .. } = *request else {
            return Err(ErrorResponse::routing_error());
        };
        let block_types = request.neighbor::<CodeTables>().and_then(|tables| {
            let rows = tables.0.get("UserBlockTypes")?.rows.get("")?;
            Some(rows.iter().filter(|row| row.enabled).map(|row| row.code.clone()).collect())
        });
        let zone = ZoneCode::from(request.zone.code.as_str());
        let allowed = AllowedUserValues { zone: &zone, stored, block_types };
        let mut desk = UserRequest { request, users: &mut lock(&self.0), allowed };
        let source = call.parameter("source_institution_code").zip(call.parameter("source_user_id"));
        match (path, &call.method, source) {
            ([], &Method::GET, Some((institution, id))) => {
                let account = desk.linked_account_of(institution, id)?;
                request.reply_list("users", "user", Some(1), [account.to_list_node(request)])
            }
            ([], &Method::GET, None) => desk.reply_users(),
            ([], &Method::POST, Some((institution, id))) => {
                let id = desk.create_linked_account(institution, id)?;
                desk.reply_user(&id)
            }
            ([], &Method::POST, None) => desk.create(),
            ([id], &Method::GET, _) => desk.reply_user(&desk.resolve_primary_id(id)?),
            ([id], &Method::PUT, _) => {
                let id = desk.update(&desk.resolve_primary_id(id)?)?;
                desk.send_blocks_to_source(&id);
                desk.reply_user(&id)
            }
            ([id], &Method::POST, _) => match call.parameter("op") {
                Some("refresh") => {
                    desk.refresh(&desk.resolve_primary_id(id)?)?;
                    request.reply_empty()
                }
                // The default of the vendor's OpenAPI. The emulator keeps no passwords, so none is right.
                None | Some("auth") => {
                    desk.resolve_primary_id(id)?;
                    Err(ErrorResponse::business(401_866, "User authentication failed."))
                }
                Some(other) => Err(ErrorResponse::invalid_parameter("op", other)),
            },
            ([id], &Method::DELETE, _) => {
                let id = desk.resolve_primary_id(id)?;
                desk.users.remove_user(&request.zone.code, &id);
                request.reply_empty()
            }
            (_, _, _) => Err(ErrorResponse::routing_error()),
        }
    }
}
