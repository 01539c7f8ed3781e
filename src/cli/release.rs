//! `zonal release`: stops managing records and leaves them as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::apply::ask;
use super::author::author;
use super::config::{self, Config, Format, to_json};
use super::exit::Exit;
use super::journal::{self, About};
use super::planfile;
use super::store::{self, StoreArg};
use super::world::World;
use crate::model::{
    Address, CollectionId, Desired, DesiredCollection, Differences, Enforcement, Key, Learned, Ledger,
    LedgerEntry, Maker, Observed, Run, RunDeed, RunId, RunState, ZoneCode,
};
use crate::render::text::count;
use crate::store::{Lesson, NewRun, Store};

/// Stop managing records, and leave them as they are
///
/// zonal forgets what it applied to them. Nothing is written to any zone. What a manifest still names cannot be
/// released: take it out first, or let the manifest say `enforcement: release`.
#[derive(Debug, Args)]
pub struct Release {
    /// An address as plans show it, of a record or of a collection of a zone; or a manifest, `CodeTable/blocks`
    #[arg(value_name = "ADDRESS|MANIFEST", required = true)]
    what: Vec<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print what was released as JSON; needs --yes
    #[arg(long, requires = "yes")]
    json: bool,
    /// The environment in which it was applied
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    store: StoreArg,
}

/// What was released.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal release --json")]
pub struct Let {
    /// The run that it was.
    pub run: RunId,
    /// Addresses of the records.
    pub released: Vec<String>,
}

/// Records that are let go of, by where they are.
type Leaving = BTreeMap<(ZoneCode, CollectionId), Vec<Key>>;

impl Release {
    /// Releases records of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &World) -> Exit {
        match self.release(directory, world).await {
            Ok(()) => Exit::Done,
            Err(exit) => exit,
        }
    }

    async fn release(&self, directory: &Path, world: &World) -> Result<(), Exit> {
        let format = if self.json { Format::Json } else { Format::Text };
        let config = config::load(directory, self.environment.as_deref(), format, world)?;
        let told = |error| store::told(&error, world);
        // One that is not there is not made to forget something in it.
        let Some(there) = self.store.look(&config.network, directory, world).await? else {
            return Err(super::fail(world, "there is no store, so nothing is known to be managed"));
        };
        there.close().await;
        let Some(store) = self.store.keep(&config.network, directory, world).await? else {
            return Err(super::fail(world, "there is no store, so nothing is known to be managed"));
        };
        let ledger = store.ledger(store::scope(&config.network)).await.map_err(told)?;
        let leaving = self.leaving(&ledger, &config, world)?;
        let addresses = addresses(&leaving);
        if !self.json {
            addresses.iter().for_each(|address| world.out.line(format!("  {address}")));
            let records = count(addresses.len(), "record");
            world.out.line(format!("\nzonal will stop managing {records}. Nothing is written to any zone."));
        }
        if !self.yes {
            ask(world).await?;
        }
        let run = forget(&config, &store, &ledger, leaving, directory, world).await?;
        match self.json {
            true => world.out.line(to_json(&Let { run, released: addresses })),
            false => world.out.line(format!("Released {}.", count(addresses.len(), "record"))),
        }
        Ok(())
    }

    /// What is meant, where no manifest names it any more.
    fn leaving(&self, ledger: &Ledger, config: &Config, world: &World) -> Result<Leaving, Exit> {
        let mut leaving = Leaving::new();
        let mut problems = Vec::new();
        for what in &self.what {
            let mut any = false;
            for (zone, id, key, entry) in entries(ledger) {
                let address = Address { zone: zone.clone(), collection: id.clone(), key: key.clone() };
                let collection = format!("{zone}/{id}");
                if ![&address.to_string(), &collection, &*entry.manifest].contains(&what.as_str()) {
                    continue;
                }
                any = true;
                match names(&config.desired, &address, entry) {
                    Some(by) => problems.push(format!(
                        "{address} is still named by {} ({})",
                        by.provenance.manifest, by.provenance.place
                    )),
                    None => leaving.entry((zone.clone(), id.clone())).or_default().push(key.clone()),
                }
            }
            if !any {
                problems.push(format!("nothing that zonal manages is called {what}"));
            }
        }
        if problems.is_empty() {
            for keys in leaving.values_mut() {
                keys.sort();
                keys.dedup();
            }
            return Ok(leaving);
        }
        let named = problems.iter().any(|problem| problem.contains(" is still named by "));
        problems.sort();
        problems.dedup();
        problems.iter().for_each(|problem| {
            super::fail(world, problem);
        });
        if named {
            world.err.line(
                "help: take it out of the manifest, or let the manifest say `enforcement: release`; the next apply then \
                 lets go of it",
            );
        }
        Err(Exit::Invalid)
    }
}

fn entries(ledger: &Ledger) -> impl Iterator<Item = (&ZoneCode, &CollectionId, &Key, &LedgerEntry)> {
    let collections = ledger
        .zones
        .iter()
        .flat_map(|(zone, collections)| collections.iter().map(move |(id, entries)| (zone, id, entries)));
    collections.flat_map(|(zone, id, entries)| {
        entries.entries.iter().map(move |(key, entry)| (zone, id, key, entry))
    })
}

fn addresses(leaving: &Leaving) -> Vec<String> {
    let all = leaving.iter().flat_map(|((zone, collection), keys)| {
        keys.iter().map(move |key| {
            let (zone, collection, key) = (zone.clone(), collection.clone(), key.clone());
            Address { zone, collection, key }.to_string()
        })
    });
    all.collect()
}

/// The manifest's part that still speaks of a record.
fn names<'a>(desired: &'a Desired, address: &Address, entry: &LedgerEntry) -> Option<&'a DesiredCollection> {
    let wanted = desired.zones.get(&address.zone).into_iter().flatten();
    wanted.filter(|wanted| wanted.id.may_share_rows_with(&address.collection)).find(|wanted| {
        let record = wanted.records.get(&address.key);
        let named = record.is_some_and(|record| record.enforcement != Enforcement::Release);
        let amended = entry.maker == Maker::Amended
            && wanted.provenance.manifest == entry.manifest
            && wanted.amendments.iter().any(|amendment| amendment.enforcement != Enforcement::Release);
        named || amended
    })
}

/// Forgets records, and remembers who had them forgotten.
async fn forget(
    config: &Config,
    store: &Store,
    ledger: &Ledger,
    leaving: Leaving,
    directory: &Path,
    world: &World,
) -> Result<RunId, Exit> {
    let network = &config.network;
    let author = world.unless_interrupted(author(directory, world)).await?;
    let nothing = crate::plan::plan(network, Differences::default(), &Observed::default(), None);
    let zones: BTreeSet<&ZoneCode> = leaving.keys().map(|(zone, _)| zone).collect();
    let run = Run {
        zones: zones.into_iter().map(|zone| zone.0.clone()).collect(),
        ..journal::new(&nothing, RunDeed::Release, &About::default(), author, world)
    };
    let plan = serde_json::to_string(&planfile::plan_json(&nothing)).unwrap_or_default();
    let lessons = leaving.into_iter().filter_map(|((zone, collection), forgotten)| {
        // Entries by another key would all be forgotten with them.
        let key = ledger.zones.get(&zone)?.get(&collection)?.key.clone();
        let learned = Learned { key, forgotten, ..Learned::default() };
        Some(Lesson { zone, collection, learned, created: BTreeSet::new() })
    });
    let lessons: Vec<Lesson> = lessons.collect();
    let kept = async {
        let id = store.begin(NewRun { run: run.clone(), plan }).await?;
        store.learn(store::scope(network), id, lessons).await?;
        let ended = Some((world.now)());
        let run = Run { id, state: RunState::Ended, exits: vec![0], ended, ..run };
        store.end(run, "{}".to_owned()).await?;
        Ok(id)
    };
    kept.await.map_err(|error| store::told(&error, world))
}
