//! `zonal snapshot`: what the zones hold, as a file that can stand in for them.

use std::path::{Path, PathBuf};

use clap::Args;

use super::config::Format;
use super::exit::Exit;
use super::files;
use super::plan;
use super::prepared;
use super::remembered;
use super::target::Target;
use super::world::World;
use crate::model::{Failure, ZoneCode};
use crate::render::json::snapshot;
use crate::render::text::count;

/// Write down what the zones hold, for `plan --against`
///
/// Reads every collection that the manifests mention, with the read keys. The same zones come to the same
/// file: it holds no time, no quota and no key. Committed, it lets a pull request be planned that has no
/// secrets.
#[derive(Debug, Args)]
pub struct SnapshotCommand {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    target: Target,
}

impl SnapshotCommand {
    /// Takes a snapshot of the zones that the manifests below `directory` speak of.
    pub async fn run(&self, directory: &Path, world: &World) -> Exit {
        match self.take(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn take(&self, directory: &Path, world: &World) -> Result<Exit, Exit> {
        let mut prepared = prepared::prepare(&self.target, directory, Format::Text, world).await?;
        let store = prepared.store.look(&prepared.config.network, directory, world).await?;
        let base = remembered::base(store.as_ref(), &prepared.config, &prepared.reach, world).await?;
        remembered::look_at(&mut prepared.desired, base.as_ref());
        let (config, wanted) = (&prepared.config, &prepared.desired);
        let (observed, _, _) = plan::ask(config, wanted, directory, Format::Text, world, &|_| {}).await?;
        let taken = snapshot::snapshot(&config.network, &observed);
        files::write(&self.out, &snapshot::text(&taken), world)?;
        let answers = || observed.zones.values().flat_map(|zone| zone.collections.values());
        let read = count(answers().filter(|answer| answer.is_ok()).count(), "collection");
        let zones = count(observed.zones.len(), "zone");
        world.out.line(format!("Saved {read} of {zones} to {}.", self.out.display()));
        let mut incomplete = false;
        for (code, zone) in &observed.zones {
            for (id, answer) in &zone.collections {
                if let Err(failure) = answer {
                    incomplete |= failure.class.whole_zone();
                    tell(code, &id.to_string(), failure, world);
                }
            }
        }
        Ok(if incomplete { Exit::Incomplete } else { Exit::Done })
    }
}

fn tell(code: &ZoneCode, id: &str, failure: &Failure, world: &World) {
    world.err.line(format!("? {code}/{id}: {failure}"));
    if let Some(help) = &failure.help {
        world.err.line(format!("  help: {help}"));
    }
}
