//! `zonal history`: what was done, by whom and when, and whether anybody has tampered with it since.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Args, Subcommand};

use super::config;
use super::context::CommandContext;
use super::exit_code::CommandExit;
use super::store::{self, StoreArgs};
use crate::model::{HistoryEntry, Network, Run, RunId};
use crate::render;
use crate::render::json::compact_lines::compact_lines;
use crate::render::json::history::ChainCheckJson;
use crate::render::text::thousands;
use crate::store::{ChainCheck, HistoryFilter, HistoryPage, HistoryRemainder, Store};

/// Show what was done, by whom and when, the latest first
///
/// WHAT is an address as plans show it, of a record or of a collection of a zone; the code of a zone; or a run. Without it,
/// everything is shown. The manifests tell which network is meant, and need not be right otherwise.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HistoryCommand {
    #[command(subcommand)]
    verify: Option<HistoryAction>,
    /// `01A/CodeTable/UserGroups/STAFF`, `01A/CodeTable/UserGroups`, `01A`, or `run-12`
    #[arg(value_name = "WHAT")]
    what: Option<String>,
    /// Show no more than so many entries
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    /// Only entries before this one
    #[arg(long, value_name = "NUMBER")]
    before: Option<u64>,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV for a spreadsheet, one line for each field that was set
    ///
    /// As RFC 4180 has it. A cell that a spreadsheet would take for a formula gets an apostrophe before it; for values
    /// exactly as they are, use --json.
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    place: StoreQueryArgs,
}

/// Where what was done is remembered.
#[derive(Debug, Clone, Args)]
pub struct StoreQueryArgs {
    /// The environment in which it was done
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Subcommand)]
enum HistoryAction {
    /// Make sure that no entry of the history was changed or removed
    ///
    /// Each entry holds a hash of itself, of what its run was when it began (who, by which commit and plan) and of the
    /// entry before it. Follows them from the first to the last, of all networks in the store. How a run ended, its
    /// report, and runs that changed nothing are in no hash. Whoever keeps the last hash elsewhere can tell as well that nothing was cut off.
    Verify {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: StoreQueryArgs,
    },
}

impl StoreQueryArgs {
    /// Opens the store of the network below `directory`, to look at it.
    ///
    /// # Errors
    /// An exit code, once it has been said that there is no network, or no store, or what is wrong with it.
    pub async fn open(
        &self,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<(Network, Store), CommandExit> {
        let network = config::network(directory, self.environment.as_deref(), world)?;
        match self.store.open_read_only(&network, directory, world).await? {
            Some(store) => Ok((network, store)),
            None => {
                let (fact, way_out) = match self.store.location(&network, directory, world)? {
                    Some(_) => {
                        ("there is no store yet", "the first `zonal apply` makes it; `--store` names another")
                    }
                    None => ("the store is `none`", "name one with `--store`"),
                };
                super::fail(world, format!("{fact}, so nothing is remembered"));
                world.err.print_line(format!("help: {way_out}"));
                Err(CommandExit::Invalid)
            }
        }
    }
}

impl HistoryCommand {
    /// Shows what was done in the network below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        let done = match (&self.verify, self.what.as_deref()) {
            (Some(HistoryAction::Verify { json, place }), _) => verify(place, *json, directory, world).await,
            // Behind an option it is no subcommand any more, and means the same.
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
                world.out.print_line(self.empty_history_message(&store, world).await?)
            }
            (false, false) => world.out.print(render::text::history(&entries, &runs)),
        }
        if let (false, Some(before)) = (self.json, before) {
            world.err.print_line(format!("There is more: `--before {before}` shows what was done earlier."));
        }
        Ok(CommandExit::Done)
    }

    /// What there is of what is asked for.
    async fn page(
        &self,
        network: &Network,
        store: &Store,
        world: &CommandContext,
    ) -> Result<HistoryPage, CommandExit> {
        let mut page = HistoryPage { entries: Vec::new(), rest: HistoryRemainder::Nothing };
        for asked in parse_filter(self.what.as_deref()) {
            let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
            let asking = store.history(store::scope(network), asked, self.before, limit);
            let found = world.unless_interrupted(asking).await?;
            page = found.map_err(|error| store::report_error(&error, world))?;
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
                let found = store.run(id).await.map_err(|error| store::report_error(&error, world))?;
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
            let run = store.run(id).await.map_err(|error| store::report_error(&error, world))?;
            return Ok(match run {
                Some(_) => format!("{id} changed nothing."),
                None => format!("There is no {id}; `zonal runs` lists them."),
            });
        }
        Ok(match (&self.what, self.before) {
            (None, None) => "Nothing was done yet.".to_owned(),
            (None, Some(before)) => format!("Nothing was done before entry {before}."),
            (Some(what), _) => format!(
                "Nothing is known of {what}: it is a zone, a run, or an address as plans and `zonal history` show it."
            ),
        })
    }
}

/// What may be meant by what was typed, the likeliest first. Of `01A/One/Two` only the store knows whether Two is a table
/// or a record.
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

/// A collection and a key: what stands before and behind the last slash that is in no title and no brackets.
fn last_slash(text: &str) -> Option<(&str, &str)> {
    let (mut quoted, mut escaped, mut bracketed, mut last) = (false, false, false, None);
    for (at, c) in text.char_indices() {
        match (c, quoted) {
            _ if escaped => escaped = false,
            ('\\', true) => escaped = true,
            // A title begins where a name of a table would.
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
            world.err.print_line(format!("{} entries, unbroken so far", thousands(number)));
        }
    };
    let followed = world.unless_interrupted(store.follow(&tell)).await?;
    let chain = followed.map_err(|error| store::report_error(&error, world))?;
    let (told, words, exit) = match chain {
        ChainCheck::Intact { entries, end } => {
            let told =
                ChainCheckJson { unbroken: true, entries, head_hash: end, changed: None, removed: None };
            let words = match end {
                Some(end) => format!(", unbroken, ends with {end}"),
                None => ": nothing was done yet".to_owned(),
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
            (told, format!("entry {number} is not as it was when it was written"), CommandExit::Invalid)
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
            super::fail(world, format!("the history is broken: {words}"));
            world.err.print_line(
                "help: compare it with a backup of the store; what stands before that entry is as it was",
            );
        }
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::{HistoryFilter, last_slash, parse_filter};

    #[test]
    fn what_is_typed_is_taken_for_what_it_may_be() {
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
    fn a_slash_in_a_title_or_in_brackets_parts_nothing() {
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
