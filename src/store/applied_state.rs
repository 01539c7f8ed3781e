//! Applied state in the store: one row per collection of each zone, for short reads and writes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::bulk_insert::SqlValue;
use super::database::StoreConnection;
use super::error::StoreError;
use super::hash_chain;
use super::location::StoreLocation;
use super::runs::json;
use super::{Store, StoreScope};
use crate::model::{
    AppliedCollection, AppliedRecord, AppliedState, AppliedStateUpdate, CollectionId, CollectionName,
    FieldName, ManagementOrigin, Record, RecordKey, RunId, ZoneCode,
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

/// JSON body of a collection row.
#[derive(Debug, Serialize, Deserialize)]
struct AppliedBody {
    key: Vec<FieldName>,
    entries: Vec<AppliedRow>,
}

/// JSON of one applied record.
#[derive(Debug, Serialize, Deserialize)]
struct AppliedRow {
    key: Vec<Arc<str>>,
    holds: Option<Record>,
    maker: ManagementOrigin,
    manifest: Arc<str>,
    run: RunId,
}

impl Store {
    /// Returns the applied state of a network.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn ledger(&self, scope: StoreScope) -> Result<AppliedState, StoreError> {
        self.execute(move |database| load(database, scope.clone()).boxed_local()).await
    }

    /// Saves records that a run found in sync without a write.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn learn(
        &self,
        scope: StoreScope,
        run: RunId,
        lessons: Vec<CollectionStateUpdate>,
    ) -> Result<(), StoreError> {
        self.execute(move |database| {
            let (scope, lessons) = (scope.clone(), lessons.clone());
            async move {
                database.execute(database.begin(), |query| query).await?;
                let done = match hash_chain::lock_head(database).await {
                    Ok(_) => learn(database, &scope, run, &lessons).await,
                    Err(error) => Err(error),
                };
                database.end_transaction(done).await
            }
            .boxed_local()
        })
        .await
    }
}

async fn load(database: &mut StoreConnection, scope: StoreScope) -> Result<AppliedState, StoreError> {
    let StoreScope { network, environment } = scope;
    let sql = "SELECT zone, collection, body FROM ledger WHERE network = $1 AND environment = $2";
    let mut words = TextPool::default();
    // Most zones of a network have equal collections: an equal body is not parsed again.
    let mut before: BTreeMap<String, (String, AppliedCollection)> = BTreeMap::new();
    let mut ledger = AppliedState::default();
    let keep = |location: &StoreLocation, row: AnyRow| {
        let text =
            |at: usize| row.try_get::<&str, _>(at).map_err(|error| StoreError::from_sqlx(location, error));
        let damaged = |what| move |error| StoreError::corrupt_data_error(location, what, error);
        let zone = ZoneCode(words.share(text(0)?.into()));
        let (name, body) = (text(1)?, text(2)?);
        let id: CollectionName = serde_json::from_str(name).map_err(damaged("a collection name"))?;
        let collection = match before.get(name) {
            Some((known, collection)) if known == body => collection.clone(),
            Some(_) | None => {
                let collection = decode(body, &mut words).map_err(damaged("the applied state"))?;
                before.insert(name.to_owned(), (body.to_owned(), collection.clone()));
                collection
            }
        };
        ledger.zones.entry(zone).or_default().insert(CollectionId::from(id), collection);
        Ok(())
    };
    let scope = (network.to_string(), environment.to_string());
    database.fetch_each(sql, |query| query.bind(scope.0).bind(scope.1), keep).await?;
    Ok(ledger)
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

fn decode(body: &str, words: &mut TextPool) -> Result<AppliedCollection, serde_json::Error> {
    let AppliedBody { key, entries } = serde_json::from_str(body)?;
    let key = key.into_iter().map(|field| words.share(field)).collect();
    let entries = entries.into_iter().map(|AppliedRow { key, holds, maker, manifest, run }| {
        let holds = holds.map(|record| {
            let fields = record.into_iter().map(|(field, value)| (words.share(field), value));
            fields.collect::<BTreeMap<FieldName, _>>()
        });
        (RecordKey(key), AppliedRecord { holds, maker, manifest: words.share(manifest), run })
    });
    Ok(AppliedCollection { key, entries: entries.collect() })
}

fn encode(collection: &AppliedCollection) -> String {
    let entries = collection.entries.iter().map(|(key, entry)| AppliedRow {
        key: key.0.clone(),
        holds: entry.holds.clone(),
        maker: entry.maker,
        manifest: Arc::clone(&entry.manifest),
        run: entry.run,
    });
    json(&AppliedBody { key: collection.key.clone(), entries: entries.collect() })
}

/// Merges updates into the stored applied state, collection by collection.
///
/// The caller has locked the chain head, so that concurrent runs in one zone do not overwrite each other's
/// updates.
pub(super) async fn learn(
    database: &mut StoreConnection,
    scope: &StoreScope,
    run: RunId,
    lessons: &[CollectionStateUpdate],
) -> Result<(), StoreError> {
    let mut by_place: BTreeMap<CollectionColumns, Vec<&CollectionStateUpdate>> = BTreeMap::new();
    for lesson in lessons {
        let collection = json(&CollectionName::from(&lesson.collection));
        by_place
            .entry(CollectionColumns { zone: lesson.zone.to_string(), collection })
            .or_default()
            .push(lesson);
    }
    let places: Vec<&CollectionColumns> = by_place.keys().collect();
    let mut known = find(database, scope, &places).await?;
    let mut rows: Vec<[SqlValue; 5]> = Vec::new();
    for (place, lessons) in by_place {
        let mut entries = known.remove(&place).unwrap_or_default();
        for lesson in lessons {
            lesson.lay_over(&mut entries, run);
        }
        rows.push([
            scope.network.as_ref().into(),
            scope.environment.as_ref().into(),
            place.zone.into(),
            place.collection.into(),
            encode(&entries).into(),
        ]);
    }
    let into = "INSERT INTO ledger (network, environment, zone, collection, body)";
    let behind = "ON CONFLICT (network, environment, zone, collection) DO UPDATE SET body = excluded.body";
    database.insert(into, behind, &rows).await.map(drop)
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
    let sql = "SELECT zone, collection, body FROM ledger WHERE network = $2 AND environment = $3
               AND (zone, collection) IN (SELECT value->>'zone', value->>'collection' FROM {each})";
    let mut found = BTreeMap::new();
    let (places, network, environment) =
        (json(&places), scope.network.to_string(), scope.environment.to_string());
    let keep = |location: &StoreLocation, row: AnyRow| {
        let text =
            |at: usize| row.try_get::<&str, _>(at).map_err(|error| StoreError::from_sqlx(location, error));
        let place = CollectionColumns { zone: text(0)?.to_owned(), collection: text(1)?.to_owned() };
        let entries = decode(text(2)?, &mut TextPool::default());
        let entries =
            entries.map_err(|error| StoreError::corrupt_data_error(location, "the applied state", error))?;
        found.insert(place, entries);
        Ok(())
    };
    database.fetch_each(sql, |query| query.bind(places).bind(network).bind(environment), keep).await?;
    Ok(found)
}

impl CollectionStateUpdate {
    fn lay_over(&self, entries: &mut AppliedCollection, run: RunId) {
        entries.learn(self.learned.clone(), &self.created, run);
    }
}
