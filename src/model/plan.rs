//! What would be done: complete, ordered, grouped and priced. Apply has nothing left to decide.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::address::ZoneCode;
use super::change::{ApplyMode, ChangeAction, ChangeOrigin, DifferenceType};
use super::channel::Channel;
use super::differences::{CollectionChanges, CollectionDiff};
use super::digest::ContentDigest;
use super::expectation::ExpectationForecast;
use super::failure::ZoneFailure;
use super::finding::{Deferral, Finding, FindingEffect};
use super::impact::PlanImpact;
use super::rollout::RolloutWave;
use super::run::RunId;

/// All changes of all zones.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The network's name.
    pub network: String,
    /// The environment chosen; `None` for the manifest as it stands.
    pub environment: Option<String>,
    /// What the plan was narrowed to; `None` where it covers everything.
    pub selection: Option<String>,
    /// The file with the snapshot that stood in for the zones; `None` where the zones were asked.
    pub snapshot: Option<String>,
    /// What tells what was applied last.
    pub compared: ComparisonMode,
    /// The zones of which something is desired.
    pub zones: BTreeMap<ZoneCode, ZonePlan>,
    /// Zones with the same changes, largest group first. Every zone is in exactly one.
    pub change_groups: Vec<ChangeGroup>,
    /// The waves in which apply goes through the zones that it has work in; empty for all at once.
    pub waves: Vec<RolloutWave>,
    /// What apply will cost.
    pub cost: PlanCost,
    /// Of everything that would be done, in all zones. Whoever approves a plan approves this.
    pub digest: ContentDigest,
    /// What guards and policies found, the gravest first.
    pub findings: Vec<Finding>,
    /// What its changes mean for members and their users. Under no digest.
    pub impacts: Vec<PlanImpact>,
    /// What becomes of the expectations once it is done.
    pub expectations: ExpectationForecast,
    /// What it was made from.
    pub inputs: PlanInputs,
}

/// What the zones were compared with beside what is desired: what tells who moved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ComparisonMode {
    /// Nothing, so nobody knows who moved.
    #[default]
    TwoWay,
    /// The manifests of a git revision, which count as applied last.
    Revision(String),
    /// What zonal has recorded.
    AppliedState {
        /// Records that it knows of, in the zones of the plan.
        entries: usize,
    },
}

impl ComparisonMode {
    /// Whether anything tells who moved.
    pub fn has_base(&self) -> bool {
        match self {
            Self::TwoWay => false,
            Self::Revision(_) | Self::AppliedState { .. } => true,
        }
    }

    /// The revision, where it is one.
    pub fn revision(&self) -> Option<&str> {
        match self {
            Self::Revision(revision) => Some(revision),
            Self::TwoWay | Self::AppliedState { .. } => None,
        }
    }
}

/// What a plan was made from: whoever applies it later makes sure that it is the same.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct PlanInputs {
    /// Of where the network's zones are, and how they are reached.
    pub network: ContentDigest,
    /// Of what each manifest wants of the plan's zones, by kind and name. Where it stands and how it is
    /// written does not count.
    pub manifests: BTreeMap<Arc<str>, ContentDigest>,
    /// The kinds that the plan was narrowed to; empty for all.
    pub kinds: Vec<Arc<str>>,
    /// The run that it takes back, where it is not made from manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<RunId>,
}

/// What would be done in one zone.
#[derive(Debug, Clone)]
pub struct ZonePlan {
    /// What people call the zone.
    pub name: String,
    /// Why the zone could not be asked, where it could not.
    pub failure: Option<ZoneFailure>,
    /// Its collections, in the order in which apply takes them.
    pub collections: Vec<PlanStep>,
    /// Of everything that would be done in it, and where.
    pub digest: ContentDigest,
    /// Why apply leaves the whole zone alone, where it does.
    pub deferral: Option<Deferral>,
}

/// One collection in its place in the order.
#[derive(Debug, Clone)]
pub struct PlanStep {
    /// The collection and its changes.
    pub diff: CollectionDiff,
    /// Indices of the steps of the same zone that must have succeeded before this one is tried.
    pub depends_on: Vec<usize>,
    /// How the changes reach the zone.
    pub channel: Channel,
    /// Why apply leaves it alone, where it does.
    pub deferral: Option<Deferral>,
}

/// Zones whose changes are the same, record for record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeGroup {
    /// Of what would be done in each of them. Groups that only differ in what is reported have the
    /// same.
    pub digest: ContentDigest,
    /// The zones, by code. Never empty.
    pub zones: Vec<ZoneCode>,
    /// What the group is about.
    pub state: ChangeGroupState,
}

/// What a group of zones has in common.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ChangeGroupState {
    /// They have changes, or collections that cannot be planned.
    Changes,
    /// They hold what is desired.
    InSync,
    /// They could not be asked.
    Unknown,
}

/// What apply will cost.
#[derive(
    Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct PlanCost {
    /// GET requests.
    pub reads: u64,
    /// PUT and DELETE requests: one for each collection that changes over the API, one for each record that
    /// changes over the gateway.
    pub writes: u64,
    /// Seconds that it takes at the least: requests of the busiest zone, or of the gateway, divided by
    /// its rate.
    pub seconds_floor: f64,
    /// Percent of what is left of today's quota that the worst zone will spend; absent where no zone says.
    pub quota_percent: Option<f64>,
}

/// How many records a plan touches, in Terraform's words.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct PlanCounts {
    /// Records that will be created.
    pub add: usize,
    /// Records that will be updated.
    pub change: usize,
    /// Records that will be deleted.
    pub destroy: usize,
    /// Differences that are only reported, because the manifest says `enforcement: report`.
    pub report: usize,
    /// Records that nobody mentions.
    pub unlisted: usize,
    /// Differences left alone, because the manifest says `enforcement: createOnly`.
    pub create_only_differences: usize,
    /// Collections that cannot be planned, those of zones that could not be asked aside.
    pub blocked: usize,
    /// Differences that a person must end, following the runbook.
    pub manual: usize,
    /// Records that are as wanted because somebody has attested it.
    pub attested: usize,
    /// Records that a manifest has let go.
    pub unmanaged: usize,
    /// Of all differences, those of records that a zone has detached from the network.
    pub detached: usize,
    /// Differences that are left for a later apply.
    #[serde(default)]
    pub postponed: usize,
    /// Of all differences, those where the zone left what the manifests have said all along.
    #[serde(default)]
    pub drifted: usize,
    /// Of all differences, those where the manifests changed and the zone did not.
    #[serde(default)]
    pub pending: usize,
    /// Of all differences, those where both the manifests and the zone changed, each in its own way.
    #[serde(default, alias = "both")]
    pub conflict: usize,
    /// Differences that are left to the zone, because both changed and the manifest says `conflict: theirs`.
    #[serde(default)]
    pub kept_theirs: usize,
    /// Records that are as they are wanted.
    #[serde(default)]
    pub in_sync: usize,
    /// Of those, records that both the manifests and the zone changed, in the same way.
    #[serde(default)]
    pub converged: usize,
    /// Of what would be created, updated or deleted, what apply leaves alone for now.
    #[serde(default)]
    pub deferred: usize,
}

impl PlanCounts {
    fn add(&mut self, zone: &ZonePlan) {
        for step in &zone.collections {
            match &step.diff.outcome {
                Ok(found) => {
                    self.add_collection(found);
                    if zone.deferral_of_step(step).is_some() {
                        self.deferred += found.to_apply().count();
                    }
                }
                Err(failure) => self.blocked += usize::from(!failure.class.whole_zone()),
            }
        }
    }

    fn add_collection(&mut self, found: &CollectionChanges) {
        self.unlisted += found.unlisted;
        self.create_only_differences += found.create_only_differences;
        self.attested += found.attested;
        self.in_sync += found.in_sync;
        self.converged += found.converged;
        self.unmanaged += found.unmanaged.iter().map(|released| released.records).sum::<usize>();
        for change in &found.changes {
            self.detached += usize::from(change.difference == DifferenceType::Detached);
            match change.origin {
                Some(ChangeOrigin::Drifted) => self.drifted += 1,
                Some(ChangeOrigin::Pending) => self.pending += 1,
                Some(ChangeOrigin::Conflict) => self.conflict += 1,
                None => {}
            }
            match (change.mode, change.action) {
                (ApplyMode::Report, _) => self.report += 1,
                (ApplyMode::Manual, _) => self.manual += 1,
                (ApplyMode::Postponed, _) => self.postponed += 1,
                (ApplyMode::KeptTheirs, _) => self.kept_theirs += 1,
                (ApplyMode::Apply, ChangeAction::Create) => self.add += 1,
                (ApplyMode::Apply, ChangeAction::Update) => self.change += 1,
                (ApplyMode::Apply, ChangeAction::Delete) => self.destroy += 1,
            }
        }
    }
}

impl CollectionChanges {
    /// What its changes add up to.
    pub fn counts(&self) -> PlanCounts {
        let mut counts = PlanCounts::default();
        counts.add_collection(self);
        counts
    }
}

impl ZonePlan {
    /// What the zone's changes add up to.
    pub fn counts(&self) -> PlanCounts {
        let mut counts = PlanCounts::default();
        counts.add(self);
        counts
    }

    /// Whether there is anything to write in the zone, be it held or not.
    pub fn has_work(&self) -> bool {
        self.collections.iter().any(|step| step.diff.has_work())
    }

    /// Why apply leaves a step alone, where it does.
    pub fn deferral_of_step<'a>(&'a self, step: &'a PlanStep) -> Option<&'a Deferral> {
        self.deferral.as_ref().or(step.deferral.as_ref())
    }

    /// Whether there is anything that apply may write in the zone.
    pub fn is_writable(&self) -> bool {
        self.collections.iter().any(|step| step.diff.has_work() && self.deferral_of_step(step).is_none())
    }
}

impl Plan {
    /// What all changes add up to.
    pub fn counts(&self) -> PlanCounts {
        let mut counts = PlanCounts::default();
        self.zones.values().for_each(|zone| counts.add(zone));
        counts
    }

    /// Whether apply has anything to write anywhere.
    pub fn has_work(&self) -> bool {
        self.zones.values().any(ZonePlan::has_work)
    }

    /// Whether there is anything that apply may write anywhere.
    pub fn is_writable(&self) -> bool {
        !self.is_denied() && self.zones.values().any(ZonePlan::is_writable)
    }

    /// How many zones are in a state.
    pub fn zones_in(&self, state: ChangeGroupState) -> usize {
        self.change_groups.iter().filter(|group| group.state == state).map(|group| group.zones.len()).sum()
    }

    /// How many zones could be asked in one way and not in another, so that only part of them is known.
    pub fn asked_in_part(&self) -> usize {
        let failed = self.zones.values().filter(|zone| zone.failure.is_some()).count();
        failed.saturating_sub(self.zones_in(ChangeGroupState::Unknown))
    }

    /// Whether any zone left what the manifests say, as far as it is known who moved.
    pub fn has_drifted(&self) -> bool {
        let steps = self.zones.values().flat_map(|zone| &zone.collections);
        let mut changes = steps.flat_map(|step| &step.diff.outcome).flat_map(|found| &found.changes);
        changes.any(|change| change.origin != Some(ChangeOrigin::Pending))
    }

    /// Whether a guard or a policy keeps all of it from being applied.
    pub fn is_denied(&self) -> bool {
        self.findings.iter().any(|finding| finding.effect == FindingEffect::Deny)
    }

    /// Whether every zone answered and every collection could be compared.
    pub fn is_complete(&self) -> bool {
        self.zones.values().all(|zone| {
            zone.failure.is_none() && zone.collections.iter().all(|step| step.diff.outcome.is_ok())
        })
    }
}
