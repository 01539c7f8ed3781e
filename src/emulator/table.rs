//! Shared part of code tables and mapping tables: API access, scope, routes and PUT.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::config::{DistributionAuthor, HiddenTables, Lists, MissingScope, RowOrder};
use super::endpoint::{EditError, EmulatedEndpoint, EndpointEdit, EndpointRequest, EndpointResult};
use super::error_response::ErrorResponse;
use super::modification_stamp::ModificationStamp;
use super::put_fields::{code, object_list, required_text};
use super::random::{mix, order, text};
use super::request_body::XmlLayout;
use super::response_document::{DocumentNode, DocumentPart, UnsetForm};
use super::settings_writer::SettingsWriter;
use crate::model::alma_codes::NETWORK_EDITOR;

/// API access to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApiAccess {
    /// Read and write.
    #[default]
    Open,
    /// No access: error 90102; omitted from lists unless a switch says otherwise.
    Hidden,
    /// Read-only: a PUT gets error 90123 or 90125.
    Fixed,
}

/// Scope of the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableScope {
    /// Institution only.
    #[default]
    Institution,
    /// Institution and every library.
    Library,
}

/// Code with a label.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeWithLabel {
    /// Code.
    pub value: String,
    /// Label.
    pub desc: String,
}

impl From<(&str, &str)> for CodeWithLabel {
    fn from((value, desc): (&str, &str)) -> Self {
        Self { value: value.to_owned(), desc: desc.to_owned() }
    }
}

/// Functional areas of the seeded tables.
pub(super) const FULFILLMENT: (&str, &str) = ("FULFILLMENT", "Fulfillment");
pub(super) const USERS: (&str, &str) = ("USER_MANAGEMENT", "User Management");
pub(super) const GENERAL: (&str, &str) = ("INFRA", "General");

/// Default of `enabled` in a seeded row.
pub(super) fn yes() -> bool {
    true
}

/// Code table or mapping table.
pub(super) trait EmulatedTable: Sized + Send + 'static {
    /// Folder in the API path.
    const FOLDER: &'static str;
    /// Element of a table in XML. A list adds an `s`.
    const ROOT: &'static str;
    /// Layout of a table in XML.
    const LAYOUT: XmlLayout;
    /// Error code of a PUT to a table that is not customizable.
    const NOT_CUSTOMIZABLE: u32;

    /// Returns the technical code.
    fn code(&self) -> &str;

    fn access(&self) -> ApiAccess;

    /// Returns the table as shown in a list.
    fn entry(&self, view: &TableView<'_>) -> Vec<DocumentPart>;

    /// Returns the table with rows.
    fn to_document(&self, view: &TableView<'_>) -> DocumentNode;

    /// Checks the values of a PUT against other tables.
    fn check_values(
        &self,
        _tables: &BTreeMap<String, Self>,
        _put: &TablePut<'_>,
    ) -> Result<(), ErrorResponse> {
        Ok(())
    }

    /// Replaces the rows by the rows of a PUT, and returns the library of the rows.
    fn replace(&mut self, put: &TablePut<'_>) -> Result<String, ErrorResponse>;

    /// Applies a librarian edit, except the removal of the table.
    fn edit(&mut self, edit: &EndpointEdit<'_>) -> Result<(), EditError>;

    /// Adds the rows of the institution to the settings.
    fn add_settings(&self, settings: &mut SettingsWriter<'_>);
}

/// Tables of one type in a zone, by technical code.
pub(super) struct TableCollection<T>(pub BTreeMap<String, T>);

impl<T: EmulatedTable> FromIterator<T> for TableCollection<T> {
    fn from_iter<I: IntoIterator<Item = T>>(tables: I) -> Self {
        Self(tables.into_iter().map(|table| (table.code().to_owned(), table)).collect())
    }
}

impl<T: EmulatedTable> TableCollection<T> {
    /// Adds a table, or replaces the table with the same code.
    pub fn insert(&mut self, table: T) {
        self.0.insert(table.code().to_owned(), table);
    }

    /// Returns a visible table. An unknown table gets HTTP 400, never 404 (reported by client authors).
    fn find_visible(&self, name: &str) -> Result<&T, ErrorResponse> {
        let missing = || ErrorResponse::business(90101, format!("The table {name} does not exist."));
        let table = self.0.get(name).ok_or_else(missing)?;
        match table.access() {
            ApiAccess::Hidden => Err(ErrorResponse::business(90102, format!("The table {name} is hidden."))),
            ApiAccess::Open | ApiAccess::Fixed => Ok(table),
        }
    }

    /// Lists all tables without rows.
    fn list(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        let view = TableView { request, language: &request.zone.default_language, library: "" };
        let lists_hidden = request.settings.hidden_tables == HiddenTables::Listed;
        let shown = self.0.values().filter(|table| lists_hidden || table.access() != ApiAccess::Hidden);
        let entries: Vec<_> = shown.map(|table| DocumentNode::Group(table.entry(&view))).collect();
        let (root, total) = (format!("{}s", T::ROOT), request.full().then_some(entries.len()));
        match request.settings.lists {
            Lists::Unpaged => request.reply_list(&root, T::ROOT, total, entries),
            Lists::Paged => request.reply_list(&root, T::ROOT, total, request.select_page(entries)?),
        }
    }
}

impl<T: EmulatedTable> EmulatedEndpoint for TableCollection<T> {
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        let name = match request.path {
            [] => return self.list(request),
            [name] => name,
            _ => return Err(ErrorResponse::routing_error()),
        };
        let library = match request.call.parameter("scope") {
            None => "",
            Some(scope) if scope == request.zone.code => "",
            Some(scope) if request.zone.has_library(scope) => scope,
            Some(scope) => return Err(ErrorResponse::invalid_parameter("scope", scope)),
        };
        let view =
            TableView { request, language: request.language(&request.zone.default_language)?, library };
        let table = self.find_visible(name)?;
        request.reply(T::ROOT, &table.to_document(&view))
    }

    fn write(&mut self, request: &EndpointRequest<'_>) -> EndpointResult {
        request.require_put()?;
        let [name] = request.path else { return Err(ErrorResponse::routing_error()) };
        let body = request.parse_body(T::ROOT, &T::LAYOUT)?;
        // PUT defaults to English, not to the institution's language (the vendor's OpenAPI).
        let language = request.language("en")?;
        let put = TablePut { request, body: &body, language };
        let table = self.find_visible(name)?;
        if table.access() == ApiAccess::Fixed {
            let message = format!("The table {name} is not customizable.");
            return Err(ErrorResponse::business(T::NOT_CUSTOMIZABLE, message));
        }
        table.check_values(&self.0, &put)?;
        let table = self.0.get_mut(name).ok_or_else(ErrorResponse::routing_error)?;
        let library = table.replace(&put)?;
        request.reply(T::ROOT, &table.to_document(&TableView { request, language, library: &library }))
    }

    fn requested_name(&self, request: &EndpointRequest<'_>) -> Option<String> {
        request.path.first().cloned()
    }

    fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn edit(&mut self, edit: &EndpointEdit<'_>) -> Result<(), EditError> {
        if edit.action == REMOVE {
            self.0.remove(edit.name);
        }
        self.0.get_mut(edit.name).map_or(Ok(()), |table| table.edit(edit))
    }

    fn add_settings(&self, settings: &mut SettingsWriter<'_>) {
        self.0.values().for_each(|table| table.add_settings(settings));
    }
}

/// Action that removes a table.
const REMOVE: &str = "remove";

/// Request for a table with the language and the library of the response.
pub(super) struct TableView<'a> {
    pub request: &'a EndpointRequest<'a>,
    pub language: &'a str,
    /// `""` for the institution.
    pub library: &'a str,
}

impl TableView<'_> {
    /// Returns true if responses contain optional fields.
    pub fn full(&self) -> bool {
        self.request.full()
    }

    /// Returns a table as shown in a list. The first of the `texts` is the technical code.
    pub fn entry(
        &self,
        folder: &str,
        texts: &[(&'static str, &str)],
        area: &CodeWithLabel,
        flag: (&'static str, bool),
        updated: Option<&ModificationStamp>,
    ) -> Vec<DocumentPart> {
        let code = texts.first().map_or("", |(_, code)| *code);
        let mut parts = Vec::from_iter(self.request.link_part(&format!("conf/{folder}"), code));
        parts.extend(texts.iter().map(|(name, text)| DocumentPart::text(name, *text)));
        parts.push(DocumentPart::described("sub_system", &area.value, &area.desc));
        parts.push(DocumentPart::flag(flag.0, flag.1));
        self.add_stamp(&mut parts, updated);
        let zone = self.request.zone;
        let scope = vec![
            DocumentPart::described("institution_id", &zone.code, &zone.name),
            DocumentPart::described("library_id", self.library, self.library),
        ];
        parts.push(DocumentPart::Child("scope", DocumentNode::Group(scope)));
        parts
    }

    /// Returns the link of a table. `folder` is `code-tables` or `mapping-tables`.
    pub fn link(&self, folder: &str, name: &str) -> String {
        self.request.link(&format!("conf/{folder}"), name)
    }

    /// Returns the rows of the library, in the order of the response.
    pub fn rows<'a, T>(&self, table: &str, rows: &'a BTreeMap<String, Vec<T>>) -> Vec<&'a T> {
        let rows = rows.get(self.library).map_or(&[][..], Vec::as_slice);
        let EndpointRequest { settings, zone, .. } = self.request;
        match settings.row_order {
            RowOrder::Kept => rows.iter().collect(),
            RowOrder::Shuffled => {
                let seed = mix(&[settings.seed, text(&zone.code), text(table)]);
                order(rows.len(), seed).into_iter().filter_map(|index| rows.get(index)).collect()
            }
        }
    }

    /// Adds `updated_by` and `update_date`, if known and if responses contain optional fields.
    pub fn add_stamp(&self, parts: &mut Vec<DocumentPart>, updated: Option<&ModificationStamp>) {
        let hides_network = self.request.settings.distribution_author == DistributionAuthor::Hidden;
        let shown = updated.filter(|stamp| self.full() && !(hides_network && stamp.by == NETWORK_EDITOR));
        parts.extend(match shown {
            Some(ModificationStamp { by, date }) => {
                [DocumentPart::text("updated_by", by), DocumentPart::text("update_date", date)]
            }
            None => ["updated_by", "update_date"].map(|name| DocumentPart::Unset(name, UnsetForm::Text)),
        });
    }
}

/// Complete table sent by a client.
pub(super) struct TablePut<'a> {
    pub request: &'a EndpointRequest<'a>,
    pub body: &'a Map<String, Value>,
    pub language: &'a str,
}

impl TablePut<'_> {
    /// Checks that the body holds this table. `label` is the type in messages, `no_code` the error code of a
    /// body without the technical code in `field`.
    pub fn check_code(
        &self,
        field: &str,
        expected: &str,
        label: &str,
        no_code: u32,
    ) -> Result<(), ErrorResponse> {
        match required_text(self.body, field)? {
            "" => Err(ErrorResponse::business(no_code, format!("{label} table name is empty."))),
            code if code != expected => {
                let label = label.to_lowercase();
                let message = format!("The body holds {label} table {code}, the path names {expected}.");
                Err(ErrorResponse::business(402119, message))
            }
            _ => Ok(()),
        }
    }

    /// Checks fields required by the vendor's schema.
    pub fn require(&self, fields: &[&str]) -> Result<(), ErrorResponse> {
        let is_optional = |field: &str| field == "scope" && self.lacks_scope();
        let is_missing = |field: &&&str| self.body.get(**field).is_none_or(Value::is_null);
        match fields.iter().find(|field| is_missing(field) && !is_optional(field)) {
            Some(field) => Err(ErrorResponse::invalid_request(format!("The element '{field}' is missing."))),
            None => Ok(()),
        }
    }

    /// Returns true for a body without a scope, if a switch makes the scope optional.
    fn lacks_scope(&self) -> bool {
        let is_optional = self.request.settings.missing_scope == MissingScope::Institution;
        is_optional && self.body.get("scope").is_none_or(Value::is_null)
    }

    /// Returns the library of the rows, `""` for the institution. `illegal` is the error code for an invalid
    /// scope.
    pub fn library(&self, level: TableScope, illegal: u32) -> Result<String, ErrorResponse> {
        if self.lacks_scope() {
            return Ok(String::new());
        }
        let part = |name: &str| code(self.body.get("scope")?.get(name));
        let (institution, library) =
            (part("institution_id").unwrap_or_default(), part("library_id").unwrap_or_default());
        let zone = self.request.zone;
        let known = library.is_empty() || (level == TableScope::Library && zone.has_library(library));
        if institution == zone.code && known {
            return Ok(library.to_owned());
        }
        let message = format!("The scope '{institution}/{library}' is not legal.");
        Err(ErrorResponse::business(illegal, message))
    }

    /// Returns the rows, none without a list.
    pub fn rows(&self) -> Result<Vec<&Map<String, Value>>, ErrorResponse> {
        let malformed = || ErrorResponse::invalid_request("The element 'row' is not a list of rows.");
        object_list(self.body, "row", malformed)
    }
}
