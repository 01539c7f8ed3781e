//! Applied state in the store: one row per collection of each zone, for short reads and writes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use futures::FutureExt as _;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::bulk_insert::SqlValue;
use super::database::StoreConnection;
use super::error::StoreError;
use super::hash_chain;
use super::location::StoreLocation;
use super::packed_text::PackedText;
use super::runs::json;
use super::{Store, StoreScope};
use crate::model::{
    AppliedCollection, AppliedState, AppliedStateUpdate, CollectionId, CollectionName, RecordKey, ZoneCode,
};

/// Update of the applied state of one collection.
#[derive(Debug, Clone)]
pub struct CollectionStateUpdate {
    /// The zone.
    pub zone: ZoneCode,
    /// The collection.
    pub collection: CollectionId,
    /// Updated and removed records.
    pub learned: AppliedStateUpdate,
    /// Records created by this run.
    pub created: BTreeSet<RecordKey>,
}

impl Store {
    /// Returns the applied state of a network.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn ledger(&self, scope: StoreScope) -> Result<AppliedState, StoreError> {
        self.execute(move |database| load(database, scope.clone()).boxed_local()).await
    }

    /// Removes collections from the applied state, with all of their records.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn forget_collections(
        &self,
        scope: StoreScope,
        collections: BTreeSet<(ZoneCode, CollectionId)>,
    ) -> Result<(), StoreError> {
        self.execute(move |database| {
            let (scope, collections) = (scope.clone(), collections.clone());
            async move {
                database.execute(database.begin(), |query| query).await?;
                let done = match hash_chain::lock_head(database).await {
                    Ok(_) => forget(database, &scope, &collections).await,
                    Err(error) => Err(error),
                };
                database.end_transaction(done).await
            }
            .boxed_local()
        })
        .await
    }

    /// Saves records that a run found in sync without a write.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn learn(
        &self,
        scope: StoreScope,
        updates: Vec<CollectionStateUpdate>,
    ) -> Result<(), StoreError> {
        self.execute(move |database| {
            let (scope, updates) = (scope.clone(), updates.clone());
            async move {
                database.execute(database.begin(), |query| query).await?;
                let done = match hash_chain::lock_head(database).await {
                    Ok(_) => learn(database, &scope, &updates).await,
                    Err(error) => Err(error),
                };
                database.end_transaction(done).await
            }
            .boxed_local()
        })
        .await
    }
}

async fn forget(
    database: &mut StoreConnection,
    scope: &StoreScope,
    collections: &BTreeSet<(ZoneCode, CollectionId)>,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM applied_collections WHERE network = $2 AND environment = $3
               AND (zone, collection) IN (SELECT value->>'zone', value->>'collection' FROM {each})";
    let places = collections.iter().map(|(zone, collection)| CollectionColumns {
        zone: zone.to_string(),
        collection: json(&CollectionName::from(collection)),
    });
    let places = json(&places.collect::<Vec<_>>());
    let (network, environment) = (scope.network.to_string(), scope.environment.to_string());
    database.execute(sql, |query| query.bind(places).bind(network).bind(environment)).await.map(drop)
}

async fn load(database: &mut StoreConnection, scope: StoreScope) -> Result<AppliedState, StoreError> {
    let StoreScope { network, environment } = scope;
    let sql = "SELECT zone, collection, body, accepted_rows FROM applied_collections
               WHERE network = $1 AND environment = $2";
    let mut words = TextPool::default();
    // Most zones of a network have equal collections: an equal body is not parsed again.
    let mut before: BTreeMap<String, (Vec<u8>, AppliedCollection)> = BTreeMap::new();
    let mut state = AppliedState::default();
    let keep = |location: &StoreLocation, row: AnyRow| {
        let text =
            |at: usize| row.try_get::<&str, _>(at).map_err(|error| StoreError::from_sqlx(location, error));
        let damaged = |what| move |error| StoreError::corrupt_data_error(location, what, error);
        let zone = ZoneCode(words.share(text(0)?.into()));
        let name = text(1)?;
        let body: &[u8] = row.try_get(2).map_err(|error| StoreError::from_sqlx(location, error))?;
        let id: CollectionName = serde_json::from_str(name).map_err(damaged("a collection name"))?;
        let mut collection = match before.get(name) {
            Some((known, collection)) if known == body => collection.clone(),
            Some(_) | None => {
                let collection = decode(body, &mut words).map_err(damaged("the applied state"))?;
                before.insert(name.to_owned(), (body.to_vec(), collection.clone()));
                collection
            }
        };
        collection.accepted_rows = accepted_rows(location, &row)?;
        state.zones.entry(zone).or_default().insert(CollectionId::from(id), collection);
        Ok(())
    };
    let scope = (network.to_string(), environment.to_string());
    database.fetch_each(sql, |query| query.bind(scope.0).bind(scope.1), keep).await?;
    Ok(state)
}

/// Returns the number of rows in the last accepted reading.
fn accepted_rows(location: &StoreLocation, row: &AnyRow) -> Result<Option<usize>, StoreError> {
    let rows: i64 = row.try_get(3).map_err(|error| StoreError::from_sqlx(location, error))?;
    Ok(usize::try_from(rows).ok())
}

/// Interned texts, because most texts occur in many records.
#[derive(Debug, Default)]
struct TextPool(HashSet<Arc<str>>);

impl TextPool {
    fn share(&mut self, word: Arc<str>) -> Arc<str> {
        match self.0.get(&word) {
            Some(known) => Arc::clone(known),
            None => {
                self.0.insert(Arc::clone(&word));
                word
            }
        }
    }
}

fn decode(body: &[u8], pool: &mut TextPool) -> Result<AppliedCollection, serde_json::Error> {
    let text = PackedText::from_bytes(body).text().map_err(serde::de::Error::custom)?;
    let mut collection: AppliedCollection = serde_json::from_str(&text)?;
    for field in &mut collection.key {
        *field = pool.share(Arc::clone(field));
    }
    for record in collection.entries.values_mut() {
        record.manifest = pool.share(Arc::clone(&record.manifest));
        if let Some(fields) = record.holds.take() {
            let fields = fields.into_iter().map(|(field, value)| (pool.share(field), value));
            record.holds = Some(fields.collect());
        }
    }
    Ok(collection)
}

/// Merges updates into the stored applied state, collection by collection.
///
/// The caller has locked the chain head, so that concurrent runs in one zone do not overwrite each other's
/// updates.
pub(super) async fn learn(
    database: &mut StoreConnection,
    scope: &StoreScope,
    updates: &[CollectionStateUpdate],
) -> Result<(), StoreError> {
    let mut by_collection: BTreeMap<CollectionColumns, Vec<&CollectionStateUpdate>> = BTreeMap::new();
    for update in updates {
        let collection = json(&CollectionName::from(&update.collection));
        let columns = CollectionColumns { zone: update.zone.to_string(), collection };
        by_collection.entry(columns).or_default().push(update);
    }
    let columns: Vec<&CollectionColumns> = by_collection.keys().collect();
    let mut stored = find(database, scope, &columns).await?;
    let accepted = accepted_rows_by_table(updates);
    let mut rows: Vec<[SqlValue; 6]> = Vec::new();
    for (columns, updates) in by_collection {
        let mut collection = stored.remove(&columns).unwrap_or_default();
        for update in updates {
            collection.learn(update.learned.clone(), &update.created);
            let table = (&update.zone, update.collection.without_language());
            collection.accepted_rows = accepted.get(&table).copied().or(collection.accepted_rows);
        }
        rows.push([
            scope.network.as_ref().into(),
            scope.environment.as_ref().into(),
            columns.zone.into(),
            columns.collection.into(),
            (&PackedText::new(&json(&collection))).into(),
            collection.accepted_rows.and_then(|rows| i64::try_from(rows).ok()).unwrap_or(-1).into(),
        ]);
    }
    let into =
        "INSERT INTO applied_collections (network, environment, zone, collection, body, accepted_rows)";
    let behind = "ON CONFLICT (network, environment, zone, collection) DO UPDATE SET
                  body = excluded.body, accepted_rows = excluded.accepted_rows";
    database.insert(into, behind, &rows).await?;
    share_accepted_rows(database, scope, &accepted).await
}

/// Numbers of rows in the last accepted readings, by zone and table without language.
type RowsByTable<'a> = BTreeMap<(&'a ZoneCode, CollectionId), usize>;

fn accepted_rows_by_table(updates: &[CollectionStateUpdate]) -> RowsByTable<'_> {
    let numbers = updates.iter().filter_map(|update| {
        let rows = update.learned.accepted_rows?;
        Some(((&update.zone, update.collection.without_language()), rows))
    });
    // In the order of the updates: the last number of a table stays.
    numbers.collect()
}

/// Stores the numbers of rows for all languages of a table, because they share the rows.
async fn share_accepted_rows(
    database: &mut StoreConnection,
    scope: &StoreScope,
    accepted: &RowsByTable<'_>,
) -> Result<(), StoreError> {
    let zones: BTreeSet<&ZoneCode> = accepted.keys().map(|(zone, _)| *zone).collect();
    for zone in zones {
        let sql = "SELECT collection, accepted_rows FROM applied_collections
                   WHERE network = $1 AND environment = $2 AND zone = $3";
        let place = || (scope.network.to_string(), scope.environment.to_string(), zone.to_string());
        let (network, environment, code) = place();
        let mut outdated: Vec<(String, i64)> = Vec::new();
        let keep = |location: &StoreLocation, row: AnyRow| {
            let trouble = |error| StoreError::from_sqlx(location, error);
            let name = row.try_get::<&str, _>(0).map_err(trouble)?;
            let known: i64 = row.try_get(1).map_err(trouble)?;
            let id: CollectionName = serde_json::from_str(name)
                .map_err(|error| StoreError::corrupt_data_error(location, "a collection name", error))?;
            let table = (zone, CollectionId::from(id).without_language());
            let rows = accepted.get(&table).and_then(|rows| i64::try_from(*rows).ok());
            outdated.extend(rows.filter(|rows| *rows != known).map(|rows| (name.to_owned(), rows)));
            Ok(())
        };
        database.fetch_each(sql, |query| query.bind(network).bind(environment).bind(code), keep).await?;
        for (name, rows) in outdated {
            let sql = "UPDATE applied_collections SET accepted_rows = $5
                       WHERE network = $1 AND environment = $2 AND zone = $3 AND collection = $4";
            let (network, environment, code) = place();
            database
                .execute(sql, |query| query.bind(network).bind(environment).bind(code).bind(name).bind(rows))
                .await?;
        }
    }
    Ok(())
}

/// Collection of a zone, as in the columns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct CollectionColumns {
    zone: String,
    collection: String,
}

/// Returns the stored collections; missing ones are left out.
async fn find(
    database: &mut StoreConnection,
    scope: &StoreScope,
    places: &[&CollectionColumns],
) -> Result<BTreeMap<CollectionColumns, AppliedCollection>, StoreError> {
    let sql = "SELECT zone, collection, body, accepted_rows FROM applied_collections WHERE network = $2 AND environment = $3
               AND (zone, collection) IN (SELECT value->>'zone', value->>'collection' FROM {each})";
    let mut found = BTreeMap::new();
    let (places, network, environment) =
        (json(&places), scope.network.to_string(), scope.environment.to_string());
    let keep = |location: &StoreLocation, row: AnyRow| {
        let text =
            |at: usize| row.try_get::<&str, _>(at).map_err(|error| StoreError::from_sqlx(location, error));
        let place = CollectionColumns { zone: text(0)?.to_owned(), collection: text(1)?.to_owned() };
        let body: &[u8] = row.try_get(2).map_err(|error| StoreError::from_sqlx(location, error))?;
        let entries = decode(body, &mut TextPool::default());
        let mut entries =
            entries.map_err(|error| StoreError::corrupt_data_error(location, "the applied state", error))?;
        entries.accepted_rows = accepted_rows(location, &row)?;
        found.insert(place, entries);
        Ok(())
    };
    database.fetch_each(sql, |query| query.bind(places).bind(network).bind(environment), keep).await?;
    Ok(found)
}
