//! What the zones of a network are set to, as far as questions need it: as the manifests declare it, as the zones
//! hold it, or as a plan would leave it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::settings_collection::SettingsCollection;
use super::settings_table::{SettingsRow, SettingsTable, TableCompleteness};
use crate::model::network::{Campus, Library, Zone, ZoneRole};
use crate::model::{
    ApplyMode, CollectionId, CollectionRole, Deferral, DesiredCollection, DesiredState, Enforcement,
    FieldValue, Network, ObservationSource, ObservedCollection, ObservedRecord, ObservedState, ObservedZone,
    Plan, RecordAddress, RecordKey, UnlistedPolicy, ZoneCode, ZoneFailure,
};

/// The settings of all zones of a network.
#[derive(Debug, Clone, Default)]
pub struct NetworkSettings {
    zones: BTreeMap<ZoneCode, ZoneSettings>,
}

/// One zone: who it is, and what it is set to.
#[derive(Debug, Clone)]
pub struct ZoneSettings {
    /// Its code.
    pub code: ZoneCode,
    /// What people call it.
    pub name: String,
    /// Whether it is the network zone or a member.
    pub role: ZoneRole,
    /// Its campuses.
    pub campuses: Vec<Campus>,
    /// Its libraries.
    pub libraries: Vec<Library>,
    /// What it is set to, or why that is not known. What is not in the map was not looked at.
    tables: BTreeMap<SettingsCollection, Result<SettingsTable, Arc<str>>>,
}

impl From<&Zone> for ZoneSettings {
    fn from(zone: &Zone) -> Self {
        Self {
            code: zone.code.clone(),
            name: zone.name.clone(),
            role: zone.role,
            campuses: zone.campuses.clone(),
            libraries: zone.libraries.clone(),
            tables: BTreeMap::new(),
        }
    }
}

impl ZoneSettings {
    /// An institution of which nothing is known yet.
    pub fn new(code: ZoneCode, name: String, role: ZoneRole) -> Self {
        Self { code, name, role, campuses: Vec::new(), libraries: Vec::new(), tables: BTreeMap::new() }
    }

    /// What the zone is set to.
    ///
    /// # Errors
    /// Why that is not known, in words.
    pub fn table(&self, subject: &SettingsCollection) -> Result<&SettingsTable, Arc<str>> {
        let nothing = || Err(format!("nothing is said of {subject} at {}", self.code).into());
        self.table_if_known(subject).unwrap_or_else(nothing)
    }

    /// The same where anybody has said something of it, or looked at it; `None` where nobody has.
    pub fn table_if_known(&self, subject: &SettingsCollection) -> Option<Result<&SettingsTable, Arc<str>>> {
        Some(self.tables.get(subject)?.as_ref().map_err(Arc::clone))
    }

    /// What it is set to, subject by subject.
    pub fn tables(&self) -> impl Iterator<Item = (&SettingsCollection, &SettingsTable)> {
        self.tables.iter().filter_map(|(subject, table)| Some((subject, table.as_ref().ok()?)))
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let Self { code, name: _, role, campuses, libraries, tables } = self;
        let campus =
            |a: &&Campus, b: &&Campus| a.code == b.code && ranges(&a.ip_ranges).eq(ranges(&b.ip_ranges));
        let library = |a: &&Library, b: &&Library| {
            (&a.code, &a.campus) == (&b.code, &b.campus) && ranges(&a.ip_ranges).eq(ranges(&b.ip_ranges))
        };
        (code, role) == (&other.code, &other.role)
            && equal_by(campuses.iter(), other.campuses.iter(), campus)
            && equal_by(libraries.iter(), other.libraries.iter(), library)
            && equal_by(tables.iter(), other.tables.iter(), |(of, a), (of_b, b)| {
                of == of_b
                    && match (a, b) {
                        (Ok(a), Ok(b)) => a.says_the_same(b),
                        (Err(a), Err(b)) => a == b,
                        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
                    }
            })
    }

    fn declare(&mut self, collection: &DesiredCollection) {
        let silent = match collection.standing {
            CollectionRole::Desired | CollectionRole::ReferenceOnly => false,
            CollectionRole::OrphansOnly => true,
        };
        let Some(subject) = SettingsCollection::from_collection_id(&collection.id).filter(|_| !silent) else {
            return;
        };
        let table = self
            .tables
            .entry(subject.clone())
            .or_insert_with(|| Ok(SettingsTable::new(TableCompleteness::DeclaredOnly)));
        let Ok(table) = table else { return };
        match (collection.unlisted, collection.enforcement) {
            (UnlistedPolicy::Disable | UnlistedPolicy::Delete, Enforcement::Enforce) => {
                table.extent = TableCompleteness::Complete
            }
            (UnlistedPolicy::Keep, _)
            | (_, Enforcement::CreateOnly | Enforcement::Report | Enforcement::Unmanage) => {}
        }
        let rows: Vec<SettingsRow> =
            collection.records.values().filter_map(|record| SettingsRow::from_desired(record)).collect();
        // Columns of mapping tables can be named by their number, and which these are only the zone tells.
        let missing = |row: &SettingsRow| subject.key().iter().find(|name| !row.has_field(name));
        if let Some(name) = rows.iter().find_map(missing) {
            let why = format!(
                "{} says no `{name}` of a record of {subject} at {}: name the columns as their headers do",
                collection.provenance.manifest, self.code
            );
            self.tables.insert(subject, Err(why.into()));
            return;
        }
        table.rows.extend(rows);
        for amendment in &collection.amendments {
            match amendment.enforcement {
                Enforcement::Enforce => table.amendments.push(amendment.clone()),
                Enforcement::CreateOnly | Enforcement::Report | Enforcement::Unmanage => {}
            }
        }
    }

    fn observe(&mut self, id: &CollectionId, answer: &Result<ObservedCollection, ZoneFailure>) {
        let named = answer.as_ref().ok().and_then(|found| SettingsCollection::from_collection_id(&found.id));
        let Some(subject) = SettingsCollection::from_collection_id(id).or(named) else { return };
        match answer {
            Ok(found) => {
                let (extent, row): (_, fn(RecordAddress, &ObservedRecord) -> SettingsRow) =
                    match found.witness {
                        ObservationSource::Zone => (TableCompleteness::Complete, SettingsRow::from_observed),
                        ObservationSource::Attestation { .. } => {
                            (TableCompleteness::DeclaredOnly, SettingsRow::from_attestation)
                        }
                    };
                let mut table = SettingsTable::new(extent);
                table.aliases = found.aliases.clone();
                for record in &found.records {
                    let part = |name: &&str| {
                        let value = record.fields.get(table.field(name)).and_then(FieldValue::as_text);
                        value.unwrap_or_default().into()
                    };
                    let key = RecordKey(subject.key().iter().map(part).collect());
                    let address =
                        RecordAddress { zone: self.code.clone(), collection: found.id.clone(), key };
                    table.rows.push(row(address, record));
                }
                self.tables.insert(subject, Ok(table));
            }
            // Another name of the same may have been answered.
            Err(failure) => {
                let why = || format!("{} does not tell {subject}: {failure}", self.code).into();
                self.tables.entry(subject.clone()).or_insert_with(|| Err(why()));
            }
        }
    }

    /// Everything that a zone answered.
    pub fn observe_all(&mut self, zone: &ObservedZone) {
        zone.collections.iter().for_each(|(id, answer)| self.observe(id, answer));
    }

    /// What the zone is set to, told by whoever holds it.
    pub fn insert(&mut self, subject: SettingsCollection, table: SettingsTable) {
        self.tables.insert(subject, Ok(table));
    }
}

impl NetworkSettings {
    /// Nobody has said anything of these zones yet.
    pub fn new(zones: impl IntoIterator<Item = ZoneSettings>) -> Self {
        Self { zones: zones.into_iter().map(|zone| (zone.code.clone(), zone)).collect() }
    }

    /// As the manifests declare it, which is how it is after an apply, as far as they say. What they only report or
    /// have let go of is not declared.
    pub fn from_desired(network: &Network, desired: &DesiredState) -> Self {
        let mut settings = Self::new(network.zones.iter().map(ZoneSettings::from));
        for (code, collections) in &desired.zones {
            let Some(zone) = settings.zones.get_mut(code) else { continue };
            collections.iter().for_each(|collection| zone.declare(collection));
            for table in zone.tables.values_mut().flatten() {
                table.amend();
            }
        }
        settings
    }

    /// As the zones hold it.
    pub fn from_observed(network: &Network, observed: &ObservedState) -> Self {
        let mut settings = Self::new(network.zones.iter().map(ZoneSettings::from));
        for (code, answers) in &observed.zones {
            let Some(zone) = settings.zones.get_mut(code) else { continue };
            zone.observe_all(answers);
        }
        settings
    }

    /// As it is once everything that a plan holds is done, by apply and by hand. `self` is as it was observed. What
    /// waits for an approval or for a freeze to end counts as done; a conflict does not, nor what is not in the plan
    /// file.
    pub fn with_plan_applied(&self, plan: &Plan) -> Self {
        let mut settings = self.clone();
        for (code, planned) in &plan.zones {
            let Some(zone) = settings.zones.get_mut(code) else { continue };
            for step in &planned.collections {
                match planned.deferral_of_step(step) {
                    Some(Deferral::Conflict | Deferral::Stale) => continue,
                    Some(
                        Deferral::ApprovalRequired
                        | Deferral::Guard { .. }
                        | Deferral::RolloutStopped { .. }
                        | Deferral::LeaseHeld { .. },
                    )
                    | None => {}
                }
                let named = step
                    .diff
                    .asked
                    .iter()
                    .chain([&step.diff.id])
                    .find_map(SettingsCollection::from_collection_id);
                let (Some(subject), Ok(found)) = (named, &step.diff.outcome) else { continue };
                let Some(Ok(table)) = zone.tables.get_mut(&subject) else { continue };
                for change in &found.changes {
                    match change.mode {
                        ApplyMode::Apply | ApplyMode::Manual => table.change(change),
                        ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs => {}
                    }
                }
            }
        }
        settings
    }

    /// Whether every question has the same answer in both, because they say the same: the same rows with the same
    /// fields, the same amendments, the same campuses and libraries at the same addresses. What people call things,
    /// and who says them, does not count.
    pub fn says_the_same(&self, other: &Self) -> bool {
        equal_by(self.zones(), other.zones(), |a, b| a.says_the_same(b))
    }

    /// A zone.
    pub fn zone(&self, code: &ZoneCode) -> Option<&ZoneSettings> {
        self.zones.get(code)
    }

    /// All zones, by code.
    pub fn zones(&self) -> impl Iterator<Item = &ZoneSettings> {
        self.zones.values()
    }

    /// The members, by code.
    pub fn members(&self) -> impl Iterator<Item = &ZoneSettings> {
        self.zones().filter(|zone| zone.role == ZoneRole::Member)
    }

    /// The network zone.
    pub fn network_zone(&self) -> Option<&ZoneSettings> {
        self.zones().find(|zone| zone.role == ZoneRole::Network)
    }

    /// What people call a zone; its code, where it is none of the network's.
    pub fn name<'a>(&'a self, code: &'a ZoneCode) -> &'a str {
        self.zone(code).map_or(code.as_str(), |zone| zone.name.as_str())
    }

    /// What the network zone is set to.
    ///
    /// # Errors
    /// Why that is not known, in words.
    pub fn of_network(&self, subject: &SettingsCollection) -> Result<&SettingsTable, Arc<str>> {
        self.network_zone().ok_or_else(|| Arc::from("there is no network zone"))?.table(subject)
    }

    /// What a zone is set to.
    ///
    /// # Errors
    /// Why that is not known, in words.
    pub fn table(&self, code: &ZoneCode, subject: &SettingsCollection) -> Result<&SettingsTable, Arc<str>> {
        let zone = self.zone(code).ok_or_else(|| Arc::from(format!("there is no zone {code}")))?;
        zone.table(subject)
    }
}

/// Whether two series are as long, and alike in each step.
fn equal_by<T>(
    mut a: impl Iterator<Item = T>,
    mut b: impl Iterator<Item = T>,
    is: impl Fn(&T, &T) -> bool,
) -> bool {
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if !is(&a, &b) => return false,
            (Some(_), Some(_)) => {}
            (Some(_), None) | (None, Some(_)) => return false,
        }
    }
}

/// Ranges of addresses, however they are written.
fn ranges(ranges: &[ipnet::IpNet]) -> impl Iterator<Item = ipnet::IpNet> {
    ranges.iter().map(ipnet::IpNet::trunc)
}
