//! Network of a storm: delays, faults and edits around every request, and the laws that every PUT obeys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use zonal::emulator::{EmulatorControl, EmulatorTransport, LibrarianEdit, TableSeed};
use zonal::provider::transport::{Transport, TransportError, TransportFuture};

use super::contents::{Cells, DeclaredCells, TABLES, current, in_body};
use super::fate::{Fault, Weather};
use super::random::StormRandom;
use crate::failure_simulations::LibrarianAction;
use crate::write_window::LAW;

/// Time, rows and responses by language of an answer from before a write.
type OldAnswer = (Instant, Cells, BTreeMap<String, Bytes>);
/// Zone, table and key of a row.
type PlannedRow = (String, String, String);

/// Network that all processes of a storm share.
#[derive(Clone)]
pub struct StormNetwork {
    pub control: EmulatorControl,
    pub declared: Arc<DeclaredCells>,
    zones: Arc<Vec<(&'static str, &'static str)>>,
    inner: EmulatorTransport,
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
    edits: BTreeMap<CellAddress, Instant>,
    /// Last edit of each table.
    table_edits: BTreeMap<(String, String), Instant>,
    /// Answers that stay visible after a PUT.
    old_answers: BTreeMap<(String, String), OldAnswer>,
    /// Number of processed PUTs.
    pub puts: u64,
    words: u64,
    started: Instant,
    suspended: Duration,
}

/// Zone, table, key and field.
type CellAddress = (String, String, String, String);

/// What the network knows of a process.
#[derive(Default)]
pub struct ProcessState {
    readings: BTreeMap<(String, String), Arc<Reading>>,
    /// Number of its last PUT of each table.
    sent: BTreeMap<(String, String), usize>,
    requests: usize,
    /// Number of the request during which the process is killed.
    pub killed_at: Option<usize>,
    pub kill: Arc<Notify>,
    /// End of the planning, and the rows at that time.
    pub planned: Option<(Instant, BTreeSet<PlannedRow>)>,
    /// Tables in which a PUT of the process changed rows of others.
    pub mangled: BTreeSet<(String, String)>,
}

impl ProcessState {
    /// Returns true if the row was there at the end of the planning.
    fn has_planned(&self, call: &StormCall, key: &str) -> bool {
        let row = (call.zone.clone(), call.table.clone().unwrap_or_default(), key.to_owned());
        self.planned.as_ref().is_some_and(|(_, rows)| rows.contains(&row))
    }
}

/// Response to a GET of a table, as its process got it.
struct Reading {
    number: usize,
    cells: Cells,
    processed: Instant,
    /// End of the response, on the clock that counts suspended time.
    answered: Duration,
}

/// Request of a process.
#[derive(Clone)]
struct StormCall {
    process: usize,
    zone: String,
    table: Option<String>,
    /// Path and query.
    target: String,
    language: String,
    is_put: bool,
    /// Last reading of the table when the process sent a PUT.
    reading: Option<Arc<Reading>>,
}

impl StormCall {
    /// Returns zone and table.
    fn place(&self) -> Option<(String, String)> {
        Some((self.zone.clone(), self.table.clone()?))
    }

    /// Returns zone, and table with language.
    fn reading_place(&self) -> (String, String) {
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
            puts: 0,
            words: 0,
            started: Instant::now(),
            suspended: Duration::ZERO,
        };
        let state = Arc::new(Mutex::new(state));
        Self { control, declared: Arc::new(declared), zones: Arc::new(zones), inner, state }
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
        if !self.state().old_answers.contains_key(&place) && self.change(edit) {
            self.count("Edit");
        }
    }

    /// Puts a table back to its first rows, as a librarian does who undoes a run.
    pub fn reset(&self, zone: &str, table: &str, seed: TableSeed) {
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
        let mut state = self.state();
        for (cell, value) in current(&self.control, &zone, &table) {
            if before.get(&cell) != Some(&value) {
                state.edits.insert((zone.clone(), table.clone(), cell.0, cell.1), time);
            }
        }
        state.table_edits.insert((zone, table), time);
        true
    }

    fn edit_by_chance(&self) {
        let is_edited = {
            let mut state = self.state();
            let edits = state.weather.edits;
            state.random.percent(edits)
        };
        if is_edited {
            self.edit();
        }
    }

    /// Checks a PUT when its process hands it over, and returns its reading.
    fn check_sent(&self, call: &StormCall, body: &[u8]) -> Option<Arc<Reading>> {
        let (uptime, place) = (self.uptime(), call.reading_place());
        let mut state = self.state();
        let process = state.processes.entry(call.process).or_default();
        let number = process.requests;
        let last_sent = process.sent.insert(place.clone(), number);
        let mut broken = Vec::new();
        let table = call.table.as_deref().unwrap_or_default();
        if !self.declared.covers(&call.zone, table) {
            broken.push("no manifest covers the table".to_owned());
        }
        let reading = process.readings.get(&place).cloned();
        match &reading {
            None => broken.push("the table was not read before the PUT".to_owned()),
            Some(reading) => {
                let age = uptime.saturating_sub(reading.answered);
                if age > LAW {
                    broken.push(format!("the PUT rests on a reading of {age:?} before"));
                }
                if last_sent.is_some_and(|sent| sent > reading.number) {
                    broken.push("the table was sent twice without a reading in between".to_owned());
                }
                match in_body(body, &call.language) {
                    None => broken.push("the PUT has no table".to_owned()),
                    Some(sent) => {
                        let is_planned = |key: &str| process.has_planned(call, key);
                        broken.extend(self.unowned_differences(call, &reading.cells, &sent, is_planned));
                    }
                }
            }
        }
        let lines = broken
            .into_iter()
            .map(|line| format!("PUT {}{} of process {}: {line}", call.zone, call.target, call.process));
        state.broken.extend(lines);
        reading
    }

    /// Returns the differences of unowned cells between a reading and the body of a PUT.
    fn unowned_differences(
        &self,
        call: &StormCall,
        read: &Cells,
        sent: &Cells,
        is_planned: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let table = call.table.as_deref().unwrap_or_default();
        let cells: BTreeSet<_> = read.keys().chain(sent.keys()).collect();
        let theirs = cells.into_iter().filter(|cell| {
            // A row that zonal creates has documented values in undeclared fields.
            let is_new = !read.keys().any(|(key, _)| *key == cell.0);
            let is_created = is_new && self.declared.declares(&call.zone, table, &cell.0);
            !self.declared.owns(&call.zone, table, cell, is_planned(&cell.0)) && !is_created
        });
        theirs
            .filter(|cell| read.get(*cell) != sent.get(*cell))
            .map(|cell| {
                format!("unowned {cell:?} was read as {:?} and sent as {:?}", read.get(cell), sent.get(cell))
            })
            .collect()
    }

    /// Lets the zone process a request, and checks what a PUT overwrites.
    async fn handle(
        &self,
        call: &StormCall,
        request: http::Request<Bytes>,
    ) -> Result<(http::Response<Bytes>, Instant), TransportError> {
        let processed = Instant::now();
        let place = call.place().filter(|(zone, table)| {
            TABLES.contains(&table.as_str()) && self.zones.iter().any(|(code, _)| code == zone)
        });
        let before =
            place.as_ref().filter(|_| call.is_put).map(|(zone, table)| current(&self.control, zone, table));
        if let Some(answer) =
            place.as_ref().filter(|_| !call.is_put).and_then(|place| self.old_answer(place, call))
        {
            return Ok((answer, processed));
        }
        let response = self.inner.send(request).await?;
        if let (Some((zone, table)), Some(before), 200..300) = (&place, before, response.status().as_u16()) {
            let after = current(&self.control, zone, table);
            self.check_overwritten(call, (zone, table), &before, &after);
            self.state().puts += 1;
            self.count("Processed PUT");
        }
        Ok((response, processed))
    }

    /// Checks the cells that a PUT changed: an edit is lost only if it came after the reading of the PUT.
    fn check_overwritten(
        &self,
        call: &StormCall,
        (zone, table): (&str, &str),
        before: &Cells,
        after: &Cells,
    ) {
        let mut state = self.state();
        let state = &mut *state;
        let Some(process) = state.processes.get(&call.process) else { return };
        let Some(reading) = &call.reading else { return };
        for (cell, value) in before.iter().filter(|(cell, value)| after.get(*cell) != Some(value)) {
            let address = (zone.to_owned(), table.to_owned(), cell.0.clone(), cell.1.clone());
            let edited = state.edits.get(&address).copied();
            if edited.is_some_and(|edited| edited >= reading.processed) {
                *state.happened.entry("Edit within the last second".to_owned()).or_default() += 1;
                continue;
            }
            let is_planned = process.has_planned(call, &cell.0);
            let is_lost = if self.declared.owns(zone, table, cell, is_planned) {
                // An edit after the plan makes the plan stale. A row that the run creates had no earlier text.
                let planned = process.planned.as_ref().filter(|_| is_planned);
                planned.zip(edited).is_some_and(|((planned, _), edited)| edited > *planned)
                    && reading.cells.get(cell) == Some(value)
            } else {
                true
            };
            if is_lost {
                state.broken.push(format!(
                    "PUT {zone}{} of process {}: overwrites {cell:?} = {value:?} with {:?}; edited {:?} before",
                    call.target,
                    call.process,
                    after.get(cell),
                    edited.map(|edited| edited.elapsed()),
                ));
            }
        }
    }

    /// Returns the answer from before a PUT, as long as the zone still shows it.
    fn old_answer(&self, place: &(String, String), call: &StormCall) -> Option<http::Response<Bytes>> {
        let mut state = self.state();
        let (until, _, bodies) = state.old_answers.get(place)?;
        if *until <= Instant::now() {
            state.old_answers.remove(place);
            return None;
        }
        let body = bodies.get(&call.target)?.clone();
        let response = http::Response::builder().status(200).header("content-type", "application/json");
        response.body(body).ok()
    }

    /// Keeps the answer from before a PUT visible for a while.
    async fn keep_old_answer(&self, call: &StormCall) {
        let Some(place) = call.place() else { return };
        let until = Instant::now() + Duration::from_millis(self.state().random.pick(&[300, 900, 2_400]));
        let cells = current(&self.control, &place.0, &place.1);
        let request = http::Request::builder()
            .uri(format!("http://storm{}", call.target))
            .header(AUTHORIZATION, format!("apikey read-{}", call.zone))
            .header("accept", "application/json");
        let Ok(request) = request.body(Bytes::new()) else { return };
        if let Ok(answer) = self.inner.send(request).await
            && answer.status() == 200
        {
            let bodies = BTreeMap::from([(call.target.clone(), answer.into_body())]);
            self.state().old_answers.insert(place, (until, cells, bodies));
        }
    }

    /// Changes a row of others, as a server does that escapes what it stores.
    fn mangle(&self, call: &StormCall) {
        let Some((zone, table)) = call.place() else { return };
        let (action, field) = match table.as_str() {
            "P2" => (LibrarianAction::DescribesTheirs, "description en"),
            "M1" => (LibrarianAction::FillsColumn, "column4"),
            _ => return,
        };
        let cell = ("L1".to_owned(), field.to_owned());
        let is_there = current(&self.control, &zone, &table).contains_key(&cell);
        if !is_there || self.declared.owns(&zone, &table, &cell, true) {
            return;
        }
        let words = {
            let mut state = self.state();
            state.words += 1;
            format!("words &amp; {}", state.words)
        };
        let edit = LibrarianEdit { zone: zone.clone(), by: "API_USER".to_owned(), ..action.edit(&words) };
        if self.change(edit) {
            self.state().processes.entry(call.process).or_default().mangled.insert((zone, table));
            self.count("Mangled row");
        }
    }

    /// Serves one request, also if its process is dead by now.
    async fn serve(
        self,
        call: StormCall,
        request: http::Request<Bytes>,
        fault: Option<Fault>,
        (before, after): (Duration, Duration),
    ) -> Result<(http::Response<Bytes>, Instant), TransportError> {
        wait(before).await;
        self.edit_by_chance();
        let mut answer = None;
        if fault.is_none_or(|fault| !fault.stops_before()) {
            if fault == Some(Fault::OldAnswer) {
                self.keep_old_answer(&call).await;
            }
            answer = Some(self.handle(&call, request).await?);
            if fault == Some(Fault::Mangled) {
                self.mangle(&call);
            }
        }
        self.edit_by_chance();
        wait(after).await;
        let processed = answer.as_ref().map_or_else(Instant::now, |(_, processed)| *processed);
        let response = answer.map(|(response, _)| response);
        match (fault, response) {
            (Some(fault), response) => Ok((fault.result(response)?, processed)),
            (None, Some(response)) => Ok((response, processed)),
            (None, None) => Err(TransportError::Lost("unreachable zone (storm)".into())),
        }
    }
}

/// Waits; a wait of nothing does not let other tasks run.
async fn wait(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

fn table_of(target: &str) -> Option<&str> {
    let path = target.split('?').next()?;
    path.rsplit_once("-tables/").map(|(_, table)| table)
}

/// Transport of one process.
#[derive(Clone)]
pub struct StormTransport {
    pub network: StormNetwork,
    pub process: usize,
}

impl StormTransport {
    fn call(&self, request: &http::Request<Bytes>) -> StormCall {
        let key = request.headers().get(AUTHORIZATION).and_then(|key| key.to_str().ok()).unwrap_or_default();
        let zone = key.rsplit_once('-').map_or("", |(_, zone)| zone).to_owned();
        let target = request.uri().path_and_query().map_or("", |target| target.as_str()).to_owned();
        let named = target.split_once("lang=").map(|(_, rest)| rest.split('&').next().unwrap_or(rest));
        let own = self.network.zones.iter().find(|(code, _)| *code == zone).map(|(_, language)| *language);
        let language = named.or(own).unwrap_or("en").to_owned();
        let table = table_of(&target).map(str::to_owned);
        let is_put = request.method() == http::Method::PUT;
        StormCall { process: self.process, zone, table, target, language, is_put, reading: None }
    }

    /// Draws the fault and the delays of a request.
    fn draw(&self, call: &StormCall) -> (Option<Fault>, (Duration, Duration)) {
        let mut state = self.network.state();
        let StormState { random, weather, happened, processes, .. } = &mut *state;
        let process = processes.entry(self.process).or_default();
        process.requests += 1;
        *happened.entry("Request".to_owned()).or_default() += 1;
        if process.killed_at == Some(process.requests) {
            process.kill.notify_one();
        }
        let fault = random.percent(weather.faults).then(|| Fault::random(random, call.is_put));
        let (mut before, mut after) = (random.duration(weather.latency), random.duration(weather.latency));
        if let Some(fault) = fault {
            let (more_before, more_after) = fault.delays(random);
            before += more_before;
            after += more_after;
            *happened.entry(fault.name()).or_default() += 1;
        }
        (fault, (before, after))
    }

    fn remember(&self, call: &StormCall, response: &http::Response<Bytes>, processed: Instant) {
        if call.is_put || call.table.is_none() || response.status() != 200 {
            return;
        }
        let Some(cells) = in_body(response.body(), &call.language) else { return };
        let answered = self.network.uptime();
        let mut state = self.network.state();
        let process = state.processes.entry(self.process).or_default();
        let reading = Reading { number: process.requests, cells, processed, answered };
        process.readings.insert(call.reading_place(), Arc::new(reading));
    }
}

impl Transport for StormTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            let mut call = self.call(&request);
            let (fault, delays) = self.draw(&call);
            if call.is_put {
                call.reading = self.network.check_sent(&call, request.body());
            }
            // The request is on its way, whatever becomes of its process.
            let serving = tokio::spawn(self.network.clone().serve(call.clone(), request, fault, delays));
            let served = serving.await.map_err(|error| TransportError::Lost(error.into()))?;
            if fault.is_some_and(Fault::hangs) {
                return std::future::pending().await;
            }
            let (response, processed) = served?;
            self.remember(&call, &response, processed);
            Ok(response)
        })
    }

    fn uptime(&self) -> Option<Duration> {
        Some(self.network.uptime())
    }
}
