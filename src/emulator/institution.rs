//! Emulated institution: responds from stored tables, changes tables, and applies librarian edits.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Method;

use super::api_request::{ApiRequest, ApiRoute};
use super::config::{ColumnValues, Lists, ZoneConfig};
use super::edit_schedule::TableEvent;
use super::electronic::{self, ElectronicInventory};
use super::error_response::ErrorResponse;
use super::gateway_collections::{EmulatedGatewayCollection, GatewayCollectionKey};
use super::jobs::EmulatedJobs;
use super::librarian_edit::{EditTarget, ScheduledEdit};
use super::mapping_table::{check_actions, check_values};
use super::request_body;
use super::response_document::{BodyFormat, DocumentNode, DocumentPart, XML_DECLARATION, write};
use super::table::{
    ApiAccess, EmulatedCodeTable, EmulatedMappingTable, EmulatedTableType, ModificationStamp, TableSeed,
};
use super::table_put::TablePut;
use super::table_response::ResponseContext;
use super::whole_objects::EmulatedObjects;
use super::zone::EmulatedZone;
use crate::model::network::EnvironmentType;

/// Request to a zone.
pub(super) struct InstitutionRequest<'a> {
    pub call: &'a ApiRequest,
    pub sent: &'a [u8],
    pub zone: &'a EmulatedZone,
    pub settings: &'a ZoneConfig,
    /// Institution code to report.
    pub code: &'a str,
}

impl InstitutionRequest<'_> {
    /// Returns author and date for changes by the request.
    pub fn stamp(&self) -> ModificationStamp {
        ModificationStamp { by: self.settings.api_user.clone(), date: self.settings.today.clone() }
    }
}

/// Successful response: format and body.
pub(super) type SuccessResponse = (BodyFormat, Bytes);

/// Content of a zone.
pub(super) struct EmulatedInstitution {
    pub code_tables: BTreeMap<String, EmulatedCodeTable>,
    pub mapping_tables: BTreeMap<String, EmulatedMappingTable>,
    pub electronic: ElectronicInventory,
    pub objects: EmulatedObjects,
    pub scheduled: Vec<ScheduledEdit>,
    /// Collections outside the API, served by the gateway.
    pub kept: BTreeMap<GatewayCollectionKey, EmulatedGatewayCollection>,
    pub jobs: EmulatedJobs,
    /// Cached responses by format and target, cleared by every change.
    ///
    /// Most requests of a run repeat the same few reads. Serializing again would make the emulator slow.
    written: BTreeMap<BodyFormat, BTreeMap<String, Bytes>>,
    /// Number of the revision, increased by every change of the content.
    pub revision: u64,
}

/// Maximum number of cached responses. More distinct targets make caching useless.
const WRITTEN: usize = 1_000;

impl EmulatedInstitution {
    pub fn new(
        tables: impl IntoIterator<Item = TableSeed>,
        objects: EmulatedObjects,
        kept: BTreeMap<GatewayCollectionKey, EmulatedGatewayCollection>,
        jobs: EmulatedJobs,
    ) -> Self {
        let mut institution = Self {
            code_tables: BTreeMap::new(),
            mapping_tables: BTreeMap::new(),
            electronic: ElectronicInventory::default(),
            objects,
            scheduled: Vec::new(),
            kept,
            jobs,
            written: BTreeMap::new(),
            revision: 0,
        };
        tables.into_iter().for_each(|table| institution.put_table(table));
        institution
    }

    /// Adds a table, or replaces the table of the same name.
    pub fn put_table(&mut self, table: TableSeed) {
        match table {
            TableSeed::Code(table) => drop(self.code_tables.insert(table.name.clone(), table)),
            TableSeed::Mapping(table) => drop(self.mapping_tables.insert(table.code.clone(), table)),
            TableSeed::Electronic(resource) => self.electronic.insert_or_replace(resource),
        }
        self.forget_written();
    }

    /// Clears the response cache. Required after every change with a possible effect on a response.
    pub fn forget_written(&mut self) {
        self.written.clear();
        self.mark_changed();
    }

    /// Increases the revision. Required after every change of the content, visible in a response or not.
    pub fn mark_changed(&mut self) {
        self.revision += 1;
    }

    /// Handles a request accepted by the gateway.
    pub fn handle(&mut self, visit: &InstitutionRequest<'_>) -> Result<SuccessResponse, ErrorResponse> {
        let InstitutionRequest { call, sent: _, zone: _, settings, code } = visit;
        match (&call.route, &call.method) {
            (ApiRoute::Test, &Method::GET | &Method::POST) => {
                let text = format!("{} - OK - institutionCode: {code}", call.method);
                Ok((BodyFormat::Xml, format!("{XML_DECLARATION}<test>{text}</test>").into()))
            }
            (ApiRoute::General, &Method::GET) => Ok(general(visit)),
            (ApiRoute::List(kind), &Method::GET) => {
                self.cached_response(call, |held| held.list(*kind, visit))
            }
            (ApiRoute::Below(parent), &Method::GET) => {
                self.cached_response(call, |held| held.resources(parent, visit))
            }
            (ApiRoute::Table(kind, name), &Method::GET) => {
                let reply = self.cached_response(call, |held| held.table(*kind, name, visit))?;
                self.come((*kind).into(), name, TableEvent::Read, settings);
                Ok(reply)
            }
            (ApiRoute::Table(kind, name), &Method::PUT) => {
                let reply = self.replace(*kind, name, visit)?;
                self.come((*kind).into(), name, TableEvent::Write, settings);
                Ok(reply)
            }
            (ApiRoute::Jobs, &Method::GET) => self.cached_response(call, |held| held.jobs.list(visit)),
            (ApiRoute::Runs(job), &Method::GET) => {
                self.cached_response(call, |held| held.jobs.runs(job, visit))
            }
            (
                ApiRoute::Letters | ApiRoute::Letter(_) | ApiRoute::Relations | ApiRoute::OpenHours,
                &Method::GET | &Method::PUT,
            ) => self.object(visit),
            (
                ApiRoute::Test
                | ApiRoute::General
                | ApiRoute::List(_)
                | ApiRoute::Below(_)
                | ApiRoute::Table(..)
                | ApiRoute::Jobs
                | ApiRoute::Runs(_)
                | ApiRoute::Letters
                | ApiRoute::Letter(_)
                | ApiRoute::Relations
                | ApiRoute::OpenHours
                | ApiRoute::Users
                | ApiRoute::User(_)
                | ApiRoute::Nothing,
                _,
            ) => Err(ErrorResponse::routing_error()),
        }
    }

    /// Handles a request for a whole object, and triggers scheduled librarian edits.
    fn object(&mut self, visit: &InstitutionRequest<'_>) -> Result<SuccessResponse, ErrorResponse> {
        let reply = self.objects.handle(visit)?;
        let happened = if visit.call.method == Method::GET { TableEvent::Read } else { TableEvent::Write };
        let library = visit.call.query.scope.as_deref().filter(|scope| *scope != visit.zone.code);
        let library = library.unwrap_or_default();
        match &visit.call.route {
            ApiRoute::Letter(code) => self.come(EditTarget::Letter, code, happened, visit.settings),
            ApiRoute::Relations => self.come(EditTarget::Relations, library, happened, visit.settings),
            ApiRoute::OpenHours => self.come(EditTarget::OpenHours, library, happened, visit.settings),
            ApiRoute::Test
            | ApiRoute::General
            | ApiRoute::List(_)
            | ApiRoute::Below(_)
            | ApiRoute::Table(..)
            | ApiRoute::Letters
            | ApiRoute::Jobs
            | ApiRoute::Runs(_)
            | ApiRoute::Users
            | ApiRoute::User(_)
            | ApiRoute::Nothing => {}
        }
        Ok(reply)
    }

    /// Returns the cached response, or creates and caches the response.
    fn cached_response(
        &mut self,
        call: &ApiRequest,
        make: impl FnOnce(&Self) -> Result<Bytes, ErrorResponse>,
    ) -> Result<SuccessResponse, ErrorResponse> {
        if let Some(bytes) = self.written.get(&call.answer).and_then(|written| written.get(&call.target)) {
            return Ok((call.answer, bytes.clone()));
        }
        let bytes = make(self)?;
        let written = self.written.entry(call.answer).or_default();
        if written.len() >= WRITTEN {
            written.clear();
        }
        written.insert(call.target.clone(), bytes.clone());
        Ok((call.answer, bytes))
    }

    /// Lists all tables of a type without rows. Omits hidden tables; Alma's behavior is unknown.
    fn list(&self, kind: EmulatedTableType, visit: &InstitutionRequest<'_>) -> Result<Bytes, ErrorResponse> {
        let InstitutionRequest { call, sent: _, zone, settings, code: _ } = *visit;
        let view = ResponseContext { zone, settings, language: &zone.default_language, library: "" };
        let shown = |access: ApiAccess| access != ApiAccess::Hidden;
        let (root, item, entries): (_, _, Vec<DocumentNode>) = match kind {
            EmulatedTableType::Code => {
                let tables = self.code_tables.values().filter(|table| shown(table.access));
                (
                    "code_tables",
                    "code_table",
                    tables.map(|table| DocumentNode::Group(table.entry(&view))).collect(),
                )
            }
            EmulatedTableType::Mapping => {
                let tables = self.mapping_tables.values().filter(|table| shown(table.access));
                let entries = tables.map(|table| DocumentNode::Group(table.entry(&view))).collect();
                ("mapping_tables", "mapping_table", entries)
            }
            EmulatedTableType::Electronic => return self.resources("", visit),
        };
        let total = entries.len();
        let items = match settings.lists {
            Lists::Unpaged => entries,
            Lists::Paged => {
                let offset = number("offset", call.query.offset.as_deref(), 0)?;
                let limit = number("limit", call.query.limit.as_deref(), 10)?.min(100);
                entries.into_iter().skip(offset).take(limit).collect()
            }
        };
        let mut parts = Vec::new();
        if view.full() {
            parts.push(DocumentPart::Count("total_record_count", total));
        }
        parts.push(DocumentPart::List { around: None, item, items });
        Ok(write(root, &DocumentNode::Group(parts), call.answer, settings.booleans))
    }

    /// Lists the e-resources below a parent, e-collections below `""`, in pages as in the vendor's OpenAPI.
    fn resources(&self, parent: &str, visit: &InstitutionRequest<'_>) -> Result<Bytes, ErrorResponse> {
        let InstitutionRequest { call, sent: _, zone: _, settings, code: _ } = *visit;
        let (item, entries) = self.electronic.list(parent, settings)?;
        let total = entries.len();
        let offset = number("offset", call.query.offset.as_deref(), 0)?;
        let limit = number("limit", call.query.limit.as_deref(), 10)?.min(100);
        let items = entries.into_iter().skip(offset).take(limit).collect();
        let parts = vec![
            DocumentPart::Count("total_record_count", total),
            DocumentPart::List { around: None, item, items },
        ];
        Ok(write(&format!("{item}s"), &DocumentNode::Group(parts), call.answer, settings.booleans))
    }

    fn table(
        &self,
        kind: EmulatedTableType,
        name: &str,
        visit: &InstitutionRequest<'_>,
    ) -> Result<Bytes, ErrorResponse> {
        let InstitutionRequest { call, sent: _, zone, settings, code: _ } = *visit;
        let library = match call.query.scope.as_deref() {
            None => "",
            Some(scope) if scope == zone.code => "",
            Some(scope) if zone.has_library(scope) => scope,
            Some(scope) => return Err(invalid("scope", scope)),
        };
        let language = language(call, zone, &zone.default_language)?;
        let view = ResponseContext { zone, settings, language, library };
        let (root, node) = match kind {
            EmulatedTableType::Code => {
                let table = self.code_tables.get(name).ok_or_else(|| table_not_found(name))?;
                visible(table.access, name)?;
                ("code_table", table.to_document(&view))
            }
            EmulatedTableType::Mapping => {
                let table = self.mapping_tables.get(name).ok_or_else(|| table_not_found(name))?;
                visible(table.access, name)?;
                ("mapping_table", table.to_document(&view))
            }
            EmulatedTableType::Electronic => {
                (electronic::root(name), self.electronic.answer(name, settings)?)
            }
        };
        Ok(write(root, &node, call.answer, settings.booleans))
    }

    fn replace(
        &mut self,
        kind: EmulatedTableType,
        name: &str,
        visit: &InstitutionRequest<'_>,
    ) -> Result<SuccessResponse, ErrorResponse> {
        let InstitutionRequest { call, sent, zone, settings, code: _ } = *visit;
        let root = match kind {
            EmulatedTableType::Code => "code_table",
            EmulatedTableType::Mapping => "mapping_table",
            EmulatedTableType::Electronic => electronic::root(name),
        };
        let format = call
            .body
            .ok_or_else(|| ErrorResponse::invalid_request("The Content-Type is neither JSON nor XML."))?;
        let body = request_body::parse_body(format, root, sent).map_err(ErrorResponse::invalid_request)?;
        // PUT defaults to English, not to the institution's language (the vendor's OpenAPI).
        let language = language(call, zone, "en")?;
        let put = TablePut { body: &body, language, zone, settings };
        let view = |library| ResponseContext { zone, settings, language, library };
        let node = match kind {
            EmulatedTableType::Code => {
                let table = self.code_tables.get_mut(name).ok_or_else(|| table_not_found(name))?;
                writable(table.access, name, 90123)?;
                let library = table.replace(&put)?;
                table.to_document(&view(&library))
            }
            EmulatedTableType::Mapping => {
                let actions = self.mapping_tables.get("BlockToBlockedActions").cloned();
                let table = self.mapping_tables.get_mut(name).ok_or_else(|| table_not_found(name))?;
                writable(table.access, name, 90125)?;
                if settings.column_values == ColumnValues::Checked {
                    check_values(table, &put, &self.code_tables)?;
                    check_actions(table, &put, actions.as_ref())?;
                }
                let library = table.replace(&put)?;
                table.to_document(&view(&library))
            }
            EmulatedTableType::Electronic => {
                self.electronic.replace(name, &body, settings)?;
                self.electronic.answer(name, settings)?
            }
        };
        self.forget_written();
        Ok((call.answer, write(root, &node, call.answer, settings.booleans)))
    }
}

fn general(visit: &InstitutionRequest<'_>) -> SuccessResponse {
    let InstitutionRequest { call, sent: _, zone, settings, code } = *visit;
    let name = vec![("desc", zone.name.clone())];
    let environment = match zone.environment_type {
        EnvironmentType::Production => "production",
        EnvironmentType::Sandbox => "sandbox",
    };
    let node = DocumentNode::Group(vec![
        DocumentPart::Child("institution", DocumentNode::Valued(code.to_owned(), name)),
        DocumentPart::Child("alma_url", DocumentNode::Text(format!("{}/", settings.base_url))),
        DocumentPart::Child("environment_type", DocumentNode::Text(environment.to_owned())),
    ]);
    (call.answer, write("general", &node, call.answer, settings.booleans))
}

pub(super) fn language<'a>(
    call: &'a ApiRequest,
    zone: &'a EmulatedZone,
    default: &'a str,
) -> Result<&'a str, ErrorResponse> {
    match call.query.lang.as_deref() {
        None => Ok(default),
        Some(language) if zone.languages.iter().any(|known| known == language) => Ok(language),
        Some(language) => Err(invalid("lang", language)),
    }
}

pub(super) fn number(name: &str, text: Option<&str>, default: usize) -> Result<usize, ErrorResponse> {
    text.map_or(Ok(default), |text| text.parse().map_err(|_| invalid(name, text)))
}

/// Returns the error for an unknown table: HTTP 400, never 404 (reported by client authors).
fn table_not_found(name: &str) -> ErrorResponse {
    ErrorResponse::business(90101, format!("The table {name} does not exist."))
}

fn visible(access: ApiAccess, name: &str) -> Result<(), ErrorResponse> {
    match access {
        ApiAccess::Hidden => Err(ErrorResponse::business(90102, format!("The table {name} is hidden."))),
        ApiAccess::Open | ApiAccess::Fixed => Ok(()),
    }
}

fn writable(access: ApiAccess, name: &str, fixed: u32) -> Result<(), ErrorResponse> {
    visible(access, name)?;
    match access {
        ApiAccess::Fixed => {
            Err(ErrorResponse::business(fixed, format!("The table {name} is not customizable.")))
        }
        ApiAccess::Open | ApiAccess::Hidden => Ok(()),
    }
}

pub(super) fn invalid(name: &str, value: &str) -> ErrorResponse {
    ErrorResponse::business(40_166_411, format!("Invalid parameter: '{value}' is not a valid {name}."))
}
