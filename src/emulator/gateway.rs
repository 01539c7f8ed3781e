//! Gateway in front of the emulated zones, following zonal's contract (`gateway.openapi.json`).

use std::time::Duration;

use bytes::Bytes;
use http::header::IF_MATCH;
use http::{Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::api_request::ApiRequest;
use super::error_response::error_json;
use super::fault::FaultEffect;
use super::gateway_collections::{EmulatedGatewayCollection, EmulatedGatewayRecord, find, key_of, types};
use super::lock::lock;
use super::modification_stamp::ModificationStamp;
use super::network::{DroppedConnection, EmulatedNetwork, KeyPermission, nap};
use super::response_document::to_response;
use super::zone_entry::{EmulatorState, ZoneEntry};
use crate::kinds::GatewayCollection;

/// Path prefix of the gateway.
pub(super) const PREFIX: &str = "/gateway/v1/zones/";

/// Route below [`PREFIX`].
struct GatewayRoute {
    zone: String,
    /// Collection type. `None` for the list of collections.
    kind: Option<String>,
    /// Key of the record. `None` for the whole collection.
    record: Option<Vec<String>>,
}

/// Error response: status, code and message.
type GatewayErrorResponse = (StatusCode, &'static str, String);

impl EmulatedNetwork {
    /// Handles a request to the gateway.
    pub async fn handle_gateway(
        &self,
        call: &ApiRequest,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, DroppedConnection> {
        let route = GatewayRoute::parse_path(request.uri().path());
        let entry = route.as_ref().and_then(|route| self.zone(&route.zone));
        let effect = entry.and_then(|entry| entry.gateway_fault(call));
        if let Some(entry) = entry {
            let latency = lock(&entry.state).settings.latency_ms;
            nap(Duration::from_millis(latency)).await;
        }
        match effect {
            Some(FaultEffect::Refused) => return Err(DroppedConnection::NotReceived),
            Some(FaultEffect::Hang) => return std::future::pending().await,
            Some(FaultEffect::Status { status, processed: false, ref message, .. }) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                return Ok(json_response(Err((status, "FAULT", message.clone()))));
            }
            Some(_) | None => {}
        }
        let result = match (self.gateway_permission(call), route, entry) {
            (None, _, _) => Err((StatusCode::FORBIDDEN, "FORBIDDEN", "unknown API key".to_owned())),
            (Some(permission), Some(route), Some(entry)) => entry.serve(&route, permission, call, request),
            (Some(_), _, _) => Err((StatusCode::NOT_FOUND, "NOT_FOUND", "unknown zone".to_owned())),
        };
        match effect {
            Some(FaultEffect::ResponseLost) => Err(DroppedConnection::ResponseLost),
            Some(_) | None => Ok(json_response(result)),
        }
    }

    fn gateway_permission(&self, call: &ApiRequest) -> Option<KeyPermission> {
        let keys = &*lock(&self.gateway_keys);
        match call.key.as_deref()? {
            key if key == keys.write => Some(KeyPermission::ReadWrite),
            key if key == keys.read => Some(KeyPermission::ReadOnly),
            _ => None,
        }
    }
}

impl ZoneEntry {
    /// Returns the effect of the armed faults on a gateway request for the zone.
    fn gateway_fault(&self, call: &ApiRequest) -> Option<FaultEffect> {
        let EmulatorState { settings, faults, .. } = &mut *lock(&self.state);
        let mut effects = faults.iter_mut().filter_map(|armed| {
            armed.strike(settings.seed, &self.zone.code, call.method.as_str(), &call.target)
        });
        effects.next()
    }

    fn serve(
        &self,
        route: &GatewayRoute,
        permission: KeyPermission,
        call: &ApiRequest,
        request: &Request<Bytes>,
    ) -> Result<Value, GatewayErrorResponse> {
        let role = self.zone.role;
        let Some(kind) = &route.kind else {
            let entries =
                types(role).map(|entry| json!({"kind": entry.kind, "verbs": ["read", "put", "delete"]}));
            return Ok(json!({"collections": entries.collect::<Vec<_>>()}));
        };
        let description = find(kind, role).ok_or_else(|| {
            (StatusCode::NOT_FOUND, "NOT_FOUND", format!("the gateway does not serve {kind}"))
        })?;
        let EmulatorState { institution, settings, .. } = &mut *lock(&self.state);
        let table = call.parameter("table").map(str::to_owned);
        let collection = institution.gateway.0.entry((kind.clone(), table)).or_default();
        match (&route.record, &call.method) {
            (None, &Method::GET) => Ok(collection_json(collection)),
            (Some(_), &Method::PUT | &Method::DELETE) if permission != KeyPermission::ReadWrite => {
                Err((StatusCode::FORBIDDEN, "FORBIDDEN", "the API key is read-only".to_owned()))
            }
            (Some(key), &Method::PUT | &Method::DELETE) => {
                let expected = request.headers().get(IF_MATCH).and_then(|value| value.to_str().ok());
                let revision = collection.revision.to_string();
                if expected.map(|value| value.trim_matches('"')) != Some(&revision) {
                    let message = format!("the current revision is {revision}");
                    return Err((StatusCode::PRECONDITION_FAILED, "MOVED", message));
                }
                if call.method == Method::DELETE {
                    let unknown = (StatusCode::NOT_FOUND, "NOT_FOUND", "unknown record".to_owned());
                    collection.records.remove(key).ok_or(unknown)?;
                } else {
                    let fields = parse_fields(description, key, request.body())?;
                    let updated = Some(ModificationStamp::new(&settings.api_user, &settings.today));
                    collection.records.insert(key.clone(), EmulatedGatewayRecord { fields, updated });
                }
                collection.revision += 1;
                let revision = collection.revision.to_string();
                if call.method == Method::PUT {
                    institution.follow_gateway_record(kind, key);
                }
                institution.mark_changed();
                Ok(json!({"revision": revision}))
            }
            (_, _) => Err((StatusCode::METHOD_NOT_ALLOWED, "METHOD", "method not allowed".to_owned())),
        }
    }
}

impl GatewayRoute {
    fn parse_path(path: &str) -> Option<Self> {
        let mut segments = path
            .strip_prefix(PREFIX)?
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned());
        let zone = segments.next()?;
        if segments.next()? != "collections" {
            return None;
        }
        let kind = segments.next();
        let record = match segments.next() {
            None => None,
            Some(word) if word == "records" => Some(segments.collect()),
            Some(_) => return None,
        };
        Some(Self { zone, kind, record })
    }
}

fn collection_json(collection: &EmulatedGatewayCollection) -> Value {
    let records = collection.records.values().map(|EmulatedGatewayRecord { fields, updated }| {
        let mut record = json!({"fields": fields});
        if let Some(ModificationStamp { by, date }) = updated {
            record["updatedBy"] = by.clone().into();
            record["updateDate"] = date.clone().into();
        }
        record
    });
    let records: Vec<Value> = records.collect();
    let mut json = json!({"revision": collection.revision.to_string()});
    // An empty list is omitted, as in Alma's own lists.
    if !records.is_empty() {
        json["records"] = records.into();
    }
    json
}

/// Validates the record of a PUT and returns the fields.
fn parse_fields(
    description: &GatewayCollection,
    key: &[String],
    body: &[u8],
) -> Result<Map<String, Value>, GatewayErrorResponse> {
    let bad = |message: String| (StatusCode::BAD_REQUEST, "INVALID_RECORD", message);
    let body: Value = serde_json::from_slice(body).map_err(|error| bad(error.to_string()))?;
    let fields =
        body.get("fields").and_then(Value::as_object).ok_or_else(|| bad("`fields` is missing".into()))?;
    if key_of(description, fields).map_err(bad)? != key {
        return Err(bad("the path and `fields` name different records".into()));
    }
    // Alma's page of availability groups accepts no punctuation in a description (the vendor's help). The
    // status of `_` is unknown; the emulator accepts `_` because institution codes contain it.
    let text = fields.get("description").and_then(Value::as_str).unwrap_or_default();
    if description.kind == "AvailabilityGroups"
        && text.chars().any(|c| !c.is_alphanumeric() && !c.is_whitespace() && c != '_')
    {
        return Err(bad("punctuation is not allowed in `description`".into()));
    }
    Ok(fields.clone())
}

fn json_response(result: Result<Value, GatewayErrorResponse>) -> Response<Bytes> {
    let (status, body) = match result {
        Ok(body) => (StatusCode::OK, body),
        Err((status, code, message)) => (status, error_json(code, &message)),
    };
    to_response(status, "application/json", body.to_string())
}
