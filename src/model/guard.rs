//! What a network guards against, and the rules that its own people have written down.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::address::ZoneCode;
use super::digest::Digest;
use super::place::Place;
use super::review::Verdict;

/// Everything that keeps a plan from being applied, whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guards {
    /// How much one apply may do. At most one for each deed and extent.
    pub limits: Vec<Limit>,
    /// Records that stay as they are.
    pub protected: Vec<Protected>,
    /// Times in which nothing is written.
    pub freezes: Vec<Freeze>,
    /// What a plan comes to that breaks expectations; `None` where it may.
    pub expectations: Option<Kept>,
}

/// What is on where a manifest says nothing: deletes and disables are held short, because they are what
/// readers notice; updates and creates are generous, so that a first roll-out passes.
impl Default for Guards {
    fn default() -> Self {
        let limit = |deed, extent, records, percent| Limit { deed, extent, records, percent, place: None };
        let strict = [Deed::Delete, Deed::Disable].into_iter().flat_map(|deed| {
            [
                limit(deed, Extent::Collection, Some(50), Some(30)),
                limit(deed, Extent::Zone, Some(200), None),
                limit(deed, Extent::Network, Some(1_000), None),
            ]
        });
        let generous = [
            limit(Deed::Update, Extent::Collection, Some(1_000), None),
            limit(Deed::Create, Extent::Collection, Some(5_000), None),
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
pub enum Deed {
    /// It comes.
    Create,
    /// Fields of it change.
    Update,
    /// It is switched off, whatever else changes of it.
    Disable,
    /// It goes.
    Delete,
}

impl Deed {
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
    pub fn done(self) -> &'static str {
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
pub enum Extent {
    /// One collection of one zone.
    Collection,
    /// One zone.
    Zone,
    /// All zones together.
    Network,
}

impl fmt::Display for Extent {
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
pub struct Limit {
    /// Doing what.
    pub deed: Deed,
    /// Where.
    pub extent: Extent,
    /// At most so many.
    pub records: Option<usize>,
    /// At most so many of a hundred that exist, where [`Limit::FEW`] or more do.
    pub percent: Option<u32>,
    /// Where the manifest says so; `None` for one that is on by default.
    pub place: Option<Place>,
}

impl Limit {
    /// Of fewer records than this, a percentage says nothing: one of three is no alarm.
    pub const FEW: usize = 10;

    /// `deletes-per-collection`: what it is overridden by.
    pub fn name(&self) -> String {
        format!("{}-per-{}", self.deed.plural(), self.extent)
    }
}

/// Records that stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protected {
    /// Their address without the zone, `*` for anything: `CodeTable/UserGroups/FACULTY`. It also means the
    /// same record of a library or in a language, where it names none.
    pub records: Arc<str>,
    /// From what. Whoever protects from updates protects from being disabled as well.
    pub from: BTreeSet<Deed>,
    /// Why, in the words of the manifest.
    pub reason: Option<Arc<str>>,
    /// Where the manifest says so.
    pub place: Place,
}

/// That expectations which are met stay so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What a plan comes to that breaks one.
    pub verdict: Verdict,
    /// Where the manifest says so.
    pub place: Place,
}

/// A time in which nothing is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
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
    pub place: Place,
}

/// Rules over a plan that the network's own people have written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// `metadata.name` of its manifest.
    pub name: Arc<str>,
    /// What its rules are asked about.
    pub each: Each,
    /// The rules.
    pub rules: Vec<PolicyRule>,
}

/// What a rule is asked about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Each {
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
    pub action: Verdict,
    /// What to tell then.
    pub message: Arc<str>,
    /// Where the manifest says so.
    pub place: Place,
}

/// What somebody takes upon them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The guard, by its name.
    pub guard: String,
    /// Why, in their words.
    pub reason: String,
    /// The plan that they have seen.
    pub digest: Digest,
}
