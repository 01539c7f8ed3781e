//! `--against`: a snapshot stands in for the zones. No key is needed and no request is sent, so that a pull
//! request from a fork, which has no secrets, can be planned.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use super::config::Config;
use super::exit::Exit;
use super::world::World;
use crate::model::{CollectionId, Desired, Failure, FailureClass, Observed, ObservedZone, ZoneCode};
use crate::observe::observe;
use crate::provider::{Read, Snapshot, Usage};
use crate::render::json::snapshot;

/// What a snapshot holds of everything that is wanted.
///
/// # Errors
/// An exit code, once it has been said what is wrong with the file.
pub async fn observe_in(
    file: &Path,
    config: &Config,
    wanted: &Desired,
    world: &World,
) -> Result<Observed, Exit> {
    let held = open(file, config, world)?;
    let zone = |code: &ZoneCode| KeptZone {
        kept: held.zones.get(code).cloned().unwrap_or_default(),
        file: file.display().to_string(),
    };
    let readers: BTreeMap<ZoneCode, KeptZone> =
        wanted.zones.keys().map(|code| (code.clone(), zone(code))).collect();
    Ok(observe(&readers, wanted, &|_| {}).await)
}

fn open(file: &Path, config: &Config, world: &World) -> Result<Observed, Exit> {
    let shown = file.display();
    let fail = |why: String| super::fail(world, why);
    let text = std::fs::read(world.directory.join(file))
        .map_err(|error| fail(format!("{shown} cannot be read: {error}")))?;
    let text = String::from_utf8(text).map_err(|_| fail(format!("{shown} is not text")))?;
    let way_out = "take one with `zonal snapshot --out FILE`";
    let snapshot = snapshot::read(&text).map_err(|error| match error {
        snapshot::Unreadable::NotASnapshot { .. } => fail(format!("{shown}:{error}; {way_out}")),
        snapshot::Unreadable::Version(_) | snapshot::Unreadable::Twice(_) => {
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
struct KeptZone {
    kept: ObservedZone,
    file: String,
}

impl Read for KeptZone {
    async fn read(&self, id: &CollectionId) -> Result<Snapshot, Failure> {
        let file = &self.file;
        match self.kept.find(id) {
            Some(Ok(found)) => Ok(Snapshot { observed: found.clone(), raw: Json::Null }),
            Some(Err(failure)) => {
                let Failure { class, message, help, tracking_id } = failure.clone();
                let message = format!("when the snapshot was taken: {message}");
                Err(Failure { class, message, help, tracking_id })
            }
            None => {
                let failure = Failure::new(FailureClass::Missing, "the snapshot does not hold it");
                Err(failure.help(format!("take one with these manifests: `zonal snapshot --out {file}`")))
            }
        }
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }
}
