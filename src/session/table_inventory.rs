//! Inventory of the tables of a network: which zones list a table, and in how many different forms.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::error::{SessionError, SessionStage};
use super::network_session::NetworkSession;
use super::observe_zones::{ZoneReaders, open_zones};
use super::observer::{SessionEvent, SessionObserver};
pub use super::table_lists::TableLists;
use crate::manifest::suggestions::among;
use crate::model::network::Zone;
use crate::model::{
    CollectionId, FieldName, FieldValue, Network, ObservedCollection, ObservedState, ObservedZone,
    TableListing, TableName, ZoneCode, ZoneFailure,
};
use crate::observe::observe_collections;
use crate::provider::ZoneReader;
use crate::render::json::tables::{
    ListedTableJson, TableContentJson, TableFailureJson, TableFormJson, TableZoneJson, TablesJson,
};

/// Collections to read, by zone.
pub type CollectionsByZone = BTreeMap<ZoneCode, BTreeSet<CollectionId>>;

/// Zones opened for reading, with their lists of tables.
pub struct ListedZones {
    /// Open zones.
    pub zones: ZoneReaders,
    /// Lists of tables.
    pub lists: TableLists,
}

/// Selection of tables.
#[derive(Debug, Clone, Default)]
pub struct TableFilter {
    /// Technical codes; empty for all tables.
    pub codes: Vec<String>,
    /// Texts of which the code, the name or the subsystem must contain one, in any case; empty for all tables.
    pub texts: Vec<String>,
}

impl TableFilter {
    /// Returns true if the selection contains the table.
    pub fn selects(&self, table: &TableListing) -> bool {
        let contains = |text: &String| {
            let text = text.to_lowercase();
            let parts = [&*table.code, &table.name, table.subsystem.as_deref().unwrap_or_default()];
            parts.iter().any(|part| part.to_lowercase().contains(&text))
        };
        (self.codes.is_empty() || self.codes.iter().any(|code| **code == *table.code))
            && (self.texts.is_empty() || self.texts.iter().any(contains))
    }

    /// Returns one text per code that no zone lists, and per text that no table contains.
    ///
    /// Without any list, nothing is known.
    pub fn problems(&self, lists: &TableLists) -> Vec<String> {
        let listed: Vec<&TableListing> = lists.values().flatten().flatten().collect();
        if listed.is_empty() {
            return Vec::new();
        }
        let known: BTreeSet<&str> = listed.iter().map(|table| &*table.code).collect();
        let unknown = self.codes.iter().filter(|code| !known.contains(code.as_str()));
        let unknown = unknown
            .map(|code| format!("no zone lists a table `{code}`; {}", among(code, known.iter().copied())));
        let finds = |text: &&String| {
            let only = Self { texts: vec![(*text).clone()], codes: Vec::new() };
            listed.iter().any(|table| only.selects(table))
        };
        let unmatched = self.texts.iter().filter(|text| !finds(text));
        let unmatched =
            unmatched.map(|text| format!("no code, name or subsystem of a table contains `{text}`"));
        unknown.chain(unmatched).collect()
    }

    /// Returns the selected tables of each zone as collections.
    pub fn collections(&self, lists: &TableLists, language: Option<&str>) -> CollectionsByZone {
        let zones = lists.iter().filter_map(|(zone, tables)| {
            let tables = tables.as_ref().ok()?.iter().filter(|table| self.selects(table));
            let collections: BTreeSet<_> =
                tables.map(|table| in_language(table.collection(), language)).collect();
            (!collections.is_empty()).then(|| (zone.clone(), collections))
        });
        zones.collect()
    }
}

/// Returns a code table in a language. Mapping tables have no language.
fn in_language(collection: CollectionId, language: Option<&str>) -> CollectionId {
    match &*collection.kind {
        "CodeTable" => CollectionId { language: language.map(Into::into), ..collection },
        _ => collection,
    }
}

/// Opens the zones and reads their lists of tables: two requests a zone.
///
/// # Errors
/// Returns the error of an effect. The failure of a zone is part of the result.
pub async fn list_tables(session: &NetworkSession, zones: &[&Zone]) -> Result<ListedZones, SessionError> {
    let zones = open_zones(session, zones).await?;
    let answers: FuturesUnordered<_> = (zones.readers.iter())
        .map(|(code, reader)| async move {
            let listed = reader.alma().list_tables().await;
            (code.clone(), listed.map(|types| types.concat()))
        })
        .collect();
    let lists = session.effects.cancel.interruptible(SessionStage::Reading, answers.collect()).await?;
    Ok(ListedZones { zones, lists })
}

/// Reads the given collections: one request each.
///
/// # Errors
/// Returns [`SessionError::Interrupted`]. The failure of a collection is part of the result.
pub async fn read_tables(
    session: &NetworkSession,
    zones: &ZoneReaders,
    collections: &CollectionsByZone,
    observer: &dyn SessionObserver,
) -> Result<ObservedState, SessionError> {
    read_collections(session, &zones.readers, collections, observer).await
}

/// Reads the given collections with any reader.
///
/// # Errors
/// Returns [`SessionError::Interrupted`]. The failure of a collection is part of the result.
pub async fn read_collections<R: ZoneReader>(
    session: &NetworkSession,
    readers: &BTreeMap<ZoneCode, R>,
    collections: &CollectionsByZone,
    observer: &dyn SessionObserver,
) -> Result<ObservedState, SessionError> {
    let stage = SessionStage::Reading;
    observer.notice(&SessionEvent::StageStart { stage, zones: collections.len() });
    let notice = |event| observer.notice(&SessionEvent::Zone(&event));
    let reading = observe_collections(readers, collections, None, &notice);
    let observed = session.effects.cancel.interruptible(stage, reading).await;
    observer.notice(&SessionEvent::StageEnd(stage));
    observed
}

/// Returns the inventory of the listed tables, with rows and forms if the tables were read.
pub fn inventory(
    network: &Network,
    filter: &TableFilter,
    lists: &TableLists,
    observed: Option<&ObservedState>,
) -> TablesJson {
    let mut tables: BTreeMap<(Arc<str>, Arc<str>), ListedTableJson> = BTreeMap::new();
    for (zone, listing) in
        lists.iter().flat_map(|(zone, list)| list.iter().flatten().map(move |each| (zone, each)))
    {
        if !filter.selects(listing) {
            continue;
        }
        let key = (listing.kind.clone(), listing.code.clone());
        let table = tables.entry(key).or_insert_with(|| listed_table(listing));
        table.zones.push(zone.clone());
        if listing.customized == Some(true) {
            table.customized.push(zone.clone());
        }
    }
    let answered: Vec<&ZoneCode> =
        lists.iter().filter(|(_, list)| list.is_ok()).map(|(zone, _)| zone).collect();
    for table in tables.values_mut() {
        let missing = answered.iter().filter(|zone| !table.zones.contains(zone));
        table.not_listed = missing.map(|zone| (*zone).clone()).collect();
        table.content = observed.map(|observed| content(&table.kind, &table.code, observed));
    }
    let zones = lists.iter().map(|(zone, list)| TableZoneJson {
        zone: zone.clone(),
        tables: list.as_ref().map_or(0, Vec::len),
        failure: list.as_ref().err().cloned(),
    });
    TablesJson {
        network: network.name.clone(),
        environment: network.environment.clone(),
        zones: zones.collect(),
        tables: tables.into_values().collect(),
    }
}

fn listed_table(listing: &TableListing) -> ListedTableJson {
    ListedTableJson {
        kind: listing.kind.clone(),
        code: listing.code.clone(),
        name: listing.name.clone(),
        subsystem: listing.subsystem.clone(),
        zones: Vec::new(),
        not_listed: Vec::new(),
        customized: Vec::new(),
        content: None,
    }
}

/// Groups the zones by the rows of a table.
fn content(kind: &str, code: &str, observed: &ObservedState) -> TableContentJson {
    let mut forms: BTreeMap<Vec<FormRow<'_>>, Vec<ZoneCode>> = BTreeMap::new();
    let mut content = TableContentJson::default();
    for (zone, state) in &observed.zones {
        let Some(answer) = find_table(state, kind, code) else { continue };
        match answer {
            Ok(table) if table.witness.is_people() => content.hidden.push(zone.clone()),
            Ok(table) => forms.entry(rows(table)).or_default().push(zone.clone()),
            Err(failure) => {
                content.failures.push(TableFailureJson { zone: zone.clone(), failure: failure.clone() });
            }
        }
    }
    let forms = forms.into_iter().map(|(rows, zones)| TableFormJson { rows: rows.len(), zones });
    content.forms = forms.collect();
    content.forms.sort_by_key(|form| std::cmp::Reverse(form.zones.len()));
    content
}

/// Returns a zone's answer for a table.
pub(super) fn find_table<'z>(
    zone: &'z ObservedZone,
    kind: &str,
    code: &str,
) -> Option<&'z Result<ObservedCollection, ZoneFailure>> {
    let is_table = |id: &CollectionId| {
        &*id.kind == kind && matches!(&id.table, TableName::Code(known) if **known == *code)
    };
    zone.collections.iter().find(|(id, _)| is_table(id)).map(|(_, answer)| answer)
}

/// Fields of a row. An empty field counts as missing.
type FormRow<'r> = Vec<(&'r FieldName, &'r FieldValue)>;

/// Returns the rows in an order that does not depend on the zone. Author and date do not count.
fn rows(table: &ObservedCollection) -> Vec<FormRow<'_>> {
    let mut rows: Vec<FormRow<'_>> = (table.records.iter())
        .map(|record| record.fields.iter().filter(|(_, value)| **value != FieldValue::Null).collect())
        .collect();
    rows.sort();
    rows
}

#[cfg(test)]
mod tests;
