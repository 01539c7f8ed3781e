//! Network of a storm: its state, and the edits of librarians.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use zonal::emulator::{
    ApiAccess, CodeTableEdit, EditAction, EditTrigger, EmulatedTableType, EmulatorControl, EmulatorTransport,
    LibrarianEdit, MappingTableEdit, TableSeed,
};

use super::contents::{Cells, DeclaredCells, TABLES, current};
use super::fate::Weather;
use super::gateway::GatewayState;
use super::random::StormRandom;
use super::service::StormTransport;
use super::shortness::{ShortAnswer, Shortness};
use crate::failure_simulations::LibrarianAction;

/// Time, rows and responses by language of an answer from before a write.
type OldAnswer = (Instant, Cells, BTreeMap<String, Bytes>);
/// Zone, table and key of a row.
pub type RowAddress = (String, String, String);
/// Zone and table.
pub type TablePlace = (String, String);

/// Network that all processes of a storm share.
#[derive(Clone)]
pub struct StormNetwork {
    pub control: EmulatorControl,
    pub declared: Arc<DeclaredCells>,
    /// Codes and languages.
    pub zones: Arc<Vec<(&'static str, &'static str)>>,
    pub(super) inner: EmulatorTransport,
    /// Librarians also edit records of the gateway.
    pub has_gateway: bool,
    is_traced: bool,
    state: Arc<Mutex<StormState>>,
}

/// State of a storm.
pub struct StormState {
    pub random: StormRandom,
    pub weather: Weather,
    /// Counts by name of what happened.
    pub happened: BTreeMap<String, u64>,
    /// Broken laws, one line each.
    pub broken: Vec<String>,
    pub processes: BTreeMap<usize, ProcessState>,
    /// Last edit of each cell.
    pub edits: BTreeMap<CellAddress, Instant>,
    /// Last edit of each table.
    table_edits: BTreeMap<TablePlace, Instant>,
    /// Answers that stay visible after a PUT.
    pub old_answers: BTreeMap<TablePlace, OldAnswer>,
    /// Tables whose answers lack rows until a time.
    pub short_until: BTreeMap<TablePlace, (Instant, Shortness)>,
    /// Tables hidden until a time.
    pub hidden_until: BTreeMap<TablePlace, Instant>,
    /// Smallest number of rows of each table since a reading of all of them was accepted.
    pub accepted: Option<BTreeMap<TablePlace, usize>>,
    pub gateway: GatewayState,
    /// Divisor of long delays.
    pub haste: u32,
    /// Number of processed PUTs.
    pub puts: u64,
    pub words: u64,
    started: Instant,
    suspended: Duration,
}

/// Zone, table, key and field.
pub type CellAddress = (String, String, String, String);

/// What the network knows of a process.
#[derive(Default)]
pub struct ProcessState {
    /// Last readings by zone, and table with language.
    pub readings: BTreeMap<(String, String), Arc<Reading>>,
    /// Number of its last PUT of each table.
    pub sent: BTreeMap<(String, String), usize>,
    pub requests: usize,
    /// Number of the request during which the process is killed.
    pub killed_at: Option<usize>,
    pub kill: Arc<Notify>,
    /// Number of the PUT during which the process is killed.
    pub killed_at_put: Option<usize>,
    pub puts_sent: usize,
    /// True if the process may be killed before its end.
    pub may_die: bool,
    /// Number of rows of each table in its plan, or fewer since. Empty for a process that is not alone.
    pub planned_rows: BTreeMap<TablePlace, usize>,
    /// End of the planning, and the rows at that time.
    pub planned: Option<(Instant, BTreeSet<RowAddress>)>,
    /// Rows of others that the server changed with a PUT of the process, and that nobody edited since.
    pub mangled: BTreeSet<RowAddress>,
    /// True if a PUT of the process to a table of this type (code, mapping) left all rows of others alone.
    pub clean: [bool; 2],
    /// Processed PUTs.
    pub written: Vec<ProcessedPut>,
    /// Rows that the process takes back, if it restores or reverts a run.
    pub takes_back: Option<BTreeSet<RowAddress>>,
    /// True if the process may also do what manifests say, because it resumes any run.
    pub resumes: bool,
}

/// Table before and after a PUT.
pub struct ProcessedPut {
    pub place: TablePlace,
    pub before: Cells,
    pub after: Cells,
}

impl ProcessState {
    /// Returns true if the row was there at the end of the planning.
    pub fn has_planned(&self, call: &StormCall, key: &str) -> bool {
        let row = (call.zone.clone(), call.table.clone().unwrap_or_default(), key.to_owned());
        self.planned.as_ref().is_some_and(|(_, rows)| rows.contains(&row))
    }
}

impl ProcessState {
    /// Returns true if the process takes back what a run did to the row; `None` for other processes.
    pub fn is_taken_back(&self, call: &StormCall, key: &str) -> Option<bool> {
        let row = (call.zone.clone(), call.table.clone().unwrap_or_default(), key.to_owned());
        let is_in = self.takes_back.as_ref()?.contains(&row);
        (is_in || !self.resumes).then_some(is_in)
    }
}

/// Response to a GET of a table, as its process got it.
pub struct Reading {
    pub number: usize,
    pub cells: Cells,
    pub processed: Instant,
    /// End of the response, on the clock that counts suspended time.
    pub answered: Duration,
    /// The response lacks rows.
    pub short: Option<ShortAnswer>,
}

/// Request of a process.
#[derive(Clone)]
pub struct StormCall {
    pub process: usize,
    pub zone: String,
    pub table: Option<String>,
    /// Path and query.
    pub target: String,
    pub language: String,
    pub is_put: bool,
    /// True for a request with a write key.
    pub may_write: bool,
    /// Last reading of the table when the process sent a PUT.
    pub reading: Option<Arc<Reading>>,
}

impl StormCall {
    /// Returns zone and table.
    pub fn place(&self) -> Option<TablePlace> {
        Some((self.zone.clone(), self.table.clone()?))
    }

    /// Returns zone, and table with language.
    pub fn reading_place(&self) -> (String, String) {
        (self.zone.clone(), format!("{} {}", self.table.as_deref().unwrap_or_default(), self.language))
    }
}

impl StormNetwork {
    pub fn new(
        inner: EmulatorTransport,
        control: EmulatorControl,
        zones: Vec<(&'static str, &'static str)>,
        declared: DeclaredCells,
        random: StormRandom,
    ) -> Self {
        let state = StormState {
            random,
            weather: Weather::CALM,
            happened: BTreeMap::new(),
            broken: Vec::new(),
            processes: BTreeMap::new(),
            edits: BTreeMap::new(),
            table_edits: BTreeMap::new(),
            old_answers: BTreeMap::new(),
            short_until: BTreeMap::new(),
            hidden_until: BTreeMap::new(),
            accepted: None,
            gateway: GatewayState::default(),
            haste: 1,
            puts: 0,
            words: 0,
            started: Instant::now(),
            suspended: Duration::ZERO,
        };
        let state = Arc::new(Mutex::new(state));
        let is_traced = std::env::var_os("STORM_TRACE").is_some();
        Self {
            control,
            declared: Arc::new(declared),
            zones: Arc::new(zones),
            inner,
            has_gateway: false,
            is_traced,
            state,
        }
    }

    pub fn state(&self) -> MutexGuard<'_, StormState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn process(&self, number: usize) -> StormTransport {
        StormTransport { network: self.clone(), process: number }
    }

    /// Counts something that happened.
    pub fn count(&self, what: &str) {
        *self.state().happened.entry(what.to_owned()).or_default() += 1;
    }

    /// Prints what happens, if `STORM_TRACE` is set.
    #[expect(clippy::print_stdout, reason = "a person follows a storm that breaks a law")]
    pub fn trace(&self, what: impl FnOnce() -> String) {
        if self.is_traced {
            println!("{:9.3} {}", self.uptime().as_secs_f64(), what());
        }
    }

    /// Returns a long time, shortened over sockets.
    pub fn hastened(&self, time: Duration) -> Duration {
        time / self.state().haste
    }

    /// Returns the time with suspended time.
    pub fn uptime(&self) -> Duration {
        let state = self.state();
        state.started.elapsed() + state.suspended
    }

    /// Suspends all processes, as `SIGSTOP` does, while a librarian edits.
    pub fn suspend(&self, time: Duration) {
        self.state().suspended += time;
        self.count("Suspended");
        self.edit();
    }

    /// Remembers the end of the planning of a process.
    pub fn planned(&self, process: usize) {
        let rows = self.zones.iter().flat_map(|(zone, _)| {
            TABLES.iter().flat_map(move |table| {
                let cells = current(&self.control, zone, table).into_keys();
                cells.map(move |(key, _)| ((*zone).to_owned(), (*table).to_owned(), key))
            })
        });
        let rows = rows.collect();
        self.state().processes.entry(process).or_default().planned = Some((Instant::now(), rows));
    }

    /// Remembers the numbers of rows in the plan of a process that is alone. Later answers may lack rows.
    pub fn planned_alone(&self, process: usize) {
        let mut state = self.state();
        let known = state.processes.entry(process).or_default();
        let rows = known.readings.iter().filter(|(_, reading)| reading.short.is_none());
        let rows = rows.map(|((zone, table), reading)| {
            let table = table.split(' ').next().unwrap_or_default().to_owned();
            ((zone.clone(), table), row_keys(&reading.cells).len())
        });
        known.planned_rows = rows.collect();
    }

    /// Returns true if the table was edited after the last reading of the process.
    pub fn edited_since_reading(&self, process: usize, zone: &str, table: &str) -> bool {
        let state = self.state();
        let place = (zone.to_owned(), table.to_owned());
        let Some(edit) = state.table_edits.get(&place) else { return false };
        let readings = state.processes.get(&process).into_iter().flat_map(|process| &process.readings);
        let of_table =
            readings.filter(|((zone, name), _)| *zone == place.0 && name.split(' ').next() == Some(table));
        of_table.map(|(_, reading)| reading.processed).max().is_none_or(|processed| *edit >= processed)
    }

    /// Edits a random row as a librarian.
    pub fn edit(&self) {
        if self.has_gateway && self.state().random.percent(12) {
            return self.edit_record();
        }
        let (zone, edit) = {
            let mut state = self.state();
            state.words += 1;
            let words = format!("words {} <&>", state.words);
            let action = state.random.pick(&[
                LibrarianAction::AddsCode,
                LibrarianAction::DescribesOursInFrench,
                LibrarianAction::DescribesTheirs,
                LibrarianAction::DescribesTheirs,
                LibrarianAction::FillsColumn,
                LibrarianAction::DescribesOurs,
                LibrarianAction::DescribesOursElsewhere,
                LibrarianAction::FillsOurColumn,
            ]);
            let (zone, _) = state.random.pick(&self.zones);
            let by = state.random.pick(&["m.tremblay", "j.okafor", "support"]);
            (zone, LibrarianEdit { zone: zone.to_owned(), by: by.to_owned(), ..action.edit(&words) })
        };
        // The zone still shows an older state of the table: nobody edits it.
        let place = (zone.to_owned(), edit.table.clone());
        self.trace(|| format!("edit {zone} {:?}", edit.action));
        if !self.state().old_answers.contains_key(&place) && self.change(edit) {
            self.count("Edit");
        }
    }

    /// Puts a table back to its first rows, as a librarian does who undoes a run.
    pub fn reset(&self, zone: &str, table: &str, seed: TableSeed) {
        self.trace(|| format!("reset {zone} {table}"));
        self.remember_change(zone, table, || self.control.put_table(zone, seed).is_ok());
        self.count("Reset");
    }

    /// Changes a table. Returns false if there is no such row.
    fn change(&self, edit: LibrarianEdit) -> bool {
        let (zone, table) = (edit.zone.clone(), edit.table.clone());
        self.remember_change(&zone, &table, || self.control.edit(edit).is_ok())
    }

    /// Changes a table, and remembers the changed cells.
    fn remember_change(&self, zone: &str, table: &str, change: impl FnOnce() -> bool) -> bool {
        let (zone, table) = (zone.to_owned(), table.to_owned());
        let before = current(&self.control, &zone, &table);
        if !change() {
            return false;
        }
        let time = Instant::now();
        self.count_rows(&zone, &table);
        let mut state = self.state();
        for (cell, value) in current(&self.control, &zone, &table) {
            if before.get(&cell) != Some(&value) {
                // An edit of a text that a PUT did not set hides the user of the API in a row that it set.
                let is_hidden = self.declared.declares(&zone, &table, &cell.0);
                for process in state.processes.values_mut() {
                    process.mangled.retain(|(code, name, key)| {
                        (code, name) != (&zone, &table) || !is_hidden && *key != cell.0
                    });
                }
                state.edits.insert((zone.clone(), table.clone(), cell.0, cell.1), time);
            }
        }
        state.table_edits.insert((zone, table), time);
        true
    }

    pub fn edit_by_chance(&self) {
        let is_edited = {
            let mut state = self.state();
            let edits = state.weather.edits;
            state.random.percent(edits)
        };
        if is_edited {
            self.edit();
        }
    }

    /// Remembers the number of rows of a table, if it is smaller than before.
    pub fn count_rows(&self, zone: &str, table: &str) {
        let rows = row_keys(&current(&self.control, zone, table)).len();
        let (state, place) = (&mut *self.state(), (zone.to_owned(), table.to_owned()));
        for process in state.processes.values_mut() {
            process.planned_rows.entry(place.clone()).and_modify(|fewest| *fewest = rows.min(*fewest));
        }
        if let Some(accepted) = &mut state.accepted {
            let fewest = accepted.entry(place).or_insert(rows);
            *fewest = rows.min(*fewest);
        }
    }

    /// Returns the smallest number of rows that the store or the plan of a process knows of a table.
    pub fn known_rows(&self, place: &TablePlace) -> Option<usize> {
        let state = self.state();
        let planned = state.processes.values().filter_map(|process| process.planned_rows.get(place));
        let accepted = state.accepted.as_ref().and_then(|accepted| accepted.get(place));
        planned.chain(accepted).min().copied()
    }

    /// Remembers that the stored reading of every table is complete.
    pub fn accept_all(&self) {
        self.state().accepted = Some(BTreeMap::new());
        for (zone, _) in self.zones.iter() {
            TABLES.iter().for_each(|table| self.count_rows(zone, table));
        }
    }

    /// Ends the bad weather, and what it left.
    fn calm(&self) {
        self.show(true);
        self.serve_again();
        let mut state = self.state();
        state.weather = Weather::CALM;
        state.short_until.clear();
    }

    /// Ends the bad weather, and waits until late requests have arrived and leases of dead processes have ended.
    pub async fn calm_down(&self) {
        self.calm();
        sleep(self.hastened(Duration::from_secs(300))).await;
        self.calm();
    }

    /// Hides a table from the API for a while.
    pub fn hide(&self, place: &TablePlace) {
        let until = {
            let mut state = self.state();
            let time = Duration::from_millis(state.random.pick(&[400, 3_000, 60_000]));
            Instant::now() + time
        };
        self.set_access(place, ApiAccess::Hidden);
        self.state().hidden_until.insert(place.clone(), until);
    }

    /// Shows the hidden tables whose time is over, or all of them.
    pub fn show(&self, all: bool) {
        let over: Vec<TablePlace> = {
            let mut state = self.state();
            let is_over = |until: &Instant| all || *until <= Instant::now();
            let over = state.hidden_until.iter().filter(|(_, until)| is_over(until));
            let over = over.map(|(place, _)| place.clone()).collect();
            state.hidden_until.retain(|_, until| !is_over(until));
            over
        };
        over.iter().for_each(|place| self.set_access(place, ApiAccess::Open));
    }

    fn set_access(&self, (zone, table): &TablePlace, access: ApiAccess) {
        let (kind, action) = match table.as_str() {
            "M1" => (EmulatedTableType::Mapping, EditAction::new(MappingTableEdit::Access(access))),
            _ => (EmulatedTableType::Code, EditAction::new(CodeTableEdit::Access(access))),
        };
        self.control.edit(edit_of((zone, table), kind, "support", action)).expect("table should exist");
    }

    /// Changes a row of others, as a server does that escapes what it stores. Returns its key, or `None` without
    /// such a row.
    pub fn mangle(&self, (zone, table): &TablePlace, language: &str) -> Option<String> {
        let field = if table == "M1" { "column4".to_owned() } else { format!("description {language}") };
        let rows = row_keys(&current(&self.control, zone, table));
        let is_theirs = |key: &&String| {
            let cell = ((*key).clone(), field.clone());
            !self.declared.declares(zone, table, key) && !self.declared.owns(zone, table, &cell, true)
        };
        let mut known = ["PAD1", "L1"].map(str::to_owned).into_iter();
        let key = known.find(|key| rows.contains(key) && is_theirs(&key))?;
        let mangled = key.clone();
        let words = {
            let mut state = self.state();
            state.words += 1;
            format!("words &amp; {}", state.words)
        };
        let (kind, action) = match table.as_str() {
            "M1" => {
                let (find, set) = (("ID".to_owned(), key), (field, words));
                let edit = MappingTableEdit::SetRow { find: [find].into(), set: [set].into(), enabled: None };
                (EmulatedTableType::Mapping, EditAction::new(edit))
            }
            _ => {
                let (description, language) = (Some(words), Some(language.to_owned()));
                let edit =
                    CodeTableEdit::SetCode { code: key, description, language, enabled: None, default: None };
                (EmulatedTableType::Code, EditAction::new(edit))
            }
        };
        // Not an edit of a librarian: the author is the user of the API.
        self.control.edit(edit_of((zone, table), kind, "API_USER", action)).ok().map(|()| mangled)
    }
}

/// Returns the keys of the rows.
pub fn row_keys(cells: &Cells) -> BTreeSet<String> {
    cells.keys().map(|(key, _)| key.clone()).collect()
}

fn edit_of(
    (zone, table): (&str, &str),
    kind: EmulatedTableType,
    by: &str,
    action: EditAction,
) -> LibrarianEdit {
    LibrarianEdit {
        zone: zone.to_owned(),
        kind: kind.into(),
        table: table.to_owned(),
        library: None,
        by: by.to_owned(),
        when: EditTrigger::Now,
        action,
    }
}
