//! Tries a gateway out against the contract, for its author: what it answers, what it refuses, and
//! whether its revisions keep an edit from being lost.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Map, Value as Json};

use super::{
    GatewayReader, GatewayRecordClient, GatewayVerb, ServedCollection, SharedGateway, contract, path,
    record_path,
};
use crate::model::{
    CollectionId, FailureClass, FieldName, FieldValue, Record, TableName, ZoneCode, ZoneFailure,
};
use crate::provider::{CollectionSnapshot, WriteError};

/// What is tried.
pub struct GatewayCheck {
    /// The gateway.
    pub gateway: Arc<SharedGateway>,
    /// A zone that it serves.
    pub zone: ZoneCode,
    /// The key.
    pub key: SecretString,
    /// A record that may be made, changed and removed; without one nothing is written.
    pub scratch: Option<ScratchRecord>,
}

/// A record to try writing with.
#[derive(Debug, Clone)]
pub struct ScratchRecord {
    /// Its collection.
    pub collection: CollectionId,
    /// Its fields, key fields included.
    pub fields: Map<String, Json>,
    /// The fields of its key with their values, in order.
    pub key: Vec<(String, String)>,
}

/// What a collection holds: the scratch record, and everything else.
struct CollectionState {
    scratch: Option<Record>,
    others: Vec<Record>,
}

impl CollectionState {
    fn from_snapshot(snapshot: CollectionSnapshot, scratch: &ScratchRecord) -> Self {
        let is_it = |record: &Record| {
            scratch.key.iter().all(|(field, value)| {
                record.get(&**field).and_then(FieldValue::as_text).is_some_and(|held| held == value)
            })
        };
        let records = snapshot.observed.records.into_iter().map(|record| record.fields);
        let (mut found, others): (Vec<Record>, Vec<Record>) = records.partition(is_it);
        Self { scratch: found.pop(), others }
    }

    /// As before, without the scratch record.
    fn check_unchanged(&self, before: &[Record]) -> Result<(), String> {
        match &self.scratch {
            Some(_) => Err("the record is there".to_owned()),
            None => self.check_other_records(before),
        }
    }

    fn check_other_records(&self, before: &[Record]) -> Result<(), String> {
        let same = self.others.len() == before.len() && before.iter().all(|each| self.others.contains(each));
        if same { Ok(()) } else { Err("other records of the collection have changed".to_owned()) }
    }

    /// What was sent, beside which a gateway may say more of its own.
    fn check_scratch_record(&self, sent: &Record) -> Result<(), String> {
        let Some(found) = &self.scratch else { return Err("the record is not there".to_owned()) };
        let other =
            sent.iter().find(|(field, value)| found.get(*field).unwrap_or(&FieldValue::Null) != *value);
        let told = |(field, value): (&FieldName, &FieldValue)| {
            format!("`{field}` is {}, {value} was sent", found.get(field).unwrap_or(&FieldValue::Null))
        };
        other.map_or(Ok(()), |other| Err(told(other)))
    }
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct CheckResult {
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
pub async fn check(trial: &GatewayCheck) -> Vec<CheckResult> {
    let reader = |zone: &ZoneCode, key: SecretString| GatewayReader::new(&trial.gateway, zone, key);
    let mut checks = CheckResults(Vec::new());
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
    for listed in list.iter().filter(|listed| listed.verbs.contains(&GatewayVerb::Read)) {
        let id = id_of(listed);
        let twice = async {
            let (one, other) = (zone.read(&id).await?, zone.read(&id).await?);
            Ok::<_, ZoneFailure>((contract::revision(&one.raw), contract::revision(&other.raw)))
        };
        let read = match twice.await {
            Ok((one, other)) if one == other => Ok(()),
            Ok(_) => Err("two readings without a change in between have different revisions".to_owned()),
            Err(failure) => Err(failure.to_string()),
        };
        checks.add(&format!("{id} is read with a revision that stays"), read);
    }
    let unlisted = CollectionId::of_institution("NoSuchTypeOfCollection");
    let missing = match zone.read(&unlisted).await {
        Err(failure) if failure.class == FailureClass::Missing => Ok(()),
        Err(failure) => Err(failure.to_string()),
        Ok(_) => Err("it is answered".to_owned()),
    };
    checks.add("a collection that is not listed is not found (404)", missing);
    match &trial.scratch {
        Some(scratch) => check_writes(trial, scratch, &zone, &mut checks).await,
        None => checks
            .skip("records are put and deleted on the revision that was read, and refused on another (412)"),
    }
    checks.0
}

async fn check_writes(
    trial: &GatewayCheck,
    scratch: &ScratchRecord,
    zone: &GatewayReader,
    checks: &mut CheckResults,
) {
    let keeper = GatewayRecordClient::new(Arc::new(trial.gateway.wire(&trial.zone, trial.key.clone())));
    let ScratchRecord { collection, fields, key } = scratch;
    let key: Vec<String> = key.iter().map(|(_, value)| value.clone()).collect();
    let record = match (path(&trial.zone, collection), record_path(&trial.zone, collection, &key)) {
        (Ok(_), Ok(record)) => record,
        (Err(failure), _) | (_, Err(failure)) => {
            return checks.add("the record can be addressed", Err(failure.to_string()));
        }
    };
    let body = serde_json::json!({ "fields": fields });
    let sent = match contract::record(&body) {
        Ok(sent) => sent.fields,
        Err(what) => return checks.add("the record is one that the contract has", Err(what)),
    };
    let look = async || {
        let snapshot = zone.read(collection).await.map_err(|failure| failure.to_string())?;
        Ok::<_, String>((
            contract::revision(&snapshot.raw),
            CollectionState::from_snapshot(snapshot, scratch),
        ))
    };
    let (before, others) = match look().await {
        Ok((before, CollectionState { scratch: None, others })) => (before, others),
        Ok((_, CollectionState { scratch: Some(_), .. })) => {
            let found = "a record with its key is there: choose another".to_owned();
            return checks.add("the scratch record is not there yet", Err(found));
        }
        Err(failure) => return checks.add("the scratch collection is read", Err(failure)),
    };
    let told = |error: WriteError| match error {
        WriteError::Refused(failure) | WriteError::Unknown(failure) | WriteError::Astray(failure) => {
            failure.to_string()
        }
        WriteError::Moved => "it is refused (412)".to_owned(),
    };
    let stale = keeper.keep(&record, Some(&body), Some("no-such-revision")).await;
    checks.add(
        "a record is refused on a revision that is not the collection's (412)",
        expect_precondition_failed(stale),
    );
    let untouched = look().await.and_then(|(_, held)| held.check_unchanged(&others));
    checks.add("what was refused was not written", untouched);
    let put = keeper.keep(&record, Some(&body), before.as_deref()).await;
    let revised = match &put {
        Ok(Some(now)) if Some(now) != before.as_ref() => Ok(()),
        Ok(Some(_)) => Err("the revision is still the same".to_owned()),
        Ok(None) => Err("the answer has no `revision`".to_owned()),
        Err(error) => Err(told(error.clone())),
    };
    checks.add("a record is put on the revision that was read, and makes another one", revised);
    let (now, held) = match look().await {
        Ok(held) => held,
        Err(failure) => return checks.add("what was put is read back as it was sent", Err(failure)),
    };
    checks.add("what was put is read back as it was sent", held.check_scratch_record(&sent));
    checks.add("the other records stay as they were", held.check_other_records(&others));
    let again = keeper.keep(&record, Some(&body), before.as_deref()).await;
    checks.add("the old revision is refused from then on (412)", expect_precondition_failed(again));
    let early = keeper.keep(&record, None, before.as_deref()).await;
    checks.add("a record is not deleted on the old revision (412)", expect_precondition_failed(early));
    let deleted = keeper.keep(&record, None, now.as_deref()).await.map(|_| ()).map_err(told);
    checks.add("a record is deleted on the revision that was read", deleted);
    let gone = look().await.and_then(|(_, held)| held.check_unchanged(&others));
    checks.add("what was deleted is gone, and nothing else", gone);
}

struct CheckResults(Vec<CheckResult>);

impl CheckResults {
    fn add(&mut self, rule: &str, result: Result<(), String>) {
        let outcome = if result.is_ok() { CheckOutcome::Passed } else { CheckOutcome::Failed };
        self.0.push(CheckResult { rule: rule.to_owned(), outcome, found: result.err() });
    }

    fn skip(&mut self, rule: &str) {
        self.0.push(CheckResult { rule: rule.to_owned(), outcome: CheckOutcome::Skipped, found: None });
    }
}

fn refuses<T>(answer: Result<T, ZoneFailure>) -> Result<(), String> {
    match answer {
        Ok(_) => Err("it is answered".to_owned()),
        Err(failure) if [401, 403].iter().any(|status| has_status(&failure, *status)) => Ok(()),
        Err(failure) => Err(failure.to_string()),
    }
}

/// Whether that was the status; anything may stand in the words behind it, and in the address before it.
fn has_status(failure: &ZoneFailure, status: u16) -> bool {
    failure.message.contains(&format!("` was answered with {status}"))
}

fn expect_precondition_failed<T>(kept: Result<T, WriteError>) -> Result<(), String> {
    match kept {
        Err(WriteError::Moved) => Ok(()),
        Err(WriteError::Refused(failure) | WriteError::Unknown(failure) | WriteError::Astray(failure)) => {
            Err(failure.to_string())
        }
        Ok(_) => Err("it was written: an edit in between would be lost".to_owned()),
    }
}

fn id_of(listed: &ServedCollection) -> CollectionId {
    let table = listed.table.as_deref().map_or(TableName::Whole, |table| TableName::Code(table.into()));
    CollectionId { table, ..CollectionId::of_institution(&listed.kind) }
}
