//! Plan files: what `plan --out` writes, `show` shows, and `apply` holds a fresh plan against.

use std::path::Path;

use super::config::to_json;
use super::exit::Exit;
use super::world::World;
use crate::model::{Cost, Plan};
use crate::plan::digest::Scope;
use crate::render::json::plan::{PlanJson, plan, read};

/// A plan as its file holds it: the same inputs come to the same bytes, so what differs from one
/// answer of a zone to the next is left out.
pub fn text(fresh: &Plan) -> String {
    let mut file = plan_json(fresh);
    file.reconciler.cost = Cost { quota_percent: None, ..file.reconciler.cost };
    let zones = file.reconciler.zones.iter_mut();
    for zone in zones {
        let failures = zone.collections.iter_mut().filter_map(|collection| collection.failure.as_mut());
        for failure in zone.failure.iter_mut().chain(failures) {
            failure.tracking_id = None;
        }
    }
    to_json(&file) + "\n"
}

/// A plan in its published shape.
pub fn plan_json(shown: &Plan) -> PlanJson {
    let scope = Scope::from(shown);
    plan(shown, |change| scope.change(change))
}

/// Reads a plan file.
///
/// # Errors
/// An exit code, once it has been said what is wrong with it.
pub fn open(file: &Path, world: &World) -> Result<PlanJson, Exit> {
    let shown = file.display();
    let text = std::fs::read(world.directory.join(file))
        .map_err(|error| super::fail(world, format!("{shown} cannot be read: {error}")))?;
    let text = String::from_utf8(text).map_err(|_| super::fail(world, format!("{shown} is not text")))?;
    read(&text).map_err(|error| {
        super::fail(world, format!("{shown}: {error}; make one with `zonal plan --out {shown}`"))
    })
}
