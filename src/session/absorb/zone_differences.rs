//! Differences of a plan that rows of tables declare, and the ones that stay with the reason.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::spec_tree::SpecTree;
use crate::manifest::SourceFile;
use crate::manifest::yaml_node::YamlValue;
use crate::model::{
    ApplyMode, Change, ChangeAction, ChangeOrigin, CollectionId, DesiredCollection, DesiredRecord,
    DesiredState, FieldName, FieldValue, Plan, RecordAddress, RecordKey, ZoneCode, manifest_kind,
};
use crate::render::json::absorb::{AbsorbLayer, LeftDifference};
use crate::session::load::LoadedConfig;

/// Kinds whose rows are records as written.
const TABLE_KINDS: [&str; 2] = ["CodeTable", "MappingTable"];

/// Difference between a row of a manifest and its record in a zone.
#[derive(Debug, Clone)]
pub struct ZoneDifference {
    /// Address of the record.
    pub address: RecordAddress,
    /// Manifest, `KIND/NAME`.
    pub manifest: Arc<str>,
    /// Collection, as named in the manifest.
    pub collection: CollectionId,
    /// Key, as declared.
    pub key: RecordKey,
    /// State in the zone.
    pub found: FoundRecord,
}

/// State of a record in the zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoundRecord {
    /// Different values, under the names of the manifest.
    Values(BTreeMap<FieldName, FieldValue>),
    /// Missing.
    Missing,
}

/// Differences, and those that stay.
#[derive(Debug, Default)]
pub struct CollectedDifferences {
    /// Differences that an edit can absorb.
    pub placeable: Vec<ZoneDifference>,
    /// Differences that stay.
    pub left: Vec<LeftDifference>,
}

/// Collects the differences of a plan with one of the addresses, or all.
pub fn collect(
    plan: &Plan,
    config: &LoadedConfig,
    addresses: &[String],
    layer: AbsorbLayer,
) -> CollectedDifferences {
    let mut collected = CollectedDifferences::default();
    let mut found_addresses = vec![false; addresses.len()];
    let mut trees = WrittenSpecs { sources: &config.sources, specs: BTreeMap::new() };
    let steps = plan.zones.values().flat_map(|zone| &zone.collections);
    for change in steps.flat_map(|step| &step.diff.outcome).flat_map(|found| &found.changes) {
        let matching: Vec<usize> =
            (0..addresses.len()).filter(|&index| covers(&addresses[index], &change.address)).collect();
        matching.iter().for_each(|&index| found_addresses[index] = true);
        if matching.is_empty() && !addresses.is_empty() {
            continue;
        }
        match difference(change, &config.desired, &mut trees, layer) {
            Ok(difference) => collected.placeable.push(difference),
            Err(reason) => {
                collected.left.push(LeftDifference { address: change.address.to_string(), reason });
            }
        }
    }
    let unmatched = addresses.iter().zip(found_addresses).filter(|(_, found)| !found);
    collected.left.extend(unmatched.map(|(address, _)| LeftDifference {
        address: address.clone(),
        reason: "no difference has this address; `zonal plan` shows the differences".to_owned(),
    }));
    collected
}

/// Returns true if an address names the record, its collection or its zone, with or without the zone.
fn covers(address: &str, record: &RecordAddress) -> bool {
    let (full, local) = (record.to_string(), record.without_zone());
    [full, local].iter().any(|known| {
        known.strip_prefix(address).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
    })
}

struct WrittenSpecs<'a> {
    sources: &'a [SourceFile],
    specs: BTreeMap<Arc<str>, Option<SpecTree>>,
}

impl WrittenSpecs<'_> {
    fn get(&mut self, manifest: &Arc<str>, file: &str) -> Option<&SpecTree> {
        let sources = self.sources;
        let parse = || SpecTree::parse(sources.iter().find(|source| *source.file == *file)?, manifest);
        self.specs.entry(Arc::clone(manifest)).or_insert_with(parse).as_ref()
    }
}

/// Returns the desired record of a manifest in a zone.
pub fn find_record<'a>(
    desired: &'a DesiredState,
    zone: &ZoneCode,
    difference: &ZoneDifference,
) -> Option<(&'a DesiredCollection, &'a DesiredRecord)> {
    desired.zones.get(zone)?.iter().find_map(|collection| {
        let is_declared =
            collection.provenance.manifest == difference.manifest && collection.id == difference.collection;
        let record = collection.records.get(&difference.key).filter(|_| is_declared)?;
        Some((collection, &**record))
    })
}

fn difference(
    change: &Change,
    desired: &DesiredState,
    trees: &mut WrittenSpecs<'_>,
    layer: AbsorbLayer,
) -> Result<ZoneDifference, String> {
    let manifest = &change.provenance.manifest;
    let kind = manifest_kind(manifest);
    if !TABLE_KINDS.contains(&kind) {
        return Err(format!("{manifest} generates the record; edit this manifest by hand"));
    }
    match (change.origin, change.mode) {
        (Some(ChangeOrigin::Pending), _) => {
            return Err("changed in the manifests since the last apply, not in the zone; apply it".to_owned());
        }
        (Some(ChangeOrigin::Conflict), _) => {
            return Err("changed in both the manifests and the zone; edit the manifest by hand".to_owned());
        }
        (_, ApplyMode::Manual) => {
            return Err("zonal cannot read the record, so its values are not known".to_owned());
        }
        (Some(ChangeOrigin::Drifted) | None, _) => {}
    }
    let own = desired.zones.get(&change.address.zone).into_iter().flatten();
    let located =
        own.filter(|collection| collection.provenance.manifest == *manifest).find_map(|collection| {
            let is_same = |record: &DesiredRecord| record.provenance.span == change.provenance.span;
            let (key, record) = collection.records.iter().find(|(_, record)| is_same(record))?;
            Some((collection, key, record))
        });
    let Some((collection, key, record)) = located else {
        return Err("no row declares the record; add a row by hand".to_owned());
    };
    let found = match change.action {
        ChangeAction::Delete => {
            return Err(
                "the manifests delete the record, and the zone has it; edit the row by hand".to_owned()
            );
        }
        ChangeAction::Create => FoundRecord::Missing,
        ChangeAction::Update => FoundRecord::Values(observed_values(change, record)?),
    };
    let file = &change.provenance.span.file;
    if let FoundRecord::Values(values) = &found
        && matches!(layer, AbsorbLayer::Shared | AbsorbLayer::Override)
    {
        let tree = trees.get(manifest, file).ok_or("zonal cannot find the manifest in its file")?;
        values.keys().try_for_each(|name| check_written(tree, record, name))?;
    }
    Ok(ZoneDifference {
        address: change.address.clone(),
        manifest: Arc::clone(manifest),
        collection: collection.id.clone(),
        key: key.clone(),
        found,
    })
}

/// Returns the observed values of the different fields, under the names of the manifest.
fn observed_values(
    change: &Change,
    record: &DesiredRecord,
) -> Result<BTreeMap<FieldName, FieldValue>, String> {
    let mut values = BTreeMap::new();
    for edit in &change.field_changes {
        let declared = record.fields.keys().find(|name| **name == edit.name || **name == edit.field);
        let Some(name) = declared else {
            return Err(format!("no row declares the value of {}; edit the manifest by hand", edit.name));
        };
        if edit.provenance.manifest != change.provenance.manifest {
            return Err(format!(
                "several manifests declare the record: {} and {}; edit one by hand",
                change.provenance.manifest, edit.provenance.manifest
            ));
        }
        let Some(observed) = &edit.before else {
            return Err(format!("the zone does not show {}", edit.name));
        };
        values.insert(Arc::clone(name), observed.clone());
    }
    match values.is_empty() {
        true => Err("no value of the record differs".to_owned()),
        false => Ok(values),
    }
}

/// Checks that a value is written as itself, and not as a variable.
fn check_written(tree: &SpecTree, record: &DesiredRecord, name: &FieldName) -> Result<(), String> {
    let start = record.fields.get(name).map(|value| value.provenance.span.start.byte);
    let rows = tree.rows();
    let written = rows.iter().find_map(|row| {
        row.value(name).map(|(_, node)| node).filter(|node| Some(node.extent.start.byte) == start)
    });
    match written {
        None => Err(format!("the row does not contain {name} as a value of its own; edit it by hand")),
        Some(node) if matches!(node.value, YamlValue::Map(_)) => {
            Err(format!("{name} comes from a variable; change `vars` of the zone in the Network manifest"))
        }
        Some(_) => Ok(()),
    }
}
