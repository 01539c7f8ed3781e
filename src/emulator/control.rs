//! Control endpoints next to the API: tests and the demo change and inspect the network.

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

/// Control of a network without API key, threshold or delay. Cheap to clone.
#[derive(Clone)]
pub struct EmulatorControl(pub(super) Arc<EmulatedNetwork>);

/// Request that does not fit the network, as a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ControlError(pub(super) String);

impl EmulatorControl {
    /// Returns the zones.
    pub fn zones(&self) -> impl Iterator<Item = &EmulatedZone> {
        self.0.places.iter().map(|place| &place.zone)
    }

    /// Returns the configuration of the network.
    pub fn behaviour(&self) -> EmulatorConfig {
        self.0.behaviour().clone()
    }

    /// Replaces the configuration completely, from the next request on.
    ///
    /// # Errors
    /// Unknown zone, or a date in another format than Alma's.
    pub fn set_behaviour(&self, behaviour: EmulatorConfig) -> Result<(), ControlError> {
        if !is_date(&behaviour.today) {
            return Err(ControlError(format!(
                "invalid `today`: `{}` is not a date such as `2026-03-02Z`",
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

    /// Adds a fault. If several faults match a request, the first one added applies.
    ///
    /// # Errors
    /// Unknown zone.
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

    /// Returns the faults, in the order of addition.
    pub fn faults(&self) -> Vec<InjectedFault> {
        let mut faults = BTreeMap::new();
        for place in &self.0.places {
            let state = lock(&place.state);
            faults.extend(state.faults.iter().map(|armed| (armed.number, armed.fault.clone())));
        }
        faults.into_values().collect()
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.0.places.iter().for_each(|place| lock(&place.state).faults.clear());
    }

    /// Edits a table like a librarian, now or at a later trigger.
    ///
    /// # Errors
    /// Unknown zone, table, row or column. A later edit is validated only up to zone and table.
    pub fn edit(&self, edit: LibrarianEdit) -> Result<(), ControlError> {
        let state = &mut *lock(&self.place(&edit.zone)?.state);
        let settings = Arc::clone(&state.settings);
        state.institution.edit(edit, &settings).map_err(ControlError)
    }

    /// Sets or deletes a record outside the API.
    ///
    /// # Errors
    /// Unknown zone, type, field or record.
    pub fn edit_record(&self, edit: &RecordEdit) -> Result<(), ControlError> {
        let place = self.place(&edit.zone)?;
        let of = gateway_collections::find(&edit.kind, place.zone.role)
            .ok_or_else(|| ControlError(format!("zone `{}` has no collection {}", edit.zone, edit.kind)))?;
        let state = &mut *lock(&place.state);
        let stamp = ModificationStamp { by: edit.by.clone(), date: state.settings.today.clone() };
        let kept = state.institution.kept.entry((edit.kind.clone(), edit.table.clone())).or_default();
        kept.edit(of, edit, stamp).map_err(ControlError)?;
        state.institution.mark_changed();
        Ok(())
    }

    /// Returns the records of a collection outside the API, in key order.
    ///
    /// # Errors
    /// Unknown zone.
    pub fn records(&self, zone: &str, kind: &str) -> Result<Vec<serde_json::Value>, ControlError> {
        let state = lock(&self.place(zone)?.state);
        let kept = state.institution.kept.get(&(kind.to_owned(), None));
        let records = kept.into_iter().flat_map(|kept| kept.records.values());
        Ok(records.map(|record| serde_json::Value::Object(record.fields.clone())).collect())
    }

    /// Adds a table to a zone, or replaces the table of the same name.
    ///
    /// # Errors
    /// Unknown zone.
    pub fn put_table(&self, zone: &str, table: impl Into<TableSeed>) -> Result<(), ControlError> {
        lock(&self.place(zone)?.state).institution.put_table(table.into());
        Ok(())
    }

    /// Returns a code table with rows in every language and library.
    pub fn code_table(&self, zone: &str, name: &str) -> Option<EmulatedCodeTable> {
        lock(&self.place(zone).ok()?.state).institution.code_tables.get(name).cloned()
    }

    /// Returns a mapping table with rows.
    pub fn mapping_table(&self, zone: &str, code: &str) -> Option<EmulatedMappingTable> {
        lock(&self.place(zone).ok()?.state).institution.mapping_tables.get(code).cloned()
    }

    /// Returns an e-collection, e-service or portfolio.
    pub fn resource(&self, zone: &str, ids: &str) -> Option<EmulatedResource> {
        lock(&self.place(zone).ok()?.state).institution.electronic.resources.get(ids).cloned()
    }

    /// Adds a group for the availability of a zone's e-resources.
    ///
    /// # Errors
    /// Unknown zone.
    pub fn add_group(&self, zone: &str, name: &str) -> Result<(), ControlError> {
        lock(&self.place(zone)?.state).institution.electronic.add_group(name);
        Ok(())
    }

    /// Returns a table of any type.
    ///
    /// # Errors
    /// Unknown zone or table.
    pub fn table(&self, zone: &str, kind: EmulatedTableType, name: &str) -> Result<TableSeed, ControlError> {
        self.place(zone)?;
        let table = match kind {
            EmulatedTableType::Code => self.code_table(zone, name).map(TableSeed::Code),
            EmulatedTableType::Mapping => self.mapping_table(zone, name).map(TableSeed::Mapping),
            EmulatedTableType::Electronic => self.resource(zone, name).map(TableSeed::Electronic),
        };
        table.ok_or_else(|| ControlError(format!("zone `{zone}` has no table `{name}` of this type")))
    }

    /// Returns the names of a zone's tables, hidden tables included.
    ///
    /// # Errors
    /// Unknown zone.
    pub fn tables(&self, zone: &str, kind: EmulatedTableType) -> Result<Vec<String>, ControlError> {
        let state = lock(&self.place(zone)?.state);
        Ok(match kind {
            EmulatedTableType::Code => state.institution.code_tables.keys().cloned().collect(),
            EmulatedTableType::Mapping => state.institution.mapping_tables.keys().cloned().collect(),
            EmulatedTableType::Electronic => state.institution.electronic.resources.keys().cloned().collect(),
        })
    }

    /// Returns the last 100,000 requests, in order of arrival.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        lock(&self.0.log).entries()
    }

    /// Clears the request log. Statistics and thresholds stay.
    pub fn clear_requests(&self) {
        lock(&self.0.log).clear();
    }

    /// Returns the request statistics by zone code.
    pub fn statistics(&self) -> BTreeMap<String, RequestStatistics> {
        let place = |place: &ZoneEntry| (place.zone.code.clone(), lock(&place.state).statistics);
        self.0.places.iter().map(place).collect()
    }

    pub(super) fn place(&self, code: &str) -> Result<&ZoneEntry, ControlError> {
        let found = self.0.places.iter().find(|place| place.zone.code == code);
        found.ok_or_else(|| {
            let codes: Vec<&str> = self.zones().map(|zone| zone.code.as_str()).collect();
            ControlError(format!("unknown zone `{code}`; known zones: {}", codes.join(", ")))
        })
    }
}

/// Returns true for a text like `YYYY-MM-DDZ`.
fn is_date(text: &str) -> bool {
    let pattern = "dddd-dd-ddZ";
    text.len() == pattern.len()
        && text.chars().zip(pattern.chars()).all(|(c, p)| if p == 'd' { c.is_ascii_digit() } else { c == p })
}
