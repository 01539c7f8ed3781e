//! What a network guards against, and the rules that its own people have written down.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::address::ZoneCode;
use super::digest::ContentDigest;
use super::finding::FindingEffect;
use super::source_span::SourceSpan;

/// Everything that keeps a plan from being applied, whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardConfig {
    /// How much one apply may do. At most one for each deed and extent.
    pub limits: Vec<GuardLimit>,
    /// Records that stay as they are.
    pub protected: Vec<ProtectedRecords>,
    /// Times in which nothing is written.
    pub freezes: Vec<FreezeWindow>,
    /// What a plan comes to that breaks expectations; `None` where it may.
    pub expectations: Option<ExpectationGuard>,
}

/// What is on where a manifest says nothing: deletes and disables are held short, because they are what
/// readers notice; updates and creates are generous, so that a first roll-out passes.
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
        }
    }
}

/// What is done to a record, as guards count it: each change is one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitedAction {
    /// It comes.
    Create,
    /// Fields of it change.
    Update,
    /// It is switched off, whatever else changes of it.
    Disable,
    /// It goes.
    Delete,
}

impl LimitedAction {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Create, Self::Update, Self::Disable, Self::Delete];

    /// `deletes`: what limits of it are called.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Create => "creates",
            Self::Update => "updates",
            Self::Disable => "disables",
            Self::Delete => "deletes",
        }
    }

    /// `deleted`.
    pub fn past_participle(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Update => "updated",
            Self::Disable => "disabled",
            Self::Delete => "deleted",
        }
    }
}

/// How far a limit reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitScope {
    /// One collection of one zone.
    Collection,
    /// One zone.
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

/// How many records one apply may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardLimit {
    /// Doing what.
    pub action: LimitedAction,
    /// Where.
    pub extent: LimitScope,
    /// At most so many.
    pub records: Option<usize>,
    /// At most so many of a hundred that exist, where [`Limit::FEW`] or more do.
    pub percent: Option<u32>,
    /// Where the manifest says so; `None` for one that is on by default.
    pub span: Option<SourceSpan>,
}

impl GuardLimit {
    /// Of fewer records than this, a percentage says nothing: one of three is no alarm.
    pub const FEW: usize = 10;

    /// `deletes-per-collection`: what it is overridden by.
    pub fn name(&self) -> String {
        format!("{}-per-{}", self.action.plural(), self.extent)
    }
}

/// Records that stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedRecords {
    /// Their address without the zone, `*` for anything: `CodeTable/UserGroups/FACULTY`. It also means the
    /// same record of a library or in a language, where it names none.
    pub records: Arc<str>,
    /// From what. Whoever protects from updates protects from being disabled as well.
    pub from: BTreeSet<LimitedAction>,
    /// Why, in the words of the manifest.
    pub reason: Option<Arc<str>>,
    /// Where the manifest says so.
    pub span: SourceSpan,
}

/// That expectations which are met stay so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectationGuard {
    /// What a plan comes to that breaks one.
    pub effect: FindingEffect,
    /// Where the manifest says so.
    pub span: SourceSpan,
}

/// A time in which nothing is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreezeWindow {
    /// What it is called.
    pub name: Arc<str>,
    /// The first moment of it.
    pub from: jiff::Timestamp,
    /// The first moment after it.
    pub until: jiff::Timestamp,
    /// When, in the words of the manifest.
    pub words: Arc<str>,
    /// Where; `None` for the whole network.
    pub zones: Option<BTreeSet<ZoneCode>>,
    /// Why, in the words of the manifest.
    pub reason: Option<Arc<str>>,
    /// Where the manifest says so.
    pub span: SourceSpan,
}

/// Rules over a plan that the network's own people have written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// `metadata.name` of its manifest.
    pub name: Arc<str>,
    /// What its rules are asked about.
    pub scope: PolicyScope,
    /// The rules.
    pub rules: Vec<PolicyRule>,
}

/// What a rule is asked about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum PolicyScope {
    /// Every change that apply or people would make. Knows `change`, `zone` and `plan`.
    #[default]
    Change,
    /// Every zone in which something changes. Knows `zone` and `plan`.
    Zone,
    /// The plan, once. Knows `plan`.
    Plan,
}

/// One thing that must be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRule {
    /// What it is called within its policy.
    pub name: Arc<str>,
    /// What must be true, in CEL.
    pub expression: Arc<str>,
    /// What happens where it is not.
    pub action: FindingEffect,
    /// What to tell then.
    pub message: Arc<str>,
    /// Where the manifest says so.
    pub span: SourceSpan,
}

/// What somebody takes upon them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardOverride {
    /// The guard, by its name.
    pub guard: String,
    /// Why, in their words.
    pub reason: String,
    /// The plan that they have seen.
    pub digest: ContentDigest,
}
