//! Common options of all commands that plan.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::base_revision::BaseSource;
use super::selection_args::SelectionArgs;
use super::store::StoreArgs;
use crate::model::{DesiredState, GuardOverride, Network, ZoneCode};
use crate::store::StoreAccess;

/// Zones, environment and store of a command.
#[derive(Debug, Clone, Default, Args)]
pub struct TargetArgs {
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Include only zones whose desired state differs from this git revision
    #[arg(long, value_name = "REV", help_heading = "Selection")]
    pub changed_since: Option<String>,
}

impl TargetArgs {
    /// Returns the selected zones, with or without desired state.
    ///
    /// With `--changed-since`, returns only the zones in `desired`.
    pub fn zones(&self, network: &Network, desired: &DesiredState) -> BTreeSet<ZoneCode> {
        let changed = |code: &ZoneCode| self.changed_since.is_none() || desired.zones.contains_key(code);
        let zones = network.zones.iter().filter(|zone| self.selection.zones.selects(zone));
        zones.map(|zone| zone.code.clone()).filter(changed).collect()
    }
}

/// Options of a plan: inputs, differences to include, and overrides.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// Snapshot file used instead of the zones.
    pub snapshot: Option<PathBuf>,
    /// Source of the base.
    pub memory: BaseSource,
    /// Differences to include.
    pub part: DriftFilter,
    /// Overrides of guards and policies.
    pub overrides: Vec<GuardOverride>,
    /// Store access: read-only or write.
    pub access: StoreAccess,
}

/// Filter for differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DriftFilter {
    /// All differences.
    #[default]
    All,
    /// Only drift: changed in the zone, not in the manifests.
    OnlyDrift,
}

/// Options that separate drift from pending changes.
#[derive(Debug, Clone, Default, Args)]
pub struct DriftArgs {
    /// Revert drift only; leave pending manifest changes for a later apply
    #[arg(long)]
    only_drift: bool,
    /// Git revision to use as the last applied configuration
    ///
    /// With --only-drift, defaults to HEAD if zonal has no applied state.
    #[arg(long, value_name = "REV")]
    base: Option<String>,
}

impl DriftArgs {
    /// Returns true if any of the flags is set.
    pub fn is_asked_for(&self) -> bool {
        self.only_drift || self.base.is_some()
    }

    /// Returns the plan options for the flags and a snapshot file.
    pub fn terms(&self, against: Option<PathBuf>) -> PlanOptions {
        let memory = match (&self.base, self.only_drift) {
            (Some(revision), _) => BaseSource::Revision(revision.clone()),
            (None, true) => BaseSource::HeadRevision,
            (None, false) => BaseSource::None,
        };
        let part = if self.only_drift { DriftFilter::OnlyDrift } else { DriftFilter::All };
        PlanOptions { snapshot: against, memory, part, ..PlanOptions::default() }
    }
}
