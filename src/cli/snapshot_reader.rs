//! `--snapshot`: a snapshot stands in for the zones. No key is needed and no request is sent, so that a pull
//! request from a fork, which has no secrets, can be planned.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use super::config::ConfigDirectory;
use super::context::CommandContext;
use super::exit_code::CommandExit;
use crate::model::{
    CollectionId, DesiredState, FailureClass, ObservedState, ObservedZone, ZoneCode, ZoneFailure,
};
use crate::observe::observe;
use crate::provider::{CollectionSnapshot, RequestUsage, ZoneReader};
use crate::render::json::snapshot;

/// What a snapshot holds of everything that is wanted.
///
/// # Errors
/// An exit code, once it has been said what is wrong with the file.
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
        .map_err(|error| fail(format!("{shown} cannot be read: {error}")))?;
    let text = String::from_utf8(text).map_err(|_| fail(format!("{shown} is not text")))?;
    let way_out = "take one with `zonal snapshot --out FILE`";
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
            "{shown} is a snapshot of the network {of}, and the manifests are of {here}"
        )));
    }
    if snapshot.environment != network.environment {
        let words = |environment: &Option<String>| match environment {
            Some(environment) => format!("in the environment {environment}"),
            None => "without an environment".to_owned(),
        };
        let (then, now) = (words(&snapshot.environment), words(&network.environment));
        return Err(fail(format!(
            "{shown} was taken {then}, and this is {now}; give both the same --environment"
        )));
    }
    Ok(snapshot.into())
}

/// A zone as a snapshot has it.
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
                let message = format!("when the snapshot was taken: {message}");
                Err(ZoneFailure { class, message, help, tracking_id })
            }
            None => {
                let failure = ZoneFailure::new(FailureClass::Missing, "the snapshot does not hold it");
                Err(failure.help(format!("take one with these manifests: `zonal snapshot --out {file}`")))
            }
        }
    }

    fn request_usage(&self) -> RequestUsage {
        RequestUsage::default()
    }
}
