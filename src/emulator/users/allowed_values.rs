//! What a zone's own configuration lets a user have: its groups, its record types, its blocks.

use std::collections::BTreeSet;

use super::user_block::{BlockSource, UserBlock, invalid};
use crate::analysis::patron::blocks::{BlockedService, SENT_HOME, blocked_services, definition};
use crate::analysis::{NetworkSettings, SettingsCollection};
use crate::emulator::error_response::ErrorResponse;
use crate::model::ZoneCode;

/// What one zone takes.
pub struct AllowedUserValues<'a> {
    pub zone: &'a ZoneCode,
    pub stored: &'a NetworkSettings,
    /// Codes of `UserBlockTypes`; `None` where there is no such table.
    pub block_types: Option<BTreeSet<String>>,
}

/// Whether a group can be given to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupAssignability {
    Legal,
    /// The zone has no such group, or does not use it.
    Unknown,
    /// It is for users of other record types.
    OfOthers,
}

impl AllowedUserValues<'_> {
    /// Whether users of a record type can have a group.
    pub fn group(&self, code: &str, record_type: &str) -> GroupAssignability {
        if !self.is_allowed(&SettingsCollection::UserGroups, code) {
            return GroupAssignability::Unknown;
        }
        let Ok(types) = self.stored.table(self.zone, &SettingsCollection::RecordTypes) else {
            return GroupAssignability::Legal;
        };
        let mut rows = types.entries().filter(|entry| entry.is_on());
        let fits = rows.any(|entry| {
            entry.text_field("User Group") == Some(code)
                && entry.text_field("Record Type") == Some(record_type)
        });
        if fits { GroupAssignability::Legal } else { GroupAssignability::OfOthers }
    }

    /// Refuses a block whose type or description the zone does not have.
    pub fn block(&self, block: &UserBlock) -> Result<(), ErrorResponse> {
        if block.description.is_empty() {
            return Err(ErrorResponse::business(401_664, "Mandatory field is missing: block_description"));
        }
        if !self.is_allowed(&SettingsCollection::BlockDescriptions, &block.description) {
            return Err(invalid("block description", &block.description));
        }
        match &self.block_types {
            Some(types) if !types.contains(&block.block_type) => Err(invalid("block", &block.block_type)),
            Some(_) | None => Ok(()),
        }
    }

    /// What a block keeps its user from.
    pub fn blocked_services(&self, block: &UserBlock) -> &'static [BlockedService] {
        let Ok(table) = self.stored.table(self.zone, &SettingsCollection::BlockDefinitions) else {
            return &[];
        };
        let definition = match block.origin {
            BlockSource::Target(_) => table.find("ID", SENT_HOME),
            BlockSource::Here | BlockSource::Source => {
                definition(table, &block.block_type, &block.description)
            }
        };
        let Some(definition) = definition.filter(|definition| definition.is_on()) else { return &[] };
        let description = definition.text_field("Description").unwrap_or_default();
        match block.is_active() && self.is_allowed(&SettingsCollection::BlockDescriptions, description) {
            true => blocked_services(definition.text_field("Blocked Action").unwrap_or_default())
                .unwrap_or_default(),
            false => &[],
        }
    }

    /// How the zone describes a block.
    pub fn description(&self, code: &str) -> Option<&str> {
        self.code_description(&SettingsCollection::BlockDescriptions, code)
    }

    /// What the zone calls a user group.
    pub fn name_of_group(&self, code: &str) -> Option<&str> {
        self.code_description(&SettingsCollection::UserGroups, code)
    }

    /// Whether a code table holds a code that is in use; everything, where the zone has no such table.
    fn is_allowed(&self, subject: &SettingsCollection, code: &str) -> bool {
        match self.stored.table(self.zone, subject) {
            Ok(table) => table.find("code", code).is_some_and(|entry| entry.is_on()),
            Err(_) => true,
        }
    }

    fn code_description(&self, subject: &SettingsCollection, code: &str) -> Option<&str> {
        self.stored.table(self.zone, subject).ok()?.find("code", code)?.text_field("description")
    }
}
