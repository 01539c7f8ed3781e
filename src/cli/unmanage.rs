//! `zonal unmanage`: stops managing records without changing them.

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

/// Stop managing records without changing them
///
/// Removes the records from the applied state. Writes nothing to any zone. A record that a manifest still
/// declares cannot be unmanaged: first remove it from the manifest, or set `enforcement: unmanage`.
#[derive(Debug, Args)]
pub struct UnmanageCommand {
    /// Record, collection or manifest to stop managing
    ///
    /// Either the address of a record or collection as printed in plans, or a manifest, for example
    /// `CodeTable/blocks`.
    #[arg(value_name = "ADDRESS|MANIFEST", required = true)]
    what: Vec<String>,
    /// Unmanage without asking for confirmation
    #[arg(long)]
    yes: bool,
    /// Print the unmanaged records as JSON (requires --yes)
    #[arg(long, requires = "yes")]
    json: bool,
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

/// Result of `zonal unmanage`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal unmanage --json")]
pub struct UnmanageJson {
    /// Recorded run.
    pub run: RunId,
    /// Addresses of the records.
    pub unmanaged: Vec<String>,
}

/// Records to unmanage, by zone and collection.
type RecordsToUnmanage = BTreeMap<(ZoneCode, CollectionId), Vec<RecordKey>>;

impl UnmanageCommand {
    /// Unmanages records of the network below `directory`.
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
        // Read-only first: a missing store must not be created only to remove records.
        let Some(there) = self.store.open_read_only(&config.network, directory, world).await? else {
            return Err(super::fail(world, "no store found: zonal has no applied state"));
        };
        there.close().await;
        let Some(store) = self.store.keep(&config.network, directory, world).await? else {
            return Err(super::fail(world, "no store found: zonal has no applied state"));
        };
        let ledger = store.ledger(store::scope(&config.network)).await.map_err(told)?;
        let leaving = self.records_to_unmanage(&ledger, &config, world)?;
        let addresses = addresses(&leaving);
        if !self.json {
            addresses.iter().for_each(|address| world.out.print_line(format!("  {address}")));
            let records = count(addresses.len(), "record");
            world.out.print_line(format!("\nzonal will stop managing {records}. No zone will be changed."));
        }
        if !self.yes {
            confirm(world).await?;
        }
        let run = forget(&config, &store, &ledger, leaving, directory, world).await?;
        match self.json {
            true => world.out.print_line(to_json(&UnmanageJson { run, unmanaged: addresses })),
            false => world.out.print_line(format!("Unmanaged {}.", count(addresses.len(), "record"))),
        }
        Ok(())
    }

    /// Returns the matching records, if no manifest declares them any more.
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
                        "{address} is still declared by {} ({})",
                        by.provenance.manifest, by.provenance.span
                    )),
                    None => leaving.entry((zone.clone(), id.clone())).or_default().push(key.clone()),
                }
            }
            if !any {
                problems.push(format!("zonal does not manage {what}"));
            }
        }
        if problems.is_empty() {
            for keys in leaving.values_mut() {
                keys.sort();
                keys.dedup();
            }
            return Ok(leaving);
        }
        let named = problems.iter().any(|problem| problem.contains(" is still declared by "));
        problems.sort();
        problems.dedup();
        problems.iter().for_each(|problem| {
            super::fail(world, problem);
        });
        if named {
            world.err.print_line(
                "help: remove the record from the manifest, or set `enforcement: unmanage` and run \
                 `zonal apply` to unmanage the record",
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

/// Returns the desired collection that still declares a record.
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

/// Removes records from the applied state and records the run with its author.
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
        // Entries with another key definition would be removed as well.
        let key = ledger.zones.get(&zone)?.get(&collection)?.key.clone();
        let learned = AppliedStateUpdate { key, forgotten, ..AppliedStateUpdate::default() };
        Some(CollectionStateUpdate { zone, collection, learned, created: BTreeSet::new() })
    });
    let lessons: Vec<CollectionStateUpdate> = lessons.collect();
    let kept = async {
        let id = store.begin(NewRun { run: run.clone(), plan }).await?;
        store.learn(store::scope(network), lessons).await?;
        let ended = Some((world.now)());
        let run = Run { id, state: RunState::Ended, exit_codes: vec![0], ended_at: ended, ..run };
        store.end(run, "{}".to_owned()).await?;
        Ok(id)
    };
    kept.await.map_err(|error| store::report_error(&error, world))
}
