//! Tries a gateway out against the contract, for its author: what it answers, what it refuses, and
//! whether its revisions keep an edit from being lost.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Map, Value as Json};

use super::{GatewayReader, Keeper, Listed, Verb, contract, path, record_path, wire};
use crate::model::network::Gateway;
use crate::model::{CollectionId, Failure, FailureClass, Table, ZoneCode};
use crate::provider::WriteError;
use crate::provider::budget::Budget;
use crate::provider::transport::Transport;

/// What is tried.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The gateway.
    pub gateway: Gateway,
    /// A zone that it serves.
    pub zone: ZoneCode,
    /// The key.
    pub key: SecretString,
    /// A record that may be made, changed and removed; without one nothing is written.
    pub scratch: Option<Scratch>,
}

/// A record to try writing with.
#[derive(Debug, Clone)]
pub struct Scratch {
    /// Its collection.
    pub collection: CollectionId,
    /// Its fields, key fields included.
    pub fields: Map<String, Json>,
    /// The values of its key, in order.
    pub key: Vec<String>,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Check {
    /// What the contract asks for.
    pub rule: String,
    /// How it went.
    pub outcome: CheckOutcome,
    /// What was found, where it did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// As the contract says.
    Passed,
    /// Not as the contract says.
    Failed,
    /// Not tried.
    Skipped,
}

/// Tries everything. Without a scratch record nothing is sent but GET.
pub async fn check(trial: &Trial, transport: &Arc<dyn Transport>, budget: &Arc<Budget>) -> Vec<Check> {
    let reader = |zone: &ZoneCode, key: SecretString| {
        GatewayReader::new(&trial.gateway, zone, key, transport.clone(), budget.clone())
    };
    let mut checks = Checks(Vec::new());
    let wrong = SecretString::from("not-a-key-of-this-gateway");
    checks.add("a key that is not known is refused", refuses(reader(&trial.zone, wrong).list().await));
    let nobody = ZoneCode::from("00NOBODY_ZONE");
    let empty = match reader(&nobody, trial.key.clone()).list().await {
        Ok([]) => Ok(()),
        Ok(_) => Err("collections are listed for a zone that does not exist".to_owned()),
        Err(failure) => Err(failure.to_string()),
    };
    checks.add("a zone that is not known has no collections (404, or an empty list)", empty);

    let zone = reader(&trial.zone, trial.key.clone());
    let list = match zone.list().await {
        Ok(list) => list.to_vec(),
        Err(failure) => {
            checks.add("the collections of the zone are listed", Err(failure.to_string()));
            return checks.0;
        }
    };
    let listed = if list.is_empty() { Err("the list is empty".to_owned()) } else { Ok(()) };
    checks.add("the collections of the zone are listed", listed);
    for listed in list.iter().filter(|listed| listed.verbs.contains(&Verb::Read)) {
        let id = id_of(listed);
        let twice = async {
            let (one, other) = (zone.read(&id).await?, zone.read(&id).await?);
            Ok::<_, Failure>((contract::revision(&one.raw), contract::revision(&other.raw)))
        };
        let read = match twice.await {
            Ok((one, other)) if one == other => Ok(()),
            Ok(_) => Err("two readings without a change in between have different revisions".to_owned()),
            Err(failure) => Err(failure.to_string()),
        };
        checks.add(&format!("{id} is read with a revision that stays"), read);
    }
    let unlisted = CollectionId::whole("NoSuchTypeOfCollection");
    let missing = match zone.read(&unlisted).await {
        Err(failure) if failure.class == FailureClass::Missing => Ok(()),
        Err(failure) => Err(failure.to_string()),
        Ok(_) => Err("it is answered".to_owned()),
    };
    checks.add("a collection that is not listed is not found (404)", missing);
    match &trial.scratch {
        Some(scratch) => scratched(trial, scratch, &zone, transport, budget, &mut checks).await,
        None => checks
            .skip("records are put and deleted on the revision that was read, and refused on another (412)"),
    }
    checks.0
}

async fn scratched(
    trial: &Trial,
    scratch: &Scratch,
    zone: &GatewayReader,
    transport: &Arc<dyn Transport>,
    budget: &Arc<Budget>,
    checks: &mut Checks,
) {
    let wire = wire(&trial.gateway, &trial.zone, trial.key.clone(), transport.clone(), budget.clone());
    let keeper = Keeper::new(Arc::new(wire));
    let Scratch { collection, fields, key } = scratch;
    let record = match (path(&trial.zone, collection), record_path(&trial.zone, collection, key)) {
        (Ok(_), Ok(record)) => record,
        (Err(failure), _) | (_, Err(failure)) => {
            return checks.add("the record can be addressed", Err(failure.to_string()));
        }
    };
    let body = serde_json::json!({ "fields": fields });
    let revision = async || zone.read(collection).await.map(|snapshot| contract::revision(&snapshot.raw));
    let held = async || {
        let snapshot = zone.read(collection).await?;
        let records = snapshot.raw.get("records").and_then(Json::as_array).cloned().unwrap_or_default();
        Ok::<_, Failure>(records.iter().any(|each| each.get("fields") == body.get("fields")))
    };
    match held().await {
        Ok(false) => {}
        Ok(true) => {
            return checks
                .add("the scratch record is not there yet", Err("it is there: choose another".to_owned()));
        }
        Err(failure) => return checks.add("the scratch collection is read", Err(failure.to_string())),
    }
    let told = |error: WriteError| match error {
        WriteError::Refused(failure) | WriteError::Unknown(failure) | WriteError::Astray(failure) => {
            failure.to_string()
        }
        WriteError::Moved => "412".to_owned(),
    };
    let stale = keeper.keep(&record, Some(&body), Some("no-such-revision")).await;
    checks.add("a record is refused on a revision that is not the collection's (412)", moved(stale));
    checks.add("what was refused was not written", expect(held().await, false));
    let Ok(before) = revision().await else { return };
    let put = keeper.keep(&record, Some(&body), before.as_deref()).await;
    let revised = match &put {
        Ok(Some(now)) if Some(now) != before.as_ref() => Ok(()),
        Ok(Some(_)) => Err("the revision is still the same".to_owned()),
        Ok(None) => Err("the answer has no `revision`".to_owned()),
        Err(error) => Err(told(error.clone())),
    };
    checks.add("a record is put on the revision that was read, and makes another one", revised);
    checks.add("what was put is read back as it was sent", expect(held().await, true));
    let again = keeper.keep(&record, Some(&body), before.as_deref()).await;
    checks.add("the old revision is refused from then on (412)", moved(again));
    let Ok(now) = revision().await else { return };
    let deleted = keeper.keep(&record, None, now.as_deref()).await.map(|_| ()).map_err(told);
    checks.add("a record is deleted on the revision that was read", deleted);
    checks.add("what was deleted is gone", expect(held().await, false));
}

struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, rule: &str, result: Result<(), String>) {
        let outcome = if result.is_ok() { CheckOutcome::Passed } else { CheckOutcome::Failed };
        self.0.push(Check { rule: rule.to_owned(), outcome, found: result.err() });
    }

    fn skip(&mut self, rule: &str) {
        self.0.push(Check { rule: rule.to_owned(), outcome: CheckOutcome::Skipped, found: None });
    }
}

fn refuses<T>(answer: Result<T, Failure>) -> Result<(), String> {
    match answer {
        Ok(_) => Err("it is answered".to_owned()),
        Err(failure) if failure.message.contains("401") || failure.message.contains("403") => Ok(()),
        Err(failure) => Err(failure.to_string()),
    }
}

fn moved<T>(kept: Result<T, WriteError>) -> Result<(), String> {
    match kept {
        Err(WriteError::Moved) => Ok(()),
        Err(WriteError::Refused(failure) | WriteError::Unknown(failure) | WriteError::Astray(failure)) => {
            Err(failure.to_string())
        }
        Ok(_) => Err("it was written: an edit in between would be lost".to_owned()),
    }
}

fn expect(found: Result<bool, Failure>, wanted: bool) -> Result<(), String> {
    match found {
        Ok(found) if found == wanted => Ok(()),
        Ok(true) => Err("the record is there".to_owned()),
        Ok(false) => Err("the record is not there as it was sent".to_owned()),
        Err(failure) => Err(failure.to_string()),
    }
}

fn id_of(listed: &Listed) -> CollectionId {
    let table = listed.table.as_deref().map_or(Table::Whole, |table| Table::Code(table.into()));
    CollectionId { table, ..CollectionId::whole(&listed.kind) }
}
