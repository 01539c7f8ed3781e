//! Common options of all commands that plan.

use clap::Args;

use super::selection_args::SelectionArgs;
use super::store_args::StoreArgs;
use crate::session::base_revision::BaseSource;
use crate::session::plan::PlanRequest;
use crate::session::selection::{DriftFilter, ManifestSelection};

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
    /// Returns the selection.
    pub fn selection(&self) -> ManifestSelection {
        ManifestSelection { changed_since: self.changed_since.clone(), ..self.selection.selection() }
    }
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
    /// Sets the base and the filter of a request, if any of the flags is set.
    pub fn apply_to(&self, request: PlanRequest) -> PlanRequest {
        let filter = if self.only_drift { DriftFilter::OnlyDrift } else { DriftFilter::All };
        let base = match (&self.base, self.only_drift) {
            (Some(revision), _) => BaseSource::Revision(revision.clone()),
            (None, true) => BaseSource::HeadRevision,
            (None, false) => return request,
        };
        PlanRequest { base, filter, ..request }
    }
}
