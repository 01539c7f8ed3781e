//! Reads a snapshot file instead of the zones (`--snapshot`).
//!
//! Needs no API key and sends no request, so a pull request from a fork without secrets can be planned.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use super::CommandExit;
use super::config::ConfigDirectory;
use super::context::CommandContext;
use crate::model::{
    CollectionId, DesiredState, FailureClass, ObservedState, ObservedZone, ZoneCode, ZoneFailure,
};
use crate::observe::observe;
use crate::provider::{CollectionSnapshot, RequestUsage, ZoneReader};
use crate::render::json::snapshot;

/// Reads all desired collections from a snapshot file.
///
/// # Errors
/// Prints the error in the file and returns the exit code.
pub async fn observe_in(
    file: &Path,
    config: &ConfigDirectory,
    wanted: &DesiredState,
    world: &CommandContext,
) -> Result<ObservedState, CommandExit> {
    let held = open(file, config, world)?;
    let zone = |code: &ZoneCode| SnapshotReader {
        kept: held.zones.get(code).cloned().unwrap_or_default(),
        file: file.display().to_string(),
    };
    let readers: BTreeMap<ZoneCode, SnapshotReader> =
        wanted.zones.keys().map(|code| (code.clone(), zone(code))).collect();
    Ok(observe(&readers, wanted, &|_| {}).await)
}

fn open(file: &Path, config: &ConfigDirectory, world: &CommandContext) -> Result<ObservedState, CommandExit> {
    let shown = file.display();
    let fail = |why: String| super::fail(world, why);
    let text = std::fs::read(world.directory.join(file))
        .map_err(|error| fail(format!("cannot read {shown}: {error}")))?;
    let text = String::from_utf8(text).map_err(|_| fail(format!("{shown} is not UTF-8 text")))?;
    let way_out = "create a snapshot with `zonal snapshot --out FILE`";
    let snapshot = snapshot::parse(&text).map_err(|error| match error {
        snapshot::SnapshotError::NotASnapshot { .. } => fail(format!("{shown}:{error}; {way_out}")),
        snapshot::SnapshotError::Version(_) | snapshot::SnapshotError::Twice(_) => {
            fail(format!("{shown}: {error}; {way_out}"))
        }
    })?;
    let network = &config.network;
    if snapshot.network != network.name {
        let (of, here) = (&snapshot.network, &network.name);
        return Err(fail(format!(
            "{shown} is a snapshot of network {of}, but the manifests belong to network {here}"
        )));
    }
    if snapshot.environment != network.environment {
        let words = |environment: &Option<String>| match environment {
            Some(environment) => format!("with environment {environment}"),
            None => "without an environment".to_owned(),
        };
        let (then, now) = (words(&snapshot.environment), words(&network.environment));
        return Err(fail(format!(
            "{shown} was created {then}, but this command runs {now}; use the same --environment for both"
        )));
    }
    Ok(snapshot.into())
}

/// Reader for one zone of a snapshot.
struct SnapshotReader {
    kept: ObservedZone,
    file: String,
}

impl ZoneReader for SnapshotReader {
    async fn read_collection(&self, id: &CollectionId) -> Result<CollectionSnapshot, ZoneFailure> {
        let file = &self.file;
        match self.kept.find(id) {
            Some(Ok(found)) => Ok(CollectionSnapshot { observed: found.clone(), raw: Json::Null }),
            Some(Err(failure)) => {
                let ZoneFailure { class, message, help, tracking_id } = failure.clone();
                let message = format!("when the snapshot was created: {message}");
                Err(ZoneFailure { class, message, help, tracking_id })
            }
            None => {
                let failure = ZoneFailure::new(FailureClass::Missing, "not in the snapshot");
                Err(failure
                    .help(format!("create a snapshot with these manifests: `zonal snapshot --out {file}`")))
            }
        }
    }

    fn request_usage(&self) -> RequestUsage {
        RequestUsage::default()
    }
}
