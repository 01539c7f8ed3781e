//! Groups differences by the edit that absorbs them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::zone_differences::{CollectedDifferences, FoundRecord, ZoneDifference, find_record};
use crate::model::{DesiredState, RecordKey, ZoneCode};
use crate::render::json::absorb::{AbsorbLayer, LeftDifference};

/// Differences of one zone.
type DifferencesOfZone = (ZoneCode, Vec<ZoneDifference>);

/// Differences of one manifest that the same edit absorbs.
#[derive(Debug)]
pub struct EditGroup {
    /// Manifest, `KIND/NAME`.
    pub manifest: Arc<str>,
    /// Zones in order.
    pub zones: Vec<ZoneCode>,
    /// Differences in all zones.
    pub differences: Vec<ZoneDifference>,
}

impl EditGroup {
    /// Returns the differences of the first zone.
    pub fn of_first_zone(&self) -> impl Iterator<Item = &ZoneDifference> {
        let first = self.zones.first();
        self.differences.iter().filter(move |difference| Some(&difference.address.zone) == first)
    }
}

/// Groups differences. Moves those with several candidates to the ones that stay.
pub fn group(
    collected: &mut CollectedDifferences,
    desired: &DesiredState,
    layer: AbsorbLayer,
) -> Vec<EditGroup> {
    let mut differences = std::mem::take(&mut collected.placeable);
    if layer == AbsorbLayer::Shared {
        let (shared, left) = with_one_candidate(differences, desired);
        differences = shared;
        collected.left.extend(left);
    }
    let mut by_manifest: BTreeMap<Arc<str>, BTreeMap<ZoneCode, Vec<ZoneDifference>>> = BTreeMap::new();
    for difference in differences {
        let zones = by_manifest.entry(Arc::clone(&difference.manifest)).or_default();
        zones.entry(difference.address.zone.clone()).or_default().push(difference);
    }
    let mut groups = Vec::new();
    for (manifest, zones) in by_manifest {
        let mut alike: BTreeMap<Vec<(RecordKey, FoundRecord)>, Vec<DifferencesOfZone>> = BTreeMap::new();
        for (zone, differences) in zones {
            let form = match layer {
                // Equal rows share an override.
                AbsorbLayer::Override => {
                    let row = |each: &ZoneDifference| (each.key.clone(), each.found.clone());
                    differences.iter().map(row).collect()
                }
                AbsorbLayer::Shared | AbsorbLayer::Except | AbsorbLayer::Report => Vec::new(),
            };
            alike.entry(form).or_default().push((zone, differences));
        }
        for members in alike.into_values() {
            let (zones, differences): (Vec<_>, Vec<_>) = members.into_iter().unzip();
            let differences = differences.into_iter().flatten().collect();
            groups.push(EditGroup { manifest: Arc::clone(&manifest), zones, differences });
        }
    }
    groups
}

/// Separates differences that the shared row can take.
fn with_one_candidate(
    differences: Vec<ZoneDifference>,
    desired: &DesiredState,
) -> (Vec<ZoneDifference>, Vec<LeftDifference>) {
    // Observed values by the location of the declared value.
    let mut candidates = BTreeMap::new();
    for difference in &differences {
        for (place, value) in declared_places(difference, desired) {
            candidates.entry(place).or_insert_with(BTreeSet::new).insert(value);
        }
    }
    let (mut shared, mut left) = (Vec::new(), Vec::new());
    for difference in differences {
        let places = declared_places(&difference, desired);
        let overridden =
            find_record(desired, &difference.address.zone, &difference).and_then(|(_, record)| {
                let FoundRecord::Values(values) = &difference.found else { return None };
                values.keys().find_map(|name| record.fields.get(name)?.provenance.override_index)
            });
        let reason = match (&difference.found, overridden) {
            (FoundRecord::Missing, _) => Some(
                "the zone lacks the record; `--into override` declares that, or remove the row by hand"
                    .to_owned(),
            ),
            (FoundRecord::Values(_), Some(index)) => {
                Some(format!("overrides[{index}] sets the value at the zone; use `--into override`"))
            }
            (FoundRecord::Values(_), None) => places
                .iter()
                .any(|(place, _)| candidates.get(place).is_some_and(|values| values.len() > 1))
                .then(|| "the zones have different values; absorb one of them by its address".to_owned()),
        };
        match reason {
            Some(reason) => left.push(LeftDifference { address: difference.address.to_string(), reason }),
            None => shared.push(difference),
        }
    }
    (shared, left)
}

type DeclaredPlace = (Arc<str>, u32);

fn declared_places(
    difference: &ZoneDifference,
    desired: &DesiredState,
) -> Vec<(DeclaredPlace, crate::model::FieldValue)> {
    let FoundRecord::Values(values) = &difference.found else { return Vec::new() };
    let Some((_, record)) = find_record(desired, &difference.address.zone, difference) else {
        return Vec::new();
    };
    let place = |name| {
        let span = &record.fields.get(name)?.provenance.span;
        Some((Arc::clone(&span.file), span.start.byte))
    };
    values.iter().filter_map(|(name, value)| Some((place(name)?, value.clone()))).collect()
}
