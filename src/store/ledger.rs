//! The ledger in the store: one row for each collection of each zone, so that it is read and written in few words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::database::Database;
use super::error::StoreError;
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
                let done = learn(database, &scope, run, &lessons).await;
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
    let rows =
        database.fetch(sql, |query| query.bind(network.to_string()).bind(environment.to_string())).await?;
    let mut words = Words::default();
    let mut ledger = Ledger::default();
    for row in &rows {
        let text = |name: &str| row.try_get::<String, _>(name).map_err(|error| database.trouble(&error));
        let zone = ZoneCode(words.share(text("zone")?.as_str().into()));
        let name: CollectionName =
            serde_json::from_str(&text("collection")?).map_err(|error| database.damaged("a name", &error))?;
        let collection =
            read(&text("body")?, &mut words).map_err(|error| database.damaged("the ledger", &error))?;
        ledger.zones.entry(zone).or_default().insert(CollectionId::from(name), collection);
    }
    Ok(ledger)
}

/// Texts that occur in many records, each kept once.
#[derive(Debug, Default)]
struct Words(BTreeSet<Arc<str>>);

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

/// Lays what was learned over what the ledger says now, collection by collection, so that two runs that are at
/// work in one zone do not take each other's knowledge away.
pub(super) async fn learn(
    database: &mut Database,
    scope: &Scope,
    run: RunId,
    lessons: &[Lesson],
) -> Result<(), StoreError> {
    for Lesson { zone, collection, learned, created } in lessons {
        let name = json(&CollectionName::from(collection));
        let (network, environment) = (scope.network.to_string(), scope.environment.to_string());
        let row = (network.clone(), environment.clone(), zone.to_string(), name.clone());
        let sql = "SELECT body FROM ledger
                   WHERE network = $1 AND environment = $2 AND zone = $3 AND collection = $4 {lock}";
        let (network, environment, code, collection) = row.clone();
        let rows = database
            .fetch(sql, |query| query.bind(network).bind(environment).bind(code).bind(collection))
            .await?;
        let mut entries = match rows.first() {
            Some(row) => {
                let body: String = row.try_get("body").map_err(|error| database.trouble(&error))?;
                read(&body, &mut Words::default()).map_err(|error| database.damaged("the ledger", &error))?
            }
            None => LedgerCollection::default(),
        };
        entries.learn(learned.clone(), created, run);
        let sql = "INSERT INTO ledger (network, environment, zone, collection, body)
                   VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT (network, environment, zone, collection) DO UPDATE SET body = excluded.body";
        let (network, environment, code, collection) = row;
        let body = text(&entries);
        database
            .execute(sql, |query| {
                query.bind(network).bind(environment).bind(code).bind(collection).bind(body)
            })
            .await?;
    }
    Ok(())
}
