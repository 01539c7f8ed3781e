//! The doors beside the API: what tests and the demo do to a network, and what they learn about it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::config::EmulatorConfig;
use super::electronic::EmulatedResource;
use super::fault::{ArmedFault, InjectedFault};
use super::gateway_collections::{self, RecordEdit};
use super::librarian_edit::LibrarianEdit;
use super::network::{EmulatedNetwork, ZoneEntry, lock};
use super::request_log::{LoggedRequest, RequestStatistics};
use super::table::{
    EmulatedCodeTable, EmulatedMappingTable, EmulatedTableType, ModificationStamp, TableSeed,
};
use super::zone::EmulatedZone;

/// Changes and looks at a network directly: no key, no threshold, no delay. Cheap to clone.
#[derive(Clone)]
pub struct EmulatorControl(pub(super) Arc<EmulatedNetwork>);

/// Why something cannot be done: what was asked for does not fit the network. For the reader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ControlError(pub(super) String);

impl EmulatorControl {
    /// The zones.
    pub fn zones(&self) -> impl Iterator<Item = &EmulatedZone> {
        self.0.places.iter().map(|place| &place.zone)
    }

    /// How the network behaves.
    pub fn behaviour(&self) -> EmulatorConfig {
        self.0.behaviour().clone()
    }

    /// Makes the network behave so from the next request on; nothing of the behaviour before stays.
    ///
    /// # Errors
    /// A zone that is not there, a date that Alma would not write so.
    pub fn set_behaviour(&self, behaviour: EmulatorConfig) -> Result<(), ControlError> {
        if !is_date(&behaviour.today) {
            return Err(ControlError(format!(
                "today is `{}`, not a date such as `2026-03-02Z`",
                behaviour.today
            )));
        }
        behaviour.zones.keys().try_for_each(|code| self.place(code).map(drop))?;
        for place in &self.0.places {
            let mut state = lock(&place.state);
            state.settings = Arc::new(behaviour.settings(&place.zone.code));
            state.institution.forget_written();
        }
        *self.0.behaviour() = behaviour;
        Ok(())
    }

    /// Adds a rule by which requests fail. Of several that hit one request, the one that was added first counts.
    ///
    /// # Errors
    /// A zone that is not there.
    pub fn add_fault(&self, fault: InjectedFault) -> Result<(), ControlError> {
        let number = self.0.armed.fetch_add(1, Ordering::Relaxed);
        if let Some(code) = &fault.zone {
            self.place(code)?;
        }
        for place in &self.0.places {
            if fault.zone.as_ref().is_none_or(|code| *code == place.zone.code) {
                lock(&place.state).faults.push(ArmedFault::new(fault.clone(), number));
            }
        }
        Ok(())
    }

    /// The rules that are there, in the order they were added.
    pub fn faults(&self) -> Vec<InjectedFault> {
        let mut faults = BTreeMap::new();
        for place in &self.0.places {
            let state = lock(&place.state);
            faults.extend(state.faults.iter().map(|armed| (armed.number, armed.fault.clone())));
        }
        faults.into_values().collect()
    }

    /// Removes all rules by which requests fail.
    pub fn clear_faults(&self) {
        self.0.places.iter().for_each(|place| lock(&place.state).faults.clear());
    }

    /// Edits a table as a librarian does, now or at a moment to come.
    ///
    /// # Errors
    /// A zone, table, row or column that is not there. An edit to come is only looked at as far
    /// as its zone and table.
    pub fn edit(&self, edit: LibrarianEdit) -> Result<(), ControlError> {
        let state = &mut *lock(&self.place(&edit.zone)?.state);
        let settings = Arc::clone(&state.settings);
        state.institution.edit(edit, &settings).map_err(ControlError)
    }

    /// Sets or deletes a record of what the API does not reach.
    ///
    /// # Errors
    /// A zone, type, field or record that is not there.
    pub fn edit_record(&self, edit: &RecordEdit) -> Result<(), ControlError> {
        let place = self.place(&edit.zone)?;
        let of = gateway_collections::find(&edit.kind, place.zone.role)
            .ok_or_else(|| ControlError(format!("`{}` has no {}", edit.zone, edit.kind)))?;
        let state = &mut *lock(&place.state);
        let stamp = ModificationStamp { by: edit.by.clone(), date: state.settings.today.clone() };
        let kept = state.institution.kept.entry((edit.kind.clone(), edit.table.clone())).or_default();
        kept.edit(of, edit, stamp).map_err(ControlError)?;
        state.institution.mark_changed();
        Ok(())
    }

    /// The records of a collection that the API does not reach, in the order of their keys.
    ///
    /// # Errors
    /// A zone that is not there.
    pub fn records(&self, zone: &str, kind: &str) -> Result<Vec<serde_json::Value>, ControlError> {
        let state = lock(&self.place(zone)?.state);
        let kept = state.institution.kept.get(&(kind.to_owned(), None));
        let records = kept.into_iter().flat_map(|kept| kept.records.values());
        Ok(records.map(|record| serde_json::Value::Object(record.fields.clone())).collect())
    }

    /// Adds a table to a zone, or replaces the one of that name.
    ///
    /// # Errors
    /// A zone that is not there.
    pub fn put_table(&self, zone: &str, table: impl Into<TableSeed>) -> Result<(), ControlError> {
        lock(&self.place(zone)?.state).institution.put_table(table.into());
        Ok(())
    }

    /// A code table with its rows in every language and library.
    pub fn code_table(&self, zone: &str, name: &str) -> Option<EmulatedCodeTable> {
        lock(&self.place(zone).ok()?.state).institution.code_tables.get(name).cloned()
    }

    /// A mapping table with its rows.
    pub fn mapping_table(&self, zone: &str, code: &str) -> Option<EmulatedMappingTable> {
        lock(&self.place(zone).ok()?.state).institution.mapping_tables.get(code).cloned()
    }

    /// An e-collection, e-service or portfolio.
    pub fn resource(&self, zone: &str, ids: &str) -> Option<EmulatedResource> {
        lock(&self.place(zone).ok()?.state).institution.electronic.resources.get(ids).cloned()
    }

    /// Lets the e-resources of a zone be available for one more group.
    ///
    /// # Errors
    /// A zone that is not there.
    pub fn add_group(&self, zone: &str, name: &str) -> Result<(), ControlError> {
        lock(&self.place(zone)?.state).institution.electronic.add_group(name);
        Ok(())
    }

    /// A table of any type.
    ///
    /// # Errors
    /// A zone or a table that is not there.
    pub fn table(&self, zone: &str, kind: EmulatedTableType, name: &str) -> Result<TableSeed, ControlError> {
        self.place(zone)?;
        let table = match kind {
            EmulatedTableType::Code => self.code_table(zone, name).map(TableSeed::Code),
            EmulatedTableType::Mapping => self.mapping_table(zone, name).map(TableSeed::Mapping),
            EmulatedTableType::Electronic => self.resource(zone, name).map(TableSeed::Electronic),
        };
        table.ok_or_else(|| ControlError(format!("`{zone}` has no table `{name}` of this kind")))
    }

    /// Names of the tables of a zone, hidden ones too.
    ///
    /// # Errors
    /// A zone that is not there.
    pub fn tables(&self, zone: &str, kind: EmulatedTableType) -> Result<Vec<String>, ControlError> {
        let state = lock(&self.place(zone)?.state);
        Ok(match kind {
            EmulatedTableType::Code => state.institution.code_tables.keys().cloned().collect(),
            EmulatedTableType::Mapping => state.institution.mapping_tables.keys().cloned().collect(),
            EmulatedTableType::Electronic => state.institution.electronic.resources.keys().cloned().collect(),
        })
    }

    /// The last 100,000 requests, in the order of arrival.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        lock(&self.0.log).entries()
    }

    /// Forgets the requests so far. Statistics and thresholds stay.
    pub fn clear_requests(&self) {
        lock(&self.0.log).clear();
    }

    /// What each zone has been asked, by code.
    pub fn statistics(&self) -> BTreeMap<String, RequestStatistics> {
        let place = |place: &ZoneEntry| (place.zone.code.clone(), lock(&place.state).statistics);
        self.0.places.iter().map(place).collect()
    }

    pub(super) fn place(&self, code: &str) -> Result<&ZoneEntry, ControlError> {
        let found = self.0.places.iter().find(|place| place.zone.code == code);
        found.ok_or_else(|| {
            let codes: Vec<&str> = self.zones().map(|zone| zone.code.as_str()).collect();
            ControlError(format!("no zone `{code}`; there are {}", codes.join(", ")))
        })
    }
}

/// Whether a text looks like `YYYY-MM-DDZ`.
fn is_date(text: &str) -> bool {
    let pattern = "dddd-dd-ddZ";
    text.len() == pattern.len()
        && text.chars().zip(pattern.chars()).all(|(c, p)| if p == 'd' { c.is_ascii_digit() } else { c == p })
}
