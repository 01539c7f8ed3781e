//! Applies a selection of manifests. Records of excluded manifests stay visible as reference-only
//! collections.

use crate::model::{CollectionId, CollectionRole, DesiredCollection};

/// Keeps the selected collections of a zone. Others with the same rows become reference-only. If none is
/// selected, none remains.
pub fn narrow(zone: &mut Vec<DesiredCollection>, is_kept: impl Fn(&DesiredCollection) -> bool) {
    let kept: Vec<CollectionId> = zone
        .iter()
        .filter(|collection| is_kept(collection))
        .map(|collection| collection.id.clone())
        .collect();
    zone.retain_mut(|collection| {
        if is_kept(collection) {
            return true;
        }
        collection.standing = CollectionRole::ReferenceOnly;
        kept.iter().any(|kept| kept.may_share_rows_with(&collection.id))
    });
}
