//! What a zone's own configuration lets a user have: its groups, its record types, its blocks.

use std::collections::BTreeSet;

use super::block::{Block, Origin, invalid};
use crate::emulator::refusal::Refusal;
use crate::meaning::patron::blocks::{SENT_HOME, Stop, definition, stops};
use crate::meaning::{Settings, Subject};
use crate::model::ZoneCode;

/// What one zone takes.
pub struct Legal<'a> {
    pub zone: &'a ZoneCode,
    pub stored: &'a Settings,
    /// Codes of `UserBlockTypes`; `None` where there is no such table.
    pub block_types: Option<BTreeSet<String>>,
}

/// Whether a group can be given to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Legal,
    /// The zone has no such group, or does not use it.
    Unknown,
    /// It is for users of other record types.
    OfOthers,
}

impl Legal<'_> {
    /// Whether users of a record type can have a group.
    pub fn group(&self, code: &str, record_type: &str) -> Group {
        if !self.takes(&Subject::UserGroups, code) {
            return Group::Unknown;
        }
        let Ok(types) = self.stored.table(self.zone, &Subject::RecordTypes) else { return Group::Legal };
        let mut rows = types.entries().filter(|entry| entry.is_on());
        let fits = rows.any(|entry| {
            entry.text("User Group") == Some(code) && entry.text("Record Type") == Some(record_type)
        });
        if fits { Group::Legal } else { Group::OfOthers }
    }

    /// Refuses a block whose type or description the zone does not have.
    pub fn block(&self, block: &Block) -> Result<(), Refusal> {
        if block.description.is_empty() {
            return Err(Refusal::business(401_664, "Mandatory field is missing: block_description"));
        }
        if !self.takes(&Subject::BlockDescriptions, &block.description) {
            return Err(invalid("block description", &block.description));
        }
        match &self.block_types {
            Some(types) if !types.contains(&block.block_type) => Err(invalid("block", &block.block_type)),
            Some(_) | None => Ok(()),
        }
    }

    /// What a block keeps its user from.
    pub fn stops(&self, block: &Block) -> &'static [Stop] {
        let Ok(table) = self.stored.table(self.zone, &Subject::BlockDefinitions) else { return &[] };
        let definition = match block.origin {
            Origin::Target(_) => table.find("ID", SENT_HOME),
            Origin::Here | Origin::Source => definition(table, &block.block_type, &block.description),
        };
        let Some(definition) = definition.filter(|definition| definition.is_on()) else { return &[] };
        let description = definition.text("Description").unwrap_or_default();
        match block.is_active() && self.takes(&Subject::BlockDescriptions, description) {
            true => stops(definition.text("Blocked Action").unwrap_or_default()).unwrap_or_default(),
            false => &[],
        }
    }

    /// How the zone describes a block.
    pub fn description(&self, code: &str) -> Option<&str> {
        self.words(&Subject::BlockDescriptions, code)
    }

    /// What the zone calls a user group.
    pub fn name_of_group(&self, code: &str) -> Option<&str> {
        self.words(&Subject::UserGroups, code)
    }

    /// Whether a code table holds a code that is in use; everything, where the zone has no such table.
    fn takes(&self, subject: &Subject, code: &str) -> bool {
        match self.stored.table(self.zone, subject) {
            Ok(table) => table.find("code", code).is_some_and(|entry| entry.is_on()),
            Err(_) => true,
        }
    }

    fn words(&self, subject: &Subject, code: &str) -> Option<&str> {
        self.stored.table(self.zone, subject).ok()?.find("code", code)?.text("description")
    }
}
