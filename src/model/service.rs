//! Settings of the service that runs beside Alma. Manifests declare them; no zone contains a record of them.

use std::collections::BTreeMap;

use super::address::ZoneCode;
use super::source_span::Provenance;
use super::value::{FieldName, FieldValue};

/// Settings of the service from one manifest.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct ServiceSettings {
    /// Manifest.
    pub declared_at: Provenance,
    /// Members that the settings apply to.
    pub applies_to: SelectedMembers,
    /// Settings by field name, defaults included.
    pub settings: BTreeMap<FieldName, ServiceValue>,
}

/// Members that a setting selects.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct SelectedMembers {
    /// Selected members, in network order.
    pub selected: Vec<ZoneCode>,
    /// Other members of the network.
    pub left_out: Vec<ZoneCode>,
}

/// Value of a setting.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum ServiceValue {
    /// Members.
    Members(SelectedMembers),
    /// Value for all members.
    Same(FieldValue),
    /// Values that differ by member.
    ByMember(Vec<MemberValue>),
}

/// Value of a setting for some members.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct MemberValue {
    /// Value.
    pub value: FieldValue,
    /// Members with the value.
    pub members: Vec<ZoneCode>,
}

impl ServiceSettings {
    /// Returns true if both have the same meaning, wherever they are declared.
    pub fn means_the_same(&self, other: &Self) -> bool {
        self.declared_at.manifest == other.declared_at.manifest
            && self.applies_to == other.applies_to
            && self.settings == other.settings
    }

    /// Returns the kind of the manifest.
    pub fn kind(&self) -> &str {
        super::source_span::manifest_kind(&self.declared_at.manifest)
    }
}
