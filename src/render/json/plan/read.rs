//! Reads a plan file for display. The result contains no data that apply executes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{
    ChangeDetailJson, CollectionJson, FORMAT, FieldChangeJson, PlanJson, ResourceChangeJson, ZoneJson,
    ZonePartJson,
};
use crate::model::{
    AppliedStateUpdate, Change, ChangeAction, CollectionChanges, CollectionDiff, CollectionId,
    CollectionShape, ComparisonMode, FieldChange, FieldValue, ObservationSource, Plan, PlanStep, Provenance,
    RecordAddress, RecordKey, SourcePosition, SourceSpan, ZoneCode, ZonePlan,
};

/// Error in a plan file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanFileError {
    /// Not a plan file, or a damaged one.
    #[error("not a zonal plan file: {0}")]
    NotAPlan(String),
    /// Format of an older zonal.
    #[error("made by an older zonal (format version {0}), plan again")]
    Older(String),
    /// Format of a newer zonal.
    #[error("made by a newer zonal: unsupported format version {0}, expected 3.x")]
    Version(String),
    /// Inconsistent content.
    #[error("inconsistent plan file: {0}")]
    Torn(String),
}

/// Parses the text of a plan file.
///
/// # Errors
/// [`PlanFileError`], with the problem and its location.
pub fn parse(text: &str) -> Result<PlanJson, PlanFileError> {
    parse_if(text, is_current)
}

/// Parses the stored plan of a run, also of an older zonal.
///
/// # Errors
/// [`PlanFileError`], with the problem and its location.
pub fn parse_stored(text: &str) -> Result<PlanJson, PlanFileError> {
    parse_if(text, |version| is_current(version) || major_number(version) == Some(2))
}

/// Parses a plan whose format version is readable.
fn parse_if(text: &str, is_readable: impl Fn(&str) -> bool) -> Result<PlanJson, PlanFileError> {
    let unreadable = |version: &str| match major_number(version) < major_number(FORMAT) {
        true => PlanFileError::Older(version.to_owned()),
        false => PlanFileError::Version(version.to_owned()),
    };
    match serde_json::from_str::<PlanJson>(text) {
        Ok(file) => {
            let version = format_of(&file.format_version, &file.reconciler.format_version);
            if is_readable(version) { Ok(file) } else { Err(unreadable(version)) }
        }
        // The format of another version is unknown, so the version error takes precedence.
        Err(error) => match serde_json::from_str::<PlanVersions>(text) {
            Ok(PlanVersions { format_version, reconciler: own })
                if !is_readable(format_of(&format_version, &own.format_version)) =>
            {
                Err(unreadable(format_of(&format_version, &own.format_version)))
            }
            Ok(_) | Err(_) => Err(PlanFileError::NotAPlan(error.to_string())),
        },
    }
}

/// Versions in a plan file of any zonal.
#[derive(serde::Deserialize)]
struct PlanVersions {
    format_version: String,
    reconciler: ReconcilerVersion,
}

#[derive(serde::Deserialize)]
struct ReconcilerVersion {
    #[serde(default)]
    format_version: String,
}

/// Returns the version of zonal's format. Before 3.0, it stood in the place of Terraform's.
fn format_of<'a>(terraform: &'a str, reconciler: &'a str) -> &'a str {
    if reconciler.is_empty() { terraform } else { reconciler }
}

fn is_current(version: &str) -> bool {
    major_number(version) == major_number(FORMAT)
}

fn major_number(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

/// Parses the stored part of a plan about one zone.
///
/// # Errors
/// [`PlanFileError`], with the problem.
pub fn parse_zone_part(text: &str) -> Result<ZonePartJson, PlanFileError> {
    serde_json::from_str(text).map_err(|error| PlanFileError::NotAPlan(error.to_string()))
}

impl TryFrom<PlanJson> for Plan {
    type Error = PlanFileError;

    fn try_from(file: PlanJson) -> Result<Self, PlanFileError> {
        let PlanJson { resource_changes, resource_drift, reconciler, .. } = file;
        let mut zones: BTreeMap<ZoneCode, ZonePlan> = BTreeMap::new();
        let mut places: BTreeMap<(Arc<str>, String), usize> = BTreeMap::new();
        for each in reconciler.zones {
            let names =
                each.collections.iter().map(|collection| (each.code.clone(), collection.name.clone()));
            places.extend(names.zip(0..));
            let (code, zone) = zone(each)?;
            if zones.insert(code.clone(), zone).is_some() {
                return Err(PlanFileError::Torn(format!("duplicate zone {code}")));
            }
        }
        let listed = [(resource_changes, reconciler.changes), (resource_drift, reconciler.drift)];
        for (resources, mut details) in listed {
            for resource in resources {
                let ResourceChangeJson { address, .. } = &resource;
                let torn = |what: &str| PlanFileError::Torn(format!("{address} {what}"));
                let detail = details.remove(address).ok_or_else(|| torn("has no entry in `reconciler`"))?;
                let place = (resource.index.clone(), detail.collection.clone());
                let zone = zones.get_mut(&ZoneCode(resource.index.clone()));
                let place = places.get(&place).copied();
                let step = zone.zip(place).and_then(|(zone, place)| zone.collections.get_mut(place));
                let found = step.and_then(|step| Some((&step.diff.id, step.diff.outcome.as_mut().ok()?)));
                let (id, found) = found.ok_or_else(|| torn("belongs to no collection of the plan"))?;
                let change = change(id, resource, detail)?;
                found.changes.push(change);
            }
        }
        for step in zones.values_mut().flat_map(|zone| &mut zone.collections) {
            if let Ok(found) = &mut step.diff.outcome {
                found.changes.sort_by(|a, b| (&a.address.key, a.mode).cmp(&(&b.address.key, b.mode)));
            }
        }
        let mut grouped = reconciler.change_groups.iter();
        if grouped
            .any(|group| group.zones.is_empty() || group.zones.iter().any(|code| !zones.contains_key(code)))
        {
            return Err(PlanFileError::Torn("a change group contains an unknown zone".to_owned()));
        }
        Ok(Self {
            network: reconciler.network,
            environment: reconciler.environment,
            selection: reconciler.selection,
            snapshot: reconciler.snapshot,
            compared: match (reconciler.base_revision, reconciler.applied_records) {
                (Some(revision), _) => ComparisonMode::Revision(revision),
                (None, Some(entries)) => ComparisonMode::AppliedState { entries },
                (None, None) => ComparisonMode::TwoWay,
            },
            change_groups: reconciler.change_groups,
            waves: reconciler.waves,
            cost: reconciler.cost,
            digest: reconciler.digest,
            findings: reconciler.findings,
            impacts: reconciler.impacts,
            expectations: reconciler.expectations,
            inputs: reconciler.inputs,
            service: reconciler.service,
            origin: reconciler.origin,
            population: reconciler.population,
            zones,
        })
    }
}

fn zone(zone: ZoneJson) -> Result<(ZoneCode, ZonePlan), PlanFileError> {
    let ZoneJson { code, name, digest, failure, deferral: hold, counts: _, collections } = zone;
    let names: Vec<String> = collections.iter().map(|collection| collection.name.clone()).collect();
    let steps = collections.into_iter().map(|collection| {
        let place = |name: &String| names.iter().position(|other| other == name);
        let after: Option<Vec<usize>> = collection.depends_on.iter().map(place).collect();
        let torn =
            || PlanFileError::Torn(format!("{code}/{} depends on a missing collection", collection.name));
        let after = after.ok_or_else(torn)?;
        Ok(step(collection, after))
    });
    let collections = steps.collect::<Result<Vec<PlanStep>, PlanFileError>>()?;
    Ok((ZoneCode(code.clone()), ZonePlan { name, failure, collections, digest, deferral: hold }))
}

fn step(collection: CollectionJson, after: Vec<usize>) -> PlanStep {
    let CollectionJson {
        name: _,
        id,
        channel,
        menu,
        switch,
        defaults,
        declared_at,
        failure,
        deferral: hold,
        ..
    } = collection;
    let id = CollectionId::from(id);
    let outcome = match failure {
        Some(problem) => Err(problem),
        None => Ok(CollectionChanges {
            changes: Vec::new(),
            existing: collection.existing.unwrap_or_default(),
            in_sync: collection.in_sync,
            converged: collection.converged,
            learned: AppliedStateUpdate::default(),
            unlisted: collection.unlisted.unwrap_or_default(),
            second_master: collection.second_master,
            similar_keys: collection.similar_keys,
            create_only_differences: collection.create_only_differences,
            unmanaged: collection.unmanaged,
            undeclared: collection.undeclared,
            attested: collection.attested,
            notes: collection.notes,
            references: None,
            channel,
            witness: ObservationSource::Zone,
        }),
    };
    let diff = CollectionDiff {
        asked: vec![id.clone()],
        id,
        siblings: Vec::new(),
        shape: Arc::new(CollectionShape { menu, switch, defaults, ..CollectionShape::default() }),
        requires: BTreeSet::new(),
        provenance: declared_at,
        outcome,
    };
    PlanStep { diff, depends_on: after, channel, deferral: hold }
}

/// Converts a change of a collection from JSON.
///
/// # Errors
/// [`PlanFileError::Torn`].
pub fn change(
    id: &CollectionId,
    resource: ResourceChangeJson,
    detail: ChangeDetailJson,
) -> Result<Change, PlanFileError> {
    let ResourceChangeJson { address, index, change, action_reason, .. } = resource;
    let torn = |what: &str| PlanFileError::Torn(format!("{address} {what}"));
    let action = *change.actions.first().ok_or_else(|| torn("has no action"))?;
    let before = change.before.unwrap_or_default();
    let after = change.after.unwrap_or_default();
    let provenance = detail.declared_at;
    let edit = |FieldChangeJson { name, field, line, column, declared_at }: FieldChangeJson| {
        let at = SourcePosition { line, column, byte: 0 };
        let here = || Provenance {
            span: SourceSpan { file: provenance.span.file.clone(), start: at, end: at },
            ..provenance.clone()
        };
        Some(FieldChange {
            field: field.unwrap_or_else(|| name.clone()),
            before: before.get(&name).cloned(),
            after: after.get(&name)?.clone(),
            name,
            provenance: declared_at.unwrap_or_else(here),
        })
    };
    let edits = match action {
        ChangeAction::Create | ChangeAction::Update => {
            detail.field_changes.into_iter().map(edit).collect::<Option<Vec<FieldChange>>>()
        }
        ChangeAction::Delete => Some(Vec::new()),
    };
    let edits = edits.ok_or_else(|| torn("changes a field that is missing in `after`"))?;
    let part = |value: &FieldValue| match value {
        FieldValue::Text(text) => text.clone(),
        FieldValue::Null | FieldValue::Bool(_) | FieldValue::List(_) => "".into(),
    };
    let key = RecordKey(detail.key.iter().map(|(_, value)| part(value)).collect());
    Ok(Change {
        address: RecordAddress { zone: ZoneCode(index), collection: id.clone(), key },
        action,
        key: detail.key,
        matches: detail.matches,
        before,
        field_changes: edits,
        mode: detail.mode,
        difference: detail.difference,
        origin: detail.origin,
        conflict: detail.conflict,
        reason: action_reason,
        notes: detail.notes,
        provenance,
        updated_by: detail.updated_by,
        update_date: detail.update_date,
    })
}
