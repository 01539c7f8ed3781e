//! A gateway in front of the emulated zones, as zonal's contract describes it (`gateway.openapi.json`).

use bytes::Bytes;
use http::header::{CONTENT_TYPE, IF_MATCH};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::fault::Effect;
use super::kept::{self, Kept, Name, Record, key_of, types};
use super::network::{Allowed, Broken, Network, Place, State, lock, nap};
use super::table::Stamp;
use crate::kinds::GatewayCollection;
use std::time::Duration;

/// Where the gateway stands beside the API.
pub(super) const PREFIX: &str = "/gateway/v1/zones/";

/// The keys that open the gateway for every zone.
#[derive(Debug, Clone)]
pub struct GatewayKeys {
    /// Opens it for reading.
    pub read: String,
    /// Opens it for everything.
    pub write: String,
}

impl Default for GatewayKeys {
    fn default() -> Self {
        Self { read: "emulated-gateway-read".to_owned(), write: "emulated-gateway-write".to_owned() }
    }
}

/// What a path below [`PREFIX`] names.
struct Route {
    zone: String,
    /// The type of collection; `None` for the list of them.
    kind: Option<String>,
    /// The record; `None` for the whole collection.
    record: Option<Vec<String>>,
}

/// An answer that is an error: status, code, words.
type No = (StatusCode, &'static str, String);

impl Network {
    /// Answers one request to the gateway.
    pub async fn gateway(&self, call: &Call, request: &Request<Bytes>) -> Result<Response<Bytes>, Broken> {
        let route = Route::of(request.uri().path());
        let place =
            route.as_ref().and_then(|route| self.places.iter().find(|place| place.zone.code == route.zone));
        let effect = place.and_then(|place| place.struck(call));
        if let Some(place) = place {
            let latency = lock(&place.state).settings.latency_ms;
            nap(Duration::from_millis(latency)).await;
        }
        match effect {
            Some(Effect::Refused) => return Err(Broken::Before),
            Some(Effect::Hang) => return std::future::pending().await,
            Some(Effect::Status { status, processed: false, ref message, .. }) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                return Ok(said(Err((status, "FAULT", message.clone()))));
            }
            Some(_) | None => {}
        }
        let answer = match (route, place) {
            _ if self.gateway_allows(call).is_none() => {
                Err((StatusCode::FORBIDDEN, "FORBIDDEN", "the key is not known".to_owned()))
            }
            (Some(route), Some(place)) => self.serve(&route, place, call, request),
            (_, _) => Err((StatusCode::NOT_FOUND, "NOT_FOUND", "there is no such zone".to_owned())),
        };
        match effect {
            Some(Effect::AnswerLost) => Err(Broken::After),
            Some(_) | None => Ok(said(answer)),
        }
    }

    fn gateway_allows(&self, call: &Call) -> Option<Allowed> {
        let keys = &*lock(&self.gateway_keys);
        match call.key.as_deref()? {
            key if key == keys.write => Some(Allowed::Everything),
            key if key == keys.read => Some(Allowed::Reading),
            _ => None,
        }
    }

    fn serve(
        &self,
        route: &Route,
        place: &Place,
        call: &Call,
        request: &Request<Bytes>,
    ) -> Result<Value, No> {
        let role = place.zone.role;
        let Some(kind) = &route.kind else {
            let entry =
                |each: &GatewayCollection| json!({"kind": each.kind, "verbs": ["read", "put", "delete"]});
            return Ok(json!({"collections": types(role).map(entry).collect::<Vec<_>>()}));
        };
        let of = kept::find(kind, role)
            .ok_or_else(|| (StatusCode::NOT_FOUND, "NOT_FOUND", format!("{kind} are not served")))?;
        let State { institution, settings, .. } = &mut *lock(&place.state);
        let name: Name = (kind.clone(), call.query.table.clone());
        let kept = institution.kept.entry(name).or_default();
        match (&route.record, &call.method) {
            (None, &Method::GET) => Ok(collection(kept)),
            (Some(_), &Method::PUT | &Method::DELETE)
                if self.gateway_allows(call) != Some(Allowed::Everything) =>
            {
                Err((StatusCode::FORBIDDEN, "FORBIDDEN", "the key may only read".to_owned()))
            }
            (Some(key), &Method::PUT | &Method::DELETE) => {
                let expected = request.headers().get(IF_MATCH).and_then(|value| value.to_str().ok());
                if expected.map(|value| value.trim_matches('"')) != Some(kept.revision.to_string().as_str()) {
                    let words = format!("the revision is {} by now", kept.revision);
                    return Err((StatusCode::PRECONDITION_FAILED, "MOVED", words));
                }
                let stamp = Stamp { by: settings.api_user.clone(), date: settings.today.clone() };
                if call.method == Method::DELETE {
                    kept.records.remove(key).ok_or_else(|| {
                        (StatusCode::NOT_FOUND, "NOT_FOUND", "there is no such record".to_owned())
                    })?;
                } else {
                    let fields = fields(of, key, request.body())?;
                    kept.records.insert(key.clone(), Record { fields, updated: Some(stamp) });
                    // What is available for groups may name this one from now on.
                    if let ("AvailabilityGroups", [name]) = (of.kind, key.as_slice()) {
                        institution.electronic.add_group(name);
                    }
                }
                kept.revision += 1;
                let revision = kept.revision.to_string();
                institution.changed();
                Ok(json!({"revision": revision}))
            }
            (_, _) => Err((StatusCode::METHOD_NOT_ALLOWED, "METHOD", "that cannot be done here".to_owned())),
        }
    }
}

impl Place {
    /// What becomes of a request to the gateway for this zone, by the rules that are armed.
    fn struck(&self, call: &Call) -> Option<Effect> {
        let State { settings, faults, .. } = &mut *lock(&self.state);
        let strike = |armed: &mut super::fault::Armed| {
            armed.strike(settings.seed, &self.zone.code, call.method.as_str(), &call.target)
        };
        faults.iter_mut().filter_map(strike).next()
    }
}

impl Route {
    fn of(path: &str) -> Option<Self> {
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

fn collection(kept: &Kept) -> Value {
    let records = kept.records.values().map(|Record { fields, updated }| {
        let mut record = json!({"fields": fields});
        if let Some(Stamp { by, date }) = updated {
            record["updatedBy"] = by.clone().into();
            record["updateDate"] = date.clone().into();
        }
        record
    });
    let records: Vec<Value> = records.collect();
    let mut collection = json!({"revision": kept.revision.to_string()});
    // As Alma's own lists: one that is empty is left out.
    if !records.is_empty() {
        collection["records"] = records.into();
    }
    collection
}

/// The fields of a record that is put, once they are allowed.
fn fields(of: &GatewayCollection, key: &[String], body: &[u8]) -> Result<Map<String, Value>, No> {
    let bad = |words: String| (StatusCode::BAD_REQUEST, "INVALID_RECORD", words);
    let body: Value = serde_json::from_slice(body).map_err(|error| bad(error.to_string()))?;
    let fields =
        body.get("fields").and_then(Value::as_object).ok_or_else(|| bad("there are no `fields`".into()))?;
    if key_of(of, fields).map_err(bad)? != key {
        return Err(bad("path and fields name different records".into()));
    }
    // The page of availability groups takes no punctuation in a description (the vendor's help); whether
    // `_` counts as such is not known, and institution codes have it.
    let description = fields.get("description").and_then(Value::as_str).unwrap_or_default();
    if of.kind == "AvailabilityGroups"
        && description.chars().any(|c| !c.is_alphanumeric() && !c.is_whitespace() && c != '_')
    {
        return Err(bad("a description holds no punctuation".into()));
    }
    Ok(fields.clone())
}

fn said(answer: Result<Value, No>) -> Response<Bytes> {
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
