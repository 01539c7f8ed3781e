//! `zonal support`: the central office's look at what keeps the zones running.

mod indexing;
mod jobs;
mod privileges;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use clap::{Args, Subcommand};
use comfy_table::presets::NOTHING;

pub use self::indexing::IndexingJson;
pub use self::jobs::JobsJson;
pub use self::privileges::PrivilegesJson;

use super::config::{self, Config, Format};
use super::exit::Exit;
use super::opened::{self, Opened};
use super::progress::Progress;
use super::selection::ZoneSelection;
use super::world::World;
use crate::model::network::Zone;
use crate::model::{
    CollectionId, Desired, DesiredCollection, Enforcement, Failure, Network, Observed, OnConflict, Place,
    Provenance, Shape, Standing, Unlisted, ZoneCode,
};
use crate::observe::observe;
use crate::render::text::{REMOVE, styled};

/// Look at what keeps the zones running: jobs, indexes, privileges of roles
///
/// All of these only look. What Alma's public API does not tell comes from the network's gateway;
/// without one, it is said where a person finds it.
#[derive(Debug, Args)]
pub struct Support {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Jobs(jobs::Jobs),
    IndexingStatus(indexing::IndexingStatus),
    Privileges(privileges::Privileges),
}

/// What every look is aimed at, and how it answers.
#[derive(Debug, Clone, Args)]
struct Aim {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    /// Lay this environment over the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    selection: ZoneSelection,
}

impl Support {
    /// Looks at the zones of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &World) -> Exit {
        let looked = match &self.what {
            What::Jobs(command) => command.run(directory, world).await,
            What::IndexingStatus(command) => command.run(directory, world).await,
            What::Privileges(command) => command.run(directory, world).await,
        };
        looked.unwrap_or_else(|exit| exit)
    }
}

impl Aim {
    fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }

    /// The manifests.
    fn config(&self, directory: &Path, world: &World) -> Result<Config, Exit> {
        let config = config::load(directory, self.environment.as_deref(), self.format(), world)?;
        if self.json {
            config.warn(world);
        }
        Ok(config)
    }

    /// The zones that are meant.
    fn zones<'n>(&self, network: &'n Network, world: &World) -> Result<Vec<&'n Zone>, Exit> {
        self.selection
            .zones(network)
            .map_err(|problems| problems.iter().fold(Exit::Invalid, |_, problem| super::fail(world, problem)))
    }

    async fn open(
        &self,
        config: &Config,
        zones: &[&Zone],
        directory: &Path,
        world: &World,
    ) -> Result<Opened, Exit> {
        opened::open(config, zones, directory, self.format(), world).await
    }

    /// Reads one collection of each of some zones.
    async fn observe(
        &self,
        config: &Config,
        zones: &[&Zone],
        id: &CollectionId,
        directory: &Path,
        world: &World,
    ) -> Result<Observed, Exit> {
        let Opened { readers, .. } = self.open(config, zones, directory, world).await?;
        let nothing = |zone: &&Zone| (zone.code.clone(), vec![nothing_of(id, &zone.place)]);
        let desired = Desired { zones: zones.iter().map(nothing).collect() };
        let progress = Progress::new(world, "Reading", readers.len());
        let shown = |event| progress.tell(&event);
        let observed = world.unless_interrupted(observe(&readers, &desired, &shown)).await;
        progress.finish();
        observed
    }
}

/// A collection of which nothing is wanted but to be read.
fn nothing_of(id: &CollectionId, place: &Place) -> DesiredCollection {
    DesiredCollection {
        id: id.clone(),
        shape: Arc::new(Shape::default()),
        key: [].into(),
        unlisted: Unlisted::Keep,
        enforcement: Enforcement::Observe,
        records: BTreeMap::new(),
        amendments: Vec::new(),
        on_conflict: OnConflict::default(),
        standing: Standing::Wanted,
        provenance: Provenance { place: place.clone(), manifest: "Network".into(), override_index: None },
    }
}

/// Columns under their headings.
fn table<const N: usize>(headings: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(NOTHING).set_header(headings).add_rows(rows);
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A zone that could not be asked.
fn could_not(zone: &ZoneCode, failure: &Failure) -> String {
    let help = failure.help.as_ref().map(|help| format!("\n  help: {help}")).unwrap_or_default();
    format!("{} {zone} could not be asked: {failure}{help}\n", styled(REMOVE, "!"))
}
