//! Plan files: what `plan --out` writes, and `show` and `approve` read.

use std::path::Path;

use super::config_files;
use super::context::CommandContext;
use super::exit_code::CommandExit;
use crate::model::{ApplyReport, Plan, PlanCost, ZoneCode, ZonePlan};
use crate::plan::groups;
use crate::plan::plan_digest::{DigestScope, is_busy};
use crate::render::json::compact_lines::compact_lines;
use crate::render::json::plan::{PlanFileError, PlanJson, parse};
use crate::render::json::report::ApplyReportJson;

/// A plan as its file holds it: the same inputs come to the same bytes, so what differs from one
/// answer of a zone to the next is left out.
pub fn to_json(fresh: &Plan) -> String {
    let mut file = plan_json(fresh);
    file.reconciler.cost = PlanCost { quota_percent: None, ..file.reconciler.cost };
    let zones = file.reconciler.zones.iter_mut();
    for zone in zones {
        let failures = zone.collections.iter_mut().filter_map(|collection| collection.failure.as_mut());
        for failure in zone.failure.iter_mut().chain(failures) {
            failure.tracking_id = None;
        }
    }
    compact_lines(&file) + "\n"
}

/// A plan in its published shape.
pub fn plan_json(shown: &Plan) -> PlanJson {
    let scope = DigestScope::from(shown);
    crate::render::json::plan::plan(shown, |change| scope.change(change))
}

/// What came of a plan in its published shape.
pub fn report_json(carried_out: &Plan, report: &ApplyReport) -> ApplyReportJson {
    let scope = DigestScope::from(carried_out);
    crate::render::json::report::report(carried_out, report, |change| scope.change(change))
}

/// Whether a plan that was read is as it was made: its digests are those of what it shows, and it shows all
/// that they are of.
fn is_intact(shown: &Plan) -> bool {
    let scope = DigestScope::from(shown);
    let zones = || shown.zones.iter().filter(|(_, zone)| is_busy(zone));
    let whole = scope.plan(zones().map(|(code, zone)| (code.as_str(), zone.digest)));
    let zone = |(code, zone): (&ZoneCode, &ZonePlan)| {
        scope.zone(code.as_str(), scope.changes(&zone.collections)) == zone.digest
            // Only an apply leaves a collection alone, which then is not shown.
            && zone.collections.iter().all(|step| step.deferral.is_none())
    };
    whole == shown.digest && shown.zones.iter().all(zone) && groups(shown) == shown.change_groups
}

/// Reads a plan file for somebody who is to look at it or to agree to it.
///
/// # Errors
/// An exit code, once it has been said what is wrong with it.
pub fn read_for_review(file: &Path, world: &CommandContext) -> Result<Plan, CommandExit> {
    let name = file.display();
    let plan =
        Plan::try_from(open(file, world)?).map_err(|error| super::fail(world, format!("{name}: {error}")))?;
    match is_intact(&plan) {
        true => Ok(plan),
        false => {
            let words = "was edited after it was made: its digests are not those of what it shows";
            Err(super::fail(world, format!("{name} {words}; make a new one with `zonal plan --out FILE`")))
        }
    }
}

/// Writes a plan file, and says what can be done with it.
///
/// # Errors
/// An exit code, once it has been said why it cannot be written.
pub fn save(file: &Path, fresh: &Plan, world: &CommandContext) -> Result<(), CommandExit> {
    config_files::write(file, &to_json(fresh), world)?;
    let shown = file.display();
    world.err.print_line(format!(
        "Saved the plan to {shown}, digest {}. Show it with `zonal show {shown}`, apply it with `zonal apply {shown}`.",
        fresh.digest
    ));
    Ok(())
}

/// Reads a plan file.
///
/// # Errors
/// An exit code, once it has been said what is wrong with it.
fn open(file: &Path, world: &CommandContext) -> Result<PlanJson, CommandExit> {
    parse(&text_of(file, world)?).map_err(|error| unreadable(file, &error, world))
}

/// The text of a plan file.
///
/// # Errors
/// An exit code, once it has been said that it cannot be read.
pub fn text_of(file: &Path, world: &CommandContext) -> Result<String, CommandExit> {
    let shown = file.display();
    let text = std::fs::read(world.directory.join(file))
        .map_err(|error| super::fail(world, format!("{shown} cannot be read: {error}")))?;
    String::from_utf8(text).map_err(|_| super::fail(world, format!("{shown} is not text")))
}

/// Says what is wrong with a plan file.
pub fn unreadable(file: &Path, error: &PlanFileError, world: &CommandContext) -> CommandExit {
    super::fail(world, format!("{}: {error}; make one with `zonal plan --out FILE`", file.display()))
}
