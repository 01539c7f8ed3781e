//! Gateway in front of the emulated zones, following zonal's contract (`gateway.openapi.json`).

use bytes::Bytes;
use http::header::{CONTENT_TYPE, IF_MATCH};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::api_request::ApiRequest;
use super::fault::FaultEffect;
use super::gateway_collections::{
    self, EmulatedGatewayCollection, EmulatedGatewayRecord, GatewayCollectionKey, key_of, types,
};
use super::network::{
    DroppedConnection, EmulatedNetwork, EmulatorState, KeyPermission, ZoneEntry, lock, nap,
};
use super::table::ModificationStamp;
use crate::kinds::GatewayCollection;
use std::time::Duration;

/// Path prefix of the gateway.
pub(super) const PREFIX: &str = "/gateway/v1/zones/";

/// API keys of the gateway, valid for every zone.
#[derive(Debug, Clone)]
pub struct GatewayKeys {
    /// Read-only key.
    pub read: String,
    /// Key for reading and writing.
    pub write: String,
}

impl Default for GatewayKeys {
    fn default() -> Self {
        Self { read: "emulated-gateway-read".to_owned(), write: "emulated-gateway-write".to_owned() }
    }
}

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
    pub async fn gateway(
        &self,
        call: &ApiRequest,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, DroppedConnection> {
        let route = GatewayRoute::parse_path(request.uri().path());
        let place =
            route.as_ref().and_then(|route| self.places.iter().find(|place| place.zone.code == route.zone));
        let effect = place.and_then(|place| place.fault_effect(call));
        if let Some(place) = place {
            let latency = lock(&place.state).settings.latency_ms;
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
        let answer = match (route, place) {
            _ if self.gateway_allows(call).is_none() => {
                Err((StatusCode::FORBIDDEN, "FORBIDDEN", "unknown API key".to_owned()))
            }
            (Some(route), Some(place)) => self.serve(&route, place, call, request),
            (_, _) => Err((StatusCode::NOT_FOUND, "NOT_FOUND", "unknown zone".to_owned())),
        };
        match effect {
            Some(FaultEffect::ResponseLost) => Err(DroppedConnection::ResponseLost),
            Some(_) | None => Ok(json_response(answer)),
        }
    }

    fn gateway_allows(&self, call: &ApiRequest) -> Option<KeyPermission> {
        let keys = &*lock(&self.gateway_keys);
        match call.key.as_deref()? {
            key if key == keys.write => Some(KeyPermission::ReadWrite),
            key if key == keys.read => Some(KeyPermission::ReadOnly),
            _ => None,
        }
    }

    fn serve(
        &self,
        route: &GatewayRoute,
        place: &ZoneEntry,
        call: &ApiRequest,
        request: &Request<Bytes>,
    ) -> Result<Value, GatewayErrorResponse> {
        let role = place.zone.role;
        let Some(kind) = &route.kind else {
            let entry =
                |each: &GatewayCollection| json!({"kind": each.kind, "verbs": ["read", "put", "delete"]});
            return Ok(json!({"collections": types(role).map(entry).collect::<Vec<_>>()}));
        };
        let of = gateway_collections::find(kind, role).ok_or_else(|| {
            (StatusCode::NOT_FOUND, "NOT_FOUND", format!("the gateway does not serve {kind}"))
        })?;
        let EmulatorState { institution, settings, .. } = &mut *lock(&place.state);
        let name: GatewayCollectionKey = (kind.clone(), call.query.table.clone());
        let kept = institution.kept.entry(name).or_default();
        match (&route.record, &call.method) {
            (None, &Method::GET) => Ok(collection(kept)),
            (Some(_), &Method::PUT | &Method::DELETE)
                if self.gateway_allows(call) != Some(KeyPermission::ReadWrite) =>
            {
                Err((StatusCode::FORBIDDEN, "FORBIDDEN", "the API key is read-only".to_owned()))
            }
            (Some(key), &Method::PUT | &Method::DELETE) => {
                let expected = request.headers().get(IF_MATCH).and_then(|value| value.to_str().ok());
                if expected.map(|value| value.trim_matches('"')) != Some(kept.revision.to_string().as_str()) {
                    let words = format!("the current revision is {}", kept.revision);
                    return Err((StatusCode::PRECONDITION_FAILED, "MOVED", words));
                }
                let stamp = ModificationStamp { by: settings.api_user.clone(), date: settings.today.clone() };
                if call.method == Method::DELETE {
                    kept.records
                        .remove(key)
                        .ok_or_else(|| (StatusCode::NOT_FOUND, "NOT_FOUND", "unknown record".to_owned()))?;
                } else {
                    let fields = fields(of, key, request.body())?;
                    kept.records.insert(key.clone(), EmulatedGatewayRecord { fields, updated: Some(stamp) });
                    // E-resources can name the group from now on.
                    if let ("AvailabilityGroups", [name]) = (of.kind, key.as_slice()) {
                        institution.electronic.add_group(name);
                    }
                }
                kept.revision += 1;
                let revision = kept.revision.to_string();
                institution.mark_changed();
                Ok(json!({"revision": revision}))
            }
            (_, _) => Err((StatusCode::METHOD_NOT_ALLOWED, "METHOD", "method not allowed".to_owned())),
        }
    }
}

impl ZoneEntry {
    /// Returns the effect of the armed faults on a gateway request for the zone.
    fn fault_effect(&self, call: &ApiRequest) -> Option<FaultEffect> {
        let EmulatorState { settings, faults, .. } = &mut *lock(&self.state);
        let strike = |armed: &mut super::fault::ArmedFault| {
            armed.strike(settings.seed, &self.zone.code, call.method.as_str(), &call.target)
        };
        faults.iter_mut().filter_map(strike).next()
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

fn collection(kept: &EmulatedGatewayCollection) -> Value {
    let records = kept.records.values().map(|EmulatedGatewayRecord { fields, updated }| {
        let mut record = json!({"fields": fields});
        if let Some(ModificationStamp { by, date }) = updated {
            record["updatedBy"] = by.clone().into();
            record["updateDate"] = date.clone().into();
        }
        record
    });
    let records: Vec<Value> = records.collect();
    let mut collection = json!({"revision": kept.revision.to_string()});
    // An empty list is omitted, as in Alma's own lists.
    if !records.is_empty() {
        collection["records"] = records.into();
    }
    collection
}

/// Validates the record of a PUT and returns the fields.
fn fields(
    of: &GatewayCollection,
    key: &[String],
    body: &[u8],
) -> Result<Map<String, Value>, GatewayErrorResponse> {
    let bad = |words: String| (StatusCode::BAD_REQUEST, "INVALID_RECORD", words);
    let body: Value = serde_json::from_slice(body).map_err(|error| bad(error.to_string()))?;
    let fields =
        body.get("fields").and_then(Value::as_object).ok_or_else(|| bad("`fields` is missing".into()))?;
    if key_of(of, fields).map_err(bad)? != key {
        return Err(bad("the path and `fields` name different records".into()));
    }
    // Alma's page of availability groups accepts no punctuation in a description (the vendor's help). The
    // status of `_` is unknown; the emulator accepts `_` because institution codes contain it.
    let description = fields.get("description").and_then(Value::as_str).unwrap_or_default();
    if of.kind == "AvailabilityGroups"
        && description.chars().any(|c| !c.is_alphanumeric() && !c.is_whitespace() && c != '_')
    {
        return Err(bad("punctuation is not allowed in `description`".into()));
    }
    Ok(fields.clone())
}

fn json_response(answer: Result<Value, GatewayErrorResponse>) -> Response<Bytes> {
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body),
        Err((status, code, message)) => {
            let error = json!({"errorCode": code, "errorMessage": message});
            (status, json!({"errorsExist": true, "errorList": {"error": [error]}}))
        }
    };
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
