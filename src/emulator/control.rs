//! Control endpoints next to the API: tests and the demo change and inspect the network.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::civil::Date;

use super::config::EmulatorConfig;
use super::edit_list::PastEdit;
use super::endpoints::code_tables::{CodeTables, EmulatedCodeTable};
use super::endpoints::electronic::{ElectronicInventory, EmulatedResource};
use super::endpoints::mapping_tables::{EmulatedMappingTable, MappingTables};
use super::fault::{ArmedFault, InjectedFault};
use super::gateway_collections::{RecordEdit, find};
use super::librarian_edit::LibrarianEdit;
use super::lock::lock;
use super::modification_stamp::ModificationStamp;
use super::network::EmulatedNetwork;
use super::request_log::{LoggedRequest, RequestStatistics};
use super::table_seed::{EmulatedTableType, TableSeed};
use super::zone::EmulatedZone;
use super::zone_entry::ZoneEntry;

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
        self.0.zones.iter().map(|entry| &entry.zone)
    }

    /// Returns the configuration of the network.
    pub fn behaviour(&self) -> EmulatorConfig {
        self.0.config().clone()
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
        behaviour.zones.keys().try_for_each(|code| self.zone(code).map(drop))?;
        for entry in &self.0.zones {
            let mut state = lock(&entry.state);
            state.settings = Arc::new(behaviour.settings(&entry.zone.code));
            state.institution.mark_changed();
        }
        *self.0.config() = behaviour;
        Ok(())
    }

    /// Adds a fault. If several faults match a request, the first one added applies.
    ///
    /// # Errors
    /// Unknown zone.
    pub fn add_fault(&self, fault: InjectedFault) -> Result<(), ControlError> {
        let number = self.0.armed.fetch_add(1, Ordering::Relaxed);
        if let Some(code) = &fault.zone {
            self.zone(code)?;
        }
        for entry in &self.0.zones {
            if fault.zone.as_ref().is_none_or(|code| *code == entry.zone.code) {
                lock(&entry.state).faults.push(ArmedFault::new(fault.clone(), number));
            }
        }
        Ok(())
    }

    /// Returns the faults, in the order of addition.
    pub fn faults(&self) -> Vec<InjectedFault> {
        let mut faults = BTreeMap::new();
        for entry in &self.0.zones {
            let state = lock(&entry.state);
            faults.extend(state.faults.iter().map(|armed| (armed.number, armed.fault.clone())));
        }
        faults.into_values().collect()
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.0.zones.iter().for_each(|entry| lock(&entry.state).faults.clear());
    }

    /// Edits a table like a librarian, now or at a later trigger.
    ///
    /// # Errors
    /// Unknown zone, table, row or column. A later edit is validated only up to zone, table and action.
    pub fn edit(&self, edit: LibrarianEdit) -> Result<(), ControlError> {
        let state = &mut *lock(&self.zone(&edit.zone)?.state);
        let settings = Arc::clone(&state.settings);
        state.institution.edit(edit, &settings).map_err(ControlError)
    }

    /// Edits a table like a librarian on a date in the past.
    ///
    /// # Errors
    /// A date in another format than Alma's, and the errors of [`Self::edit`].
    pub fn edit_in_past(&self, past: PastEdit) -> Result<(), ControlError> {
        let Some(today) = past.date else { return self.edit(past.edit) };
        if !is_date(&today) {
            return Err(ControlError(format!("`{today}` is not a date such as `2026-03-02Z`")));
        }
        let state = &mut *lock(&self.zone(&past.edit.zone)?.state);
        let settings = EmulatorConfig { today, ..EmulatorConfig::clone(&state.settings) };
        state.institution.edit(past.edit, &settings).map_err(ControlError)
    }

    /// Sets or deletes a record outside the API.
    ///
    /// # Errors
    /// Unknown zone, type, field or record.
    pub fn edit_record(&self, edit: &RecordEdit) -> Result<(), ControlError> {
        let entry = self.zone(&edit.zone)?;
        let description = find(&edit.kind, entry.zone.role)
            .ok_or_else(|| ControlError(format!("zone `{}` has no collection {}", edit.zone, edit.kind)))?;
        let state = &mut *lock(&entry.state);
        let stamp = ModificationStamp::new(&edit.by, &state.settings.today);
        let name = (edit.kind.clone(), edit.table.clone());
        let collection = state.institution.gateway.0.entry(name).or_default();
        collection.edit(description, edit, stamp).map_err(ControlError)?;
        state.institution.mark_changed();
        Ok(())
    }

    /// Returns the records of a collection outside the API, in key order.
    ///
    /// # Errors
    /// Unknown zone.
    pub fn records(&self, zone: &str, kind: &str) -> Result<Vec<serde_json::Value>, ControlError> {
        let state = lock(&self.zone(zone)?.state);
        let collection = state.institution.gateway.get(kind);
        let records = collection.into_iter().flat_map(|collection| collection.records.values());
        Ok(records.map(|record| serde_json::Value::Object(record.fields.clone())).collect())
    }

    /// Adds a table to a zone, or replaces the table of the same name.
    ///
    /// # Errors
    /// Unknown zone.
    pub fn put_table(&self, zone: &str, table: impl Into<TableSeed>) -> Result<(), ControlError> {
        let institution = &mut lock(&self.zone(zone)?.state).institution;
        match table.into() {
            TableSeed::Code(table) => institution.change(|tables: &mut CodeTables| tables.insert(table)),
            TableSeed::Mapping(table) => {
                institution.change(|tables: &mut MappingTables| tables.insert(table));
            }
            TableSeed::Electronic(resource) => {
                institution.change(|inventory: &mut ElectronicInventory| inventory.insert(resource));
            }
        }
        Ok(())
    }

    /// Returns a code table with rows in every language and library.
    pub fn code_table(&self, zone: &str, name: &str) -> Option<EmulatedCodeTable> {
        let state = lock(&self.0.zone(zone)?.state);
        state.institution.content::<CodeTables>()?.0.get(name).cloned()
    }

    /// Returns a mapping table with rows.
    pub fn mapping_table(&self, zone: &str, code: &str) -> Option<EmulatedMappingTable> {
        let state = lock(&self.0.zone(zone)?.state);
        state.institution.content::<MappingTables>()?.0.get(code).cloned()
    }

    /// Returns an e-collection, e-service or portfolio.
    pub fn resource(&self, zone: &str, ids: &str) -> Option<EmulatedResource> {
        let state = lock(&self.0.zone(zone)?.state);
        state.institution.content::<ElectronicInventory>()?.resources.get(ids).cloned()
    }

    /// Adds a group for the availability of a zone's e-resources.
    ///
    /// # Errors
    /// Unknown zone.
    pub fn add_group(&self, zone: &str, name: &str) -> Result<(), ControlError> {
        let institution = &mut lock(&self.zone(zone)?.state).institution;
        institution.change(|inventory: &mut ElectronicInventory| inventory.add_group(name));
        Ok(())
    }

    /// Returns a table of any type.
    ///
    /// # Errors
    /// Unknown zone or table.
    pub fn table(&self, zone: &str, kind: EmulatedTableType, name: &str) -> Result<TableSeed, ControlError> {
        self.zone(zone)?;
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
        let state = lock(&self.zone(zone)?.state);
        Ok(state.institution.names(kind.as_str()).into_iter().map(str::to_owned).collect())
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
        let zones = self.0.zones.iter();
        zones.map(|entry| (entry.zone.code.clone(), lock(&entry.state).statistics)).collect()
    }

    pub(super) fn zone(&self, code: &str) -> Result<&ZoneEntry, ControlError> {
        self.0.zone(code).ok_or_else(|| {
            let codes: Vec<&str> = self.zones().map(|zone| zone.code.as_str()).collect();
            ControlError(format!("unknown zone `{code}`; known zones: {}", codes.join(", ")))
        })
    }
}

/// Returns true for a text like `YYYY-MM-DDZ`.
fn is_date(text: &str) -> bool {
    text.strip_suffix('Z').is_some_and(|day| day.len() == 10 && day.parse::<Date>().is_ok())
}
