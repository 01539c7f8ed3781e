//! Law of `restore`: what a run replaced comes back, unless someone changed it since.

use std::collections::{BTreeMap, BTreeSet};

use super::commands::{CommandStorm, StormCommand, all_cells, shown};
use super::contents::Cells;
use super::network::{ProcessedPut, RowAddress, TablePlace};

/// Value before the first PUT that changed a cell, and value that the last such PUT left.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CellChange {
    before: Option<String>,
    left: Option<String>,
}

/// Cells that a run changed, rows of others damaged by a server included.
#[derive(Debug, Default)]
pub struct RunLedger(BTreeMap<TablePlace, BTreeMap<(String, String), CellChange>>);

impl RunLedger {
    pub fn of<'a>(puts: impl Iterator<Item = &'a ProcessedPut>) -> Self {
        let mut ledger = Self::default();
        for ProcessedPut { place, before, after } in puts {
            let cells: BTreeSet<_> = before.keys().chain(after.keys()).collect();
            for cell in cells.into_iter().filter(|cell| before.get(*cell) != after.get(*cell)) {
                let change = CellChange { before: before.get(cell).cloned(), left: after.get(cell).cloned() };
                ledger.add_change(place, cell, change);
            }
        }
        ledger
    }

    /// Adds what the run wrote after it was resumed.
    pub fn add(&mut self, later: Self) {
        for (place, cells) in later.0 {
            for (cell, change) in cells {
                self.add_change(&place, &cell, change);
            }
        }
    }

    fn add_change(&mut self, place: &TablePlace, cell: &(String, String), change: CellChange) {
        let cells = self.0.entry(place.clone()).or_default();
        let left = change.left.clone();
        cells.entry(cell.clone()).or_insert(change).left = left;
    }

    /// Returns the changed rows.
    pub fn rows(&self) -> BTreeSet<RowAddress> {
        let places = self.0.iter();
        let rows = places.flat_map(|((zone, table), cells)| {
            cells.keys().map(|(key, _)| (zone.clone(), table.clone(), key.clone()))
        });
        rows.collect()
    }

    fn is_empty(&self) -> bool {
        self.0.values().all(BTreeMap::is_empty)
    }
}

impl CommandStorm {
    /// Restores the last run in calm weather, after some edits, and checks the tables.
    pub async fn restore_a_run(&mut self) {
        let Some((&run, _)) = self.runs.iter().next_back().filter(|(_, ledger)| !ledger.is_empty()) else {
            return;
        };
        let edits = self.network.state().random.pick(&[0, 0, 2, 5]);
        (0..edits).for_each(|_| self.network.edit());
        let (before, puts) = (all_cells(&self.network), self.network.state().puts);
        let verb = self.network.state().random.pick(&["restore", "restore", "revert"]);
        let output = self.alone(StormCommand::Undo(verb, run)).await;
        self.network.count(&format!("Restore {}", output.code));
        let written = self.network.state().puts - puts;
        let text = format!("{}{}", output.out, output.err);
        let has_nothing = text.contains("no images") || text.contains("made no changes");
        match output.code {
            0 | 4 => {}
            1 if written == 0 && has_nothing => {}
            _ => return self.report(format!("{verb} of run-{run} ends with {}", shown(&output))),
        }
        let after = all_cells(&self.network);
        let lines: Vec<String> = self.runs[&run]
            .0
            .iter()
            .flat_map(|(place, changes)| {
                wrong_rows(changes, &before[place], &after[place], verb == "restore")
                    .into_iter()
                    .map(move |line| format!("{verb} of run-{run}, {}/{}: {line}", place.0, place.1))
            })
            .collect();
        if !lines.is_empty() {
            lines.into_iter().for_each(|line| self.report(line));
            self.report(shown(&output));
        }
        self.runs.insert(self.store.last_run(), RunLedger::default());
    }
}

/// Returns the rows that did not come back, or were overwritten.
fn wrong_rows(
    changes: &BTreeMap<(String, String), CellChange>,
    before: &Cells,
    after: &Cells,
    is_restore: bool,
) -> Vec<String> {
    let mut lines = Vec::new();
    let keys: BTreeSet<&String> = changes.keys().map(|(key, _)| key).collect();
    for key in keys {
        let all_of_row = || changes.iter().filter(|((row, _), _)| row == key);
        let is_deleted = all_of_row().all(|(_, change)| change.left.is_none());
        // A deleted row comes back with texts in one language; the plan says so.
        let is_lost = |field: &str| is_deleted && field.starts_with("description");
        let of_row = || all_of_row().filter(|((_, field), _)| !is_lost(field));
        let row = |cells: &Cells| -> Cells {
            cells
                .iter()
                .filter(|((row, _), _)| row == key)
                .map(|(cell, value)| (cell.clone(), value.clone()))
                .collect()
        };
        let (row_before, row_after) = (row(before), row(after));
        let is_as_left = of_row().all(|(cell, change)| row_before.get(cell) == change.left.as_ref());
        let is_edited = of_row().any(|(cell, change)| {
            let value = row_before.get(cell);
            value != change.left.as_ref() && value != change.before.as_ref()
        });
        let is_back = of_row().all(|(cell, change)| row_after.get(cell) == change.before.as_ref());
        if is_edited && row_after != row_before {
            lines.push(format!("{key} was edited since as {row_before:?}, and now is {row_after:?}"));
        }
        if is_restore && is_as_left && !is_back {
            let changes: Vec<_> = of_row().collect();
            lines.push(format!("{key} did not come back: is {row_after:?}, the run wrote {changes:?}"));
        }
    }
    lines
}
