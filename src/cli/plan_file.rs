//! Plan files: written by `plan --out`, read by `show`, `approve` and `apply`.

use std::path::Path;

use super::CommandExit;
use super::context::CommandContext;
use super::output_files;
use super::session_output::CommandObserver;
use crate::local::config_files::FileRights;
use crate::model::{CollectionChanges, Deferral, Plan, PlanCost, ZoneCode, ZonePlan};
use crate::plan::change_origin::has_unresolved_conflict;
use crate::plan::groups;
use crate::plan::plan_digest::{DigestScope, is_busy};
use crate::render::json::compact_lines::compact_lines;
use crate::render::json::plan::{PlanFileError, PlanJson, parse};
use crate::session::observer::report_retired_records;
use crate::session::plan_documents::plan_json;
use crate::session::retired_records::{RetiredRecords, RetiredRecordsPlace};
use crate::session::reviewed_plan::ReviewedPlan;

/// Returns the content of a plan file.
///
/// Same inputs produce the same bytes: the file omits values that differ between responses.
pub fn to_json(fresh: &Plan) -> String {
    let mut file = plan_json(fresh);
    file.reconciler.cost = PlanCost { quota_percent: None, ..file.reconciler.cost };
    file.reconciler.origin.created_at = None;
    let zones = file.reconciler.zones.iter_mut();
    for zone in zones {
        let failures = zone.collections.iter_mut().filter_map(|collection| collection.failure.as_mut());
        for failure in zone.failure.iter_mut().chain(failures) {
            failure.tracking_id = None;
        }
    }
    compact_lines(&file) + "\n"
}

/// Returns true if a plan file was not edited.
///
/// The digests must match the listed changes, and all changes of the digests must be listed.
fn is_intact(shown: &Plan) -> bool {
    let scope = DigestScope::from(shown);
    let zones = || shown.zones.iter().filter(|(_, zone)| is_busy(zone));
    let whole = scope.plan(zones().map(|(code, zone)| (code.as_str(), zone.digest)));
    let zone = |(code, zone): (&ZoneCode, &ZonePlan)| {
        scope.zone(code.as_str(), scope.changes(&zone.collections)) == zone.digest
            // A plan defers conflicts and collections that are approved in part. Any other deferral would omit
            // the collection from the output.
            && zone.collections.iter().all(|step| match &step.deferral {
                None | Some(Deferral::ApprovalRequired | Deferral::PartlyApproved { .. }) => true,
                Some(Deferral::Conflict) => has_unresolved_conflict(step),
                Some(
                    Deferral::Guard { .. }
                    | Deferral::Stale
                    | Deferral::RolloutStopped { .. }
                    | Deferral::LeaseHeld { .. },
                ) => false,
            })
    };
    whole == shown.digest && shown.zones.iter().all(zone) && groups(shown) == shown.change_groups
}

/// Reads a plan file for display or approval.
///
/// # Errors
/// Prints the error in the file and returns the exit code.
pub fn read_for_review(file: &Path, world: &CommandContext) -> Result<Plan, CommandExit> {
    let name = file.display();
    let plan =
        Plan::try_from(open(file, world)?).map_err(|error| super::fail(world, format!("{name}: {error}")))?;
    match is_intact(&plan) {
        true => Ok(without_retired_changes(plan, &name.to_string(), world)),
        false => {
            let words = "was edited after it was created: the digests do not match the listed changes";
            Err(super::fail(world, format!("{name} {words}; create a new plan with `zonal plan --out FILE`")))
        }
    }
}

/// Drops the changes of collection types that zonal no longer writes. Digests stay: they name the whole file.
fn without_retired_changes(mut plan: Plan, name: &str, world: &CommandContext) -> Plan {
    let mut retired = RetiredRecords::default();
    for step in plan.zones.values_mut().flat_map(|zone| &mut zone.collections) {
        let Ok(found) = &mut step.diff.outcome else { continue };
        if retired.count(&step.diff.id.kind, found.changes.len()) {
            *found = CollectionChanges::default();
        }
    }
    if !retired.0.is_empty() {
        plan.change_groups = groups(&plan);
        report_retired_records(
            retired,
            RetiredRecordsPlace::Plan(name.to_owned()),
            &CommandObserver::new(world),
        );
    }
    plan
}

/// Writes a plan file and prints the next commands. Stdout gets only the plan.
///
/// # Errors
/// Prints the error and returns the exit code if the file cannot be written.
pub fn save(file: &Path, fresh: &Plan, world: &CommandContext) -> Result<(), CommandExit> {
    output_files::write(file, &to_json(fresh), FileRights::Private, world)?;
    if output_files::is_stdout(file) {
        return Ok(());
    }
    let shown = file.display();
    world.err.print_plain_line(format!(
        "Saved the plan to {shown}, digest {}. Show it with `zonal show {shown}`, apply it with `zonal apply {shown}`.",
        fresh.digest
    ));
    Ok(())
}

/// Reads a plan file.
///
/// # Errors
/// Prints the error in the file and returns the exit code.
fn open(file: &Path, world: &CommandContext) -> Result<PlanJson, CommandExit> {
    parse(&output_files::read(file, world)?).map_err(|error| unreadable(file, &error, world))
}

/// Reads the reviewed plan file of an apply.
///
/// # Errors
/// Prints the error in the file and returns the exit code.
pub fn read_reviewed(file: &Path, world: &CommandContext) -> Result<ReviewedPlan, CommandExit> {
    let text = output_files::read(file, world)?;
    ReviewedPlan::from_file(file.display().to_string(), &text)
        .map_err(|error| unreadable(file, &error, world))
}

/// Prints the error in a plan file.
fn unreadable(file: &Path, error: &PlanFileError, world: &CommandContext) -> CommandExit {
    let next = match error {
        PlanFileError::Older(_) => " with `zonal plan --out FILE`",
        PlanFileError::NotAPlan(_) | PlanFileError::Version(_) | PlanFileError::Torn(_) => {
            "; create a plan with `zonal plan --out FILE`"
        }
    };
    super::fail(world, format!("{}: {error}{next}", file.display()))
}
