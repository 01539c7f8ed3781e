//! The users of the zones: their own, and linked accounts of other members' users.
//!
//! What becomes of a user at another member is nowhere written here: that follows from what the zones store.

mod block;
mod legal;
mod linked;
mod user;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use http::Method;

use self::legal::Legal;
use self::user::{User, malformed};
use super::answer::View;
use super::body;
use super::call::Route;
use super::document::{Node, Part, write};
use super::institution::{Reply, Visit, invalid, number};
use super::network::{Network, lock};
use super::refusal::Refusal;
use crate::meaning::Settings;
use crate::meaning::patron::blocks::Stop;
use crate::model::ZoneCode;

/// The users of all zones. One lock for all of them: a linked account concerns two zones at once.
#[derive(Default)]
pub(super) struct People {
    /// By institution code, then by primary id.
    zones: BTreeMap<String, BTreeMap<String, User>>,
    /// How many ids the network has given out.
    given: u64,
}

impl People {
    fn of(&self, zone: &str) -> impl Iterator<Item = &User> {
        self.zones.get(zone).into_iter().flat_map(|users| users.values())
    }

    fn find(&self, zone: &str, id: &str) -> Option<&User> {
        self.zones.get(zone)?.get(id)
    }

    fn find_mut(&mut self, zone: &str, id: &str) -> Option<&mut User> {
        self.zones.get_mut(zone)?.get_mut(id)
    }

    fn put(&mut self, zone: &str, user: User) {
        self.zones.entry(zone.to_owned()).or_default().insert(user.primary_id.clone(), user);
    }

    /// The linked account at a zone whose source has this linking id.
    fn copy(&self, zone: &str, institution: &str, link_id: &str) -> Option<&User> {
        self.of(zone).find(|user| {
            let source = user.source.as_ref();
            source.is_some_and(|source| source.institution == institution && source.link_id == link_id)
        })
    }
}

/// One request about users.
struct Desk<'a> {
    visit: &'a Visit<'a>,
    view: View<'a>,
    people: &'a mut People,
    legal: Legal<'a>,
}

impl Network {
    /// Answers a request about users.
    pub fn users(&self, visit: &Visit<'_>) -> Result<Reply, Refusal> {
        let stored: Arc<Settings> = self.stored();
        let zone = ZoneCode::from(visit.zone.code.as_str());
        let place = self.places.iter().find(|place| place.zone.code == visit.zone.code);
        let block_types = place.and_then(|place| {
            let state = lock(&place.state);
            let rows = state.institution.code_tables.get("UserBlockTypes")?.rows.get("")?;
            Some(rows.iter().filter(|row| row.enabled).map(|row| row.code.clone()).collect())
        });
        let view = View {
            zone: visit.zone,
            settings: visit.settings,
            language: &visit.zone.default_language,
            library: "",
        };
        let legal = Legal { zone: &zone, stored: &stored, block_types };
        let desk = Desk { visit, view, people: &mut lock(&self.people), legal };
        desk.answer()
    }
}

impl Network {
    /// What a user's blocks keep them from; `None` where there is no such user.
    pub fn stops(&self, zone: &str, user: &str) -> Option<BTreeSet<Stop>> {
        let (stored, code) = (self.stored(), ZoneCode::from(zone));
        let legal = Legal { zone: &code, stored: &stored, block_types: None };
        let people = lock(&self.people);
        let blocks = &people.find(zone, user)?.blocks;
        Some(blocks.iter().flat_map(|block| legal.stops(block)).copied().collect())
    }
}

impl Desk<'_> {
    fn answer(mut self) -> Result<Reply, Refusal> {
        let query = &self.visit.call.query;
        let source = (query.source_institution_code.as_deref(), query.source_user_id.as_deref());
        match (&self.visit.call.route, &self.visit.call.method) {
            (Route::Users, &Method::GET) => match source {
                (Some(institution), Some(id)) => {
                    let found = self.copy_of(institution, id)?.entry(&self.view);
                    Ok(self.list(1, vec![Node::Group(found)]))
                }
                (_, _) => self.all(),
            },
            (Route::Users, &Method::POST) => match source {
                (Some(institution), Some(id)) => {
                    let id = self.link(institution, id)?;
                    self.show(&id)
                }
                (_, _) => self.create(),
            },
            (Route::User(id), &Method::GET) => {
                let id = self.named(id)?;
                self.show(&id)
            }
            (Route::User(id), &Method::PUT) => {
                let id = self.named(id)?;
                let id = self.update(&id)?;
                self.show(&id)
            }
            (Route::User(id), &Method::POST) if query.op.as_deref() == Some("refresh") => {
                let id = self.named(id)?;
                self.refresh(&id)?;
                Ok(self.done())
            }
            (Route::User(_), &Method::POST) => Err(invalid("op", query.op.as_deref().unwrap_or_default())),
            (Route::User(id), &Method::DELETE) => {
                let id = self.named(id)?;
                self.people.zones.entry(self.visit.zone.code.clone()).or_default().remove(&id);
                Ok(self.done())
            }
            (_, _) => Err(Refusal::routing()),
        }
    }

    /// A page of all users, as short as the API's own lists are.
    fn all(&self) -> Result<Reply, Refusal> {
        let query = &self.visit.call.query;
        if let Some(q) = &query.q {
            return Err(invalid("query that is emulated", q));
        }
        let offset = number("offset", query.offset.as_deref(), 0)?;
        let limit = number("limit", query.limit.as_deref(), 10)?.min(100);
        let mut users: Vec<&User> = self.people.of(&self.visit.zone.code).collect();
        users.sort_by_key(|user| &user.last_name);
        let total = users.len();
        let page = users.into_iter().skip(offset).take(limit);
        Ok(self.list(total, page.map(|user| Node::Group(user.entry(&self.view))).collect()))
    }

    fn list(&self, total: usize, items: Vec<Node>) -> Reply {
        let count = Part::Count("total_record_count", total);
        self.reply("users", &Node::Group(vec![count, Part::List { around: None, item: "user", items }]))
    }

    fn create(&mut self) -> Result<Reply, Refusal> {
        let user = User::taken(&self.body()?, None, &self.legal, self.visit)?;
        let zone = &self.visit.zone.code;
        if self.people.find(zone, &user.primary_id).is_some() {
            let message =
                format!("User with identifier {} of type primary_id already exists.", user.primary_id);
            return Err(Refusal::business(401_851, message));
        }
        let id = user.primary_id.clone();
        self.people.put(zone, user);
        self.show(&id)
    }

    /// The id of the user afterwards, which a client can change.
    fn update(&mut self, id: &str) -> Result<String, Refusal> {
        let body = self.body()?;
        let zone = &self.visit.zone.code;
        let held = self.people.find(zone, id).ok_or_else(|| missing(id))?;
        let user = User::taken(&body, Some(held), &self.legal, self.visit)?;
        let is = user.primary_id.clone();
        if is != id && self.people.find(zone, &is).is_some() {
            return Err(Refusal::business(401_860, "Failed to update user."));
        }
        self.people.zones.entry(zone.clone()).or_default().remove(id);
        self.people.put(zone, user);
        self.send_home(&is);
        Ok(is)
    }

    fn show(&self, id: &str) -> Result<Reply, Refusal> {
        let user = self.people.find(&self.visit.zone.code, id).ok_or_else(|| missing(id))?;
        Ok(self.reply("user", &user.answer(&self.view, &self.legal)))
    }

    /// The primary id of the user that a path and its query name.
    fn named(&self, id: &str) -> Result<String, Refusal> {
        let (zone, query) = (&self.visit.zone.code, &self.visit.call.query);
        let institution = query.source_institution_code.as_deref();
        let found = match (query.user_id_type.as_deref(), institution) {
            // The linking id of a source finds its copy too (the vendor's developer pages).
            (Some("linking_id"), _) => {
                let linked = |user: &&User| {
                    let source = user.source.as_ref().map(|source| source.link_id.as_str());
                    user.linking_id.as_deref() == Some(id) || source == Some(id)
                };
                let missing = || Refusal::business(4_019_998, "User with linking ID not found.");
                self.people.of(zone).find(linked).ok_or_else(missing)?
            }
            (None | Some("all_unique" | "primary_id"), Some(institution)) => {
                let missing = || {
                    let message = format!(
                        "User with source identifier {id} of institution {institution} was not found."
                    );
                    Refusal::business(4_019_990, message)
                };
                self.people.copy(zone, institution, id).ok_or_else(missing)?
            }
            (None | Some("all_unique" | "primary_id"), None) => {
                self.people.find(zone, id).ok_or_else(|| missing(id))?
            }
            (Some(other), _) => {
                let message = format!("User with identifier {id} of type {other} was not found.");
                return Err(Refusal::business(401_890, message));
            }
        };
        Ok(found.primary_id.clone())
    }

    fn body(&self) -> Result<serde_json::Map<String, serde_json::Value>, Refusal> {
        let Visit { call, sent, .. } = self.visit;
        let neither = || Refusal::invalid_request("The Content-Type is neither JSON nor XML.");
        body::read(call.body.ok_or_else(neither)?, "user", sent).map_err(|what| malformed(&what))
    }

    fn reply(&self, root: &str, node: &Node) -> Reply {
        let Visit { call, settings, .. } = self.visit;
        (call.answer, write(root, node, call.answer, settings.booleans))
    }

    fn done(&self) -> Reply {
        (self.visit.call.answer, Bytes::new())
    }
}

/// HTTP 400 here too: the API has no 404.
fn missing(id: &str) -> Refusal {
    Refusal::business(401_861, format!("User with identifier {id} was not found."))
}
