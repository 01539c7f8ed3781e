//! Snapshot that stands in for the zones.
//!
//! Needs no API key and sends no request, so a pull request from a fork without secrets can be planned.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::error::SessionError;
use super::table_kinds::is_table;
use super::table_lists::TableLists;
use crate::model::network::Zone;
use crate::model::{
    AppliedState, CollectionId, DesiredState, FailureClass, Network, ObservedCollection, ObservedState,
    ObservedZone, TableListing, TableName, ZoneCode, ZoneFailure,
};
use crate::observe::observe;
use crate::provider::alma::similar_code_help;
use crate::provider::{CollectionSnapshot, RequestUsage, ZoneReader};
use crate::render::json::snapshot::{self, SnapshotError};

/// Observed and applied state at the time of a snapshot.
#[derive(Debug, Clone)]
pub struct ObservedSnapshot {
    /// Name of the snapshot, for messages and plans.
    pub name: String,
    network: String,
    environment: Option<String>,
    observed: ObservedState,
    /// Applied state; `None` if the snapshot carries none.
    pub applied: Option<AppliedState>,
}

impl ObservedSnapshot {
    /// Parses a snapshot.
    ///
    /// # Errors
    /// Returns a [`SnapshotError`] if the text is not a snapshot.
    pub fn parse(name: String, text: &str) -> Result<Self, SnapshotError> {
        let mut content = snapshot::parse(text)?;
        let applied = snapshot::applied_state::take(&mut content);
        let (network, environment) = (content.network.clone(), content.environment.clone());
        Ok(Self { name, network, environment, observed: content.into(), applied })
    }

    /// Reads collections from the snapshot.
    ///
    /// # Errors
    /// Returns [`SessionError::OtherSnapshot`] for another network or environment.
    pub async fn observe(
        &self,
        network: &Network,
        collections: &DesiredState,
    ) -> Result<ObservedState, SessionError> {
        self.check(network)?;
        let reader = |code: &ZoneCode| SnapshotReader {
            kept: self.observed.zones.get(code).cloned().unwrap_or_default(),
            file: self.name.clone(),
        };
        let readers: BTreeMap<ZoneCode, SnapshotReader> =
            collections.zones.keys().map(|code| (code.clone(), reader(code))).collect();
        Ok(observe(&readers, collections, None, &|_| {}).await)
    }

    /// Returns the tables of the snapshot by their codes: lists of them, and one answer for each table and zone.
    ///
    /// Among several languages of a code table, `language` is taken, or else the zone's default. Zones of
    /// the network without an entry in the snapshot are failures.
    ///
    /// # Errors
    /// Returns [`SessionError::OtherSnapshot`] for another network or environment.
    pub fn tables(
        &self,
        network: &Network,
        zones: &[&Zone],
        language: Option<&str>,
    ) -> Result<(TableLists, ObservedState), SessionError> {
        self.check(network)?;
        let (mut lists, mut observed) = (TableLists::new(), ObservedState::default());
        for zone in zones {
            let Some(kept) = self.observed.zones.get(&zone.code) else {
                let failure = ZoneFailure::new(FailureClass::Missing, "not in the snapshot");
                let help = format!("create a snapshot with this zone: `zonal snapshot --out {}`", self.name);
                lists.insert(zone.code.clone(), Err(failure.help(help)));
                continue;
            };
            let tables = tables_of(kept, language);
            lists.insert(zone.code.clone(), Ok(tables.keys().map(TableListing::unnamed).collect()));
            observed
                .zones
                .insert(zone.code.clone(), ObservedZone { collections: tables, ..Default::default() });
        }
        Ok((lists, observed))
    }

    fn check(&self, network: &Network) -> Result<(), SessionError> {
        let environment_text = |environment: &Option<String>| match environment {
            Some(environment) => format!("with environment {environment}"),
            None => "without an environment".to_owned(),
        };
        let mismatch = if self.network != network.name {
            let (theirs, ours) = (&self.network, &network.name);
            format!("is a snapshot of network {theirs}, but the manifests belong to network {ours}")
        } else if self.environment != network.environment {
            let theirs = environment_text(&self.environment);
            let ours = environment_text(&network.environment);
            format!("was created {theirs}, but this command runs {ours}; use the same --environment for both")
        } else {
            return Ok(());
        };
        Err(SessionError::OtherSnapshot { name: self.name.clone(), mismatch })
    }
}

/// Returns the tables of a zone, by code and without their language. A title stands for a code that is unknown.
fn tables_of(
    zone: &ObservedZone,
    language: Option<&str>,
) -> BTreeMap<CollectionId, Result<ObservedCollection, ZoneFailure>> {
    let mut tables: BTreeMap<_, (bool, &Result<_, _>)> = BTreeMap::new();
    for (asked, answer) in &zone.collections {
        let id = answer.as_ref().map_or(asked, |found| &found.id);
        let (TableName::Code(code) | TableName::Title(code)) = &id.table else { continue };
        let is_chosen = match language {
            Some(language) => id.language.as_deref() == Some(language),
            None => asked.language.is_none(),
        };
        // A mapping table has no language.
        let is_usable = is_chosen || language.is_none() || id.language.is_none();
        if !is_table(&id.kind) || !is_usable || id.library.is_some() {
            continue;
        }
        let table = CollectionId::with_code(&id.kind, code);
        let entry = tables.entry(table).or_insert((is_chosen, answer));
        if is_chosen && !entry.0 {
            *entry = (true, answer);
        }
    }
    tables.into_iter().map(|(id, (_, answer))| (id, answer.clone())).collect()
}

/// Reader for one zone of a snapshot.
struct SnapshotReader {
    kept: ObservedZone,
    file: String,
}

impl SnapshotReader {
    /// Returns the failure for a table that the zone did not list, if its code is similar to a listed one. A hidden
    /// table is not listed either.
    fn unknown_table(&self, id: &CollectionId) -> Option<ZoneFailure> {
        let TableName::Code(code) = &id.table else { return None };
        let listed = self.kept.tables.get(&id.kind)?;
        if listed.contains(&**code) {
            return None;
        }
        let help = similar_code_help(listed.iter().map(String::as_str), code)?;
        let message = format!("`{code}` was not in the zone's list when the snapshot was created");
        Some(ZoneFailure::new(FailureClass::UnknownName, message).help(help))
    }
}

impl ZoneReader for SnapshotReader {
    async fn read_collection(&self, id: &CollectionId) -> Result<CollectionSnapshot, ZoneFailure> {
        let file = &self.file;
        match self.kept.find(id) {
            Some(Ok(found)) => Ok(CollectionSnapshot { observed: found.clone(), raw: Json::Null }),
            Some(Err(failure)) => {
                let ZoneFailure { class, message, help, tracking_id } = failure.clone();
                let message = format!("when the snapshot was created: {message}");
                Err(ZoneFailure { class, message, help, tracking_id })
            }
            None => {
                if let Some(failure) = self.unknown_table(id) {
                    return Err(failure);
                }
                let failure = ZoneFailure::new(FailureClass::Missing, "not in the snapshot");
                Err(failure
                    .help(format!("create a snapshot with these manifests: `zonal snapshot --out {file}`")))
            }
        }
    }

    fn request_usage(&self) -> RequestUsage {
        RequestUsage::default()
    }
}
