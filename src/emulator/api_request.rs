//! API request as understood by the emulator: API key, route and formats.

use http::{HeaderMap, Method, Request, Uri, header};
use percent_encoding::percent_decode_str;

use super::response_document::BodyFormat;
use super::table::EmulatedTableType;

/// Request without the body.
pub(super) struct ApiRequest {
    pub method: Method,
    pub key: Option<String>,
    pub route: ApiRoute,
    /// Format of the response.
    pub answer: BodyFormat,
    /// Format of the body. `None` if the request names neither format.
    pub body: Option<BodyFormat>,
    /// Path and query without the API key, safe to log.
    pub target: String,
    pub query: ApiQuery,
}

/// Supported query parameters.
#[derive(Default)]
pub(super) struct ApiQuery {
    pub lang: Option<String>,
    pub scope: Option<String>,
    pub limit: Option<String>,
    pub offset: Option<String>,
    pub table: Option<String>,
    pub r#type: Option<String>,
    pub category: Option<String>,
    pub status: Option<String>,
    pub submit_date_from: Option<String>,
    pub submit_date_to: Option<String>,
    pub op: Option<String>,
    pub q: Option<String>,
    pub user_id_type: Option<String>,
    pub source_institution_code: Option<String>,
    pub source_user_id: Option<String>,
    format: Option<String>,
    key: Option<String>,
}

/// Resource named by a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ApiRoute {
    Test,
    General,
    List(EmulatedTableType),
    /// Children of an e-collection or e-service.
    Below(String),
    Table(EmulatedTableType, String),
    Jobs,
    /// Runs of a job.
    Runs(String),
    Letters,
    Letter(String),
    Relations,
    OpenHours,
    Users,
    User(String),
    Nothing,
}

impl ApiRequest {
    pub fn read<B>(request: &Request<B>) -> Self {
        let (query, target) = ApiQuery::read(request.uri());
        let headers = request.headers();
        let accept = header_value(headers, &header::ACCEPT);
        let answer = match query.format.as_deref() {
            Some("json") => BodyFormat::Json,
            Some("xml") => BodyFormat::Xml,
            // XML is the default (from memory of the API, not documented).
            Some(_) | None => accept.and_then(format_in).unwrap_or(BodyFormat::Xml),
        };
        let key = header_value(headers, &header::AUTHORIZATION)
            .and_then(|value| value.strip_prefix("apikey ").or_else(|| value.strip_prefix("Apikey ")))
            .map(|key| key.trim().to_owned())
            .or_else(|| query.key.clone());
        Self {
            method: request.method().clone(),
            key,
            route: ApiRoute::parse_path(request.uri().path()),
            answer,
            body: header_value(headers, &header::CONTENT_TYPE).and_then(format_in),
            target,
            query,
        }
    }
}

impl ApiQuery {
    /// Returns the parameters, and path and query without the API key.
    fn read(uri: &Uri) -> (Self, String) {
        let mut read = Self::default();
        let Some(query) = uri.query() else { return (read, uri.path().to_owned()) };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let field = match &*name {
                "lang" => &mut read.lang,
                "scope" => &mut read.scope,
                "limit" => &mut read.limit,
                "offset" => &mut read.offset,
                "table" => &mut read.table,
                "type" => &mut read.r#type,
                "category" => &mut read.category,
                "status" => &mut read.status,
                "submit_date_from" => &mut read.submit_date_from,
                "submit_date_to" => &mut read.submit_date_to,
                "op" => &mut read.op,
                "q" => &mut read.q,
                "user_id_type" => &mut read.user_id_type,
                "source_institution_code" => &mut read.source_institution_code,
                "source_user_id" => &mut read.source_user_id,
                "format" => &mut read.format,
                "apikey" => &mut read.key,
                _ => continue,
            };
            *field = Some(value.into_owned());
        }
        let shown: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("apikey=")).collect();
        let target = match shown.is_empty() {
            true => uri.path().to_owned(),
            false => format!("{}?{}", uri.path(), shown.join("&")),
        };
        (read, target)
    }
}

impl ApiRoute {
    fn parse_path(path: &str) -> Self {
        if let Some(rest) = path.strip_prefix("/almaws/v1/electronic/") {
            return Self::electronic(rest.trim_end_matches('/'));
        }
        if let Some(rest) = path.strip_prefix("/almaws/v1/users") {
            return match rest.trim_end_matches('/').split('/').collect::<Vec<_>>().as_slice() {
                [""] => Self::Users,
                ["", id] => Self::User(percent_decode(id)),
                _ => Self::Nothing,
            };
        }
        let Some(rest) = path.strip_prefix("/almaws/v1/conf/") else { return Self::Nothing };
        let mut segments = rest.trim_end_matches('/').split('/');
        let (first, name, more) = (segments.next(), segments.next(), segments.next());
        let kind = match (first, name) {
            (Some("test"), None) => return Self::Test,
            (Some("general"), None) => return Self::General,
            (Some("jobs"), _) => return Self::of_jobs(name, more, segments.next()),
            (Some("code-tables"), _) => EmulatedTableType::Code,
            (Some("mapping-tables"), _) => EmulatedTableType::Mapping,
            (Some("relations"), None) => return Self::Relations,
            (Some("open-hours"), None) => return Self::OpenHours,
            (Some("letters"), None) => return Self::Letters,
            (Some("letters"), Some(code)) if more.is_none() => return Self::Letter(percent_decode(code)),
            (Some(_) | None, _) => return Self::Nothing,
        };
        match (name, more) {
            (None, None) => Self::List(kind),
            (Some(name), None) => Self::Table(kind, percent_decode(name)),
            (Some(_) | None, Some(_)) => Self::Nothing,
        }
    }

    /// Parses `e-collections/61/e-services/62/portfolios/53`, or the beginning of such a path.
    fn electronic(path: &str) -> Self {
        let segments: Vec<&str> = path.split('/').collect();
        let folders = segments.iter().step_by(2).zip(["e-collections", "e-services", "portfolios"]);
        let matching = folders.filter(|(folder, known)| *folder == known).count();
        let ids: Vec<String> = segments.iter().skip(1).step_by(2).map(|id| percent_decode(id)).collect();
        match (matching == segments.len().div_ceil(2), segments.len() % 2, ids.join(".")) {
            (false, _, _) => Self::Nothing,
            (true, 0, ids) => Self::Table(EmulatedTableType::Electronic, ids),
            (true, _, ids) if ids.is_empty() => Self::List(EmulatedTableType::Electronic),
            (true, _, ids) => Self::Below(ids),
        }
    }

    fn of_jobs(job: Option<&str>, what: Option<&str>, more: Option<&str>) -> Self {
        match (job, what, more) {
            (None, None, None) => Self::Jobs,
            (Some(job), Some("instances"), None) => {
                Self::Runs(percent_decode_str(job).decode_utf8_lossy().into_owned())
            }
            (Some(_) | None, Some(_) | None, Some(_) | None) => Self::Nothing,
        }
    }
}

fn percent_decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
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
