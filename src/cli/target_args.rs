//! What a command is aimed at, and on which terms: so that all commands that plan take the same flags.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::base_revision::BaseSource;
use super::selection_args::SelectionArgs;
use super::store::StoreArgs;
use crate::model::{DesiredState, GuardOverride, Network, ZoneCode};
use crate::store::StoreAccess;

/// What plan and apply are aimed at.
#[derive(Debug, Clone, Default, Args)]
pub struct TargetArgs {
    /// Lay this environment over the Network manifest
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Only zones for which the manifests come to something else than at this git revision
    #[arg(long, value_name = "REV", help_heading = "Selection")]
    pub changed_since: Option<String>,
}

impl TargetArgs {
    /// The zones of a network that it is aimed at, whether anything is desired of them or not. `desired` is what
    /// is, of those that changed where only those are meant.
    pub fn zones(&self, network: &Network, desired: &DesiredState) -> BTreeSet<ZoneCode> {
        let changed = |code: &ZoneCode| self.changed_since.is_none() || desired.zones.contains_key(code);
        let zones = network.zones.iter().filter(|zone| self.selection.zones.selects(zone));
        zones.map(|zone| zone.code.clone()).filter(changed).collect()
    }
}

/// What the manifests are compared with, and which of the differences count.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// A snapshot that stands in for the zones.
    pub snapshot: Option<PathBuf>,
    /// Where to look for what was applied last.
    pub memory: BaseSource,
    /// What is done about the differences.
    pub part: DriftFilter,
    /// What somebody takes upon them, where guards and policies stand in the way.
    pub overrides: Vec<GuardOverride>,
    /// Whether something will be kept in the store, or it is only looked at.
    pub access: StoreAccess,
}

/// Which differences are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DriftFilter {
    /// All.
    #[default]
    All,
    /// Those where the zone moved alone.
    OnlyDrift,
}

/// What has drifted, apart from what the manifests ask for since.
#[derive(Debug, Clone, Default, Args)]
pub struct DriftArgs {
    /// Only what has drifted: what the manifests changed since they were applied last stays for a later apply
    #[arg(long)]
    only_drift: bool,
    /// The git revision whose manifests were applied last; with --only-drift, what is committed
    #[arg(long, value_name = "REV")]
    base: Option<String>,
}

impl DriftArgs {
    /// Whether the flags say anything.
    pub fn is_asked_for(&self) -> bool {
        self.only_drift || self.base.is_some()
    }

    /// The flags, and a snapshot in place of the zones.
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
