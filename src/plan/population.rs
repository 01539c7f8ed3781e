//! Determines which zones each manifest and each changed row applies to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::model::network::Zone;
use crate::model::{
    CollectionId, CollectionName, CollectionRole, DesiredState, ManifestReach, Network, Plan, PlanPopulation,
    PopulationZone, Provenance, RowReach, SourceSpan, ZoneCode, ZoneCodeIndex,
};

/// Returns the zones of the network.
pub fn zones(network: &Network) -> PlanPopulation {
    let texts = |texts: &BTreeMap<String, String>| {
        texts.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect()
    };
    let zone = |zone: &Zone| PopulationZone {
        code: zone.code.clone(),
        name: zone.name.clone(),
        role: zone.role,
        production: zone.counts_as_production(),
        labels: texts(&zone.labels),
        vars: texts(&zone.vars),
    };
    PlanPopulation { zones: network.zones.iter().map(zone).collect(), ..PlanPopulation::default() }
}

/// Returns the zones that each manifest applies to, by its address. `labels` contains the labels that the
/// selectors of each manifest name.
pub fn manifests(
    network: &Network,
    desired: &DesiredState,
    labels: &BTreeMap<Arc<str>, Vec<Arc<str>>>,
) -> BTreeMap<Arc<str>, ManifestReach> {
    let mut found: BTreeMap<&Arc<str>, (&SourceSpan, BTreeSet<&ZoneCode>)> = BTreeMap::new();
    for (zone, collections) in &desired.zones {
        // Most records of a zone repeat a manifest that is known already.
        let mut last: Option<&Arc<str>> = None;
        for collection in collections.iter().filter(|each| each.standing == CollectionRole::Desired) {
            for Provenance { span, manifest, .. } in declarations(collection) {
                let (first, zones) = found.entry(manifest).or_insert_with(|| (span, BTreeSet::new()));
                if (&span.file, span.start) < (&first.file, first.start) {
                    *first = span;
                }
                if last != Some(manifest) {
                    zones.insert(zone);
                    last = Some(manifest);
                }
            }
        }
    }
    let reach = |(manifest, (span, reached)): (&Arc<str>, (&SourceSpan, BTreeSet<&ZoneCode>))| {
        let zones = network.zones.iter().map(|zone| &zone.code).filter(|code| reached.contains(code));
        let reach = ManifestReach {
            declared_at: span.clone(),
            zones: zones.cloned().collect(),
            labels: labels.get(manifest).cloned().unwrap_or_default(),
        };
        (Arc::clone(manifest), reach)
    };
    found.into_iter().map(reach).collect()
}

/// Returns the declarations of a collection, its records and its amendments.
fn declarations(collection: &crate::model::DesiredCollection) -> impl Iterator<Item = &Provenance> {
    let records = collection.records.values().map(|record| &record.provenance);
    let amendments = collection.amendments.iter().map(|amendment| &amendment.provenance);
    std::iter::once(&collection.provenance).chain(records).chain(amendments)
}

/// Place of a row: its location, and the collection without its library.
type RowPlace<'a> = (&'a str, u32, u32, CollectionId);

/// Returns the place of a row.
fn place<'a>(provenance: &'a Provenance, collection: &CollectionId) -> RowPlace<'a> {
    let SourceSpan { file, start, end: _ } = &provenance.span;
    (file, start.line, start.column, CollectionId { library: None, ..collection.clone() })
}

/// Returns the zones that each changed row of a plan applies to, from the desired state of its selection.
pub fn rows(plan: &Plan, desired: &DesiredState) -> Vec<RowReach> {
    let codes = ZoneCodeIndex::new(&plan.population);
    let mut rows: HashMap<RowPlace<'_>, (&SourceSpan, BTreeSet<&ZoneCode>, BTreeSet<&ZoneCode>)> =
        HashMap::new();
    let steps = plan.zones.values().flat_map(|zone| &zone.collections);
    for change in steps.flat_map(|step| &step.diff.outcome).flat_map(|found| &found.changes) {
        let address = &change.address;
        let row = place(&change.provenance, &address.collection);
        let (_, zones, subjects) =
            rows.entry(row).or_insert_with(|| (&change.provenance.span, BTreeSet::new(), BTreeSet::new()));
        zones.insert(&address.zone);
        subjects.extend(codes.subject_of(&address.zone, &address.key));
    }
    for (zone, collections) in &desired.zones {
        for collection in collections.iter().filter(|each| each.standing == CollectionRole::Desired) {
            for (key, record) in &collection.records {
                if let Some((_, zones, subjects)) = rows.get_mut(&place(&record.provenance, &collection.id)) {
                    zones.insert(zone);
                    subjects.extend(codes.subject_of(zone, key));
                }
            }
            for amendment in &collection.amendments {
                if let Some((_, zones, _)) = rows.get_mut(&place(&amendment.provenance, &collection.id)) {
                    zones.insert(zone);
                }
            }
        }
    }
    let in_order = |zones: BTreeSet<&ZoneCode>| {
        let mut zones: Vec<ZoneCode> = zones.into_iter().cloned().collect();
        zones.sort_by_key(|code| codes.position(code.as_str()));
        zones
    };
    let mut reaches: Vec<RowReach> = (rows.into_iter())
        .map(|((.., collection), (span, zones, subjects))| RowReach {
            declared_at: span.clone(),
            collection: CollectionName::from(&collection),
            zones: in_order(zones),
            subjects: in_order(subjects),
        })
        .collect();
    reaches.sort_by(|a, b| row_order(a).cmp(&row_order(b)));
    reaches
}

/// Order of rows: by location and collection.
fn row_order(reach: &RowReach) -> (&str, u32, u32, &CollectionName) {
    let SourceSpan { file, start, end: _ } = &reach.declared_at;
    (file, start.line, start.column, &reach.collection)
}

/// Merges the rows of several plans: a row applies to all zones that it applies to in one of them.
pub fn merge_rows(population: &mut PlanPopulation) {
    let mut rows = std::mem::take(&mut population.rows);
    rows.sort_by(|a, b| row_order(a).cmp(&row_order(b)));
    let mut merged: Vec<RowReach> = Vec::new();
    for row in rows {
        match merged.last_mut().filter(|last| row_order(last) == row_order(&row)) {
            Some(last) => {
                last.zones.extend(row.zones);
                last.subjects.extend(row.subjects);
            }
            None => merged.push(row),
        }
    }
    let codes = ZoneCodeIndex::new(population);
    for RowReach { zones, subjects, .. } in &mut merged {
        for codes_of_row in [zones, subjects] {
            codes_of_row.sort_by_key(|code| (codes.position(code.as_str()), code.clone()));
            codes_of_row.dedup();
        }
    }
    population.rows = merged;
}
