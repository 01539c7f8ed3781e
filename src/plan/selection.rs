//! A selection leaves manifests out, and what they name is still named: it stays in view.

use crate::model::{CollectionId, CollectionRole, DesiredCollection};

/// Leaves of a zone's collections those that are kept, and in view what others want of the same rows. Where
/// nothing is kept, nothing is left.
pub fn narrow(zone: &mut Vec<DesiredCollection>, is_kept: impl Fn(&DesiredCollection) -> bool) {
    let kept: Vec<CollectionId> =
        zone.iter().filter(|each| is_kept(each)).map(|each| each.id.clone()).collect();
    zone.retain_mut(|each| {
        if is_kept(each) {
            return true;
        }
        each.standing = CollectionRole::ReferenceOnly;
        kept.iter().any(|kept| kept.may_share_rows_with(&each.id))
    });
}
