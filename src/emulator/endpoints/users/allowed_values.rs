//! Allowed values of a user by the zone's configuration: user groups, record types, patron blocks.

use std::collections::BTreeSet;

use crate::analysis::{NetworkSettings, SettingsCollection};
use crate::model::ZoneCode;

/// Allowed user values of one zone.
pub struct AllowedUserValues<'a> {
    pub zone: &'a ZoneCode,
    pub stored: &'a NetworkSettings,
    /// Codes of `UserBlockTypes`. `None` without such a table.
    pub block_types: Option<BTreeSet<String>>,
}

/// Result of a user group check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupAssignability {
    Legal,
    /// Missing from the zone, or disabled.
    Unknown,
    /// Reserved for users of other record types.
    OfOthers,
}

impl AllowedUserValues<'_> {
    /// Checks a user group for a record type.
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

    /// Returns true if a code table contains the enabled code, or if the zone has no such table.
    pub fn is_allowed(&self, subject: &SettingsCollection, code: &str) -> bool {
        match self.stored.table(self.zone, subject) {
            Ok(table) => table.find("code", code).is_some_and(|entry| entry.is_on()),
            Err(_) => true,
        }
    }

    /// Returns the zone's description of a code.
    pub fn description(&self, subject: &SettingsCollection, code: &str) -> Option<&str> {
        self.stored.table(self.zone, subject).ok()?.find("code", code)?.text_field("description")
    }
}
