//! Opens zones for reading: API keys, providers and readers.

use std::collections::BTreeMap;
use std::path::Path;

use super::CommandExit;
use super::attestations::AttestationFile;
use super::config::{ConfigDirectory, OutputFormat};
use super::context::CommandContext;
use super::credentials::{self, KeyPurpose, ZoneKeys};
use super::provider_factory::ProviderFactory;
use crate::model::ZoneCode;
use crate::model::network::Zone;
use crate::provider::channel_routing::RoutingReader;

/// Zones opened for reading.
pub struct ZoneReaders {
    /// Factory of the providers.
    pub doors: ProviderFactory,
    /// Read keys.
    pub keys: ZoneKeys,
    /// Readers by zone.
    pub readers: BTreeMap<ZoneCode, RoutingReader>,
}

/// Opens zones with their read keys.
///
/// # Errors
/// Prints the error and returns the exit code, for example if keys are missing.
pub async fn open(
    config: &ConfigDirectory,
    zones: &[&Zone],
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
) -> Result<ZoneReaders, CommandExit> {
    let attested = AttestationFile::load(directory).map_err(|error| super::fail(world, error))?;
    let fetching = credentials::keys(&config.network, zones, KeyPurpose::Read, directory, world);
    let keys = match world.unless_interrupted(fetching).await? {
        Ok(keys) => keys,
        Err(problems) => return Err(config.report(&problems, format, world)),
    };
    let doors = ProviderFactory::new(&config.network, world).map_err(|error| super::fail(world, error))?;
    let readers = doors.readers(&config.network, &keys, attested.by_zone());
    Ok(ZoneReaders { doors, keys, readers })
}
