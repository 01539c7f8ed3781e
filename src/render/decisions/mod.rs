//! Decisions of a plan: one for each row of a manifest and collection, whatever the number of zones.
//!
//! A plan has one change for each record of each zone. A reader decides once for each row. So records of
//! one row are put together if they say the same, after what depends on the zone alone has a name
//! (`{member}`, `every other member`, `{walkinGroup}`). With the zone, each record can be told again: the
//! fold loses nothing.

mod failure_groups;
mod folded_value;
mod folding;
mod member_groups;
pub mod row_words;
mod substitution;
#[cfg(test)]
pub(super) mod tests;
pub mod value_words;
mod variant_content;
mod zone_names;

pub use self::failure_groups::{FailureGroup, failure_groups, with_zone, without_place};
pub use self::folded_value::{FoldedText, FoldedValue, MemberRule, TextPart};
pub use self::folding::{decisions, is_disable};
pub use self::member_groups::{MemberGroup, member_groups};
pub use self::variant_content::{FieldChangeContent, FoldedField};
pub use self::zone_names::{ZoneNames, ZoneSets, ZoneWordsForm};

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{
    Change, ChangeAction, ChangeConflict, Channel, CollectionId, Deferral, FieldName, Provenance, RowReach,
    ZoneCode,
};

/// Row of a manifest with the changes that it causes in one collection.
#[derive(Debug)]
pub struct PlanDecision<'a> {
    /// Declaration of the row.
    pub provenance: &'a Provenance,
    /// Collection, without its library.
    pub collection: CollectionId,
    /// Channel to the zones.
    pub channel: Channel,
    /// Zones and members that the row applies to, if known.
    pub reach: Option<&'a RowReach>,
    /// Zones and members of the row without a change, in the order of the network.
    pub in_sync: Vec<&'a ZoneCode>,
    /// Different changes of the row; those with the most records first.
    pub variants: Vec<DecisionVariant<'a>>,
}

/// Change that is the same in several zones.
#[derive(Debug)]
pub struct DecisionVariant<'a> {
    /// One of the changes, for all that is equal in each of them.
    pub example: &'a Change,
    /// Key of the record.
    pub key: Vec<(FieldName, FoldedValue)>,
    /// Fields with their changes; for a delete, the fields of the record.
    pub fields: Vec<FoldedField>,
    /// Reason, if other than the manifest's declared value.
    pub reason: Option<FoldedText>,
    /// Consequences of the change, as texts of the kind.
    pub notes: Vec<FoldedText>,
    /// Deferral of the collections; the deferral of a whole zone is no part of a decision.
    pub deferral: Option<&'a Deferral>,
    /// True if the change switches the record off.
    pub is_disable: bool,
    /// Records, in the order of the network's zones and subjects.
    pub records: Vec<VariantRecord<'a>>,
}

/// Record of a variant.
#[derive(Debug, Clone, Copy)]
pub struct VariantRecord<'a> {
    /// Member in the record's key, other than its zone.
    pub subject: Option<&'a ZoneCode>,
    /// Change of the record.
    pub change: &'a Change,
}

impl<'a> VariantRecord<'a> {
    /// Returns the zone of the record.
    pub fn zone(&self) -> &'a ZoneCode {
        &self.change.address.zone
    }
}

impl<'a> PlanDecision<'a> {
    /// Returns all records of the decision.
    pub fn records(&self) -> impl Iterator<Item = &VariantRecord<'a>> {
        self.variants.iter().flat_map(|variant| &variant.records)
    }
}

impl<'a> DecisionVariant<'a> {
    /// Returns true if the change deletes a record or switches it off.
    pub fn takes_away(&self) -> bool {
        self.action() == ChangeAction::Delete || self.is_disable
    }

    /// Returns the action.
    pub fn action(&self) -> ChangeAction {
        self.example.action
    }

    /// Returns the variables that the key and the fields name.
    pub fn variables(&self) -> BTreeSet<&Arc<str>> {
        let in_key = self.key.iter().map(|(_, value)| value);
        let mut found: BTreeSet<&Arc<str>> = in_key.flat_map(FoldedValue::variables).collect();
        for field in &self.fields {
            match &field.change {
                FieldChangeContent::Set(value) | FieldChangeContent::Removed(value) => {
                    found.extend(value.variables());
                }
                FieldChangeContent::Edit { added, removed } => {
                    found.extend(added.iter().chain(removed).flat_map(FoldedText::variables));
                }
            }
            found.extend(field.former.iter().flat_map(|(value, _)| value.variables()));
        }
        found
    }

    /// Returns the conflict.
    pub fn conflict(&self) -> Option<&'a ChangeConflict> {
        self.example.conflict.as_deref()
    }
}
