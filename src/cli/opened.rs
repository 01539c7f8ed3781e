//! Opens some zones for looking: their keys, the doors to them, and a reader for each.

use std::collections::BTreeMap;
use std::path::Path;

use super::attestations::Attestations;
use super::config::{Config, Format};
use super::credentials::{self, Keys, Purpose};
use super::doors::Doors;
use super::exit::Exit;
use super::world::World;
use crate::model::ZoneCode;
use crate::model::network::Zone;
use crate::provider::door::ZoneReader;

/// Zones that can be looked at.
pub struct Opened {
    /// The doors.
    pub doors: Doors,
    /// The keys that open them.
    pub keys: Keys,
    /// A reader for each zone.
    pub readers: BTreeMap<ZoneCode, ZoneReader>,
}

/// Opens zones with their read keys.
///
/// # Errors
/// An exit code, once it has been said which keys cannot be had or what else is wrong.
pub async fn open(
    config: &Config,
    zones: &[&Zone],
    directory: &Path,
    format: Format,
    world: &World,
) -> Result<Opened, Exit> {
    let attested = Attestations::load(directory).map_err(|error| super::fail(world, error))?;
    let fetching = credentials::keys(&config.network, zones, Purpose::Read, directory, world);
    let keys = match world.unless_interrupted(fetching).await? {
        Ok(keys) => keys,
        Err(problems) => return Err(config.report(&problems, format, world)),
    };
    let doors = Doors::new(&config.network, world).map_err(|error| super::fail(world, error))?;
    let readers = doors.readers(&config.network, &keys, attested.by_zone());
    Ok(Opened { doors, keys, readers })
}
