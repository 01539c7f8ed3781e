//! Selection flags of all commands: `--zone`, `--label`, `--exclude`, `--kind`, `--only`, `--shard`.

use clap::Args;

use super::CommandExit;
use super::config::OutputFormat;
use super::context::CommandContext;
use super::session_output::report_error;
use crate::model::network::Zone;
use crate::model::{Network, ZoneShard};
use crate::plan::selection::DeclarationScope;
use crate::session::SessionError;
use crate::session::selection::{ManifestSelection, ZoneSelection};

/// Selection of zones. Values of one flag are alternatives; different flags must all match.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct ZoneSelectionArgs {
    /// Include only this zone (can be repeated)
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub zone: Vec<String>,
    /// Include only zones with this label (can be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    pub label: Vec<String>,
    /// Exclude this zone (can be repeated)
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub exclude: Vec<String>,
}

/// Selection of zones and manifests.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Selected zones.
    #[command(flatten)]
    pub zones: ZoneSelectionArgs,
    /// Include only manifests of this kind (can be repeated)
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub kind: Vec<String>,
    /// Include only this manifest, collection or record (can be repeated)
    ///
    /// KIND/NAME for a manifest, or an address as plans print it: ZONE/COLLECTION or ZONE/COLLECTION/KEY.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Process only this share of the zones, for example 2/4
    ///
    /// Zones are assigned by a hash of their code, so adding a zone does not move others. Shards can differ
    /// in size or be empty. Use `zonal runs merge` to combine the reports.
    #[arg(long, value_name = "INDEX/COUNT")]
    pub shard: Option<ZoneShard>,
}

impl ZoneSelectionArgs {
    /// Returns the selection.
    pub fn selection(&self) -> ZoneSelection {
        let Self { zone, label, exclude } = self.clone();
        ZoneSelection { zones: zone, labels: label, excluded: exclude }
    }
}

impl SelectionArgs {
    /// Returns the selection.
    pub fn selection(&self) -> ManifestSelection {
        let Self { zones, kind, only, shard } = self;
        let declarations = DeclarationScope { kinds: kind.clone(), only: only.clone() };
        ManifestSelection { zones: zones.selection(), declarations, shard: *shard, changed_since: None }
    }
}

/// Returns the selected zones, in the order of the network.
///
/// # Errors
/// Prints the problems of the selection and returns the exit code.
pub fn selected_zones<'n>(
    selection: &ZoneSelection,
    network: &'n Network,
    format: OutputFormat,
    world: &CommandContext,
) -> Result<Vec<&'n Zone>, CommandExit> {
    let zones = selection.zones(network);
    zones.map_err(|problems| report_error(&SessionError::InvalidSelection(problems), format, world))
}
