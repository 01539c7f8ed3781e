//! What somebody has agreed to: contents by their digests, so that an approval ends when they change.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::address::ZoneCode;
use super::digest::ContentDigest;

/// One approval, as `zonal approve` writes it into a file of its own below `approvals/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "approvals/*.json")]
pub struct Approval {
    /// Version of the file's shape: 1.
    pub version: u32,
    /// The network's name, for whoever reads it. The digests are bound to it.
    pub network: String,
    /// The environment; null for the manifest as it stands. The digests are bound to it.
    pub environment: Option<String>,
    /// What was approved.
    pub approves: ApprovedItem,
    /// Of what was approved.
    pub digest: ContentDigest,
    /// The zones that it covers, each with the digest of what would be done in it. A zone is approved as
    /// long as that is what would be done.
    pub zones: BTreeMap<String, ContentDigest>,
    /// Who has approved.
    pub by: String,
    /// When, as `YYYY-MM-DD`.
    pub date: String,
    /// In their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Guards and policies that they have overridden, in this very plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<AppliedOverride>,
}

/// One guard or policy that somebody has overridden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliedOverride {
    /// Its name, as the plan shows it.
    pub guard: String,
    /// Why.
    pub reason: String,
}

/// What an approval names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovedItem {
    /// A whole plan.
    Plan,
    /// The zones of a group, which have the same changes.
    Group,
    /// One zone.
    Zone,
}

/// What is to be approved before anything is written: that of a fresh plan, or of the plan file that it is
/// held against.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReviewSubject {
    /// The plan's digest.
    pub plan: ContentDigest,
    /// The digest of each zone in which anything is done.
    pub zones: BTreeMap<ZoneCode, ContentDigest>,
}
