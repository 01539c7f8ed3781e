//! Rows of tables that manifests of other kinds declare, so that the manifest of the table leaves them out.

use std::collections::BTreeMap;

use crate::kinds::ClaimedRows;
use crate::model::{CollectionId, DesiredState, FieldName, FieldValue, Network, ObservedState, RecordKey};
use crate::session::table_kinds::is_table;

/// Claimed rows by table.
pub(super) type ClaimsByTable = BTreeMap<CollectionId, ClaimedRows>;

/// What the proved manifests of kinds declare.
#[derive(Default)]
pub(super) struct ProvedKinds {
    /// Rows of tables.
    pub(super) claims: ClaimsByTable,
    /// Desired states by kind, one for each file.
    pub(super) desired: BTreeMap<&'static str, Vec<DesiredState>>,
}

/// Adds the rows of tables in a desired state.
pub(super) fn add_claims(
    claims: &mut ClaimsByTable,
    desired: &DesiredState,
    observed: &ObservedState,
    network: &Network,
) {
    for (index, zone) in network.zones.iter().enumerate() {
        for collection in desired.zones.get(&zone.code).into_iter().flatten() {
            let answer = observed.zones.get(&zone.code).and_then(|zone| zone.collections.get(&collection.id));
            let (true, Some(Ok(found))) = (is_table(&collection.id.kind), answer) else { continue };
            let own_name = |name: &FieldName| found.aliases.get(name).unwrap_or(name).clone();
            // The manifest may name the table by its title.
            let by_code = CollectionId { language: collection.id.language.clone(), ..found.id.clone() };
            let claimed = claims.entry(by_code).or_default();
            claimed.key = collection.key.iter().map(own_name).collect();
            for key in collection.records.iter().filter(|(_, record)| !record.absent).map(|(key, _)| key) {
                claimed.rows.entry(key.clone()).or_default().insert(index);
            }
        }
    }
}

/// Returns the observed state without the claimed rows.
pub(super) fn without_claims(
    observed: &ObservedState,
    claims: &ClaimsByTable,
    network: &Network,
) -> ObservedState {
    let mut rest = observed.clone();
    for (index, zone) in network.zones.iter().enumerate() {
        let Some(answers) = rest.zones.get_mut(&zone.code) else { continue };
        for (id, claimed) in claims {
            let Some(Ok(found)) = answers.collections.get_mut(id) else { continue };
            found.records.retain(|record| {
                let part = |field: &FieldName| match record.fields.get(field) {
                    Some(FieldValue::Text(text)) => text.clone(),
                    Some(_) | None => "".into(),
                };
                let key = RecordKey(claimed.key.iter().map(part).collect());
                !claimed.rows.get(&key).is_some_and(|zones| zones.contains(index))
            });
        }
    }
    rest
}
