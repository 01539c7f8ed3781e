//! `zonal history`: lists applied changes with author and time, and verifies the hash chain.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Args, Subcommand};

use super::CommandExit;
use super::context::CommandContext;
use super::store_query::{StoreQueryArgs, report_store_error};
use crate::model::{HistoryEntry, Network, Run, RunId};
use crate::render;
use crate::render::json::compact_lines::compact_lines;
use crate::render::json::history::ChainCheckJson;
use crate::render::text::thousands;
use crate::session::scope;
use crate::store::{ChainCheck, HistoryFilter, HistoryPage, HistoryRemainder, Store};

/// List applied changes, newest first
///
/// WHAT is a zone code, a run, or the address of a record or collection as printed in plans. Without WHAT,
/// lists all changes. Only the name and the store of the network are read from the manifests; other errors in
/// the manifests are ignored.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HistoryCommand {
    #[command(subcommand)]
    verify: Option<HistoryAction>,
    /// Zone, collection, record address or run
    ///
    /// Examples: `01A`, `01A/CodeTable/UserGroups`, `01A/CodeTable/UserGroups/STAFF`, `run-12`
    #[arg(value_name = "WHAT")]
    what: Option<String>,
    /// Maximum number of entries
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    /// Show only entries with a lower number
    #[arg(long, value_name = "NUMBER")]
    before: Option<u64>,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV, one line per field change
    ///
    /// The format follows RFC 4180. Cells that a spreadsheet would evaluate as a formula start with an
    /// apostrophe. Use --json for exact values.
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    place: StoreQueryArgs,
}

#[derive(Debug, Subcommand)]
enum HistoryAction {
    /// Verify the hash chain of the history
    ///
    /// The hash of an entry covers its content, the start of its run (author, commit, plan) and the previous
    /// entry. The command verifies the chain of all networks in the store, from first to last. The hashes do
    /// not cover the end of a run, its report, and runs without changes. To detect a truncated history, keep
    /// the last hash elsewhere and compare.
    Verify {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: StoreQueryArgs,
    },
}

impl HistoryCommand {
    /// Lists the changes in the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        let done = match (&self.verify, self.what.as_deref()) {
            (Some(HistoryAction::Verify { json, place }), _) => verify(place, *json, directory, world).await,
            // After an option, clap parses `verify` as WHAT.
            (None, Some("verify")) if !self.csv => verify(&self.place, self.json, directory, world).await,
            (None, _) => self.show(directory, world).await,
        };
        match done {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn show(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let (network, store) = self.place.open(directory, world).await?;
        let HistoryPage { entries, rest } = self.page(&network, &store, world).await?;
        let runs = self.runs(&entries, &store, world).await?;
        let before = match rest {
            HistoryRemainder::Nothing => None,
            HistoryRemainder::Before(number) => Some(number),
        };
        match (self.json, self.csv) {
            (true, _) => {
                world.out.print_line(compact_lines(&render::json::history::history(&entries, &runs, before)))
            }
            (false, true) => world.out.print(render::csv::history(&entries, &runs)),
            (false, false) if entries.is_empty() => {
                world.out.print_plain_line(self.empty_history_message(&store, world).await?)
            }
            (false, false) => world.out.print(render::text::history(&entries, &runs)),
        }
        if let (false, Some(before)) = (self.json, before) {
            world.err.print_line(format!("More entries: pass `--before {before}` to see earlier changes."));
        }
        Ok(CommandExit::Done)
    }

    /// Returns the first page of matching entries.
    async fn page(
        &self,
        network: &Network,
        store: &Store,
        world: &CommandContext,
    ) -> Result<HistoryPage, CommandExit> {
        let mut page = HistoryPage { entries: Vec::new(), rest: HistoryRemainder::Nothing };
        for asked in parse_filter(self.what.as_deref()) {
            let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
            let asking = store.history(scope(network), asked, self.before, limit);
            let found = world.unless_interrupted(asking).await?;
            page = found.map_err(|error| report_store_error(error, world))?;
            if !page.entries.is_empty() {
                break;
            }
        }
        Ok(page)
    }

    async fn runs(
        &self,
        entries: &[HistoryEntry],
        store: &Store,
        world: &CommandContext,
    ) -> Result<BTreeMap<RunId, Run>, CommandExit> {
        let mut runs = BTreeMap::new();
        for id in entries.iter().map(|entry| entry.run) {
            if !runs.contains_key(&id) {
                let found = store.run(id).await.map_err(|error| report_store_error(error, world))?;
                runs.extend(found.map(|found| (id, found.run)));
            }
        }
        Ok(runs)
    }

    async fn empty_history_message(
        &self,
        store: &Store,
        world: &CommandContext,
    ) -> Result<String, CommandExit> {
        if let Some(Ok(id)) = self.what.as_ref().map(|what| what.parse()) {
            let run = store.run(id).await.map_err(|error| report_store_error(error, world))?;
            return Ok(match run {
                Some(_) => format!("{id} made no changes."),
                None => format!("{id} not found; `zonal runs` lists all runs."),
            });
        }
        Ok(match (&self.what, self.before) {
            (None, None) => "The history is empty.".to_owned(),
            (None, Some(before)) => format!("No entries before entry {before}."),
            (Some(what), _) => format!(
                "No entries for {what}: expected a zone, a run, or an address from a plan or from `zonal history`."
            ),
        })
    }
}

/// Returns the possible filters for WHAT, the most likely first.
///
/// For `01A/One/Two`, only the store knows whether `Two` names a table or a record.
fn parse_filter(what: Option<&str>) -> Vec<HistoryFilter> {
    let Some(what) = what else { return vec![HistoryFilter::Everything] };
    if let Ok(run) = what.parse() {
        return vec![HistoryFilter::Run(run)];
    }
    let Some((zone, rest)) = what.split_once('/') else { return vec![HistoryFilter::Zone(what.into())] };
    let collection = |name: &str| HistoryFilter::Collection(zone.into(), name.to_owned());
    let mut asked = vec![collection(rest)];
    asked.extend(
        last_slash(rest)
            .map(|(name, key)| HistoryFilter::Record(zone.into(), name.to_owned(), key.to_owned())),
    );
    asked
}

/// Splits a collection and a key at the last slash outside titles and brackets.
fn last_slash(text: &str) -> Option<(&str, &str)> {
    let (mut quoted, mut escaped, mut bracketed, mut last) = (false, false, false, None);
    for (at, c) in text.char_indices() {
        match (c, quoted) {
            _ if escaped => escaped = false,
            ('\\', true) => escaped = true,
            // A title starts at the position of a table name.
            ('"', false) if text[..at].ends_with('/') && last == Some(at - 1) => quoted = true,
            ('"', true) => quoted = false,
            ('[', false) => bracketed = true,
            (']', false) => bracketed = false,
            ('/', false) if !bracketed => last = Some(at),
            _ => {}
        }
    }
    last.map(|at| (&text[..at], &text[at + 1..]))
}

async fn verify(
    place: &StoreQueryArgs,
    json: bool,
    directory: &Path,
    world: &CommandContext,
) -> Result<CommandExit, CommandExit> {
    let (_, store) = place.open(directory, world).await?;
    let tell = |number: u64| {
        if number.is_multiple_of(100_000) {
            world.err.print_line(format!("{} entries verified", thousands(number)));
        }
    };
    let followed = world.unless_interrupted(store.follow(&tell)).await?;
    let chain = followed.map_err(|error| report_store_error(error, world))?;
    let (told, words, exit) = match chain {
        ChainCheck::Intact { entries, end } => {
            let told =
                ChainCheckJson { unbroken: true, entries, head_hash: end, changed: None, removed: None };
            let words = match end {
                Some(end) => format!(", chain intact, last hash {end}"),
                None => ": the history is empty".to_owned(),
            };
            let noun = if entries == 1 { "entry" } else { "entries" };
            (told, format!("{} {noun}{words}", thousands(entries)), CommandExit::Done)
        }
        ChainCheck::Modified { number } => {
            let entries = number.saturating_sub(1);
            let told = ChainCheckJson {
                unbroken: false,
                entries,
                head_hash: None,
                changed: Some(number),
                removed: None,
            };
            (told, format!("entry {number} was modified"), CommandExit::Invalid)
        }
        ChainCheck::Removed { number } => {
            let entries = number.saturating_sub(1);
            let told = ChainCheckJson {
                unbroken: false,
                entries,
                head_hash: None,
                changed: None,
                removed: Some(number),
            };
            (told, format!("entry {number} was removed"), CommandExit::Invalid)
        }
    };
    match (json, exit) {
        (true, _) => world.out.print_line(compact_lines(&told)),
        (false, CommandExit::Done) => world.out.print_line(words),
        (false, _) => {
            super::fail(world, format!("the hash chain of the history is broken: {words}"));
            world.err.print_line(
                "help: compare the history with a backup of the store; all earlier entries are intact",
            );
        }
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::{HistoryFilter, last_slash, parse_filter};

    #[test]
    fn history_filter_lists_possible_meanings_in_order() {
        assert_eq!(parse_filter(None), [HistoryFilter::Everything]);
        assert_eq!(parse_filter(Some("run-3")), [HistoryFilter::Run(crate::model::RunId(3))]);
        assert_eq!(parse_filter(Some("01A")), [HistoryFilter::Zone("01A".into())]);
        assert_eq!(
            parse_filter(Some("01A/CodeTable/T/K")),
            [
                HistoryFilter::Collection("01A".into(), "CodeTable/T/K".into()),
                HistoryFilter::Record("01A".into(), "CodeTable/T".into(), "K".into())
            ]
        );
    }

    #[test]
    fn slash_in_title_or_brackets_does_not_split() {
        assert_eq!(last_slash("CodeTable/T/a%2Fb"), Some(("CodeTable/T", "a%2Fb")));
        assert_eq!(last_slash("CodeTable/\"One / Two\""), Some(("CodeTable", "\"One / Two\"")));
        assert_eq!(
            last_slash("CodeTable/\"One / \\\"Two\\\"\"/K"),
            Some(("CodeTable/\"One / \\\"Two\\\"\"", "K"))
        );
        assert_eq!(last_slash("CodeTable/T[library=A/B]/K"), Some(("CodeTable/T[library=A/B]", "K")));
        assert_eq!(last_slash("CodeTable/T/K[1]"), Some(("CodeTable/T", "K[1]")));
        assert_eq!(last_slash("ImportPermissions"), None);
    }
}
