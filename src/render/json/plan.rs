//! The plan in the shape of `terraform show -json`, so that rules and viewers written for it work
//! unmodified, with everything of ours under the one key `reconciler`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{DeclaredAt, Fields, Problem, fields};
use crate::model::{
    Action, Change, Channel, Cost, Counts, Digest, Drift, GroupState, Mode, Plan, Released, Step, ZoneCode,
    ZonePlan,
};

/// A plan. `format_version` changes its major number when a field goes or changes its meaning.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal plan --json")]
pub struct PlanJson {
    /// Version of the shape, as Terraform counts it.
    pub format_version: &'static str,
    /// Version of zonal.
    pub zonal_version: &'static str,
    /// What will be done, by apply or, where its channel is `runbook`, by people.
    pub resource_changes: Vec<ResourceChange>,
    /// What differs and is only reported, because its manifest says `enforcement: observe`.
    pub resource_drift: Vec<ResourceChange>,
    /// Whether every zone answered and every collection could be compared.
    pub complete: bool,
    /// Whether there is anything to apply.
    pub applyable: bool,
    /// Whether planning itself failed; a plan that is shown never did.
    pub errored: bool,
    /// Everything that Terraform has no word for.
    pub reconciler: Reconciler,
}

/// One record that changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResourceChange {
    /// `01OMNI_ALPHA/CodeTable/UserBlockDescription/CONSORTIA`.
    pub address: String,
    /// Always `managed`.
    pub mode: &'static str,
    /// The type of collection, `CodeTable`.
    pub r#type: String,
    /// Collection and key, `UserBlockDescription/CONSORTIA`.
    pub name: String,
    /// The zone's code.
    pub index: String,
    /// Always `zonal`.
    pub provider_name: &'static str,
    /// What changes.
    pub change: ChangeJson,
    /// Why, where it is not simply that the manifest wants it so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_reason: Option<String>,
}

/// Before and after.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeJson {
    /// One of `create`, `update`, `delete`.
    pub actions: Vec<Action>,
    /// The record as observed; null for a create.
    pub before: Option<Fields>,
    /// The record as it will be; null for a delete.
    pub after: Option<Fields>,
    /// Always empty: everything is known when a plan is made.
    pub after_unknown: BTreeMap<String, bool>,
    /// Always empty: nothing in a table is a secret.
    pub before_sensitive: BTreeMap<String, bool>,
    /// Always empty: nothing in a table is a secret.
    pub after_sensitive: BTreeMap<String, bool>,
}

/// What is zonal's own.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reconciler {
    /// The network's name.
    pub network: String,
    /// The environment chosen; null for the manifest as it stands.
    pub environment: Option<String>,
    /// What the plan was narrowed to, in words; null where it covers everything.
    pub selection: Option<String>,
    /// What all zones add up to.
    pub counts: Counts,
    /// What apply will cost.
    pub cost: Cost,
    /// The zones of which something is desired.
    pub zones: Vec<ZoneJson>,
    /// Zones with the same changes.
    pub groups: Vec<GroupJson>,
    /// One entry for each of `resource_changes` and `resource_drift`, by address.
    pub changes: BTreeMap<String, ChangeDetail>,
}

/// One zone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ZoneJson {
    /// Alma's institution code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Why it could not be asked, where it could not.
    pub failure: Option<Problem>,
    /// What its changes add up to.
    pub counts: Counts,
    /// Its collections, in the order in which apply takes them.
    pub collections: Vec<CollectionJson>,
}

/// One collection of a zone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CollectionJson {
    /// `CodeTable/UserBlockDescription[language=en]`.
    pub name: String,
    /// How changes reach the zone.
    pub channel: Channel,
    /// Records that the zone has; null where it could not be compared.
    pub existing: Option<usize>,
    /// Records that no manifest mentions; null where it could not be compared.
    pub unmanaged: Option<usize>,
    /// What manifests have let go of it: no longer managed by zonal, but staying as it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub released: Vec<ReleasedJson>,
    /// What is worth telling of it although nothing changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why it cannot be planned, where it cannot.
    pub failure: Option<Problem>,
    /// Names of the collections that must be written before it.
    pub after: Vec<String>,
}

/// What one manifest has let go, by saying `enforcement: release`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReleasedJson {
    /// The manifest, and where it stands.
    pub declared_at: DeclaredAt,
    /// Records that the zone has of those that it speaks of.
    pub records: usize,
}

/// Zones with the same changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GroupJson {
    /// Of what would be done in each of them.
    pub digest: Digest,
    /// What the group is about.
    pub state: GroupState,
    /// Their codes.
    pub zones: Vec<ZoneCodeJson>,
}

/// Alma's institution code.
pub type ZoneCodeJson = String;

/// What Terraform has no word for, of one change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeDetail {
    /// Of what the change does and where.
    pub digest: Digest,
    /// Whether apply does it or it is only reported.
    pub mode: Mode,
    /// In what way the zone is not as it is wanted.
    pub drift: Drift,
    /// How it reaches the zone.
    pub channel: Channel,
    /// What the change means, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Where the record is declared.
    pub declared_at: DeclaredAt,
    /// Where each field that is set is declared.
    pub fields: BTreeMap<String, DeclaredAt>,
    /// Who changed the record last, where the zone says so.
    pub updated_by: Option<String>,
    /// When it was changed last, as the zone writes it.
    pub update_date: Option<String>,
}

/// The plan as JSON. `digest` gives a change's digest.
pub fn plan(plan: &Plan, digest: impl Fn(&Change) -> Digest) -> PlanJson {
    let changes = || {
        plan.zones.values().flat_map(|zone| &zone.collections).flat_map(|step| {
            step.diff.outcome.iter().flat_map(|found| &found.changes).map(move |change| (step, change))
        })
    };
    PlanJson {
        format_version: "1.2",
        zonal_version: env!("CARGO_PKG_VERSION"),
        resource_changes: changes()
            .filter(|(_, change)| change.mode != Mode::Report)
            .map(|(_, change)| resource(change))
            .collect(),
        resource_drift: changes()
            .filter(|(_, change)| change.mode == Mode::Report)
            .map(|(_, change)| resource(change))
            .collect(),
        complete: plan.is_complete(),
        applyable: plan.has_work(),
        errored: false,
        reconciler: Reconciler {
            network: plan.network.clone(),
            environment: plan.environment.clone(),
            selection: plan.selection.clone(),
            counts: plan.counts(),
            cost: plan.cost,
            zones: plan.zones.iter().map(zone).collect(),
            groups: plan
                .groups
                .iter()
                .map(|group| GroupJson {
                    digest: group.digest,
                    state: group.state,
                    zones: group.zones.iter().map(ToString::to_string).collect(),
                })
                .collect(),
            changes: changes()
                .map(|(step, change)| (change.address.to_string(), detail(step, change, digest(change))))
                .collect(),
        },
    }
}

/// One change in Terraform's shape.
pub fn resource(change: &Change) -> ResourceChange {
    let mut after = change.before.clone();
    for edit in &change.edits {
        after.insert(edit.name.clone(), edit.after.clone());
    }
    let (before, after) = match change.action {
        Action::Create => (None, Some(fields(&after))),
        Action::Update => (Some(fields(&change.before)), Some(fields(&after))),
        Action::Delete => (Some(fields(&change.before)), None),
    };
    let address = &change.address;
    let collection = address.collection.to_string();
    let name = collection.strip_prefix(&format!("{}/", address.collection.kind)).unwrap_or(&collection);
    ResourceChange {
        address: address.to_string(),
        mode: "managed",
        r#type: address.collection.kind.to_string(),
        name: format!("{name}/{}", address.key),
        index: address.zone.to_string(),
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

fn detail(step: &Step, change: &Change, digest: Digest) -> ChangeDetail {
    ChangeDetail {
        digest,
        mode: change.mode,
        drift: change.drift,
        channel: step.channel,
        notes: change.notes.iter().map(ToString::to_string).collect(),
        declared_at: (&change.provenance).into(),
        fields: change.edits.iter().map(|edit| (edit.name.to_string(), (&edit.provenance).into())).collect(),
        updated_by: change.updated_by.clone(),
        update_date: change.update_date.clone(),
    }
}

fn zone((code, zone): (&ZoneCode, &ZonePlan)) -> ZoneJson {
    ZoneJson {
        code: code.to_string(),
        name: zone.name.clone(),
        failure: zone.failure.as_ref().map(Problem::from),
        counts: zone.counts(),
        collections: zone.collections.iter().map(|step| collection(&zone.collections, step)).collect(),
    }
}

fn released(Released { provenance, records }: &Released) -> ReleasedJson {
    ReleasedJson { declared_at: provenance.into(), records: *records }
}

fn collection(steps: &[Step], step: &Step) -> CollectionJson {
    let found = step.diff.outcome.as_ref();
    CollectionJson {
        name: step.diff.id.to_string(),
        channel: step.channel,
        existing: found.map(|found| found.existing).ok(),
        unmanaged: found.map(|found| found.unmanaged).ok(),
        released: found.map(|found| found.released.iter().map(released).collect()).unwrap_or_default(),
        notes: found.map(|found| found.notes.clone()).unwrap_or_default(),
        failure: found.err().map(Problem::from),
        after: step.after.iter().map(|index| steps[*index].diff.id.to_string()).collect(),
    }
}
