//! Classifies one response: success, or a failure and its meaning for the zone.

use std::time::Duration;

use bytes::Bytes;
use http::header::LOCATION;
use http::{Response, StatusCode};
use serde_json::Value as Json;

use super::api_key::ApiKey;
use super::electronic_members;
use super::error_body::{ErrorBody, is_html};
use super::retry_after::{self, RequestedWait};
use super::unique_json;
use crate::model::{FailureClass, ZoneFailure, error_chain_text};
use crate::provider::transport::TransportError;

/// Successful response.
#[derive(Debug, Clone)]
pub enum HttpSuccess {
    /// JSON body.
    Json(Json),
    /// Text body, possibly empty; neither an error nor a web page.
    Text(String),
}

/// Failed or missing response.
#[derive(Debug, Clone)]
pub struct HttpFailure {
    /// Type of the failure, for retries.
    pub kind: HttpFailureType,
    /// Failure for the caller.
    pub failure: ZoneFailure,
    /// Wait that the server asks for before the next request, if any.
    pub retry_after: Option<RequestedWait>,
}

impl HttpFailure {
    /// Creates a failure without a wait.
    pub fn new(kind: HttpFailureType, failure: ZoneFailure) -> Self {
        Self { kind, failure, retry_after: None }
    }
}

/// Types of failures, by their evidence about the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpFailureType {
    /// Rejected unprocessed because requests come too fast.
    Throttled,
    /// Never sent.
    NotSent,
    /// Never sent, because the reading for the write would be too old: the wait for the rate of requests.
    Outdated(Duration),
    /// Possibly processed, without a response.
    NoResponse,
    /// Server error, before or after the server processed the request.
    ServerError,
    /// Success status with an invalid body.
    InvalidBody,
    /// Status outside the API's documentation, such as a redirect.
    UnexpectedStatus,
    /// Processed and rejected, because the revision changed.
    PreconditionFailed,
    /// Processed and rejected; a retry would fail as well.
    Rejected,
}

/// Classifies a response. `request` names the request in messages, ``` `GET /conf/general` ```.
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
    let message = format!("{request}: {}", key.strike_out(&error_chain_text(error)));
    let help = unreachable_help(&message);
    let failure = ZoneFailure::new(FailureClass::Unreachable, message).help(help);
    HttpFailure::new(kind, failure)
}

/// Returns the help for a failed connection, by the words of the TLS and network libraries.
fn unreachable_help(message: &str) -> &'static str {
    let has = |word: &str| message.contains(word);
    match () {
        () if has("UnknownIssuer") || has("invalid peer certificate") => CERTIFICATE,
        () if has("tunnel error") => PROXY,
        () if has("dns error") || has("timed out") => NO_WAY_OUT,
        () => "try again later; if no zone can be reached, check `region` or `baseUrl`",
    }
}

fn success(key: &ApiKey, request: &str, answer: &Response<Bytes>) -> Result<HttpSuccess, HttpFailure> {
    // A lenient read would write undecodable bytes back as question marks.
    let Ok(text) = std::str::from_utf8(answer.body()) else {
        return Err(invalid_body_failure(request, "bytes that are not UTF-8"));
    };
    let text = text.trim_start_matches('\u{feff}');
    let json = match unique_json::parse(text) {
        Ok(json) => Some(json),
        // A repeated member: the answer is damaged, and a reader would see only one of the values.
        Err(error) if error.is_data() => {
            return Err(invalid_body_failure(
                request,
                &format!("damaged JSON: {}", key.strike_out(&error.to_string())),
            ));
        }
        Err(_) => None,
    };
    if let Some(json) = json {
        // Errors with status 200: reported by client authors, not proven.
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

/// Returns the failure for a success status with an invalid body.
pub fn invalid_body_failure(request: &str, what: &str) -> HttpFailure {
    let failure = ZoneFailure::new(FailureClass::Malformed, format!("{request} returned {what}"))
        .help("check `region` or `baseUrl`; a proxy or login page may have answered instead of the API");
    HttpFailure::new(HttpFailureType::InvalidBody, failure)
}

/// Returns the failure for a body that should contain JSON.
pub fn not_json(request: &str, text: &str) -> HttpFailure {
    let what = match text.trim() {
        "" => "an empty body",
        xml if xml.starts_with('<') && xml.ends_with('>') => "XML instead of JSON",
        _ => "invalid or truncated JSON",
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
    let (kind, class, help) = match complaint.code.as_deref() {
        Some("DAILY_THRESHOLD") => (HttpFailureType::Rejected, FailureClass::Quota, Some(TOMORROW)),
        Some("PER_SECOND_THRESHOLD") => (HttpFailureType::Throttled, FailureClass::Unreachable, Some(SLOWER)),
        _ if status == StatusCode::PRECONDITION_FAILED => {
            (HttpFailureType::PreconditionFailed, FailureClass::Rejected, None)
        }
        _ if status == StatusCode::TOO_MANY_REQUESTS => {
            (HttpFailureType::Throttled, FailureClass::Unreachable, Some(SLOWER))
        }
        _ if status.is_server_error() => {
            (HttpFailureType::ServerError, FailureClass::Unreachable, Some(LATER))
        }
        Some("GENERAL_ERROR" | "ROUTING_ERROR") => {
            (HttpFailureType::ServerError, FailureClass::Unreachable, Some(LATER))
        }
        // Alma's "general error" does not show the progress of the request, and concerns only one table.
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
            // Code tables have no display name in the manifest.
            let help = match help {
                Some(NO_TABLE) if request.contains("/code-tables/") => Some(NO_CODE_TABLE),
                Some(NO_NAME) if request.contains("/code-tables/") => Some(NO_CODE_TABLE_NAME),
                help => help,
            };
            (HttpFailureType::Rejected, class, help)
        }
    };
    let mut message = format!("{request} returned {}", status.as_u16());
    let words: Vec<_> = [&complaint.code, &complaint.message].into_iter().flatten().cloned().collect();
    if !words.is_empty() {
        message.push_str(": ");
        message.push_str(key.strike_out(&words.join(" ")).trim_end_matches(['.', ' ']));
    } else if let Some(target) = answer.headers().get(LOCATION).and_then(|target| target.to_str().ok()) {
        let target = target.split(['?', '#']).next().unwrap_or_default();
        message.push_str(&format!(", a redirect to {}, which is not followed", key.strike_out(target)));
    }
    let retry_after = match kind {
        HttpFailureType::Throttled | HttpFailureType::ServerError => retry_after::parse(answer.headers()),
        _ => None,
    };
    let mut help = help.map(str::to_owned);
    if request.contains("/electronic/") && help.is_none() {
        help = complaint.code.as_deref().and_then(electronic_members::refused_help);
    }
    if let Some(RequestedWait::TooLong(wait)) = retry_after {
        message.push_str(&retry_after::too_long(wait));
        help = Some(retry_after::AFTER_WAIT.to_owned());
    }
    let tracking_id = complaint.tracking_id.as_deref().map(|id| key.strike_out(id));
    HttpFailure { kind, failure: ZoneFailure { class, message, help, tracking_id }, retry_after }
}

const TOMORROW: &str = "try again after midnight; all integrations of the institution share the daily quota";
const SLOWER: &str = "lower `rate.perSecond`; all integrations of the institution share the rate limit";
const LATER: &str = "try again later; if the error persists, report the tracking ID to the vendor's support";
const GATEWAY: &str = "set `baseUrl` to the API's gateway, not to the institution's own Alma address";
const AREA: &str = "grant the key the area Configuration in the Developer Network: read-only for `credentials.read`, read/write for `credentials.write`; production keys do not work for sandboxes";
const NO_TABLE: &str =
    "look up the code in the zone's list of tables, or use `tableName` with the display name";
const NO_CODE_TABLE: &str = "look up the code in the zone's list of code tables; codes are case-sensitive";
const NO_NAME: &str =
    "set the name of the table in the manifest: a code in `table`, or a display name in `tableName`";
const NO_CODE_TABLE_NAME: &str = "set the code of the table in the manifest, in `table`";
const NO_JOB: &str = "look up the ID of the job in the zone (Admin > Monitor Jobs); a job that ended long ago is no longer listed";
const NO_VALUE: &str =
    "the zone does not know a code of the request; check the codes in the manifest against the zone";
const JSON_TO_XML: &str =
    "this request needs XML; let the gateway pass `Content-Type` and `Accept` unchanged";
const KEY: &str = "check that the key is complete, that `region` or `baseUrl` is its own, that it allows this IP address, and for a write, that it is read/write";
const CERTIFICATE: &str = "if a firewall or proxy checks TLS, set `SSL_CERT_FILE` to a PEM file with its certificate authority and the public ones; otherwise check `baseUrl`";
const PROXY: &str = "let the proxy in `HTTPS_PROXY` reach this address, or correct the variable";
const NO_WAY_OUT: &str = "try again later; if no zone can be reached, set `HTTPS_PROXY` to the proxy of your network, or check `region` or `baseUrl`";
const NO_LETTER: &str = "look up the letter's code in Alma's list of letters; codes are case-sensitive";
const NO_CODE: &str = "check the letter's code, `library` and `language`; one of them is unknown in the zone";
const HIDDEN: &str = "view and change this table in Alma; the API does not expose the table";
const FIXED: &str = "the institution cannot customize this table";
const SCOPE: &str = "set `library` to a library of this zone, and only for tables that exist per library";
const NO_RESOURCE: &str =
    "look up the IDs in the Network Zone: e-collection, then its e-service, then its portfolio";
const NO_GROUP: &str = "use only the Network Zone's Inventory Network Groups (Configuration > Resources > General); a new group is sent by its name, so where groups have numbers, add it once in Alma under Group Settings of the resource, and plan again";
const NO_PROXY: &str = "set `proxy` to the code of one of the Network Zone's proxy definitions";
const ELECTRONIC_AREA: &str = "grant the key the area Electronic in the Developer Network: read-only for `credentials.read`, read/write for `credentials.write`; production keys do not work for sandboxes";
const ONE_DEFAULT: &str = "set `default: true` in at most one row of a table";

/// Returns the meaning of a rejection.
///
/// The numeric codes come from the vendor's OpenAPI, and the gateway's words from client authors.
fn failure_class(
    code: Option<&str>,
    status: StatusCode,
    message: Option<&str>,
) -> (FailureClass, Option<&'static str>) {
    match code {
        Some("UNAUTHORIZED") => (FailureClass::Denied, Some(AREA)),
        Some("FORBIDDEN") => (FailureClass::Denied, Some(KEY)),
        Some("60105") => (FailureClass::Rejected, Some(JSON_TO_XML)),
        Some("60343") => (FailureClass::Rejected, Some(LATER)),
        Some("90100" | "90126") => (FailureClass::Rejected, Some(NO_NAME)),
        Some("402215" | "402216" | "402218" | "402219") => (FailureClass::Missing, Some(NO_JOB)),
        Some("402217" | "40166410") => (FailureClass::Rejected, Some(NO_VALUE)),
        Some("60344") => (FailureClass::UnknownName, Some(NO_LETTER)),
        Some("40166411" | "40166413") => (FailureClass::Rejected, Some(NO_CODE)),
        Some("90101") => (FailureClass::UnknownName, Some(NO_TABLE)),
        Some("90102") => (FailureClass::Locked, Some(HIDDEN)),
        Some("90123" | "90125") => (FailureClass::Locked, Some(FIXED)),
        Some("90121" | "90127") => (FailureClass::Mismatch, Some(SCOPE)),
        Some("90122") => (FailureClass::Rejected, Some(ONE_DEFAULT)),
        Some("60121" | "60122" | "60123" | "60151") => (FailureClass::Missing, Some(NO_RESOURCE)),
        Some("60152") => (FailureClass::Rejected, Some(NO_GROUP)),
        Some("60135" | "60168") => (FailureClass::Rejected, Some(NO_PROXY)),
        Some("INVALID_REQUEST") if message.is_some_and(|text| text.to_ascii_lowercase().contains("key")) => {
            (FailureClass::Denied, Some(KEY))
        }
        // The institution's own Alma address returns a 401 page for every key: measured by client authors.
        None if status == StatusCode::UNAUTHORIZED => (FailureClass::Denied, Some(GATEWAY)),
        _ if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => (
            FailureClass::Denied,
            Some("check that the API key is complete and not restricted to other IP addresses"),
        ),
        None if status == StatusCode::NOT_FOUND => (FailureClass::Missing, Some(GATEWAY)),
        _ if status == StatusCode::NOT_FOUND => (FailureClass::Missing, None),
        _ => (FailureClass::Rejected, None),
    }
}

#[cfg(test)]
mod tests {
    use super::unreachable_help;

    #[test]
    fn failed_connection_names_the_variable_that_helps() {
        for (message, help) in [
            ("client error (Connect): invalid peer certificate: UnknownIssuer", "`SSL_CERT_FILE`"),
            ("client error (Connect): tunnel error: unsuccessful", "the proxy in `HTTPS_PROXY`"),
            ("client error (Connect): dns error: no record found", "set `HTTPS_PROXY`"),
            ("client error (Connect): operation timed out", "set `HTTPS_PROXY`"),
            ("connection refused", "check `region`"),
        ] {
            assert!(unreachable_help(message).contains(help), "{message}");
        }
    }
}
