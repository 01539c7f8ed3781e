//! Approvals, bound to content digests: a change of the content ends the approval.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::address::ZoneCode;
use super::digest::ContentDigest;

/// Approval as `zonal approve` writes it, one file each below `approvals/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "approvals/*.json")]
pub struct Approval {
    /// Version of the file format: 1.
    pub version: u32,
    /// Name of the network, for readers. The digests are bound to the network.
    pub network: String,
    /// Environment; null for the manifest without an environment. The digests are bound to the environment.
    pub environment: Option<String>,
    /// Type of the approved item.
    pub approves: ApprovedItem,
    /// Digest of the approved item.
    pub digest: ContentDigest,
    /// Approved zones, each with the digest of its planned changes.
    ///
    /// A zone stays approved while its planned changes have this digest. Empty for manifests and rows.
    pub zones: BTreeMap<String, ContentDigest>,
    /// Names of the approved manifests (`KIND/NAME`) or rows (`FILE:LINE`), for readers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// Approved changes of manifests or rows by zone: the digest of each change.
    ///
    /// A collection of a zone is approved if all its changes are, by one approval or by several.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub changes: BTreeMap<String, BTreeSet<ContentDigest>>,
    /// Name of the approver.
    pub by: String,
    /// Date of the approval, `YYYY-MM-DD`.
    pub date: String,
    /// Comment of the approver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Overridden guards and policies, for this plan only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<AppliedOverride>,
}

/// Override of one guard or policy, as recorded in an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliedOverride {
    /// Name of the guard, as shown in the plan.
    pub guard: String,
    /// Reason for the override.
    pub reason: String,
}

/// Type of an approved item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovedItem {
    /// Whole plan.
    Plan,
    /// Zones of a change group, with identical changes.
    Group,
    /// Single zone.
    Zone,
    /// Changes of some manifests.
    Manifest,
    /// Changes of some rows of manifests.
    Row,
}

/// Digests to approve before any write, of a new plan or of the reviewed plan file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReviewSubject {
    /// Digest of the plan.
    pub plan: ContentDigest,
    /// Digest of each zone with changes.
    pub zones: BTreeMap<ZoneCode, ContentDigest>,
}
