//! `zonal absorb`: takes what zones changed into the manifests.

use std::path::Path;

use clap::{Args, ValueEnum};

use super::CommandExit;
use super::config::{OutputFormat, to_json};
use super::context::CommandContext;
use super::open_session::plan_target;
use super::target_args::TargetArgs;
use crate::local::export_folder::LocalExportFolder;
use crate::model::TwoWayWrites;
use crate::render::json::absorb::{AbsorbJson, AbsorbLayer, AbsorbedFileState};
use crate::render::text;
use crate::session::absorb::{AbsorbOutput, AbsorbRequest, absorb, has_uncommitted_changes};
use crate::session::plan::PlanRequest;
use crate::store::StoreAccess;

/// Take what zones changed into the manifests
///
/// Compares the zones with the manifests, and edits the rows that differ: the smallest edit of the YAML files, with
/// comments, order, quotes and line ends kept. Shows the edits; --write writes them. An edit that would declare
/// anything but the values of the zones is not made. Sends only GET requests.
#[derive(Debug, Args)]
pub struct AbsorbCommand {
    /// Absorb only this record, table or zone, such as 01OMNI_ALPHA/CodeTable/UserGroups/STAFF (default: all)
    #[arg(value_name = "ADDRESS")]
    address: Vec<String>,
    /// Layer of the manifests that takes the values
    #[arg(long, value_name = "LAYER", value_enum)]
    into: LayerArg,
    /// Write the files (default: only show the edits); refused with uncommitted changes in git
    #[arg(long)]
    write: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
}

/// Layer of the manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LayerArg {
    /// The manifest's own row, for all its zones
    Shared,
    /// A row of an override for the zones that differ
    Override,
    /// `appliesTo.except`: the manifest no longer applies to the zones that differ
    Except,
    /// An override that only reports differences of the zones that differ
    Report,
}

impl LayerArg {
    fn layer(self) -> AbsorbLayer {
        match self {
            Self::Shared => AbsorbLayer::Shared,
            Self::Override => AbsorbLayer::Override,
            Self::Except => AbsorbLayer::Except,
            Self::Report => AbsorbLayer::Report,
        }
    }
}

impl AbsorbCommand {
    /// Absorbs the differences of the zones into the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.absorb(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn absorb(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        if self.write && has_uncommitted_changes(&world.effects(directory)).await {
            let message = "the config directory has uncommitted changes; commit or stash them first, so that \
                           `git diff` shows only what absorb writes";
            return Err(super::fail(world, message));
        }
        let plan_request = PlanRequest { two_way: TwoWayWrites::Skip, ..PlanRequest::default() };
        let (session, planned) =
            plan_target(plan_request, &self.target, StoreAccess::Read, directory, format, world).await?;
        let folder = LocalExportFolder::open(directory, directory)
            .map_err(|error| super::fail(world, format!("cannot write to the config directory: {error}")))?;
        let request = AbsorbRequest {
            addresses: self.address.clone(),
            layer: self.into.layer(),
            output: if self.write { AbsorbOutput::Write } else { AbsorbOutput::Show },
        };
        let absorbed = absorb(&session.config, &planned.plan, &request, &folder);
        match self.json {
            true => world.out.print_line(to_json(&absorbed)),
            false => world.out.print(text::absorb(&absorbed)),
        }
        Ok(outcome(&absorbed))
    }
}

/// Returns the exit code: a file that is not written comes first, then an unread zone, then what stays.
fn outcome(absorbed: &AbsorbJson) -> CommandExit {
    let has_failed = absorbed.files.iter().any(|file| file.state == AbsorbedFileState::Failed);
    match (has_failed, absorbed.complete, absorbed.left.is_empty()) {
        (true, _, _) => CommandExit::Invalid,
        (false, false, _) => CommandExit::Incomplete,
        (false, true, false) => CommandExit::Changes,
        (false, true, true) => CommandExit::Done,
    }
}
