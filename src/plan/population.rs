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

/// Place of a row in its collection: file, line and column.
type RowPlace<'a> = (&'a str, u32, u32);

fn place(provenance: &Provenance) -> RowPlace<'_> {
    let SourceSpan { file, start, end: _ } = &provenance.span;
    (file, start.line, start.column)
}

/// Zones and subjects of a row.
struct ReachDraft<'a> {
    span: &'a SourceSpan,
    zones: BTreeSet<&'a ZoneCode>,
    subjects: BTreeSet<&'a ZoneCode>,
}

/// Returns the zones that each changed row of a plan applies to, from the desired state of its selection.
pub fn rows(plan: &Plan, desired: &DesiredState) -> Vec<RowReach> {
    let codes = ZoneCodeIndex::new(&plan.population);
    let without_library = |id: &CollectionId| CollectionId { library: None, ..id.clone() };
    let mut rows: HashMap<CollectionId, HashMap<RowPlace<'_>, ReachDraft<'_>>> = HashMap::new();
    for (zone, step) in
        plan.zones.iter().flat_map(|(code, zone)| zone.collections.iter().map(move |step| (code, step)))
    {
        let changes = step.diff.outcome.iter().flat_map(|found| &found.changes);
        let mut changes = changes.peekable();
        if changes.peek().is_none() {
            continue;
        }
        let of_collection = rows.entry(without_library(&step.diff.id)).or_default();
        for change in changes {
            let draft = of_collection.entry(place(&change.provenance)).or_insert_with(|| ReachDraft {
                span: &change.provenance.span,
                zones: BTreeSet::new(),
                subjects: BTreeSet::new(),
            });
            draft.zones.insert(zone);
            draft.subjects.extend(codes.subject_of(zone, &change.address.key));
        }
    }
    for (zone, collections) in &desired.zones {
        for collection in collections.iter().filter(|each| each.standing == CollectionRole::Desired) {
            let Some(of_collection) = rows.get_mut(&without_library(&collection.id)) else { continue };
            for (key, record) in &collection.records {
                if let Some(draft) = of_collection.get_mut(&place(&record.provenance)) {
                    draft.zones.insert(zone);
                    draft.subjects.extend(codes.subject_of(zone, key));
                }
            }
            for amendment in &collection.amendments {
                if let Some(draft) = of_collection.get_mut(&place(&amendment.provenance)) {
                    draft.zones.insert(zone);
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
        .flat_map(|(collection, drafts)| {
            let name = CollectionName::from(&collection);
            drafts.into_values().map(move |draft| (name.clone(), draft))
        })
        .map(|(collection, ReachDraft { span, zones, subjects })| RowReach {
            declared_at: span.clone(),
            collection,
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
