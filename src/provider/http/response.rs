//! Judges one answer: good, or what kind of trouble, and what that means for the zone.

use std::time::Duration;

use bytes::Bytes;
use http::header::{LOCATION, RETRY_AFTER};
use http::{Response, StatusCode};
use serde_json::Value as Json;

use super::api_key::ApiKey;
use super::error_body::{ErrorBody, is_html};
use crate::model::{FailureClass, ZoneFailure};
use crate::provider::transport::TransportError;

/// An answer that means success.
#[derive(Debug, Clone)]
pub enum HttpSuccess {
    /// What was asked for.
    Json(Json),
    /// Something else, perhaps nothing, that is neither an error nor a web page.
    Text(String),
}

/// An answer that does not mean success, or none.
#[derive(Debug, Clone)]
pub struct HttpFailure {
    /// What may be tried again.
    pub kind: HttpFailureType,
    /// What to tell.
    pub failure: ZoneFailure,
}

/// Kinds of trouble, by what they prove about the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpFailureType {
    /// Turned away unseen because requests come too fast; the zone may have said how long to wait.
    Throttled(Option<Duration>),
    /// Never sent.
    NotSent,
    /// Perhaps seen, not answered.
    NoResponse,
    /// The server stumbled; perhaps before, perhaps after it had done what was asked.
    ServerError,
    /// Success in words, and a body that cannot be understood.
    InvalidBody,
    /// A status that the API does not have, such as a redirect.
    UnexpectedStatus,
    /// Seen and refused, because what it was made for has moved.
    PreconditionFailed,
    /// Seen and refused; another try would be refused too.
    Rejected,
}

/// Judges what came back. `request` is how messages name it, ``` `GET /conf/general` ```.
pub fn classify(
    key: &ApiKey,
    request: &str,
    came: Result<Response<Bytes>, TransportError>,
) -> Result<HttpSuccess, HttpFailure> {
    let answer = match came {
        Ok(answer) => answer,
        Err(error) => return Err(transport_failure(key, request, &error)),
    };
    let status = answer.status();
    if status.is_success() {
        return success(key, request, &answer);
    }
    let complaint = ErrorBody::parse(answer.body());
    Err(rejected_failure(key, request, status, &answer, &complaint))
}

fn transport_failure(key: &ApiKey, request: &str, error: &TransportError) -> HttpFailure {
    let kind = match error {
        TransportError::Connect(_) => HttpFailureType::NotSent,
        TransportError::Lost(_) => HttpFailureType::NoResponse,
    };
    let message = format!("{request}: {}", key.strike_out(&error.to_string()));
    HttpFailure {
        kind,
        failure: ZoneFailure::new(FailureClass::Unreachable, message)
            .help("try again later; look at `region` or `baseUrl` where no zone can be reached"),
    }
}

fn success(key: &ApiKey, request: &str, answer: &Response<Bytes>) -> Result<HttpSuccess, HttpFailure> {
    // Read leniently, whatever cannot be decoded would be written back as question marks.
    let Ok(text) = std::str::from_utf8(answer.body()) else {
        return Err(invalid_body_failure(request, "bytes that are not UTF-8"));
    };
    let text = text.trim_start_matches('\u{feff}');
    if let Ok(json) = serde_json::from_str::<Json>(text) {
        // Reported by client authors, not proven: errors that come with a 200.
        return match ErrorBody::in_success(&json) {
            Some(complaint) => {
                Err(rejected_failure(key, request, StatusCode::BAD_REQUEST, answer, &complaint))
            }
            None => Ok(HttpSuccess::Json(json)),
        };
    }
    if let Some(complaint) = ErrorBody::in_success_xml(text) {
        return Err(rejected_failure(key, request, StatusCode::BAD_REQUEST, answer, &complaint));
    }
    if is_html(text) {
        let page = ErrorBody::parse(answer.body()).message.unwrap_or_default();
        return Err(invalid_body_failure(request, &key.strike_out(&page)));
    }
    Ok(HttpSuccess::Text(text.to_owned()))
}

/// An answer that claims success and cannot be understood.
pub fn invalid_body_failure(request: &str, what: &str) -> HttpFailure {
    HttpFailure {
        kind: HttpFailureType::InvalidBody,
        failure: ZoneFailure::new(FailureClass::Malformed, format!("{request} was answered with {what}"))
            .help("a proxy or a login page may stand before the API; look at `region` or `baseUrl`"),
    }
}

/// The same of one that was to be JSON.
pub fn not_json(request: &str, text: &str) -> HttpFailure {
    let what = match text.trim() {
        "" => "nothing",
        xml if xml.starts_with('<') && xml.ends_with('>') => "XML, although JSON was asked for",
        _ => "something that is not JSON, or breaks off",
    };
    invalid_body_failure(request, what)
}

fn rejected_failure(
    key: &ApiKey,
    request: &str,
    status: StatusCode,
    answer: &Response<Bytes>,
    complaint: &ErrorBody,
) -> HttpFailure {
    let retry_after = || {
        let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    };
    let (kind, class, help) = match complaint.code.as_deref() {
        Some("DAILY_THRESHOLD") => (HttpFailureType::Rejected, FailureClass::Quota, Some(TOMORROW)),
        Some("PER_SECOND_THRESHOLD") => {
            (HttpFailureType::Throttled(retry_after()), FailureClass::Unreachable, Some(SLOWER))
        }
        _ if status == StatusCode::PRECONDITION_FAILED => {
            (HttpFailureType::PreconditionFailed, FailureClass::Rejected, None)
        }
        _ if status == StatusCode::TOO_MANY_REQUESTS => {
            (HttpFailureType::Throttled(retry_after()), FailureClass::Unreachable, Some(SLOWER))
        }
        _ if status.is_server_error() => {
            (HttpFailureType::ServerError, FailureClass::Unreachable, Some(LATER))
        }
        Some("GENERAL_ERROR" | "ROUTING_ERROR") => {
            (HttpFailureType::ServerError, FailureClass::Unreachable, Some(LATER))
        }
        // Alma's own "general error" does not say how far it got, and is one table's trouble.
        Some("402119") => (HttpFailureType::ServerError, FailureClass::Rejected, Some(LATER)),
        _ if status == StatusCode::REQUEST_TIMEOUT => {
            (HttpFailureType::NoResponse, FailureClass::Unreachable, Some(LATER))
        }
        _ if !status.is_client_error() => {
            (HttpFailureType::UnexpectedStatus, FailureClass::Malformed, Some(GATEWAY))
        }
        code => {
            let (class, help) = failure_class(code, status, complaint.message.as_deref());
            let electronic = help == Some(AREA) && request.contains("/electronic/");
            let help = if electronic { Some(ELECTRONIC_AREA) } else { help };
            (HttpFailureType::Rejected, class, help)
        }
    };
    let mut message = format!("{request} was answered with {}", status.as_u16());
    let words: Vec<_> = [&complaint.code, &complaint.message].into_iter().flatten().cloned().collect();
    if !words.is_empty() {
        message.push_str(": ");
        message.push_str(key.strike_out(&words.join(" ")).trim_end_matches(['.', ' ']));
    } else if let Some(target) = answer.headers().get(LOCATION).and_then(|target| target.to_str().ok()) {
        let target = target.split(['?', '#']).next().unwrap_or_default();
        message.push_str(&format!(", a redirect to {}, which is not followed", key.strike_out(target)));
    }
    let tracking_id = complaint.tracking_id.as_deref().map(|id| key.strike_out(id));
    let failure = ZoneFailure { class, message, help: help.map(str::to_owned), tracking_id };
    HttpFailure { kind, failure }
}

const TOMORROW: &str =
    "try again after midnight; all integrations of the institution share the day's requests";
const SLOWER: &str = "lower `rate.perSecond`; all integrations of the institution share the allowance";
const LATER: &str = "try again later; give the tracking id to the vendor's support where it stays";
const GATEWAY: &str = "`baseUrl` must be the API's gateway, not the institution's own Alma address";
const AREA: &str = "give the key the area Configuration in the Developer Network: read-only for `credentials.read`, read/write for `credentials.write`; keys of production do not open sandboxes";
const NO_TABLE: &str =
    "look the code up in the zone's list of tables; `tableName` finds a table by the name people see";
const NO_LETTER: &str = "look the letter's code up in Alma's list of letters; codes are case-sensitive";
const NO_CODE: &str =
    "one of the codes is not known there: look at the letter's code, at `library` and at `language`";
const HIDDEN: &str = "this table can only be seen and changed in Alma itself";
const FIXED: &str = "the institution cannot customize this table";
const SCOPE: &str =
    "`library` must be a code of this zone's libraries, and the table one that libraries have";
const NO_RESOURCE: &str =
    "look the ids up in the network zone: of an e-collection, an e-service in it, a portfolio in that";
const NO_GROUP: &str = "every group must be one of the network zone's Inventory Network Groups (Configuration > Resources > General)";
const NO_PROXY: &str = "every `proxy` must be the code of one of the network zone's proxy definitions";
const ELECTRONIC_AREA: &str = "give the key the area Electronic in the Developer Network: read-only for `credentials.read`, read/write for `credentials.write`; keys of production do not open sandboxes";
const ONE_DEFAULT: &str = "at most one row of a table may be `default: true`";

/// What a refusal means: the codes of the vendor's OpenAPI, and the gateway's words, which client
/// authors have collected.
fn failure_class(
    code: Option<&str>,
    status: StatusCode,
    message: Option<&str>,
) -> (FailureClass, Option<&'static str>) {
    match code {
        Some("UNAUTHORIZED" | "FORBIDDEN") => (FailureClass::Denied, Some(AREA)),
        Some("60344") => (FailureClass::Missing, Some(NO_LETTER)),
        Some("40166411" | "40166413") => (FailureClass::Rejected, Some(NO_CODE)),
        Some("90101") => (FailureClass::Missing, Some(NO_TABLE)),
        Some("90102") => (FailureClass::Locked, Some(HIDDEN)),
        Some("90123" | "90125") => (FailureClass::Locked, Some(FIXED)),
        Some("90121" | "90127") => (FailureClass::Mismatch, Some(SCOPE)),
        Some("90122") => (FailureClass::Rejected, Some(ONE_DEFAULT)),
        Some("60121" | "60122" | "60123" | "60151") => (FailureClass::Missing, Some(NO_RESOURCE)),
        Some("60152") => (FailureClass::Rejected, Some(NO_GROUP)),
        Some("60135" | "60168") => (FailureClass::Rejected, Some(NO_PROXY)),
        Some("INVALID_REQUEST") if message.is_some_and(|text| text.to_ascii_lowercase().contains("key")) => {
            (FailureClass::Denied, Some(AREA))
        }
        // The institution's own Alma address answers every key with a 401 page: measured by client authors.
        None if status == StatusCode::UNAUTHORIZED => (FailureClass::Denied, Some(GATEWAY)),
        _ if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => (
            FailureClass::Denied,
            Some("look whether the key is complete, and whether it may be used from this address only"),
        ),
        None if status == StatusCode::NOT_FOUND => (FailureClass::Missing, Some(GATEWAY)),
        _ if status == StatusCode::NOT_FOUND => (FailureClass::Missing, None),
        _ => (FailureClass::Rejected, None),
    }
}
