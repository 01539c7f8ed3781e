//! Settings of a network's zones for questions: declared, observed, or with a plan applied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::settings_collection::SettingsCollection;
use super::settings_table::{SettingsRow, SettingsTable, TableCompleteness};
use crate::model::network::{Campus, Library, Zone, ZoneRole};
use crate::model::{
    ApplyMode, CollectionId, CollectionRole, Deferral, DesiredCollection, DesiredState, Enforcement,
    FieldValue, Network, ObservationSource, ObservedCollection, ObservedRecord, ObservedState, ObservedZone,
    Plan, RecordAddress, RecordKey, ResourceId, UnlistedPolicy, ZoneCode, ZoneFailure,
};

/// Settings of all zones of a network.
#[derive(Debug, Clone, Default)]
pub struct NetworkSettings {
    zones: BTreeMap<ZoneCode, ZoneSettings>,
}

/// Settings of one zone.
#[derive(Debug, Clone)]
pub struct ZoneSettings {
    /// Code.
    pub code: ZoneCode,
    /// Display name.
    pub name: String,
    /// Role: Network Zone or member.
    pub role: ZoneRole,
    /// Campuses.
    pub campuses: Vec<Campus>,
    /// Libraries.
    pub libraries: Vec<Library>,
    /// Tables by collection, or the reason for an unknown one. Collections outside the query have no entry.
    tables: BTreeMap<SettingsCollection, Result<SettingsTable, Arc<str>>>,
    /// Declared collections that the selection of a partial plan leaves out. Their tables are unknown.
    left_out: BTreeSet<SettingsCollection>,
    /// Titles of e-resources, if the zone returns them.
    titles: BTreeMap<ResourceId, String>,
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
            left_out: BTreeSet::new(),
            titles: BTreeMap::new(),
        }
    }
}

impl ZoneSettings {
    /// Returns a zone without settings.
    pub fn new(code: ZoneCode, name: String, role: ZoneRole) -> Self {
        Self {
            code,
            name,
            role,
            campuses: Vec::new(),
            libraries: Vec::new(),
            tables: BTreeMap::new(),
            left_out: BTreeSet::new(),
            titles: BTreeMap::new(),
        }
    }

    /// Returns the settings of a collection.
    ///
    /// # Errors
    /// Returns the reason if the settings are unknown.
    pub fn table(&self, subject: &SettingsCollection) -> Result<&SettingsTable, Arc<str>> {
        let nothing = || Err(format!("no manifest declares {subject} at {}", self.code).into());
        self.table_if_known(subject).unwrap_or_else(nothing)
    }

    /// Returns the settings of a collection; `None` if neither declared nor queried.
    pub fn table_if_known(&self, subject: &SettingsCollection) -> Option<Result<&SettingsTable, Arc<str>>> {
        Some(self.tables.get(subject)?.as_ref().map_err(Arc::clone))
    }

    /// Returns the known settings, by collection.
    pub fn tables(&self) -> impl Iterator<Item = (&SettingsCollection, &SettingsTable)> {
        self.tables.iter().filter_map(|(subject, table)| Some((subject, table.as_ref().ok()?)))
    }

    /// Returns the titles of e-resources.
    pub fn titles(&self) -> impl Iterator<Item = (&ResourceId, &str)> {
        self.titles.iter().map(|(resource, title)| (resource, title.as_str()))
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let Self { code, name: _, role, campuses, libraries, tables, left_out: _, titles: _ } = self;
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
        let keeps_some =
            collection.unlisted == UnlistedPolicy::Keep || !collection.options.unlisted_except.is_empty();
        if !keeps_some && collection.enforcement == Enforcement::Enforce {
            table.extent = TableCompleteness::Complete;
        }
        let rows: Vec<SettingsRow> =
            collection.records.values().filter_map(|record| SettingsRow::from_desired(record)).collect();
        // Manifests can name columns of mapping tables by number; only the zone knows the names.
        let missing = |row: &SettingsRow| subject.key().iter().find(|name| !row.has_field(name));
        if let Some(name) = rows.iter().find_map(missing) {
            let why = format!(
                "{} omits `{name}` in a record of {subject} at {}; use the header names of the columns",
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
                if let (Some(resource), Some(title)) = (subject.resource(), &found.title) {
                    self.titles.insert(resource.clone(), title.clone());
                }
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
            // Another name of the collection may have a response.
            Err(failure) => {
                let why = || format!("{} did not return {subject}: {failure}", self.code).into();
                self.tables.entry(subject.clone()).or_insert_with(|| Err(why()));
            }
        }
    }

    /// Adds all responses of a zone.
    pub fn observe_all(&mut self, zone: &ObservedZone) {
        zone.collections.iter().for_each(|(id, answer)| self.observe(id, answer));
    }

    /// Sets the settings of a collection.
    pub fn insert(&mut self, subject: SettingsCollection, table: SettingsTable) {
        self.tables.insert(subject, Ok(table));
    }
}

impl NetworkSettings {
    /// Returns the zones without settings.
    pub fn new(zones: impl IntoIterator<Item = ZoneSettings>) -> Self {
        Self { zones: zones.into_iter().map(|zone| (zone.code.clone(), zone)).collect() }
    }

    /// Returns the settings that manifests declare, equal to the settings after an apply.
    ///
    /// Reported and unmanaged records do not count as declared.
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

    /// Returns the observed settings.
    pub fn from_observed(network: &Network, observed: &ObservedState) -> Self {
        let mut settings = Self::new(network.zones.iter().map(ZoneSettings::from));
        for (code, answers) in &observed.zones {
            let Some(zone) = settings.zones.get_mut(code) else { continue };
            zone.observe_all(answers);
        }
        settings
    }

    /// Returns the observed settings with a plan applied, manual steps included.
    ///
    /// Changes deferred by an approval or a freeze count as applied. Conflicts do not, nor do changes outside
    /// the plan file.
    pub fn with_plan_applied(&self, plan: &Plan) -> Self {
        let mut settings = self.clone();
        for (code, planned) in &plan.zones {
            let Some(zone) = settings.zones.get_mut(code) else { continue };
            for step in &planned.collections {
                match planned.deferral_of_step(step) {
                    Some(Deferral::Conflict | Deferral::Stale) => continue,
                    Some(
                        Deferral::ApprovalRequired
                        | Deferral::PartlyApproved { .. }
                        | Deferral::Guard { .. }
                        | Deferral::RolloutStopped { .. }
                        | Deferral::LeaseHeld { .. },
                    )
                    | None => {}
                }
                let collection = SettingsCollection::from_step(step);
                let (Some(subject), Ok(found)) = (collection, &step.diff.outcome) else { continue };
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

    /// Marks the `declared` collections without an answer as unknown: the selection of the plan leaves them out.
    pub fn leave_out(&mut self, declared: &BTreeSet<(ZoneCode, SettingsCollection)>) {
        for (code, subject) in declared {
            let Some(zone) = self.zones.get_mut(code) else { continue };
            if !zone.tables.contains_key(subject) {
                let reason = format!("the selection of this plan leaves {subject} at {code} out");
                zone.tables.insert(subject.clone(), Err(reason.into()));
                zone.left_out.insert(subject.clone());
            }
        }
    }

    /// Returns true if the selection of the plan leaves the collection out.
    pub fn leaves_out(&self, code: &ZoneCode, subject: &SettingsCollection) -> bool {
        self.zone(code).is_some_and(|zone| zone.left_out.contains(subject))
    }

    /// Returns true if every question has the same answer in both.
    ///
    /// Compares rows, fields, amendments, campuses, libraries and IP ranges. Ignores display names and
    /// sources.
    pub fn says_the_same(&self, other: &Self) -> bool {
        equal_by(self.zones(), other.zones(), |a, b| a.says_the_same(b))
    }

    /// Returns a zone.
    pub fn zone(&self, code: &ZoneCode) -> Option<&ZoneSettings> {
        self.zones.get(code)
    }

    /// Returns all zones, by code.
    pub fn zones(&self) -> impl Iterator<Item = &ZoneSettings> {
        self.zones.values()
    }

    /// Returns the members, by code.
    pub fn members(&self) -> impl Iterator<Item = &ZoneSettings> {
        self.zones().filter(|zone| zone.role == ZoneRole::Member)
    }

    /// Returns the Network Zone.
    pub fn network_zone(&self) -> Option<&ZoneSettings> {
        self.zones().find(|zone| zone.role == ZoneRole::Network)
    }

    /// Returns the display name of a zone, or its code if the network has no such zone.
    pub fn name<'a>(&'a self, code: &'a ZoneCode) -> &'a str {
        self.zone(code).map_or(code.as_str(), |zone| zone.name.as_str())
    }

    /// Returns the Network Zone's settings of a collection.
    ///
    /// # Errors
    /// Returns the reason if the settings are unknown.
    pub fn of_network(&self, subject: &SettingsCollection) -> Result<&SettingsTable, Arc<str>> {
        self.network_zone().ok_or_else(|| Arc::from("the network has no Network Zone"))?.table(subject)
    }

    /// Returns a zone's settings of a collection.
    ///
    /// # Errors
    /// Returns the reason if the settings are unknown.
    pub fn table(&self, code: &ZoneCode, subject: &SettingsCollection) -> Result<&SettingsTable, Arc<str>> {
        let zone = self.zone(code).ok_or_else(|| Arc::from(format!("the network has no zone {code}")))?;
        zone.table(subject)
    }
}

/// Returns true if both iterators have the same length and pairwise equal items.
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

/// Returns IP ranges in canonical form.
fn ranges(ranges: &[ipnet::IpNet]) -> impl Iterator<Item = ipnet::IpNet> {
    ranges.iter().map(ipnet::IpNet::trunc)
}
