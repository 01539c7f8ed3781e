//! Options for the amount of detail of a plan's text.

use clap::Args;

use super::CommandExit;
use super::context::CommandContext;
use crate::model::Plan;
use crate::render::text::{PlanDetail, PlanPart, PlanTextView, missing_parts};

/// Widest text, in columns.
const WIDEST: usize = 100;
/// Narrowest text, in columns.
const NARROWEST: usize = 60;

/// Options of all commands that print a plan.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Detail")]
pub struct PlanViewArgs {
    /// Show each record of each zone
    #[arg(long)]
    pub verbose: bool,
    /// Show the zones in groups with equal changes
    #[arg(long, conflicts_with = "verbose")]
    pub zones: bool,
    /// Show only the decisions of this manifest (can be repeated)
    #[arg(long, value_name = "KIND/NAME")]
    pub manifest: Vec<String>,
    /// Show only the decisions of this row, with all former values (can be repeated)
    #[arg(long, value_name = "FILE:LINE")]
    pub row: Vec<String>,
}

impl PlanViewArgs {
    /// Returns the view of a plan. `zones` limits the text to these zones.
    ///
    /// # Errors
    /// Prints an error if the plan has no change in a part that the options name.
    pub fn view(
        &self,
        plan: &Plan,
        zones: &[String],
        world: &CommandContext,
    ) -> Result<PlanTextView, CommandExit> {
        let detail = match (self.verbose, self.zones) {
            (true, _) => PlanDetail::Records,
            (false, true) => PlanDetail::ZoneGroups,
            (false, false) => PlanDetail::Decisions,
        };
        let part =
            PlanPart { zones: zones.to_vec(), manifests: self.manifest.clone(), rows: self.row.clone() };
        let missing = missing_parts(plan, &part, |_| true);
        if !missing.is_empty() {
            let exit = super::fail(world, format!("the plan has no change for {}", missing.join(", ")));
            world.err.print_line("help: `zonal show PLAN` lists the manifests and rows with changes");
            return Err(exit);
        }
        Ok(PlanTextView { part, detail, ..text_view(world) })
    }
}

/// Returns the view of a plan on this output: its width, and whether it shows characters outside ASCII.
pub fn text_view(world: &CommandContext) -> PlanTextView {
    let width = world.out.columns().map_or(WIDEST, |columns| columns.clamp(NARROWEST, WIDEST));
    // The first variable that is set decides, as in the C library.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| world.env.get(*name));
    let locale = locale.map(|value| value.to_ascii_lowercase()).find(|value| !value.is_empty());
    let unicode = locale.is_none_or(|locale| locale.contains("utf-8") || locale.contains("utf8"));
    PlanTextView { width, unicode, ..PlanTextView::default() }
}
