//! Configuration of guards and policies.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::address::ZoneCode;
use super::digest::ContentDigest;
use super::finding::FindingEffect;
use super::source_span::SourceSpan;

/// Guards of a network against applying a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardConfig {
    /// Limits for one apply; at most one for each action and scope.
    pub limits: Vec<GuardLimit>,
    /// Protected records.
    pub protected: Vec<ProtectedRecords>,
    /// Freeze windows without writes.
    pub freezes: Vec<FreezeWindow>,
    /// Effect of a plan that breaks expectations; `None` allows such a plan.
    pub expectations: Option<ExpectationGuard>,
    /// Action after a write that changed rows of others.
    pub surprise: SurpriseAction,
}

/// Action of a run after a surprise: a zone changed rows that nobody owns.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum SurpriseAction {
    /// Stops further writes of the collection type; a second surprise stops the run.
    #[default]
    Stop,
    /// Continues.
    Continue,
}

/// Default limits: strict for deletes and disables, generous for updates and creates.
///
/// Users notice deletes and disables first; a first rollout consists of updates and creates.
impl Default for GuardConfig {
    fn default() -> Self {
        let limit = |deed, extent, records, percent| GuardLimit {
            action: deed,
            extent,
            records,
            percent,
            span: None,
        };
        let strict = [LimitedAction::Delete, LimitedAction::Disable].into_iter().flat_map(|deed| {
            [
                limit(deed, LimitScope::Collection, Some(50), Some(30)),
                limit(deed, LimitScope::Zone, Some(200), None),
                limit(deed, LimitScope::Network, Some(1_000), None),
            ]
        });
        let generous = [
            limit(LimitedAction::Update, LimitScope::Collection, Some(1_000), None),
            limit(LimitedAction::Create, LimitScope::Collection, Some(5_000), None),
        ];
        Self {
            limits: strict.chain(generous).collect(),
            protected: Vec::new(),
            freezes: Vec::new(),
            expectations: None,
            surprise: SurpriseAction::default(),
        }
    }
}

/// Action of a change, as counted by guards; exactly one for each change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitedAction {
    /// Record created.
    Create,
    /// Fields changed.
    Update,
    /// Record disabled, regardless of other changed fields.
    Disable,
    /// Record deleted.
    Delete,
}

impl LimitedAction {
    /// All actions.
    pub const ALL: [Self; 4] = [Self::Create, Self::Update, Self::Disable, Self::Delete];

    /// Returns the plural for limit names: `deletes`.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Create => "creates",
            Self::Update => "updates",
            Self::Disable => "disables",
            Self::Delete => "deletes",
        }
    }

    /// Returns the past participle: `deleted`.
    pub fn past_participle(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Update => "updated",
            Self::Disable => "disabled",
            Self::Delete => "deleted",
        }
    }
}

/// Scope of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitScope {
    /// Collection of a zone.
    Collection,
    /// Zone.
    Zone,
    /// All zones together.
    Network,
}

impl fmt::Display for LimitScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Collection => "collection",
            Self::Zone => "zone",
            Self::Network => "network",
        })
    }
}

/// Maximum number of records for one action of an apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardLimit {
    /// Action.
    pub action: LimitedAction,
    /// Scope.
    pub extent: LimitScope,
    /// Maximum number of records.
    pub records: Option<usize>,
    /// Maximum percentage of the existing records, from [`GuardLimit::FEW`] records on.
    pub percent: Option<u32>,
    /// Location in the manifest; `None` for a default limit.
    pub span: Option<SourceSpan>,
}

impl GuardLimit {
    /// Minimum number of records for percentages: a change of one record in three is no alarm.
    pub const FEW: usize = 10;

    /// Returns the name for overrides: `deletes-per-collection`.
    pub fn name(&self) -> String {
        format!("{}-per-{}", self.action.plural(), self.extent)
    }
}

/// Protected records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedRecords {
    /// Address without the zone, with `*` as a wildcard: `CodeTable/UserGroups/FACULTY`.
    ///
    /// Without a library or language, also covers the record in every library and language.
    pub records: Arc<str>,
    /// Prevented actions. Protection from updates includes protection from disabling.
    pub from: BTreeSet<LimitedAction>,
    /// Reason, as in the manifest.
    pub reason: Option<Arc<str>>,
    /// Location in the manifest.
    pub span: SourceSpan,
}

/// Guard that met expectations stay met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectationGuard {
    /// Effect of a plan that breaks an expectation.
    pub effect: FindingEffect,
    /// Location in the manifest.
    pub span: SourceSpan,
}

/// Freeze window: a period without writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreezeWindow {
    /// Name.
    pub name: Arc<str>,
    /// Start of the freeze, inclusive.
    pub from: jiff::Timestamp,
    /// End of the freeze, exclusive.
    pub until: jiff::Timestamp,
    /// Period, as written in the manifest.
    pub words: Arc<str>,
    /// Frozen zones; `None` for the whole network.
    pub zones: Option<BTreeSet<ZoneCode>>,
    /// Reason, as in the manifest.
    pub reason: Option<Arc<str>>,
    /// Location in the manifest.
    pub span: SourceSpan,
}

/// Policy: rules of the network for its plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Name, `metadata.name` of the manifest.
    pub name: Arc<str>,
    /// Scope of the rules.
    pub scope: PolicyScope,
    /// Rules.
    pub rules: Vec<PolicyRule>,
}

/// Scope of a policy: the subject of each evaluation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum PolicyScope {
    /// Every change by apply or by people. Variables: `change`, `zone` and `plan`.
    #[default]
    Change,
    /// Every zone with changes. Variables: `zone` and `plan`.
    Zone,
    /// Whole plan. Variable: `plan`.
    Plan,
}

/// Rule of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRule {
    /// Name within the policy.
    pub name: Arc<str>,
    /// Condition in CEL that must be true.
    pub expression: Arc<str>,
    /// Effect if the condition is false.
    pub action: FindingEffect,
    /// Message if the condition is false.
    pub message: Arc<str>,
    /// Location in the manifest.
    pub span: SourceSpan,
}

/// Override of a guard or policy, on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardOverride {
    /// Name of the guard.
    pub guard: String,
    /// Reason for the override.
    pub reason: String,
    /// Digest of the reviewed plan.
    pub digest: ContentDigest,
}

/// Name of the guard against writes in production without a base.
pub const TWO_WAY: &str = "two-way";

/// Handling of a plan without a base in production: an edit in a zone cannot be told from a change of the
/// manifests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TwoWayWrites {
    /// Warns, for a plan that is only shown.
    #[default]
    Warn,
    /// Skips the check, for a report of drift and for a run that has already started.
    Skip,
    /// Denies the plan.
    Deny,
    /// Allows the writes, with the reason of a person.
    Allow {
        /// Reason of the person.
        reason: String,
    },
}
