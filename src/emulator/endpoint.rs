//! Endpoint of the emulated API: one collection type, from route to librarian edits.
//!
//! One file (or folder) below `endpoints` implements [`EmulatedEndpoint`] and describes the endpoint in an
//! [`EndpointEntry`], listed in `endpoints/mod.rs`. Requests, seeds, edits, settings and schemas follow the list.

use std::any::Any;

use bytes::Bytes;
use http::Method;
use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::api_request::ApiRequest;
use super::config::{EmulatorConfig, OptionalFields};
use super::request_body::parse_body;
use super::response_document::{BodyFormat, DocumentStyle, write};
use crate::analysis::NetworkSettings;

// Parts of almost every endpoint.
pub(super) use super::error_response::ErrorResponse;
pub(super) use super::modification_stamp::ModificationStamp;
pub(super) use super::request_body::XmlLayout;
pub(super) use super::response_document::{DocumentNode, DocumentPart, UnsetForm};
pub(super) use super::settings_writer::{SettingsWriter, observed_record};
pub(super) use super::zone::EmulatedZone;

/// Format and body of a successful response.
pub(super) type SuccessResponse = (BodyFormat, Bytes);

/// Response of an endpoint.
pub(super) type EndpointResult = Result<SuccessResponse, ErrorResponse>;

/// Cause of a failed edit, as a message.
pub(super) type EditError = String;

/// Content of one collection type in one zone.
pub(super) trait EmulatedEndpoint: Any + Send {
    /// Responds to a GET.
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult;

    /// Responds to a request of any other method.
    fn write(&mut self, _request: &EndpointRequest<'_>) -> EndpointResult {
        Err(ErrorResponse::routing_error())
    }

    /// Returns the name of the requested object, if requests for the object trigger librarian edits.
    fn requested_name(&self, _request: &EndpointRequest<'_>) -> Option<String> {
        None
    }

    /// Returns the names of all objects.
    fn names(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Applies a librarian edit.
    fn edit(&mut self, _edit: &EndpointEdit<'_>) -> Result<(), EditError> {
        Ok(())
    }

    /// Adds the content to the settings of the zone.
    fn add_settings(&self, _settings: &mut SettingsWriter<'_>) {}

    /// Follows a record written through the gateway.
    fn follow_gateway_record(&mut self, _kind: &str, _key: &[String]) {}
}

/// Content of a zone by endpoint, in the order of the list of endpoints.
pub(super) type EndpointContents = [Box<dyn EmulatedEndpoint>];

/// Static description of an endpoint.
pub(super) struct EndpointEntry {
    /// Segments of the path below `/almaws/v1`.
    pub path: &'static [&'static str],
    /// Source of the responses.
    pub source: ResponseSource,
    /// Creates the initial content of every zone.
    pub seed: fn(&[EmulatedZone]) -> Vec<Box<dyn EmulatedEndpoint>>,
    /// Format of librarian edits. `None` without edits.
    pub edits: Option<EditFormat>,
}

impl EndpointEntry {
    /// Creates the description of an endpoint without edits, with responses from the zone alone.
    pub const fn new(
        path: &'static [&'static str],
        seed: fn(&[EmulatedZone]) -> Vec<Box<dyn EmulatedEndpoint>>,
    ) -> Self {
        Self { path, source: ResponseSource::Zone, seed, edits: None }
    }
}

/// Source of the responses of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseSource {
    /// Content of the zone alone, so that responses can be cached until the next change.
    Zone,
    /// Content and settings of all zones.
    Network,
}

/// Creates the content of every zone separately.
pub(super) fn seed_each<T: EmulatedEndpoint>(
    zones: &[EmulatedZone],
    seed: impl Fn(&EmulatedZone) -> T,
) -> Vec<Box<dyn EmulatedEndpoint>> {
    zones.iter().map(|zone| Box::new(seed(zone)) as Box<dyn EmulatedEndpoint>).collect()
}

/// Returns the content of one endpoint, by type.
pub(super) fn find_content<T: EmulatedEndpoint>(contents: &EndpointContents) -> Option<&T> {
    contents.iter().find_map(|content| (content.as_ref() as &dyn Any).downcast_ref())
}

/// Format of the librarian edits of an endpoint.
pub(super) struct EditFormat {
    /// Name of the endpoint in an edit.
    pub kind: &'static str,
    /// Description for the schema.
    pub description: &'static str,
    /// Designation of a target by name, such as "letter `{}`".
    pub target: &'static str,
    /// Message for the action of another endpoint. `{}` stands for the name of the target.
    pub hint: &'static str,
    /// Field with the name of the target.
    pub named_by: TargetField,
    /// Returns the schema of the actions.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Checks the fields of an action.
    pub parse: fn(&Value) -> Result<(), serde_json::Error>,
}

/// Field of an edit with the name of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetField {
    /// `table`.
    Table,
    /// `library`, empty for the institution.
    Library,
}

impl EditFormat {
    /// Creates the format with actions of type `T`, for targets named by `table`.
    pub const fn new<T: DeserializeOwned + JsonSchema>(
        kind: &'static str,
        description: &'static str,
    ) -> Self {
        Self {
            kind,
            description,
            target: "",
            hint: "",
            named_by: TargetField::Table,
            schema: T::json_schema,
            parse: |action| T::deserialize(action).map(drop),
        }
    }

    /// Checks that an action belongs to the endpoint.
    pub fn check(&self, name: &str, action: &Value) -> Result<(), EditError> {
        (self.parse)(action).map_err(|error| match error.to_string() {
            unknown if unknown.starts_with("unknown variant") => self.hint.replace("{}", name),
            malformed => malformed,
        })
    }
}

/// Librarian edit of one object.
pub(super) struct EndpointEdit<'a> {
    /// Name of the object.
    pub name: &'a str,
    /// Library of the edited rows. `""` for the institution.
    pub library: &'a str,
    pub action: &'a Value,
    pub stamp: ModificationStamp,
}

impl EndpointEdit<'_> {
    /// Returns the typed action.
    pub fn parse_action<T: DeserializeOwned>(&self) -> Result<T, EditError> {
        T::deserialize(self.action).map_err(|error| error.to_string())
    }
}

/// Request accepted by the gateway of a zone.
#[derive(Clone, Copy)]
pub(super) struct EndpointRequest<'a> {
    pub call: &'a ApiRequest,
    /// Segments of the path below the path of the endpoint.
    pub path: &'a [String],
    pub sent: &'a [u8],
    pub zone: &'a EmulatedZone,
    pub settings: &'a EmulatorConfig,
    /// Institution code to report.
    pub code: &'a str,
    /// Settings of all zones, for an endpoint with [`ResponseSource::Network`].
    pub network: Option<&'a NetworkSettings>,
    /// Content of the endpoints before and after this endpoint in the list.
    pub neighbors: [&'a EndpointContents; 2],
}

impl<'a> EndpointRequest<'a> {
    /// Returns the content of another endpoint of the zone.
    pub fn neighbor<T: EmulatedEndpoint>(&self) -> Option<&'a T> {
        self.neighbors.into_iter().find_map(find_content)
    }

    /// Returns author and date for changes by the request.
    pub fn stamp(&self) -> ModificationStamp {
        ModificationStamp { by: self.settings.api_user.clone(), date: self.settings.today.clone() }
    }

    /// Returns the current date of the network.
    pub fn today(&self) -> Date {
        // The control endpoints accept only valid dates.
        self.settings.today.trim_end_matches('Z').parse().unwrap_or_default()
    }

    /// Returns true if responses contain optional fields.
    pub fn full(&self) -> bool {
        self.settings.optional_fields == OptionalFields::Answered
    }

    /// Returns the link of an object below a folder such as `conf/letters`.
    pub fn link(&self, folder: &str, name: &str) -> String {
        let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        format!("{}/almaws/v1/{folder}/{name}", self.settings.base_url)
    }

    /// Returns the link as a part of the object, if responses contain optional fields.
    pub fn link_part(&self, folder: &str, name: &str) -> Option<DocumentPart> {
        self.full().then(|| DocumentPart::Attribute("link", self.link(folder, name)))
    }

    /// Returns the requested language.
    pub fn language(&self, default: &'a str) -> Result<&'a str, ErrorResponse> {
        match self.call.parameter("lang") {
            None => Ok(default),
            Some(language) if self.zone.languages.iter().any(|known| known == language) => Ok(language),
            Some(language) => Err(ErrorResponse::invalid_parameter("lang", language)),
        }
    }

    /// Parses the body, in JSON or XML.
    pub fn parse_body(&self, root: &str, layout: &XmlLayout) -> Result<Map<String, Value>, ErrorResponse> {
        let neither = || ErrorResponse::invalid_request("The Content-Type is neither JSON nor XML.");
        parse_body(self.call.body.ok_or_else(neither)?, root, layout, self.sent)
            .map_err(ErrorResponse::invalid_request)
    }

    /// Returns a document as response.
    pub fn reply(&self, root: &str, node: &DocumentNode) -> EndpointResult {
        let format = self.call.answer;
        Ok((format, write(root, node, format, DocumentStyle::from_settings(self.settings))))
    }

    /// Returns a response without content.
    pub fn reply_empty(&self) -> EndpointResult {
        Ok((self.call.answer, Bytes::new()))
    }

    /// Returns a list as response.
    pub fn reply_list(
        &self,
        root: &str,
        item: &'static str,
        total: Option<usize>,
        items: impl IntoIterator<Item = DocumentNode>,
    ) -> EndpointResult {
        let mut parts = Vec::from_iter(total.map(|total| DocumentPart::Count("total_record_count", total)));
        parts.push(DocumentPart::list(item, items));
        self.reply(root, &DocumentNode::Group(parts))
    }

    /// Returns the requested page of a list as response.
    pub fn reply_page<T>(
        &self,
        root: &str,
        item: &'static str,
        entries: Vec<T>,
        to_node: impl FnMut(T) -> DocumentNode,
    ) -> EndpointResult {
        let total = Some(entries.len());
        self.reply_list(root, item, total, self.select_page(entries)?.map(to_node))
    }

    /// Returns the entries of the requested page: `limit` (0 to 100, default 10) entries from `offset` on.
    pub fn select_page<T>(&self, entries: Vec<T>) -> Result<impl Iterator<Item = T> + use<T>, ErrorResponse> {
        let number = |name: &str, default| match self.call.parameter(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| ErrorResponse::invalid_parameter(name, text)),
        };
        let (offset, limit): (usize, usize) = (number("offset", 0)?, number("limit", 10)?);
        Ok(entries.into_iter().skip(offset).take(limit.min(100)))
    }

    /// Returns an error, unless the method is PUT.
    pub fn require_put(&self) -> Result<(), ErrorResponse> {
        if self.call.method == Method::PUT { Ok(()) } else { Err(ErrorResponse::routing_error()) }
    }
}
