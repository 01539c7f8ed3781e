//! Counts the records of a collection that the network's distribution jobs write too.

use super::collection::CollectionComparison;
use crate::model::{Channel, CollectionOwner, DesiredCollection, GroupedNumber};

impl CollectionComparison<'_> {
    /// Adds a note about records that the network's distribution jobs write too. Returns their number, or 0 if a
    /// manifest takes the collection over.
    ///
    /// Only the API channel counts: there, a write replaces the whole collection, and the zone then counts it as
    /// configured locally.
    pub(super) fn tell_second_master(&mut self, collections: &[&DesiredCollection]) -> usize {
        let distributed = self.observed.records.iter().filter(|record| record.is_distributed()).count();
        if distributed == 0 || self.observed.channel != Channel::Api {
            return 0;
        }
        let manifest_with = |owner| {
            let mut owners = collections.iter().filter(|collection| collection.owner == owner);
            owners.next().map(|collection| &collection.provenance.manifest)
        };
        let (decision, second_master) =
            match (manifest_with(CollectionOwner::Zonal), manifest_with(CollectionOwner::Network)) {
                // The manifest answers the question; only a change needs a reminder.
                (Some(_), _) if self.changes.is_empty() => return 0,
                (Some(manifest), _) => (format!("{manifest} takes the collection over"), 0),
                (None, Some(manifest)) => (format!("{manifest} only reports differences"), distributed),
                (None, None) => {
                    let question = "set `owner: zonal` or `owner: network` in the manifest";
                    (question.to_owned(), distributed)
                }
            };
        let [distributed, all] =
            [distributed, self.observed.records.len()].map(|count| GroupedNumber(count as u64));
        self.notes.push(format!(
            "{}: the Network Zone's distribution jobs also write {distributed} of {all} records; {decision}",
            self.id
        ));
        second_master
    }
}
