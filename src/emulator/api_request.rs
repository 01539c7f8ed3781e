//! API request as understood by the emulator: API key, path, parameters and formats.

use http::{HeaderMap, Method, Request, Uri, header};
use percent_encoding::percent_decode_str;

use super::response_document::BodyFormat;

/// Request without the body.
pub(super) struct ApiRequest {
    pub method: Method,
    pub key: Option<String>,
    /// Decoded segments of the path below `/almaws/v1`. Empty for any other path.
    pub path: Vec<String>,
    /// Format of the response.
    pub answer: BodyFormat,
    /// Format of the body. `None` if the request names neither format.
    pub body: Option<BodyFormat>,
    /// Path and query without the API key, safe to log.
    pub target: String,
    parameters: Vec<(String, String)>,
}

impl ApiRequest {
    pub fn read<B>(request: &Request<B>) -> Self {
        let (uri, headers) = (request.uri(), request.headers());
        let query = uri.query().unwrap_or_default();
        let mut read = Self {
            method: request.method().clone(),
            key: header_value(headers, &header::AUTHORIZATION)
                .and_then(|value| value.strip_prefix("apikey ").or_else(|| value.strip_prefix("Apikey ")))
                .map(|key| key.trim().to_owned()),
            path: path_segments(uri.path()),
            answer: BodyFormat::Xml,
            body: header_value(headers, &header::CONTENT_TYPE).and_then(format_in),
            target: target_without_key(uri),
            parameters: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        };
        read.answer = match read.parameter("format") {
            Some("json") => BodyFormat::Json,
            Some("xml") => BodyFormat::Xml,
            // XML is the default (from memory of the API, not documented).
            Some(_) | None => {
                header_value(headers, &header::ACCEPT).and_then(format_in).unwrap_or(BodyFormat::Xml)
            }
        };
        if read.key.is_none() {
            read.key = read.parameter("apikey").map(str::to_owned);
        }
        read
    }

    /// Returns a query parameter, the last one of this name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut latest_first = self.parameters.iter().rev();
        latest_first.find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn target_without_key(uri: &Uri) -> String {
    let query = uri.query().unwrap_or_default();
    let shown: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("apikey=")).collect();
    match shown.is_empty() {
        true => uri.path().to_owned(),
        false => format!("{}?{}", uri.path(), shown.join("&")),
    }
}

fn path_segments(path: &str) -> Vec<String> {
    let Some(path) = path.strip_prefix("/almaws/v1/") else { return Vec::new() };
    let decode = |segment| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    path.trim_end_matches('/').split('/').map(decode).collect()
}

fn header_value<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Returns the first of the two formats in a media type or a list of media types.
fn format_in(types: &str) -> Option<BodyFormat> {
    match (types.find("json"), types.find("xml")) {
        (Some(json), Some(xml)) if xml < json => Some(BodyFormat::Xml),
        (Some(_), Some(_) | None) => Some(BodyFormat::Json),
        (None, Some(_)) => Some(BodyFormat::Xml),
        (None, None) => None,
    }
}
