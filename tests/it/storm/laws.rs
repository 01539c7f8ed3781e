//! Laws of every PUT, checked when a process hands it over and when the zone has processed it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::contents::{Cells, in_body};
use super::fate::ServerHabit;
use super::network::{ProcessState, Reading, StormCall, StormNetwork};
use crate::write_window::LAW;

impl StormNetwork {
    /// Checks a PUT when its process hands it over, and returns its reading.
    pub fn check_sent(&self, call: &StormCall, body: &[u8]) -> Option<Arc<Reading>> {
        let (uptime, place) = (self.uptime(), call.reading_place());
        let state = &mut *self.state();
        let rows = state.accepted.as_ref().and_then(|accepted| accepted.get(&call.place()?).copied());
        let process = state.processes.entry(call.process).or_default();
        let planned_rows = call.place().and_then(|place| process.planned_rows.get(&place).copied());
        let rows = rows.or(planned_rows);
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
                // Over sockets, the bytes also need time.
                let way = Duration::from_millis(if state.haste > 1 { 500 } else { 0 });
                if age > LAW + way {
                    broken.push(format!("the PUT rests on a reading of {age:?} before"));
                }
                if last_sent.is_some_and(|sent| sent > reading.number) {
                    broken.push("the table was sent twice without a reading in between".to_owned());
                }
                if let Some(short) = reading.short.filter(|short| short.forbids_write(rows)) {
                    broken.push(format!("the PUT rests on an answer that lacks rows: {short:?} of {rows:?}"));
                }
                match in_body(body, &call.language) {
                    None => broken.push("the PUT has no table".to_owned()),
                    Some(sent) => {
                        broken.extend(self.unowned_differences(call, process, &reading.cells, &sent));
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
        process: &ProcessState,
        read: &Cells,
        sent: &Cells,
    ) -> Vec<String> {
        let table = call.table.as_deref().unwrap_or_default();
        let cells: BTreeSet<_> = read.keys().chain(sent.keys()).collect();
        let theirs = cells.into_iter().filter(|cell| {
            // A row that zonal creates has documented values in undeclared fields.
            let key = &cell.0;
            if let Some(is_back) = process.is_taken_back(call, key) {
                return !is_back;
            }
            let is_new = !read.keys().any(|(key, _)| *key == cell.0);
            let is_created = is_new && self.declared.declares(&call.zone, table, &cell.0);
            !self.declared.owns(&call.zone, table, cell, process.has_planned(call, key)) && !is_created
        });
        theirs
            .filter(|cell| read.get(*cell) != sent.get(*cell))
            .map(|cell| {
                format!("unowned {cell:?} was read as {:?} and sent as {:?}", read.get(cell), sent.get(cell))
            })
            .collect()
    }

    /// Checks the cells that a PUT changed: an edit is lost only if it came after the reading of the PUT.
    pub fn check_overwritten(
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
            let is_owned = process
                .is_taken_back(call, &cell.0)
                .unwrap_or_else(|| self.declared.owns(zone, table, cell, is_planned));
            let is_lost = if is_owned {
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

    /// Checks that only one zone was damaged, if every server mangles and nothing else happens.
    pub fn check_mangled(&self, numbers: &[usize]) {
        let state = &mut *self.state();
        if state.weather.servers != ServerHabit::AllMangle || state.weather.faults + state.weather.edits > 0 {
            return;
        }
        if state.weather.latency > 100 || state.weather.store > 0 {
            return;
        }
        for process in numbers.iter().filter_map(|number| state.processes.get(number)) {
            for is_mapping in [false, true] {
                let of_type = process.mangled.iter().filter(|(_, table, _)| (table == "M1") == is_mapping);
                let zones: BTreeSet<&String> = of_type.map(|(zone, _, _)| zone).collect();
                if zones.len() > 1 && !process.clean[usize::from(is_mapping)] {
                    state.broken.push(format!("one run damaged rows of others in {zones:?}"));
                }
            }
        }
    }
}
