//! Plan: all changes, ordered and grouped, with their cost. Apply makes no further decisions.

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
use super::population::PlanPopulation;
use super::rollout::RolloutWave;
use super::run::RunId;
use super::service::ServiceSettings;

/// Plan for all zones.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Name of the network.
    pub network: String,
    /// Environment; `None` for the manifest without an environment.
    pub environment: Option<String>,
    /// Selection of the command; `None` for everything.
    pub selection: Option<String>,
    /// Snapshot file used instead of the zones; `None` for a plan from the zones.
    pub snapshot: Option<String>,
    /// Base of the comparison.
    pub compared: ComparisonMode,
    /// Zones with desired state.
    pub zones: BTreeMap<ZoneCode, ZonePlan>,
    /// Change groups: zones with identical changes, largest first. Every zone belongs to exactly one.
    pub change_groups: Vec<ChangeGroup>,
    /// Waves of the zones with changes, in apply order; empty for all zones at once.
    pub waves: Vec<RolloutWave>,
    /// Cost of the apply.
    pub cost: PlanCost,
    /// Digest of all changes in all zones, the subject of approvals.
    pub digest: ContentDigest,
    /// Findings of guards and policies, most severe first.
    pub findings: Vec<Finding>,
    /// Impact on members and users. No digest covers this field.
    pub impacts: Vec<PlanImpact>,
    /// Forecast of the expectations after the plan.
    pub expectations: ExpectationForecast,
    /// Inputs of the plan.
    pub inputs: PlanInputs,
    /// Settings of the service. No total, digest or apply includes them.
    pub service: Vec<ServiceSettings>,
    /// Zones, manifests and rows that the words of the plan refer to.
    pub population: PlanPopulation,
    /// Time and author of the plan. No digest covers this field.
    pub origin: PlanOrigin,
}

/// Time and author of a plan.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct PlanOrigin {
    /// Time of the plan in UTC, as RFC 3339. A plan file omits it, so that equal plans are equal files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// Commit of the manifests, with a trailing `+` for uncommitted changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Starter of the pipeline, or logged-in user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// URL of the pipeline run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
}

/// Mode of the comparison: the base, if any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ComparisonMode {
    /// Two-way comparison: no base, so change origins are unknown.
    #[default]
    TwoWay,
    /// Manifests of a git revision as base.
    Revision(String),
    /// Applied state as base.
    AppliedState {
        /// Number of records in the applied state of the plan's zones.
        entries: usize,
    },
}

impl ComparisonMode {
    /// Returns true for a three-way comparison.
    pub fn has_base(&self) -> bool {
        match self {
            Self::TwoWay => false,
            Self::Revision(_) | Self::AppliedState { .. } => true,
        }
    }

    /// Returns the revision, if the base is one.
    pub fn revision(&self) -> Option<&str> {
        match self {
            Self::Revision(revision) => Some(revision),
            Self::TwoWay | Self::AppliedState { .. } => None,
        }
    }
}

/// Inputs of a plan, checked again before a later apply.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct PlanInputs {
    /// Digest of the zones' locations and connections.
    pub network: ContentDigest,
    /// Digest of each manifest's desired state in the plan's zones, by kind and name.
    ///
    /// Location and notation of the manifest do not count.
    pub manifests: BTreeMap<Arc<str>, ContentDigest>,
    /// Kinds in the selection; empty for all.
    pub kinds: Vec<Arc<str>>,
    /// Manifests, collections and records in the selection; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<Arc<str>>,
    /// Reverted run, for a plan without manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<RunId>,
    /// Address of the collections that come back from images, empty for all of the reverted run. Absent for a
    /// revert without images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<String>,
}

/// Plan for one zone.
#[derive(Debug, Clone)]
pub struct ZonePlan {
    /// Display name of the zone.
    pub name: String,
    /// Failure of the read, if the zone could not be read.
    pub failure: Option<ZoneFailure>,
    /// Collections in apply order.
    pub collections: Vec<PlanStep>,
    /// Digest of all changes in the zone, including the zone's location.
    pub digest: ContentDigest,
    /// Deferral of the whole zone, if any.
    pub deferral: Option<Deferral>,
}

/// Step of a plan: one collection in the write order.
#[derive(Debug, Clone)]
pub struct PlanStep {
    /// Collection with its changes.
    pub diff: CollectionDiff,
    /// Indices of earlier steps in the zone that must succeed first.
    pub depends_on: Vec<usize>,
    /// Channel of the changes.
    pub channel: Channel,
    /// Deferral of the step, if any.
    pub deferral: Option<Deferral>,
}

/// Zones with identical changes, record for record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct ChangeGroup {
    /// Digest of the changes in each zone. Groups that differ only in reported changes have equal digests.
    pub digest: ContentDigest,
    /// State of the zones.
    pub state: ChangeGroupState,
    /// Zones by code; never empty.
    pub zones: Vec<ZoneCode>,
}

/// State of a change group.
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
    /// Zones with changes, or with collections that cannot be planned.
    Changes,
    /// Zones in sync.
    InSync,
    /// Zones that could not be read.
    Unknown,
}

/// Cost of an apply.
#[derive(
    Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct PlanCost {
    /// Number of GET requests.
    pub reads: u64,
    /// Number of PUT and DELETE requests: one per changed collection over the API, one per changed record
    /// over the gateway.
    pub writes: u64,
    /// Minimum duration in seconds: requests of the busiest zone, or of the gateway, divided by its rate.
    pub seconds_floor: f64,
    /// Highest share of a zone's remaining daily quota, in percent; absent if no zone reports its quota.
    pub quota_percent: Option<f64>,
}

/// Counts of a plan's records, in Terraform's words.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct PlanCounts {
    /// Records to create.
    pub add: usize,
    /// Records to update.
    pub change: usize,
    /// Records to delete.
    pub destroy: usize,
    /// Differences reported only, because of `enforcement: report`.
    pub report: usize,
    /// Unlisted records.
    pub unlisted: usize,
    /// Differences kept because of `enforcement: createOnly`.
    pub create_only_differences: usize,
    /// Collections that cannot be planned, except those of unread zones.
    pub blocked: usize,
    /// Differences for manual steps of the runbook.
    pub manual: usize,
    /// Records in sync by attestation.
    pub attested: usize,
    /// Records that manifests unmanage.
    pub unmanaged: usize,
    /// Records that zonal created, that no manifest declares any more, and that stay.
    #[serde(default)]
    pub undeclared: usize,
    /// Differences of records that a zone has detached from the network.
    pub detached: usize,
    /// Differences postponed to a later apply.
    #[serde(default)]
    pub postponed: usize,
    /// Differences changed in the zone only.
    #[serde(default)]
    pub drifted: usize,
    /// Differences changed in the manifests only.
    #[serde(default)]
    pub pending: usize,
    /// Differences changed differently in both the manifests and the zone.
    #[serde(default, alias = "both")]
    pub conflict: usize,
    /// Conflicts left to the zone, because of `conflict: theirs`.
    #[serde(default)]
    pub kept_theirs: usize,
    /// Records in sync.
    #[serde(default)]
    pub in_sync: usize,
    /// Converged records, among those in sync: changed alike in manifests and zone.
    #[serde(default)]
    pub converged: usize,
    /// Deferred creates, updates and deletes.
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
        self.undeclared += found.undeclared.iter().map(|gone| gone.addresses.len()).sum::<usize>();
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
    /// Returns the counts of its changes.
    pub fn counts(&self) -> PlanCounts {
        let mut counts = PlanCounts::default();
        counts.add_collection(self);
        counts
    }
}

impl ZonePlan {
    /// Returns the counts of the zone's changes.
    pub fn counts(&self) -> PlanCounts {
        let mut counts = PlanCounts::default();
        counts.add(self);
        counts
    }

    /// Returns true if the zone has changes to write, deferred or not.
    pub fn has_work(&self) -> bool {
        self.collections.iter().any(|step| step.diff.has_work())
    }

    /// Returns the deferral of a step, or of the whole zone.
    pub fn deferral_of_step<'a>(&'a self, step: &'a PlanStep) -> Option<&'a Deferral> {
        self.deferral.as_ref().or(step.deferral.as_ref())
    }

    /// Returns true if apply can write to the zone.
    pub fn is_writable(&self) -> bool {
        self.collections.iter().any(|step| step.diff.has_work() && self.deferral_of_step(step).is_none())
    }
}

impl Plan {
    /// Returns true if the plan concerns a zone that counts as production.
    pub fn reaches_production(&self) -> bool {
        self.population.zones.iter().any(|zone| zone.production && self.zones.contains_key(&zone.code))
    }

    /// Returns the counts of all changes.
    pub fn counts(&self) -> PlanCounts {
        let mut counts = PlanCounts::default();
        self.zones.values().for_each(|zone| counts.add(zone));
        counts
    }

    /// Returns true if any zone has changes to write.
    pub fn has_work(&self) -> bool {
        self.zones.values().any(ZonePlan::has_work)
    }

    /// Returns true if apply can write to any zone.
    pub fn is_writable(&self) -> bool {
        !self.is_denied() && self.zones.values().any(ZonePlan::is_writable)
    }

    /// Returns the number of zones in a state.
    pub fn zones_in(&self, state: ChangeGroupState) -> usize {
        self.change_groups.iter().filter(|group| group.state == state).map(|group| group.zones.len()).sum()
    }

    /// Returns the number of zones that were read through some channels only.
    pub fn asked_in_part(&self) -> usize {
        let failed = self.zones.values().filter(|zone| zone.failure.is_some()).count();
        failed.saturating_sub(self.zones_in(ChangeGroupState::Unknown))
    }

    /// Returns true if any zone drifted, as far as change origins are known.
    pub fn has_drifted(&self) -> bool {
        let steps = self.zones.values().flat_map(|zone| &zone.collections);
        let mut changes = steps.flat_map(|step| &step.diff.outcome).flat_map(|found| &found.changes);
        changes.any(|change| change.origin != Some(ChangeOrigin::Pending))
    }

    /// Returns true if a guard or a policy denies the plan.
    pub fn is_denied(&self) -> bool {
        self.findings.iter().any(|finding| finding.effect == FindingEffect::Deny)
    }

    /// Returns true if every zone responded and every collection was compared.
    pub fn is_complete(&self) -> bool {
        self.zones.values().all(|zone| {
            zone.failure.is_none() && zone.collections.iter().all(|step| step.diff.outcome.is_ok())
        })
    }
}
