//! The ledger in the store: one row for each collection of each zone, so that it is read and written in few words.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::chain;
use super::database::Database;
use super::error::StoreError;
use super::location::Location;
use super::rows::Cell;
use super::runs::json;
use super::{Scope, Store};
use crate::model::{
    CollectionId, CollectionName, Field, Key, Learned, Ledger, LedgerCollection, LedgerEntry, Maker, Record,
    RunId, ZoneCode,
};

/// What was learned of one collection.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// The zone.
    pub zone: ZoneCode,
    /// The collection.
    pub collection: CollectionId,
    /// What was learned.
    pub learned: Learned,
    /// Records that this run created.
    pub created: BTreeSet<Key>,
}

/// What the row of a collection holds.
#[derive(Debug, Serialize, Deserialize)]
struct Body {
    key: Vec<Field>,
    entries: Vec<Kept>,
}

/// One record, as the row of its collection holds it.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    key: Vec<Arc<str>>,
    holds: Option<Record>,
    maker: Maker,
    manifest: Arc<str>,
    run: RunId,
}

impl Store {
    /// Everything that was last applied in a network.
    ///
    /// # Errors
    /// Every [`super::StoreTrouble`].
    pub async fn ledger(&self, scope: Scope) -> Result<Ledger, StoreError> {
        self.ask(move |database| load(database, scope.clone()).boxed_local()).await
    }

    /// Keeps what a run has found to be as it is wanted without writing anything.
    ///
    /// # Errors
    /// Every [`super::StoreTrouble`].
    pub async fn learn(&self, scope: Scope, run: RunId, lessons: Vec<Lesson>) -> Result<(), StoreError> {
        self.ask(move |database| {
            let (scope, lessons) = (scope.clone(), lessons.clone());
            async move {
                database.execute(database.begin(), |query| query).await?;
                let done = match chain::end(database).await {
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

async fn load(database: &mut Database, scope: Scope) -> Result<Ledger, StoreError> {
    let Scope { network, environment } = scope;
    let sql = "SELECT zone, collection, body FROM ledger WHERE network = $1 AND environment = $2";
    let mut words = Words::default();
    // Most zones of a network hold the same: what is the same as before is not read again.
    let mut before: BTreeMap<String, (String, LedgerCollection)> = BTreeMap::new();
    let mut ledger = Ledger::default();
    let keep = |location: &Location, row: AnyRow| {
        let text = |at: usize| row.try_get::<&str, _>(at).map_err(|error| StoreError::of(location, &error));
        let damaged = |what| move |error| StoreError::damaged(location, what, &error);
        let zone = ZoneCode(words.share(text(0)?.into()));
        let (name, body) = (text(1)?, text(2)?);
        let id: CollectionName = serde_json::from_str(name).map_err(damaged("a name"))?;
        let collection = match before.get(name) {
            Some((known, collection)) if known == body => collection.clone(),
            Some(_) | None => {
                let collection = read(body, &mut words).map_err(damaged("the ledger"))?;
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

/// Texts that occur in many records, each kept once.
#[derive(Debug, Default)]
struct Words(HashSet<Arc<str>>);

impl Words {
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

fn read(body: &str, words: &mut Words) -> Result<LedgerCollection, serde_json::Error> {
    let Body { key, entries } = serde_json::from_str(body)?;
    let key = key.into_iter().map(|field| words.share(field)).collect();
    let entries = entries.into_iter().map(|Kept { key, holds, maker, manifest, run }| {
        let holds = holds.map(|record| {
            let fields = record.into_iter().map(|(field, value)| (words.share(field), value));
            fields.collect::<BTreeMap<Field, _>>()
        });
        (Key(key), LedgerEntry { holds, maker, manifest: words.share(manifest), run })
    });
    Ok(LedgerCollection { key, entries: entries.collect() })
}

fn text(collection: &LedgerCollection) -> String {
    let entries = collection.entries.iter().map(|(key, entry)| Kept {
        key: key.0.clone(),
        holds: entry.holds.clone(),
        maker: entry.maker,
        manifest: Arc::clone(&entry.manifest),
        run: entry.run,
    });
    json(&Body { key: collection.key.clone(), entries: entries.collect() })
}

/// Lays what was learned over what the ledger says now, collection by collection. Whoever does so has asked for
/// the end of the chain before, so that two runs that are at work in one zone do not take each other's knowledge
/// away.
pub(super) async fn learn(
    database: &mut Database,
    scope: &Scope,
    run: RunId,
    lessons: &[Lesson],
) -> Result<(), StoreError> {
    let mut by_place: BTreeMap<Place, Vec<&Lesson>> = BTreeMap::new();
    for lesson in lessons {
        let collection = json(&CollectionName::from(&lesson.collection));
        by_place.entry(Place { zone: lesson.zone.to_string(), collection }).or_default().push(lesson);
    }
    let places: Vec<&Place> = by_place.keys().collect();
    let mut known = find(database, scope, &places).await?;
    let mut rows: Vec<[Cell; 5]> = Vec::new();
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
            text(&entries).into(),
        ]);
    }
    let into = "INSERT INTO ledger (network, environment, zone, collection, body)";
    let behind = "ON CONFLICT (network, environment, zone, collection) DO UPDATE SET body = excluded.body";
    database.insert(into, behind, &rows).await.map(drop)
}

/// A collection of a zone, as the columns name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Place {
    zone: String,
    collection: String,
}

/// What the ledger says of some collections; of those that it knows nothing of there is nothing.
async fn find(
    database: &mut Database,
    scope: &Scope,
    places: &[&Place],
) -> Result<BTreeMap<Place, LedgerCollection>, StoreError> {
    let sql = "SELECT zone, collection, body FROM ledger WHERE network = $2 AND environment = $3
               AND (zone, collection) IN (SELECT value->>'zone', value->>'collection' FROM {each})";
    let mut found = BTreeMap::new();
    let (places, network, environment) =
        (json(&places), scope.network.to_string(), scope.environment.to_string());
    let keep = |location: &Location, row: AnyRow| {
        let text = |at: usize| row.try_get::<&str, _>(at).map_err(|error| StoreError::of(location, &error));
        let place = Place { zone: text(0)?.to_owned(), collection: text(1)?.to_owned() };
        let entries = read(text(2)?, &mut Words::default());
        let entries = entries.map_err(|error| StoreError::damaged(location, "the ledger", &error))?;
        found.insert(place, entries);
        Ok(())
    };
    database.fetch_each(sql, |query| query.bind(places).bind(network).bind(environment), keep).await?;
    Ok(found)
}

impl Lesson {
    fn lay_over(&self, entries: &mut LedgerCollection, run: RunId) {
        entries.learn(self.learned.clone(), &self.created, run);
    }
}
