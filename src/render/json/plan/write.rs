//! Converts a plan to JSON.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use super::decisions::decisions_json;
use super::terraform::{TERRAFORM_FORMAT, TERRAFORM_VERSION};
use super::{
    ChangeDetailJson, ChangeJson, CollectionJson, FORMAT, FieldChangeJson, PlanJson, ReconcilerJson,
    ResourceChangeJson, ZoneJson, ZonePartJson,
};
use crate::model::{
    ApplyMode, Change, ChangeAction, Channel, CollectionId, ComparisonMode, ContentDigest, FieldChange, Plan,
    PlanStep, Provenance, ZoneCode, ZonePlan,
};

/// Returns the plan as JSON. `digest` computes the digest of a change, `digest_set` that of a set of
/// changes.
pub fn plan(
    plan: &Plan,
    digest: impl Fn(&Change) -> ContentDigest,
    digest_set: impl Fn(Vec<ContentDigest>) -> ContentDigest,
) -> PlanJson {
    let mut document = head(plan);
    document.reconciler.decisions = decisions_json(plan, &digest, &digest_set);
    plan.zones.iter().for_each(|(code, zone)| document.add_zone(zone_part(code, zone, &digest)));
    document
}

/// Returns the part of a plan about one zone. `digest` computes the digest of a change.
pub fn zone_part(
    code: &ZoneCode,
    zone: &ZonePlan,
    digest: impl Fn(&Change) -> ContentDigest,
) -> ZonePartJson {
    let changes = |reported: bool| {
        let changes = zone.collections.iter().flat_map(|step| {
            step.diff.outcome.iter().flat_map(|found| &found.changes).map(move |change| (step, change))
        });
        changes.filter(move |(_, change)| is_reported(change) == reported)
    };
    let resources =
        |reported| changes(reported).map(|(_, change)| resource(change)).collect::<Vec<ResourceChangeJson>>();
    let details = |reported| {
        let details = changes(reported).map(|(step, change)| {
            let told = detail(&step.diff.id, step.channel, change, digest(change));
            (change.address.to_string(), told)
        });
        details.collect::<BTreeMap<String, ChangeDetailJson>>()
    };
    ZonePartJson {
        zone: self::zone((code, zone)),
        resource_changes: resources(false),
        resource_drift: resources(true),
        changes: details(false),
        drift: details(true),
    }
}

/// Returns a plan as JSON, without its zones.
pub fn head(plan: &Plan) -> PlanJson {
    PlanJson {
        format_version: TERRAFORM_FORMAT.to_owned(),
        terraform_version: TERRAFORM_VERSION,
        zonal_version: env!("CARGO_PKG_VERSION").to_owned(),
        planned_values: PhantomData,
        resource_changes: Vec::new(),
        resource_drift: Vec::new(),
        complete: plan.is_complete(),
        applyable: plan.has_work() && !plan.is_denied(),
        errored: false,
        configuration: PhantomData,
        reconciler: ReconcilerJson {
            format_version: FORMAT.to_owned(),
            network: plan.network.clone(),
            environment: plan.environment.clone(),
            selection: plan.selection.clone(),
            snapshot: plan.snapshot.clone(),
            base_revision: plan.compared.revision().map(str::to_owned),
            applied_records: match plan.compared {
                ComparisonMode::AppliedState { entries } => Some(entries),
                ComparisonMode::TwoWay | ComparisonMode::Revision(_) => None,
            },
            digest: plan.digest,
            reviewed_digests: BTreeMap::new(),
            inputs: plan.inputs.clone(),
            population: plan.population.clone(),
            counts: plan.counts(),
            cost: plan.cost,
            findings: plan.findings.clone(),
            impacts: plan.impacts.clone(),
            expectations: plan.expectations.clone(),
            origin: plan.origin.clone(),
            service: plan.service.clone(),
            zones: Vec::new(),
            change_groups: plan.change_groups.clone(),
            waves: plan.waves.clone(),
            decisions: Vec::new(),
            changes: BTreeMap::new(),
            drift: BTreeMap::new(),
        },
    }
}

fn is_reported(change: &Change) -> bool {
    match change.mode {
        ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs => true,
        ApplyMode::Apply | ApplyMode::Manual => false,
    }
}

/// Returns a change in Terraform's format.
pub fn resource(change: &Change) -> ResourceChangeJson {
    let after = || {
        let mut after = change.before.clone();
        after.extend(change.field_changes.iter().map(|edit| (edit.name.clone(), edit.after.clone())));
        after
    };
    let before = || change.before.clone();
    let (before, after) = match change.action {
        ChangeAction::Create => (None, Some(after())),
        ChangeAction::Update => (Some(before()), Some(after())),
        ChangeAction::Delete => (Some(before()), None),
    };
    let address = &change.address;
    let collection = address.collection.to_string();
    let name = collection.strip_prefix(&format!("{}/", address.collection.kind)).unwrap_or(&collection);
    let name = match address.key.0.is_empty() {
        true => name.to_owned(),
        false => format!("{name}/{}", address.key),
    };
    ResourceChangeJson {
        address: address.to_string(),
        mode: "managed",
        r#type: address.collection.kind.to_string(),
        name,
        index: address.zone.0.clone(),
        provider_name: "zonal",
        change: ChangeJson {
            actions: vec![change.action],
            before,
            after,
            after_unknown: BTreeMap::new(),
            before_sensitive: BTreeMap::new(),
            after_sensitive: BTreeMap::new(),
        },
        action_reason: change.reason.clone(),
    }
}

/// Returns the details of a change without an equivalent in Terraform's format.
pub fn detail(
    collection: &CollectionId,
    channel: Channel,
    change: &Change,
    digest: ContentDigest,
) -> ChangeDetailJson {
    let edit = |FieldChange { field, name, before: _, after: _, provenance }: &FieldChange| FieldChangeJson {
        name: name.clone(),
        field: (field != name).then(|| field.clone()),
        line: provenance.span.start.line,
        column: provenance.span.start.column,
        declared_at: (!alike(provenance, &change.provenance)).then(|| provenance.clone()),
    };
    ChangeDetailJson {
        digest,
        collection: collection.to_string(),
        mode: change.mode,
        difference: change.difference,
        origin: change.origin,
        conflict: change.conflict.clone(),
        channel,
        key: change.key.clone(),
        matches: change.matches.clone(),
        notes: change.notes.clone(),
        declared_at: change.provenance.clone(),
        field_changes: change.field_changes.iter().map(edit).collect(),
        updated_by: change.updated_by.clone(),
        update_date: change.update_date.clone(),
    }
}

/// Returns true if the same part of the same manifest contains both declarations.
fn alike(one: &Provenance, other: &Provenance) -> bool {
    one.span.file == other.span.file
        && one.manifest == other.manifest
        && one.override_index == other.override_index
}

fn zone((code, zone): (&ZoneCode, &ZonePlan)) -> ZoneJson {
    ZoneJson {
        code: code.0.clone(),
        name: zone.name.clone(),
        digest: zone.digest,
        failure: zone.failure.clone(),
        deferral: zone.deferral.clone(),
        counts: zone.counts(),
        collections: zone.collections.iter().map(|step| collection(&zone.collections, step)).collect(),
    }
}

fn collection(steps: &[PlanStep], step: &PlanStep) -> CollectionJson {
    let found = step.diff.outcome.as_ref();
    CollectionJson {
        name: step.diff.id.to_string(),
        id: (&step.diff.id).into(),
        channel: step.channel,
        menu: step.diff.shape.menu.clone(),
        switch: step.diff.shape.switch.clone(),
        defaults: step.diff.shape.defaults.clone(),
        existing: found.map(|found| found.existing).ok(),
        unlisted: found.map(|found| found.unlisted).ok(),
        second_master: found.map_or(0, |found| found.second_master),
        similar_keys: found.map(|found| found.similar_keys.clone()).unwrap_or_default(),
        in_sync: found.map_or(0, |found| found.in_sync),
        converged: found.map_or(0, |found| found.converged),
        create_only_differences: found.map_or(0, |found| found.create_only_differences),
        attested: found.map_or(0, |found| found.attested),
        unmanaged: found.map(|found| found.unmanaged.clone()).unwrap_or_default(),
        undeclared: found.map(|found| found.undeclared.clone()).unwrap_or_default(),
        notes: found.map(|found| found.notes.clone()).unwrap_or_default(),
        failure: found.err().cloned(),
        declared_at: step.diff.provenance.clone(),
        depends_on: step.depends_on.iter().map(|index| steps[*index].diff.id.to_string()).collect(),
        deferral: step.deferral.clone(),
    }
}
