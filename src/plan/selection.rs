//! Applies a selection of manifests. Records of excluded manifests stay visible as reference-only
//! collections.

use crate::model::{CollectionId, CollectionRole, DesiredCollection};

/// Keeps the selected collections of a zone. Others with the same rows become reference-only. If none is
/// selected, none remains.
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
