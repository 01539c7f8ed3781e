//! `--changed-since`: selects zones whose desired state differs from a git revision.
//!
//! Moved, reworded or equivalent manifests select no zones.

use std::collections::BTreeSet;
use std::path::Path;

use super::CommandExit;
use super::config::ConfigDirectory;
use super::context::CommandContext;
use super::git_revision;
use crate::model::{DesiredState, ZoneCode};
use crate::plan::manifest_digest;
use crate::render::text::count;

/// Keeps zones in `desired` whose configuration changed since a revision, and returns the selection as text.
///
/// # Errors
/// Prints the error and returns the exit code if the revision cannot be loaded.
pub async fn narrow(
    since: &str,
    config: &ConfigDirectory,
    wanted: &mut DesiredState,
    directory: &Path,
    world: &CommandContext,
) -> Result<String, CommandExit> {
    let environment = config.network.environment.as_deref();
    let asking = git_revision::load_revision(since, directory, environment, world);
    let then = world.unless_interrupted(asking).await?;
    let then = then.map_err(|error| super::fail(world, format!("--changed-since {since}: {error}")))?.config;
    let changed: BTreeSet<ZoneCode> = match &then {
        Ok(then) => {
            report_removed_zones(then, config, since, world);
            changed_zones(then, config)
        }
        Err(why) => {
            world.err.print_line(format!("note: every zone counts as changed: {why}"));
            config.network.zones.iter().map(|zone| zone.code.clone()).collect()
        }
    };
    let silent: Vec<&ZoneCode> =
        changed.iter().filter(|code| !config.desired.zones.contains_key(code)).collect();
    if !silent.is_empty() && then.is_ok() {
        let zones = zone_list(&silent);
        world.err.print_line(format!(
            "note: no manifest applies to {zones} any more, unlike at {since}; existing records are kept"
        ));
    }
    wanted.zones.retain(|code, _| changed.contains(code));
    if changed.is_empty() {
        world.err.print_line(format!("No zone's configuration differs from {since}."));
    }
    let (number, all) = (changed.len(), config.network.zones.len());
    Ok(format!("zones whose configuration changed since {since}: {number} of {all}"))
}

/// Returns the zones with another desired state or another connection.
fn changed_zones(then: &ConfigDirectory, now: &ConfigDirectory) -> BTreeSet<ZoneCode> {
    let gateway =
        |config: &ConfigDirectory| config.network.gateway.as_ref().map(|gateway| gateway.url.clone());
    let moved = gateway(then) != gateway(now);
    let (wanted_then, wanted_now) =
        (manifest_digest::zones(&then.desired), manifest_digest::zones(&now.desired));
    let zones = now.network.zones.iter().filter(|zone| {
        let (before, after) = (wanted_then.get(&zone.code), wanted_now.get(&zone.code));
        let at = then.network.zone(&zone.code).map(manifest_digest::zone);
        let wanted = before.is_some() || after.is_some();
        before != after || wanted && (moved || at != Some(manifest_digest::zone(zone)))
    });
    zones.map(|zone| zone.code.clone()).collect()
}

/// Reports zones that were removed from the network.
fn report_removed_zones(then: &ConfigDirectory, now: &ConfigDirectory, since: &str, world: &CommandContext) {
    let gone = then.network.zones.iter().filter(|zone| now.network.zone(&zone.code).is_none());
    let gone: Vec<&ZoneCode> = gone.map(|zone| &zone.code).collect();
    if !gone.is_empty() {
        let (zones, are) = (count(gone.len(), "zone"), if gone.len() == 1 { "is" } else { "are" });
        world.err.print_line(format!(
            "note: {zones} of {since} {are} no longer in the network and not changed: {}",
            zone_list(&gone)
        ));
    }
}

fn zone_list(zones: &[&ZoneCode]) -> String {
    let codes: Vec<&str> = zones.iter().map(|code| code.as_str()).collect();
    codes.join(", ")
}
