//! Tests a gateway against the contract, for its author: responses, rejections, and protection of concurrent
//! edits.

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

/// Input of a contract check.
pub struct GatewayCheck {
    /// Gateway under test.
    pub gateway: Arc<SharedGateway>,
    /// Zone that the gateway serves.
    pub zone: ZoneCode,
    /// API key.
    pub key: SecretString,
    /// Record to create, update and delete; without a record, no writes.
    pub scratch: Option<ScratchRecord>,
    /// Collection types that left the contract.
    pub retired: Vec<&'static str>,
}

/// Record for write checks.
#[derive(Debug, Clone)]
pub struct ScratchRecord {
    /// Collection of the record.
    pub collection: CollectionId,
    /// Fields, including key fields.
    pub fields: Map<String, Json>,
    /// Key fields with their values, in order.
    pub key: Vec<(String, String)>,
}

/// Content of a collection: the scratch record and all other records.
struct CollectionState {
    scratch: Option<Record>,
    others: Vec<Record>,
}

impl CollectionState {
    fn from_snapshot(snapshot: CollectionSnapshot, scratch: &ScratchRecord) -> Self {
        let is_it = |record: &Record| {
            scratch.key.iter().all(|(field, value)| {
                record.get(&**field).and_then(FieldValue::as_text).is_some_and(|after| after == value)
            })
        };
        let records = snapshot.observed.records.into_iter().map(|record| record.fields);
        let (mut found, others): (Vec<Record>, Vec<Record>) = records.partition(is_it);
        Self { scratch: found.pop(), others }
    }

    /// Checks that the scratch record is absent and other records stay unchanged.
    fn check_unchanged(&self, before: &[Record]) -> Result<(), String> {
        match &self.scratch {
            Some(_) => Err("the record exists".to_owned()),
            None => self.check_other_records(before),
        }
    }

    fn check_other_records(&self, before: &[Record]) -> Result<(), String> {
        let same = self.others.len() == before.len() && before.iter().all(|each| self.others.contains(each));
        if same { Ok(()) } else { Err("other records of the collection changed".to_owned()) }
    }

    /// Checks for all sent fields; a gateway may add fields of its own.
    fn check_scratch_record(&self, sent: &Record) -> Result<(), String> {
        let Some(found) = &self.scratch else { return Err("the record does not exist".to_owned()) };
        let other =
            sent.iter().find(|(field, value)| found.get(*field).unwrap_or(&FieldValue::Null) != *value);
        let told = |(field, value): (&FieldName, &FieldValue)| {
            format!("`{field}` is {}, sent {value}", found.get(field).unwrap_or(&FieldValue::Null))
        };
        other.map_or(Ok(()), |other| Err(told(other)))
    }
}

/// Result of one check.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct CheckResult {
    /// Rule of the contract.
    pub rule: String,
    /// Outcome of the check.
    pub outcome: CheckOutcome,
    /// Observed behavior, if the check failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// Outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// Conforms to the contract.
    Passed,
    /// Violates the contract.
    Failed,
    /// Outside the contract; zonal ignores it.
    Warned,
    /// Not executed.
    Skipped,
}

/// Runs all checks. Without a scratch record, zonal sends only GET requests.
pub async fn check(trial: &GatewayCheck) -> Vec<CheckResult> {
    let reader = |zone: &ZoneCode, key: SecretString| GatewayReader::new(&trial.gateway, zone, key);
    let mut checks = CheckResults(Vec::new());
    let wrong = SecretString::from("not-a-key-of-this-gateway");
    checks.add("an unknown API key is rejected", refuses(reader(&trial.zone, wrong).list().await));
    let nobody = ZoneCode::from("00NOBODY_ZONE");
    let empty = match reader(&nobody, trial.key.clone()).list().await {
        Ok([]) => Ok(()),
        Ok(_) => Err("the gateway lists collections for an unknown zone".to_owned()),
        Err(failure) => Err(failure.to_string()),
    };
    checks.add("an unknown zone has no collections (404 or an empty list)", empty);

    let zone = reader(&trial.zone, trial.key.clone());
    let list = match zone.list().await {
        Ok(list) => list.to_vec(),
        Err(failure) => {
            checks.add("the gateway lists the zone's collections", Err(failure.to_string()));
            return checks.0;
        }
    };
    let listed = if list.is_empty() { Err("the list is empty".to_owned()) } else { Ok(()) };
    checks.add("the gateway lists the zone's collections", listed);
    for listed in list.iter().filter(|listed| trial.retired.contains(&listed.kind.as_str())) {
        checks.warn(&format!("{} is listed, but no longer part of the contract", id_of(listed)));
    }
    let current = list.iter().filter(|listed| !trial.retired.contains(&listed.kind.as_str()));
    for listed in current.filter(|listed| listed.verbs.contains(&GatewayVerb::Read)) {
        let id = id_of(listed);
        let twice = async {
            let (one, other) = (zone.read(&id).await?, zone.read(&id).await?);
            Ok::<_, ZoneFailure>((contract::revision(&one.raw), contract::revision(&other.raw)))
        };
        let read = match twice.await {
            Ok((one, other)) if one == other => Ok(()),
            Ok(_) => Err("two reads without a change in between have different revisions".to_owned()),
            Err(failure) => Err(failure.to_string()),
        };
        checks.add(&format!("{id} has a stable revision"), read);
    }
    let unlisted = CollectionId::of_institution("NoSuchTypeOfCollection");
    let missing = match zone.read(&unlisted).await {
        Err(failure) if failure.class == FailureClass::Missing => Ok(()),
        Err(failure) => Err(failure.to_string()),
        Ok(_) => Err("the request succeeded".to_owned()),
    };
    checks.add("an unlisted collection is not found (404)", missing);
    match &trial.scratch {
        Some(scratch) => check_writes(trial, scratch, &zone, &mut checks).await,
        None => checks.skip("writes require the current revision and are rejected with any other (412)"),
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
        Err(what) => return checks.add("the record conforms to the contract", Err(what)),
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
            let found = "a record with this key exists; choose another key".to_owned();
            return checks.add("the scratch record does not exist yet", Err(found));
        }
        Err(failure) => return checks.add("the scratch collection can be read", Err(failure)),
    };
    let told = |error: WriteError| match error {
        WriteError::Refused(failure) | WriteError::Unknown(failure) | WriteError::Astray(failure) => {
            failure.to_string()
        }
        WriteError::Unprocessed(reason) => reason.into_failure().to_string(),
        WriteError::Moved => "rejected (412)".to_owned(),
    };
    let stale = keeper.keep(&record, Some(&body), Some("no-such-revision")).await;
    checks.add("a put with an unknown revision is rejected (412)", expect_precondition_failed(stale));
    let untouched = look().await.and_then(|(_, after)| after.check_unchanged(&others));
    checks.add("a rejected put changes nothing", untouched);
    let put = keeper.keep(&record, Some(&body), before.as_deref()).await;
    let revised = match &put {
        Ok(Some(now)) if Some(now) != before.as_ref() => Ok(()),
        Ok(Some(_)) => Err("the revision is unchanged".to_owned()),
        Ok(None) => Err("the response has no `revision`".to_owned()),
        Err(error) => Err(told(error.clone())),
    };
    checks.add("a put with the current revision succeeds and changes the revision", revised);
    let (now, after) = match look().await {
        Ok(after) => after,
        Err(failure) => return checks.add("the record reads back as sent", Err(failure)),
    };
    checks.add("the record reads back as sent", after.check_scratch_record(&sent));
    checks.add("the other records stay unchanged", after.check_other_records(&others));
    let again = keeper.keep(&record, Some(&body), before.as_deref()).await;
    checks.add("a put with the old revision is rejected (412)", expect_precondition_failed(again));
    let early = keeper.keep(&record, None, before.as_deref()).await;
    checks.add("a delete with the old revision is rejected (412)", expect_precondition_failed(early));
    let deleted = keeper.keep(&record, None, now.as_deref()).await.map(|_| ()).map_err(told);
    checks.add("a delete with the current revision succeeds", deleted);
    let gone = look().await.and_then(|(_, after)| after.check_unchanged(&others));
    checks.add("a delete removes only its record", gone);
}

struct CheckResults(Vec<CheckResult>);

impl CheckResults {
    fn add(&mut self, rule: &str, result: Result<(), String>) {
        let outcome = if result.is_ok() { CheckOutcome::Passed } else { CheckOutcome::Failed };
        self.0.push(CheckResult { rule: rule.to_owned(), outcome, found: result.err() });
    }

    fn warn(&mut self, rule: &str) {
        let found = "zonal ignores the collection; remove it from the gateway".to_owned();
        self.0.push(CheckResult { rule: rule.to_owned(), outcome: CheckOutcome::Warned, found: Some(found) });
    }

    fn skip(&mut self, rule: &str) {
        self.0.push(CheckResult { rule: rule.to_owned(), outcome: CheckOutcome::Skipped, found: None });
    }
}

fn refuses<T>(answer: Result<T, ZoneFailure>) -> Result<(), String> {
    match answer {
        Ok(_) => Err("the request succeeded".to_owned()),
        Err(failure) if [401, 403].iter().any(|status| has_status(&failure, *status)) => Ok(()),
        Err(failure) => Err(failure.to_string()),
    }
}

/// Returns true for a failure with the given response status.
///
/// The text after the status and the address before it may contain any number.
fn has_status(failure: &ZoneFailure, status: u16) -> bool {
    failure.message.contains(&format!("` returned {status}"))
}

fn expect_precondition_failed<T>(kept: Result<T, WriteError>) -> Result<(), String> {
    match kept {
        Err(WriteError::Moved) => Ok(()),
        Err(WriteError::Refused(failure) | WriteError::Unknown(failure) | WriteError::Astray(failure)) => {
            Err(failure.to_string())
        }
        Err(WriteError::Unprocessed(reason)) => Err(reason.into_failure().to_string()),
        Ok(_) => Err("the write succeeded, so an edit in between would be lost".to_owned()),
    }
}

fn id_of(listed: &ServedCollection) -> CollectionId {
    let table = listed.table.as_deref().map_or(TableName::Whole, |table| TableName::Code(table.into()));
    CollectionId { table, ..CollectionId::of_institution(&listed.kind) }
}
