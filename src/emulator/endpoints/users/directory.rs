//! Users of all zones.

use std::collections::BTreeMap;

use super::user::EmulatedUser;

/// Users of all zones, under one lock because a linked account concerns two zones.
#[derive(Default)]
pub struct UserDirectory {
    /// Users by institution code and primary ID.
    zones: BTreeMap<String, BTreeMap<String, EmulatedUser>>,
    /// Number of assigned IDs.
    assigned: u64,
}

/// First linking ID assigned by the network.
const FIRST_ID: u64 = 330_001;

impl UserDirectory {
    pub fn users_of_zone(&self, zone: &str) -> impl Iterator<Item = &EmulatedUser> {
        self.zones.get(zone).into_iter().flat_map(BTreeMap::values)
    }

    pub fn users_of_zone_mut(&mut self, zone: &str) -> impl Iterator<Item = &mut EmulatedUser> {
        self.zones.get_mut(zone).into_iter().flat_map(BTreeMap::values_mut)
    }

    pub fn find(&self, zone: &str, id: &str) -> Option<&EmulatedUser> {
        self.zones.get(zone)?.get(id)
    }

    pub fn find_mut(&mut self, zone: &str, id: &str) -> Option<&mut EmulatedUser> {
        self.zones.get_mut(zone)?.get_mut(id)
    }

    pub fn insert_user(&mut self, zone: &str, user: EmulatedUser) {
        self.zones.entry(zone.to_owned()).or_default().insert(user.primary_id.clone(), user);
    }

    pub fn remove_user(&mut self, zone: &str, id: &str) {
        self.zones.get_mut(zone).and_then(|users| users.remove(id));
    }

    /// Returns the linked account at a zone for a linking ID of the source account.
    pub fn linked_account(&self, zone: &str, institution: &str, link_id: &str) -> Option<&EmulatedUser> {
        self.users_of_zone(zone).find(|user| {
            let source = user.source.as_ref();
            source.is_some_and(|source| source.institution == institution && source.link_id == link_id)
        })
    }

    /// Assigns an ID.
    pub fn next_id(&mut self) -> String {
        self.assigned += 1;
        (FIRST_ID + self.assigned).to_string()
    }
}
