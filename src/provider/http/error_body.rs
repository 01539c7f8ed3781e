//! Parses the error bodies of Alma, its gateway, or a proxy, in any format.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value as Json;

/// First error of a response, with the texts of further errors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorBody {
    /// Error code, `401861`, or the gateway's word, `UNAUTHORIZED`.
    pub code: Option<String>,
    /// Error message, as received.
    pub message: Option<String>,
    /// Tracking ID for the vendor's support.
    pub tracking_id: Option<String>,
}

impl ErrorBody {
    /// Parses the body of an error response. Empty if the body contains no error.
    pub fn parse(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        if let Ok(json) = serde_json::from_str::<Json>(text) {
            return from_json(&json).unwrap_or_default();
        }
        if is_html(text) {
            return Self { message: Some(title(text)), ..Self::default() };
        }
        if text.starts_with('<') {
            return from_xml(text).unwrap_or_default();
        }
        let line = text.lines().next().map(str::to_owned).filter(|line| !line.is_empty());
        Self { message: line, ..Self::default() }
    }

    /// Returns the error in a successful response, if any.
    ///
    /// The body reports an error, or contains an error without a flag, as `web_service_result` does (seen by
    /// client authors).
    pub fn in_success(json: &Json) -> Option<Self> {
        let result = json.get("web_service_result").unwrap_or(json);
        let complaint = from_json(json);
        match result.get("errorsExist") {
            Some(Json::Bool(true)) => Some(complaint.unwrap_or_default()),
            Some(Json::String(text)) if text.eq_ignore_ascii_case("true") => {
                Some(complaint.unwrap_or_default())
            }
            Some(_) => None,
            None => complaint.filter(|complaint| *complaint != Self::default()),
        }
    }

    /// Returns the error in a successful XML response, if any.
    pub fn in_success_xml(text: &str) -> Option<Self> {
        let is_result = ["errorsExist", "web_service_result"].iter().any(|name| text.contains(name));
        if is_html(text) || !is_result {
            return None;
        }
        from_xml(text)
    }
}

/// Returns true for a web page, which no API sends intentionally.
pub fn is_html(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(512).collect::<String>().to_ascii_lowercase();
    start.contains("<!doctype html") || start.contains("<html")
}

/// Parses the two formats seen by client authors.
///
/// `errorList` occurs at the top level or inside `web_service_result`; `error` contains a list or a single
/// object.
fn from_json(json: &Json) -> Option<ErrorBody> {
    let result = json.get("web_service_result").unwrap_or(json);
    let errors: Vec<&Json> = match result.get("errorList")?.get("error")? {
        Json::Array(errors) => errors.iter().collect(),
        error => vec![error],
    };
    let text = |error: &Json, name: &str| match error.get(name)? {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    };
    join(errors.into_iter().map(|error| ErrorBody {
        code: text(error, "errorCode"),
        message: text(error, "errorMessage"),
        tracking_id: text(error, "trackingId"),
    }))
}

/// Parses `web_service_result` of the vendor's XSD, with any namespace prefix.
fn from_xml(text: &str) -> Option<ErrorBody> {
    let mut reader = Reader::from_str(text);
    let mut complaints: Vec<ErrorBody> = Vec::new();
    let mut element = Vec::new();
    let mut content = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                element = start.local_name().as_ref().to_vec();
                content.clear();
                if element == b"error" {
                    complaints.push(ErrorBody::default());
                }
            }
            Ok(Event::Text(text)) => content.push_str(&text.decode().unwrap_or_default()),
            Ok(Event::CData(text)) => content.push_str(&text.decode().unwrap_or_default()),
            Ok(Event::GeneralRef(entity)) => {
                content.push(match entity.resolve_char_ref() {
                    Ok(Some(c)) => c,
                    Ok(None) | Err(_) => entity_character(&entity.decode().unwrap_or_default()),
                });
            }
            Ok(Event::End(_)) => {
                let value = Some(content.trim().to_owned()).filter(|value| !value.is_empty());
                if let Some(complaint) = complaints.last_mut() {
                    match element.as_slice() {
                        b"errorCode" => complaint.code = value,
                        b"errorMessage" => complaint.message = value,
                        b"trackingId" => complaint.tracking_id = value,
                        _ => {}
                    }
                }
                element.clear();
                content.clear();
            }
            // Keep the part before the XML broke off.
            Ok(Event::Eof) | Err(_) => return join(complaints.into_iter()),
            Ok(_) => {}
        }
    }
}

/// Returns the character of XML's five named entities, or the replacement character.
fn entity_character(entity: &str) -> char {
    match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// Returns the first error, with the texts of the others appended to its message.
fn join(mut complaints: impl Iterator<Item = ErrorBody>) -> Option<ErrorBody> {
    let mut first = complaints.next()?;
    for other in complaints {
        let words = [other.code, other.message].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let message = first.message.get_or_insert_default();
        if !message.is_empty() && !words.is_empty() {
            message.push_str("; ");
        }
        message.push_str(&words);
    }
    Some(first)
}

/// Returns the title of a web page.
fn title(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|tag| {
        let start = tag + lower[tag..].find('>')? + 1;
        let end = start + lower[start..].find('<')?;
        Some(page[start..end].trim().to_owned())
    });
    match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("a web page, {title:?}"),
        None => "a web page".into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(body: &str, code: Option<&str>, message: Option<&str>, tracking_id: Option<&str>) {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let expected =
            ErrorBody { code: owned(code), message: owned(message), tracking_id: owned(tracking_id) };
        assert_eq!(ErrorBody::parse(body.as_bytes()), expected);
    }

    #[test]
    fn json_error_list_is_parsed() {
        check(
            r#"{"errorsExist":true,"errorList":{"error":[{"errorCode":"90101","errorMessage":"No such table.","trackingId":"E01-1"}]},"result":null}"#,
            Some("90101"),
            Some("No such table."),
            Some("E01-1"),
        );
    }

    #[test]
    fn json_error_inside_wrapper_is_parsed() {
        check(
            r#"{"web_service_result":{"errorList":{"error":{"errorMessage":"Too fast","errorCode":429}}}}"#,
            Some("429"),
            Some("Too fast"),
            None,
        );
    }

    #[test]
    fn error_list_in_successful_response_is_an_error() {
        let complains = |json: Json| ErrorBody::in_success(&json).map(|complaint| complaint.code);
        let list = json!({"error": [{"errorCode": "402119", "errorMessage": "General"}]});
        let told = Some(Some("402119".to_owned()));
        assert_eq!(complains(json!({"errorList": list})), told);
        assert_eq!(complains(json!({"web_service_result": {"errorList": list}})), told);
        assert_eq!(complains(json!({"errorsExist": "true"})), Some(None));
        assert_eq!(complains(json!({"errorsExist": false, "errorList": list})), None);
        assert_eq!(complains(json!({"row": [], "errorList": {"error": []}})), None);
        assert_eq!(complains(json!({"errorList": null})), None);
        let xml = "<web_service_result><errorList><error><errorCode>402119</errorCode></error></errorList></web_service_result>";
        assert_eq!(ErrorBody::in_success_xml(xml).map(|complaint| complaint.code), told);
        assert_eq!(ErrorBody::in_success_xml("<letter><xsl>x</xsl></letter>"), None);
    }

    #[test]
    fn message_contains_all_errors() {
        check(
            r#"{"errorList":{"error":[{"errorCode":"1","errorMessage":"a"},{"errorCode":"2","errorMessage":"b"}]}}"#,
            Some("1"),
            Some("a; 2 b"),
            None,
        );
    }

    #[test]
    fn xml_with_any_prefix_is_parsed() {
        for p in ["", "ns2:"] {
            check(
                &format!(
                    "\u{feff}<?xml version=\"1.0\"?>\n<{p}web_service_result xmlns=\"urn:x\"><{p}errorsExist>true</{p}errorsExist><{p}errorList><{p}error>\
                     <{p}errorCode>UNAUTHORIZED</{p}errorCode><{p}errorMessage> A &amp; B &#233;</{p}errorMessage></{p}error></{p}errorList></{p}web_service_result>"
                ),
                Some("UNAUTHORIZED"),
                Some("A & B é"),
                None,
            );
        }
    }

    #[test]
    fn truncated_xml_keeps_the_parsed_part() {
        check("<r><error><errorCode>402119</errorCode><errorMessage>Gen", Some("402119"), None, None);
    }

    #[test]
    fn web_page_is_named_by_its_title() {
        check(
            "<!DOCTYPE html><HTML><head><title>HTTP Status 401 – Unauthorized</title></head></HTML>",
            None,
            Some("a web page, \"HTTP Status 401 – Unauthorized\""),
            None,
        );
        check("<html><body>no", None, Some("a web page"), None);
    }

    #[test]
    fn plain_text_error_is_its_first_line() {
        check("Bad gateway\nat nginx", None, Some("Bad gateway"), None);
        check("", None, None, None);
        check("{}", None, None, None);
        check("[1]", None, None, None);
        check("{\"errorList\":{\"error\":[]}}", None, None, None);
    }
}
