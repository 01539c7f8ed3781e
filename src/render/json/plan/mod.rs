//! The plan in the shape of `terraform show -json`, so that rules and viewers written for it work
//! unmodified, with everything of ours under the one key `reconciler`. A plan file is the same, and
//! is read back whole: see [`read`].

mod expectation_forecast;
mod read;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DeclarationJson, FailureJson, FindingJson};
use crate::model::{
    ApplyMode, ChangeAction, ChangeConflict, ChangeGroupState, ChangeOrigin, Channel, CollectionName,
    ContentDigest, Deferral, DifferenceType, FieldName, FieldValue, PlanCost, PlanCounts, PlanImpact,
    PlanInputs, Record,
};

pub use self::expectation_forecast::{BrokenExpectationJson, ExpectationForecastJson};
pub(super) use self::read::change;
pub use self::read::{PlanFileError, parse};
pub(super) use self::write::detail;
pub use self::write::{plan, resource};

/// Version of the shape, as Terraform counts it. Its major number changes when a field goes or changes
/// its meaning.
pub const FORMAT: &str = "1.4";

/// A plan.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "zonal plan --json")]
pub struct PlanJson {
    /// Version of the shape, as Terraform counts it: one with another major number is not to be read.
    pub format_version: String,
    /// Version of zonal.
    pub zonal_version: String,
    /// What will be done, by apply or, where its channel is `runbook`, by people.
    pub resource_changes: Vec<ResourceChangeJson>,
    /// What differs and is only reported, because its manifest says `enforcement: report`, or left for
    /// a later apply by `--only-drift`, or to the zone by `conflict: theirs`.
    pub resource_drift: Vec<ResourceChangeJson>,
    /// Whether every zone answered and every collection could be compared.
    pub complete: bool,
    /// Whether there is anything to apply.
    pub applyable: bool,
    /// Whether planning itself failed; a plan that is shown never did.
    pub errored: bool,
    /// Everything that Terraform has no word for.
    pub reconciler: ReconcilerJson,
}

/// One record that changes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ResourceChangeJson {
    /// `01OMNI_ALPHA/CodeTable/UserBlockDescription/CONSORTIA`.
    pub address: String,
    /// Always `managed`.
    #[serde(skip_deserializing)]
    pub mode: &'static str,
    /// The type of collection, `CodeTable`.
    #[serde(skip_deserializing)]
    pub r#type: String,
    /// Collection and key, `UserBlockDescription/CONSORTIA`.
    #[serde(skip_deserializing)]
    pub name: String,
    /// The zone's code.
    pub index: Arc<str>,
    /// Always `zonal`.
    #[serde(skip_deserializing)]
    pub provider_name: &'static str,
    /// What changes.
    pub change: ChangeJson,
    /// Why, where it is not simply that the manifest wants it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_reason: Option<String>,
}

/// Before and after. Fields are called as people call them.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangeJson {
    /// One of `create`, `update`, `delete`.
    pub actions: Vec<ChangeAction>,
    /// The record as observed; null for a create.
    pub before: Option<Record>,
    /// The record as it will be; null for a delete.
    pub after: Option<Record>,
    /// Always empty: everything is known when a plan is made.
    #[serde(skip_deserializing)]
    pub after_unknown: BTreeMap<String, bool>,
    /// Always empty: nothing in a table is a secret.
    #[serde(skip_deserializing)]
    pub before_sensitive: BTreeMap<String, bool>,
    /// Always empty: nothing in a table is a secret.
    #[serde(skip_deserializing)]
    pub after_sensitive: BTreeMap<String, bool>,
}

/// What is zonal's own.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReconcilerJson {
    /// The network's name.
    pub network: String,
    /// The environment chosen; null for the manifest as it stands.
    pub environment: Option<String>,
    /// What the plan was narrowed to, in words; null where it covers everything.
    pub selection: Option<String>,
    /// The file with the snapshot that the manifests were compared with; null where it was the zones.
    #[serde(default)]
    pub snapshot: Option<String>,
    /// The revision whose manifests count as applied last; null where nothing tells what was.
    #[serde(default)]
    pub base_revision: Option<String>,
    /// How many records a store knows as applied last, in the zones of the plan; not there where none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_records: Option<usize>,
    /// Of everything that would be done: what is approved when the plan is.
    pub digest: ContentDigest,
    /// The digests that zones must be approved by, where they are those of a plan file of which part was done before.
    /// Only a run's own plan in the store holds them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(skip)]
    pub reviewed_digests: BTreeMap<Arc<str>, ContentDigest>,
    /// What the plan was made from.
    pub inputs: PlanInputs,
    /// What all zones add up to.
    pub counts: PlanCounts,
    /// What apply will cost.
    pub cost: PlanCost,
    /// What guards and policies found, the gravest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingJson>,
    /// What the changes mean for members and their users. New in 1.4.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub impacts: Vec<PlanImpact>,
    /// What becomes of the expectations once the plan is done; not there where nothing is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expectations: Option<ExpectationForecastJson>,
    /// The zones of which something is desired.
    pub zones: Vec<ZoneJson>,
    /// Zones with the same changes.
    pub change_groups: Vec<ChangeGroupJson>,
    /// The waves in which apply goes through the zones; not there where it is all zones at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waves: Vec<WaveJson>,
    /// One entry for each of `resource_changes`, by address.
    pub changes: BTreeMap<String, ChangeDetailJson>,
    /// One entry for each of `resource_drift`, by address.
    pub drift: BTreeMap<String, ChangeDetailJson>,
}

/// One zone.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ZoneJson {
    /// Alma's institution code.
    pub code: Arc<str>,
    /// What people call it.
    pub name: String,
    /// Of what would be done in it, and where: what is approved when the zone is.
    pub digest: ContentDigest,
    /// Why it could not be asked, where it could not.
    pub failure: Option<FailureJson>,
    /// Why apply would leave it alone, where it would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Deferral>,
    /// What its changes add up to.
    pub counts: PlanCounts,
    /// Its collections, in the order in which apply takes them.
    pub collections: Vec<CollectionJson>,
}

/// One collection of a zone.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct CollectionJson {
    /// `CodeTable/UserBlockDescription[language=en]`.
    pub name: String,
    /// The name in its parts.
    pub id: CollectionName,
    /// How changes reach the zone.
    pub channel: Channel,
    /// Where a person finds it in Alma; empty where that is not known.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub menu: Arc<str>,
    /// Records that the zone has; null where it could not be compared.
    pub existing: Option<usize>,
    /// Records that no manifest mentions; null where it could not be compared.
    pub unlisted: Option<usize>,
    /// Records that are as they are wanted.
    #[serde(default, skip_serializing_if = "is_none")]
    pub in_sync: usize,
    /// Of those, records that both the manifests and the zone changed, in the same way.
    #[serde(default, skip_serializing_if = "is_none")]
    pub converged: usize,
    /// Records that differ and are left alone, because the manifest says `enforcement: createOnly`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub create_only_differences: usize,
    /// Records that are as wanted because somebody has attested it.
    #[serde(default, skip_serializing_if = "is_none")]
    pub attested: usize,
    /// What manifests have let go of it: no longer managed by zonal, but staying as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmanaged: Vec<UnmanagedCollectionJson>,
    /// What is worth telling of it although nothing changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why it cannot be planned, where it cannot.
    pub failure: Option<FailureJson>,
    /// The first manifest that speaks of it.
    pub declared_at: DeclarationJson,
    /// Names of the collections that must be written before it.
    pub depends_on: Vec<String>,
    /// Why apply would leave it alone, where it would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Deferral>,
}

fn is_none(number: &usize) -> bool {
    *number == 0
}

/// What one manifest has let go, by saying `enforcement: unmanage`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct UnmanagedCollectionJson {
    /// The manifest, and where it stands.
    pub declared_at: DeclarationJson,
    /// Records that the zone has of those that it speaks of.
    pub records: usize,
}

/// Zones with the same changes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangeGroupJson {
    /// Of what would be done in each of them: what is approved when the group is.
    pub digest: ContentDigest,
    /// What the group is about.
    pub state: ChangeGroupState,
    /// Their codes.
    pub zones: Vec<Arc<str>>,
}

/// One wave of the rollout.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct WaveJson {
    /// Its name.
    pub name: Arc<str>,
    /// The zones of it that apply has work in.
    pub zones: Vec<Arc<str>>,
}

/// What Terraform has no word for, of one change.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangeDetailJson {
    /// Of what the change does and where.
    pub digest: ContentDigest,
    /// The collection, as its zone lists it.
    pub collection: String,
    /// Whether apply does it or it is only reported.
    pub mode: ApplyMode,
    /// In what way the zone is not as it is wanted.
    pub difference: DifferenceType,
    /// Who moved since the manifests were last applied, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<ChangeOrigin>,
    /// Where both moved, each in its own way: what was applied last, and what is done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Box<ChangeConflict>>,
    /// How it reaches the zone.
    pub channel: Channel,
    /// The record's identity: fields, as the collection itself calls them, and values.
    pub key: Vec<(FieldName, FieldValue)>,
    /// Where the change stands for every record of a sort: what these have in common.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<Vec<(FieldName, FieldValue)>>,
    /// What the change means, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Arc<str>>,
    /// Where the record is declared.
    pub declared_at: DeclarationJson,
    /// The fields that are set.
    pub field_changes: Vec<FieldChangeJson>,
    /// Who changed the record last, where the zone says so.
    pub updated_by: Option<String>,
    /// When it was changed last, as the zone writes it.
    pub update_date: Option<String>,
}

/// One field that is set; its values are in the change's `before` and `after`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FieldChangeJson {
    /// What people call it.
    pub name: FieldName,
    /// What the collection itself calls it, where that is something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldName>,
    /// The line in which it is declared, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// Where it is declared, if that is not in the manifest, the file and the override that declare the
    /// record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_at: Option<DeclarationJson>,
}
