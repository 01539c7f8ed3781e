//! Members of a plan's JSON that only Terraform's tools need. They repeat other members, so zonal writes them
//! and does not read them.

use schemars::JsonSchema;
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

use super::{PlanJson, ResourceChangeJson};
use crate::model::Record;

/// Version of Terraform's plan format.
pub const TERRAFORM_FORMAT: &str = "1.2";

/// Version of Terraform that writes [`TERRAFORM_FORMAT`].
pub const TERRAFORM_VERSION: &str = "1.9.8";

/// Records after the changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlannedValuesJson<'a> {
    /// The only module.
    root_module: PlannedModuleJson<'a>,
}

/// Module with the records after the changes.
#[derive(Debug, Serialize, JsonSchema)]
struct PlannedModuleJson<'a> {
    /// Records, in the order of `resource_changes`.
    #[serde(serialize_with = "planned_resources")]
    #[schemars(with = "Vec<PlannedResourceJson<'static>>")]
    resources: &'a [ResourceChangeJson],
}

/// Record after its change.
#[derive(Debug, Serialize, JsonSchema)]
struct PlannedResourceJson<'a> {
    /// Record address.
    address: &'a str,
    /// Always `managed`.
    mode: &'a str,
    /// Kind of the collection.
    r#type: &'a str,
    /// Collection and key.
    name: &'a str,
    /// Zone code.
    index: &'a str,
    /// Always `zonal`.
    provider_name: &'a str,
    /// Always 0.
    schema_version: u32,
    /// Values after the change.
    values: &'a Record,
    /// Always empty, because tables contain no secrets.
    sensitive_values: NoMembers,
}

/// Declarations of the plan.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConfigurationJson<'a> {
    /// The only module.
    root_module: ManifestModuleJson<'a>,
}

/// Module with the manifests.
#[derive(Debug, Serialize, JsonSchema)]
struct ManifestModuleJson<'a> {
    /// Manifests of the plan.
    resources: Vec<ManifestResourceJson<'a>>,
}

/// Manifest, in the form of a resource block.
#[derive(Debug, Serialize, JsonSchema)]
struct ManifestResourceJson<'a> {
    /// Kind and name, for example `CodeTable.blocks`.
    address: String,
    /// Always `managed`.
    mode: &'static str,
    /// Kind of the manifest.
    r#type: &'a str,
    /// Name of the manifest.
    name: &'a str,
    /// Always `zonal`.
    provider_config_key: &'static str,
    /// Always 0.
    schema_version: u32,
    /// Always empty: `reconciler` has the place of each declaration.
    expressions: NoMembers,
}

/// Object without members.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct NoMembers {}

impl Serialize for PlanJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A new field does not compile until it is written.
        let Self {
            format_version,
            terraform_version,
            zonal_version,
            planned_values: _,
            resource_changes,
            resource_drift,
            complete,
            applyable,
            errored,
            configuration: _,
            reconciler,
        } = self;
        let planned = PlannedValuesJson { root_module: PlannedModuleJson { resources: resource_changes } };
        let manifests = reconciler.inputs.manifests.keys();
        let manifests = manifests.map(|manifest| declared_manifest(manifest)).collect();
        let configuration = ConfigurationJson { root_module: ManifestModuleJson { resources: manifests } };
        let mut document = serializer.serialize_struct("PlanJson", 11)?;
        document.serialize_field("format_version", format_version)?;
        document.serialize_field("terraform_version", terraform_version)?;
        document.serialize_field("zonal_version", zonal_version)?;
        document.serialize_field("planned_values", &planned)?;
        document.serialize_field("resource_changes", resource_changes)?;
        document.serialize_field("resource_drift", resource_drift)?;
        document.serialize_field("complete", complete)?;
        document.serialize_field("applyable", applyable)?;
        document.serialize_field("errored", errored)?;
        document.serialize_field("configuration", &configuration)?;
        document.serialize_field("reconciler", reconciler)?;
        document.end()
    }
}

/// Writes each record that exists after the changes.
fn planned_resources<S: Serializer>(
    changes: &[ResourceChangeJson],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(changes.iter().filter_map(planned_resource))
}

/// Returns the record after a change; `None` after a delete.
fn planned_resource(planned: &ResourceChangeJson) -> Option<PlannedResourceJson<'_>> {
    let ResourceChangeJson { address, mode, r#type, name, index, provider_name, change, action_reason: _ } =
        planned;
    Some(PlannedResourceJson {
        address,
        mode,
        r#type,
        name,
        index,
        provider_name,
        schema_version: 0,
        values: change.after.as_ref()?,
        sensitive_values: NoMembers {},
    })
}

fn declared_manifest(manifest: &str) -> ManifestResourceJson<'_> {
    let (kind, name) = manifest.split_once('/').unwrap_or((manifest, manifest));
    ManifestResourceJson {
        address: format!("{kind}.{name}"),
        mode: "managed",
        r#type: kind,
        name,
        provider_config_key: "zonal",
        schema_version: 0,
        expressions: NoMembers {},
    }
}
