//! `zonal unmanage`: stops managing records and leaves them as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::apply::confirm;
use super::config::{self, ConfigDirectory, OutputFormat, to_json};
use super::context::CommandContext;
use super::exit_code::CommandExit;
use super::plan_file;
use super::run_author::author;
use super::run_journal::{self, RunMetadata};
use super::store::{self, StoreArgs};
use crate::model::{
    AppliedRecord, AppliedState, AppliedStateUpdate, CollectionId, DesiredCollection, DesiredState,
    Differences, Enforcement, ManagementOrigin, ObservedState, RecordAddress, RecordKey, Run, RunId,
    RunOperation, RunState, ZoneCode,
};
use crate::render::text::count;
use crate::store::{CollectionStateUpdate, NewRun, Store};

/// Stop managing records, and leave them as they are
///
/// zonal forgets what it applied to them. Nothing is written to any zone. What a manifest still names cannot be
/// released: take it out first, or let the manifest say `enforcement: unmanage`.
#[derive(Debug, Args)]
pub struct UnmanageCommand {
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
    store: StoreArgs,
}

/// What was released.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal unmanage --json")]
pub struct UnmanageJson {
    /// The run that it was.
    pub run: RunId,
    /// Addresses of the records.
    pub released: Vec<String>,
}

/// Records that are let go of, by where they are.
type RecordsToUnmanage = BTreeMap<(ZoneCode, CollectionId), Vec<RecordKey>>;

impl UnmanageCommand {
    /// Releases records of the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.release(directory, world).await {
            Ok(()) => CommandExit::Done,
            Err(exit) => exit,
        }
    }

    async fn release(&self, directory: &Path, world: &CommandContext) -> Result<(), CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let config = config::load(directory, self.environment.as_deref(), format, world)?;
        let told = |error| store::report_error(&error, world);
        // One that is not there is not made to forget something in it.
        let Some(there) = self.store.open_read_only(&config.network, directory, world).await? else {
            return Err(super::fail(world, "there is no store, so nothing is known to be managed"));
        };
        there.close().await;
        let Some(store) = self.store.keep(&config.network, directory, world).await? else {
            return Err(super::fail(world, "there is no store, so nothing is known to be managed"));
        };
        let ledger = store.ledger(store::scope(&config.network)).await.map_err(told)?;
        let leaving = self.records_to_unmanage(&ledger, &config, world)?;
        let addresses = addresses(&leaving);
        if !self.json {
            addresses.iter().for_each(|address| world.out.print_line(format!("  {address}")));
            let records = count(addresses.len(), "record");
            world
                .out
                .print_line(format!("\nzonal will stop managing {records}. Nothing is written to any zone."));
        }
        if !self.yes {
            confirm(world).await?;
        }
        let run = forget(&config, &store, &ledger, leaving, directory, world).await?;
        match self.json {
            true => world.out.print_line(to_json(&UnmanageJson { run, released: addresses })),
            false => world.out.print_line(format!("Released {}.", count(addresses.len(), "record"))),
        }
        Ok(())
    }

    /// What is meant, where no manifest names it any more.
    fn records_to_unmanage(
        &self,
        ledger: &AppliedState,
        config: &ConfigDirectory,
        world: &CommandContext,
    ) -> Result<RecordsToUnmanage, CommandExit> {
        let mut leaving = RecordsToUnmanage::new();
        let mut problems = Vec::new();
        for what in &self.what {
            let mut any = false;
            for (zone, id, key, entry) in entries(ledger) {
                let address = RecordAddress { zone: zone.clone(), collection: id.clone(), key: key.clone() };
                let collection = format!("{zone}/{id}");
                if ![&address.to_string(), &collection, &*entry.manifest].contains(&what.as_str()) {
                    continue;
                }
                any = true;
                match names(&config.desired, &address, entry) {
                    Some(by) => problems.push(format!(
                        "{address} is still named by {} ({})",
                        by.provenance.manifest, by.provenance.span
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
            world.err.print_line(
                "help: take it out of the manifest, or let the manifest say `enforcement: unmanage`; the next apply then \
                 lets go of it",
            );
        }
        Err(CommandExit::Invalid)
    }
}

fn entries(
    ledger: &AppliedState,
) -> impl Iterator<Item = (&ZoneCode, &CollectionId, &RecordKey, &AppliedRecord)> {
    let collections = ledger
        .zones
        .iter()
        .flat_map(|(zone, collections)| collections.iter().map(move |(id, entries)| (zone, id, entries)));
    collections.flat_map(|(zone, id, entries)| {
        entries.entries.iter().map(move |(key, entry)| (zone, id, key, entry))
    })
}

fn addresses(leaving: &RecordsToUnmanage) -> Vec<String> {
    let all = leaving.iter().flat_map(|((zone, collection), keys)| {
        keys.iter().map(move |key| {
            let (zone, collection, key) = (zone.clone(), collection.clone(), key.clone());
            RecordAddress { zone, collection, key }.to_string()
        })
    });
    all.collect()
}

/// The manifest's part that still speaks of a record.
fn names<'a>(
    desired: &'a DesiredState,
    address: &RecordAddress,
    entry: &AppliedRecord,
) -> Option<&'a DesiredCollection> {
    let wanted = desired.zones.get(&address.zone).into_iter().flatten();
    wanted.filter(|wanted| wanted.id.may_share_rows_with(&address.collection)).find(|wanted| {
        let record = wanted.records.get(&address.key);
        let named = record.is_some_and(|record| record.enforcement != Enforcement::Unmanage);
        let amended = entry.maker == ManagementOrigin::Amended
            && wanted.provenance.manifest == entry.manifest
            && wanted.amendments.iter().any(|amendment| amendment.enforcement != Enforcement::Unmanage);
        named || amended
    })
}

/// Forgets records, and remembers who had them forgotten.
async fn forget(
    config: &ConfigDirectory,
    store: &Store,
    ledger: &AppliedState,
    leaving: RecordsToUnmanage,
    directory: &Path,
    world: &CommandContext,
) -> Result<RunId, CommandExit> {
    let network = &config.network;
    let author = world.unless_interrupted(author(directory, world)).await?;
    let nothing = crate::plan::plan(network, Differences::default(), &ObservedState::default(), None);
    let zones: BTreeSet<&ZoneCode> = leaving.keys().map(|(zone, _)| zone).collect();
    let run = Run {
        zones: zones.into_iter().map(|zone| zone.0.clone()).collect(),
        ..run_journal::new(&nothing, RunOperation::Unmanage, &RunMetadata::default(), author, world)
    };
    let plan = serde_json::to_string(&plan_file::plan_json(&nothing)).unwrap_or_default();
    let lessons = leaving.into_iter().filter_map(|((zone, collection), forgotten)| {
        // Entries by another key would all be forgotten with them.
        let key = ledger.zones.get(&zone)?.get(&collection)?.key.clone();
        let learned = AppliedStateUpdate { key, forgotten, ..AppliedStateUpdate::default() };
        Some(CollectionStateUpdate { zone, collection, learned, created: BTreeSet::new() })
    });
    let lessons: Vec<CollectionStateUpdate> = lessons.collect();
    let kept = async {
        let id = store.begin(NewRun { run: run.clone(), plan }).await?;
        store.learn(store::scope(network), id, lessons).await?;
        let ended = Some((world.now)());
        let run = Run { id, state: RunState::Ended, exit_codes: vec![0], ended_at: ended, ..run };
        store.end(run, "{}".to_owned()).await?;
        Ok(id)
    };
    kept.await.map_err(|error| store::report_error(&error, world))
}
