//! Comments for the manifests of tables: who else writes the rows, and why kinds do not declare them.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::distribution_comment;
use crate::model::grouped_number::count;
use crate::model::{CollectionId, ObservedCollection};
use crate::session::table_inventory::TableLists;

/// Comments by table.
#[derive(Debug, Default)]
pub(super) struct TableRemarks(BTreeMap<CollectionId, Vec<String>>);

impl TableRemarks {
    /// Starts with the tables that no zone changed since delivery, as far as the lists tell.
    pub(super) fn of_lists(lists: &TableLists) -> Self {
        let mut customized: BTreeMap<CollectionId, BTreeSet<Option<bool>>> = BTreeMap::new();
        for listing in lists.values().flatten().flatten() {
            customized.entry(listing.collection()).or_default().insert(listing.customized);
        }
        let delivered = customized.into_iter().filter(|(_, answers)| answers.iter().eq([&Some(false)]));
        let remark = "All rows are as delivered by Ex Libris: no zone changed this table.".to_owned();
        Self(delivered.map(|(id, _)| (id, vec![remark.clone()])).collect())
    }

    /// Adds a comment.
    pub(super) fn add(&mut self, id: CollectionId, remark: String) {
        self.0.entry(id).or_default().push(remark);
    }

    /// Returns the comments for a table.
    pub(super) fn of_table<'o>(
        &self,
        id: &CollectionId,
        answers: impl Iterator<Item = &'o ObservedCollection>,
    ) -> Vec<String> {
        let mut remarks = self.0.get(&id.without_language()).cloned().unwrap_or_default();
        let (mut distributed, mut rows, mut zones) = (0, 0, 0);
        for observed in answers {
            let found = observed.records.iter().filter(|record| record.is_distributed()).count();
            distributed += found;
            rows += observed.records.len();
            zones += usize::from(found > 0);
        }
        if distributed > 0 {
            let rows = format!("{distributed} of {} (in {})", count(rows, "row"), count(zones, "zone"));
            remarks.push(distribution_comment(&rows));
        }
        remarks
    }
}
