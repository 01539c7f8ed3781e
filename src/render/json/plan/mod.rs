//! JSON format of a plan, compatible with `terraform show -json`.
//!
//! Rules and viewers for Terraform work unmodified. The key `reconciler` contains all additional data. A
//! plan file uses the same format, and [`parse`] reads the file back.

mod decisions;
mod read;
mod terraform;
mod write;

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    ApplyMode, ChangeAction, ChangeConflict, ChangeGroup, ChangeOrigin, Channel, CollectionName,
    ContentDigest, Deferral, DifferenceType, ExpectationForecast, FieldName, FieldValue, Finding, PlanCost,
    PlanCounts, PlanImpact, PlanInputs, PlanOrigin, PlanPopulation, Provenance, Record, RolloutWave,
    ServiceSettings, SimilarKey, UndeclaredRecords, UnmanagedCollection, ZoneFailure,
};

pub use self::decisions::{
    DecisionFieldJson, DecisionJson, DecisionKeyJson, DecisionRecordJson, DecisionVariantJson,
    FoldedValueJson, FormerValueJson, MemberRuleJson,
};
pub(super) use self::read::change;
pub use self::read::{PlanFileError, parse, parse_stored, parse_zone_part};
use self::terraform::{ConfigurationJson, PlannedValuesJson};
pub(super) use self::write::detail;
pub use self::write::{head, plan, resource, zone_part};

/// Version of `reconciler`. A removed or redefined field increments the major number.
pub const FORMAT: &str = "3.0";

/// JSON output of a plan.
///
/// No member has a second copy in memory: [`terraform`] writes what repeats other members.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "zonal plan --json")]
pub struct PlanJson {
    /// Version of Terraform's format. The version of `reconciler` is inside it.
    pub format_version: String,
    /// Version of Terraform that has this format, for tools that ask for it. No Terraform ran.
    #[serde(skip_deserializing)]
    pub terraform_version: &'static str,
    /// Version of zonal.
    pub zonal_version: String,
    /// Records that the changes create or update, with the values after the change.
    ///
    /// Records without a change are left out: a plan does not contain them.
    #[serde(skip_deserializing)]
    #[schemars(with = "PlannedValuesJson<'static>")]
    pub planned_values: PhantomData<PlannedValuesJson<'static>>,
    /// Changes made by apply, or by people if the channel is `runbook`.
    pub resource_changes: Vec<ResourceChangeJson>,
    /// Differences that apply leaves unchanged.
    ///
    /// Causes: `enforcement: report` in the manifest, postponed by `--only-drift`, or kept by
    /// `conflict: theirs`.
    pub resource_drift: Vec<ResourceChangeJson>,
    /// True if zonal read every zone and compared every collection.
    pub complete: bool,
    /// True if the plan contains changes to apply.
    pub applyable: bool,
    /// True if planning failed; always false in a displayed plan.
    pub errored: bool,
    /// Manifests of the plan, in the form of Terraform's configuration.
    #[serde(skip_deserializing)]
    #[schemars(with = "ConfigurationJson<'static>")]
    pub configuration: PhantomData<ConfigurationJson<'static>>,
    /// Data without an equivalent in Terraform's format.
    pub reconciler: ReconcilerJson,
}

/// Change of a record.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ResourceChangeJson {
    /// Record address, for example `01OMNI_ALPHA/CodeTable/UserBlockDescription/CONSORTIA`.
    pub address: String,
    /// Always `managed`.
    #[serde(skip_deserializing)]
    pub mode: &'static str,
    /// Kind of the collection, for example `CodeTable`.
    #[serde(skip_deserializing)]
    pub r#type: String,
    /// Collection and key, for example `UserBlockDescription/CONSORTIA`.
    #[serde(skip_deserializing)]
    pub name: String,
    /// Zone code.
    pub index: Arc<str>,
    /// Always `zonal`.
    #[serde(skip_deserializing)]
    pub provider_name: &'static str,
    /// Values before and after the change.
    pub change: ChangeJson,
    /// Reason, if other than the declaration itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_reason: Option<String>,
}

/// Record before and after the change, with manifest field names.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangeJson {
    /// List with one of `create`, `update`, `delete`.
    pub actions: Vec<ChangeAction>,
    /// Observed record, or null for a create.
    pub before: Option<Record>,
    /// Record after the change, or null for a delete.
    pub after: Option<Record>,
    /// Always empty, because a plan contains only known values.
    #[serde(skip_deserializing)]
    pub after_unknown: BTreeMap<String, bool>,
    /// Always empty, because tables contain no secrets.
    #[serde(skip_deserializing)]
    pub before_sensitive: BTreeMap<String, bool>,
    /// Always empty, because tables contain no secrets.
    #[serde(skip_deserializing)]
    pub after_sensitive: BTreeMap<String, bool>,
}

/// Data specific to zonal.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReconcilerJson {
    /// Version of the format of `reconciler`. Readers must reject an unknown major number.
    #[serde(default)]
    pub format_version: String,
    /// Network name.
    pub network: String,
    /// Environment, or null without an environment.
    pub environment: Option<String>,
    /// Description of the selection, or null for a complete plan.
    pub selection: Option<String>,
    /// Snapshot file that replaced the zones, or null if zonal read the zones.
    #[serde(default)]
    pub snapshot: Option<String>,
    /// Git revision used as the last applied configuration, or null without a base.
    #[serde(default)]
    pub base_revision: Option<String>,
    /// Number of records in the applied state of the planned zones. Absent if zonal queried no store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_records: Option<usize>,
    /// Digest of all changes, used to approve the plan.
    pub digest: ContentDigest,
    /// Approved zone digests of a plan file, if a part of the plan was applied before. Present only in a
    /// run's plan in the store.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(skip)]
    pub reviewed_digests: BTreeMap<Arc<str>, ContentDigest>,
    /// Inputs of the plan.
    pub inputs: PlanInputs,
    /// Zones, manifests and rows that the words of the plan refer to.
    #[serde(default)]
    pub population: PlanPopulation,
    /// Totals of all zones.
    pub counts: PlanCounts,
    /// Estimated cost of the apply.
    pub cost: PlanCost,
    /// Findings of guards and policies, severest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Impact of the changes on members and their users.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub impacts: Vec<PlanImpact>,
    /// Forecast of the expectations after the plan. Absent without expectations.
    #[serde(default, skip_serializing_if = "ExpectationForecast::is_empty")]
    pub expectations: ExpectationForecast,
    /// Time and author of the plan.
    #[serde(default)]
    pub origin: PlanOrigin,
    /// Settings of the service, which no zone contains. Not part of any total or digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service: Vec<ServiceSettings>,
    /// Zones with a desired state.
    pub zones: Vec<ZoneJson>,
    /// Groups of zones with identical changes.
    pub change_groups: Vec<ChangeGroup>,
    /// Waves of the rollout. Absent if apply writes to all zones at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waves: Vec<RolloutWave>,
    /// Rows of the manifests, each once with the zones that it concerns. For display; not read back.
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<DecisionJson>,
    /// Details of each entry in `resource_changes`, by address.
    pub changes: BTreeMap<String, ChangeDetailJson>,
    /// Details of each entry in `resource_drift`, by address.
    pub drift: BTreeMap<String, ChangeDetailJson>,
}

/// Part of a plan about one zone, for the store.
#[derive(Debug, Serialize, Deserialize)]
pub struct ZonePartJson {
    zone: ZoneJson,
    resource_changes: Vec<ResourceChangeJson>,
    resource_drift: Vec<ResourceChangeJson>,
    changes: BTreeMap<String, ChangeDetailJson>,
    drift: BTreeMap<String, ChangeDetailJson>,
}

impl PlanJson {
    /// Adds the part of a zone.
    pub fn add_zone(&mut self, part: ZonePartJson) {
        let ZonePartJson { zone, resource_changes, resource_drift, mut changes, mut drift } = part;
        self.reconciler.zones.push(zone);
        self.resource_changes.extend(resource_changes);
        self.resource_drift.extend(resource_drift);
        self.reconciler.changes.append(&mut changes);
        self.reconciler.drift.append(&mut drift);
    }
}

/// Plan of a zone.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ZoneJson {
    /// Alma institution code.
    pub code: Arc<str>,
    /// Zone name.
    pub name: String,
    /// Digest of the zone's changes and their addresses, used to approve the zone.
    pub digest: ContentDigest,
    /// Failure of the read, if zonal could not read the zone.
    pub failure: Option<ZoneFailure>,
    /// Deferral of the zone, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Deferral>,
    /// Totals of the zone.
    pub counts: PlanCounts,
    /// Collections, in write order.
    pub collections: Vec<CollectionJson>,
}

/// Collection of a zone.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct CollectionJson {
    /// Collection, for example `CodeTable/UserBlockDescription[language=en]`.
    pub name: String,
    /// Collection name, split into fields.
    pub id: CollectionName,
    /// Channel to the zone.
    pub channel: Channel,
    /// Alma menu path, or an empty string if unknown.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub menu: Arc<str>,
    /// Field that says whether a record is in use, if the collection has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<FieldName>,
    /// Values that each new record has unless the manifests say otherwise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<FieldName, FieldValue>,
    /// Number of observed records, or null if zonal could not compare the collection.
    pub existing: Option<usize>,
    /// Number of unlisted records, or null if zonal could not compare the collection.
    pub unlisted: Option<usize>,
    /// Number of records that the network's distribution jobs write too; 0 if the manifests take the collection
    /// over with `owner: zonal`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub second_master: usize,
    /// New records beside an undeclared record with a similar key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub similar_keys: Vec<SimilarKey>,
    /// Number of records in sync.
    #[serde(default, skip_serializing_if = "is_none")]
    pub in_sync: usize,
    /// Number of records in sync because manifests and zone changed to the same value.
    #[serde(default, skip_serializing_if = "is_none")]
    pub converged: usize,
    /// Number of different records left unchanged because of `enforcement: createOnly`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub create_only_differences: usize,
    /// Number of records in sync according to an attestation.
    #[serde(default, skip_serializing_if = "is_none")]
    pub attested: usize,
    /// Manifests that stop managing records of the collection without changing them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmanaged: Vec<UnmanagedCollection>,
    /// Records that zonal created and no manifest declares any more. They stay in the zone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undeclared: Vec<UndeclaredRecords>,
    /// Notes about unchanged records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Failure, if zonal cannot plan the collection.
    pub failure: Option<ZoneFailure>,
    /// First manifest that declares the collection.
    pub declared_at: Provenance,
    /// Names of the collections to write first.
    pub depends_on: Vec<String>,
    /// Deferral of the collection, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Deferral>,
}

fn is_none(number: &usize) -> bool {
    *number == 0
}

/// Details of a change, without an equivalent in Terraform's format.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangeDetailJson {
    /// Digest of the change and its address.
    pub digest: ContentDigest,
    /// Collection name, as in the zone's collection list.
    pub collection: String,
    /// Mode of the change: applied, manual, reported, postponed or kept.
    pub mode: ApplyMode,
    /// Type of the difference between the zone and the desired state.
    pub difference: DifferenceType,
    /// Origin of the change since the last apply, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<ChangeOrigin>,
    /// Conflict: the applied value and the policy, if manifests and zone both changed the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Box<ChangeConflict>>,
    /// Channel to the zone.
    pub channel: Channel,
    /// Record key: names and values of the collection's own fields.
    pub key: Vec<(FieldName, FieldValue)>,
    /// Field values shared by all affected records, if the change applies to every matching record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<Vec<(FieldName, FieldValue)>>,
    /// Notes about the effect of the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Arc<str>>,
    /// Location of the declaration.
    pub declared_at: Provenance,
    /// Changed fields.
    pub field_changes: Vec<FieldChangeJson>,
    /// User who changed the record last, if known from the zone.
    pub updated_by: Option<String>,
    /// Date of the last change, in the zone's format.
    pub update_date: Option<String>,
}

/// Changed field. The values are in `before` and `after` of the change.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FieldChangeJson {
    /// Field name in manifests.
    pub name: FieldName,
    /// Field name in the collection, if different.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldName>,
    /// Line of the declaration, from 1.
    pub line: u32,
    /// Column of the declaration, from 1.
    pub column: u32,
    /// Location of the declaration, if in another manifest, file or override than the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_at: Option<Provenance>,
}
