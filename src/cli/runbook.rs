//! `zonal runbook`: prints the manual steps for changes that neither Alma's API nor a gateway can make.

use std::path::Path;

use clap::Args;

use super::CommandExit;
use super::config::{OutputFormat, to_json};
use super::context::CommandContext;
use super::open_session::plan_target;
use super::target_args::TargetArgs;
use crate::kinds::KINDS;
use crate::model::Plan;
use crate::render::runbook::{self, RunbookJson};
use crate::session::plan::PlanRequest;
use crate::session::run_outcome::{self, DetailedExitCode};
use crate::store::StoreAccess;

/// Print the manual steps of a plan
///
/// Plans, and converts changes that neither Alma's API nor a gateway can make into Markdown instructions: one
/// login per zone, the menu path, the values to enter, and the reason. Use `zonal attest` to record completed
/// steps.
#[derive(Debug, Args)]
pub struct RunbookCommand {
    /// Print the steps as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
}

impl RunbookCommand {
    /// Returns the selected environment.
    #[cfg(test)]
    pub fn environment(&self) -> Option<&str> {
        self.target.environment.as_deref()
    }

    /// Prints the runbook for the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let (request, access) = (PlanRequest::default(), StoreAccess::Read);
        let planned = match plan_target(request, &self.target, access, directory, format, world).await {
            Ok((_, planned)) => planned,
            Err(exit) => return exit,
        };
        let runbook = manual_steps(&planned.plan);
        match format {
            OutputFormat::Text => world.out.print(runbook::markdown(&runbook)),
            OutputFormat::Json | OutputFormat::Lines => world.out.print_line(to_json(&runbook)),
        }
        for (code, zone) in &planned.plan.zones {
            if let Some(failure) = &zone.failure {
                world.err.print_plain_line(format!(
                    "? {code}: zone could not be read, so its steps are missing: {failure}"
                ));
            }
        }
        run_outcome::worst(&run_outcome::of_plan(&planned.plan, DetailedExitCode::No))
    }
}

/// Returns the manual steps of a plan, with the fields in the order of the forms.
pub fn manual_steps(plan: &Plan) -> RunbookJson {
    let collections = || KINDS.iter().flat_map(|kind| kind.gateway);
    // The fields of these collections are listed in the order of the form.
    runbook::runbook(plan).in_form_order(|collection_type| {
        collections()
            .find(|collection| collection.kind == collection_type)
            .map(|collection| collection.fields)
    })
}
