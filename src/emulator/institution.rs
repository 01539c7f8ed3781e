//! One zone at work: answers from its tables, changes them, and lets librarians do the same.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Method;

use super::answer::View;
use super::behaviour::{ColumnValues, Lists, Settings};
use super::body;
use super::call::{Call, Route};
use super::document::{Format, Node, Part, XML_DECLARATION, write};
use super::edit::{Scheduled, Subject};
use super::electronic::{self, Electronic};
use super::jobs::Jobs;
use super::kept::{Kept, Name};
use super::mapping_table::{check_actions, check_values};
use super::objects::Objects;
use super::put::Put;
use super::refusal::Refusal;
use super::schedule::Happened;
use super::table::{Access, CodeTable, MappingTable, Stamp, TableKind, TableSeed};
use super::zone::EmulatedZone;
use crate::model::network::EnvironmentType;

/// A request at its zone.
pub(super) struct Visit<'a> {
    pub call: &'a Call,
    pub sent: &'a [u8],
    pub zone: &'a EmulatedZone,
    pub settings: &'a Settings,
    /// The institution that the zone says it is.
    pub code: &'a str,
}

impl Visit<'_> {
    /// Who and when, for what this visit changes.
    pub fn stamp(&self) -> Stamp {
        Stamp { by: self.settings.api_user.clone(), date: self.settings.today.clone() }
    }
}

/// A successful answer.
pub(super) type Reply = (Format, Bytes);

/// What a zone holds.
pub(super) struct Institution {
    pub code_tables: BTreeMap<String, CodeTable>,
    pub mapping_tables: BTreeMap<String, MappingTable>,
    pub electronic: Electronic,
    pub objects: Objects,
    pub scheduled: Vec<Scheduled>,
    /// What the API does not reach.
    pub kept: BTreeMap<Name, Kept>,
    pub jobs: Jobs,
    /// Answers by format and target, until anything changes: most requests of a run are the same
    /// few reads, and writing them again each time is what would make the emulator slow.
    written: BTreeMap<Format, BTreeMap<String, Bytes>>,
    /// Another number after each change of what the zone holds.
    pub revision: u64,
}

/// Beyond this many answers something asks for ever new ones, and keeping them is no use.
const WRITTEN: usize = 1_000;

impl Institution {
    pub fn new(
        tables: impl IntoIterator<Item = TableSeed>,
        objects: Objects,
        kept: BTreeMap<Name, Kept>,
        jobs: Jobs,
    ) -> Self {
        let mut institution = Self {
            code_tables: BTreeMap::new(),
            mapping_tables: BTreeMap::new(),
            electronic: Electronic::default(),
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

    /// Adds a table, or replaces the one of that name.
    pub fn put_table(&mut self, table: TableSeed) {
        match table {
            TableSeed::Code(table) => drop(self.code_tables.insert(table.name.clone(), table)),
            TableSeed::Mapping(table) => drop(self.mapping_tables.insert(table.code.clone(), table)),
            TableSeed::Electronic(resource) => self.electronic.put(resource),
        }
        self.forget_written();
    }

    /// To be called whenever an answer may have become another one.
    pub fn forget_written(&mut self) {
        self.written.clear();
        self.changed();
    }

    /// To be called whenever what the zone holds has become something else, whether an answer shows it or not.
    pub fn changed(&mut self) {
        self.revision += 1;
    }

    /// Answers a request that the gateway let through.
    pub fn answer(&mut self, visit: &Visit<'_>) -> Result<Reply, Refusal> {
        let Visit { call, sent: _, zone: _, settings, code } = visit;
        match (&call.route, &call.method) {
            (Route::Test, &Method::GET | &Method::POST) => {
                let text = format!("{} - OK - institutionCode: {code}", call.method);
                Ok((Format::Xml, format!("{XML_DECLARATION}<test>{text}</test>").into()))
            }
            (Route::General, &Method::GET) => Ok(general(visit)),
            (Route::List(kind), &Method::GET) => self.remembered(call, |held| held.list(*kind, visit)),
            (Route::Below(parent), &Method::GET) => {
                self.remembered(call, |held| held.resources(parent, visit))
            }
            (Route::Table(kind, name), &Method::GET) => {
                let reply = self.remembered(call, |held| held.table(*kind, name, visit))?;
                self.come((*kind).into(), name, Happened::Read, settings);
                Ok(reply)
            }
            (Route::Table(kind, name), &Method::PUT) => {
                let reply = self.replace(*kind, name, visit)?;
                self.come((*kind).into(), name, Happened::Write, settings);
                Ok(reply)
            }
            (Route::Jobs, &Method::GET) => self.remembered(call, |held| held.jobs.list(visit)),
            (Route::Runs(job), &Method::GET) => self.remembered(call, |held| held.jobs.runs(job, visit)),
            (
                Route::Letters | Route::Letter(_) | Route::Relations | Route::OpenHours,
                &Method::GET | &Method::PUT,
            ) => self.object(visit),
            (
                Route::Test
                | Route::General
                | Route::List(_)
                | Route::Below(_)
                | Route::Table(..)
                | Route::Jobs
                | Route::Runs(_)
                | Route::Letters
                | Route::Letter(_)
                | Route::Relations
                | Route::OpenHours
                | Route::Users
                | Route::User(_)
                | Route::Nothing,
                _,
            ) => Err(Refusal::routing()),
        }
    }

    /// Answers for what is not a table, and lets librarians race it.
    fn object(&mut self, visit: &Visit<'_>) -> Result<Reply, Refusal> {
        let reply = self.objects.answer(visit)?;
        let happened = if visit.call.method == Method::GET { Happened::Read } else { Happened::Write };
        let library = visit.call.query.scope.as_deref().filter(|scope| *scope != visit.zone.code);
        let library = library.unwrap_or_default();
        match &visit.call.route {
            Route::Letter(code) => self.come(Subject::Letter, code, happened, visit.settings),
            Route::Relations => self.come(Subject::Relations, library, happened, visit.settings),
            Route::OpenHours => self.come(Subject::OpenHours, library, happened, visit.settings),
            Route::Test
            | Route::General
            | Route::List(_)
            | Route::Below(_)
            | Route::Table(..)
            | Route::Letters
            | Route::Jobs
            | Route::Runs(_)
            | Route::Users
            | Route::User(_)
            | Route::Nothing => {}
        }
        Ok(reply)
    }

    /// The answer that was written before, or the one that is written now.
    fn remembered(
        &mut self,
        call: &Call,
        make: impl FnOnce(&Self) -> Result<Bytes, Refusal>,
    ) -> Result<Reply, Refusal> {
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

    /// All tables of a type without their rows. Hidden ones are not shown; what Alma does is not known.
    fn list(&self, kind: TableKind, visit: &Visit<'_>) -> Result<Bytes, Refusal> {
        let Visit { call, sent: _, zone, settings, code: _ } = *visit;
        let view = View { zone, settings, language: &zone.default_language, library: "" };
        let shown = |access: Access| access != Access::Hidden;
        let (root, item, entries): (_, _, Vec<Node>) = match kind {
            TableKind::Code => {
                let tables = self.code_tables.values().filter(|table| shown(table.access));
                ("code_tables", "code_table", tables.map(|table| Node::Group(table.entry(&view))).collect())
            }
            TableKind::Mapping => {
                let tables = self.mapping_tables.values().filter(|table| shown(table.access));
                let entries = tables.map(|table| Node::Group(table.entry(&view))).collect();
                ("mapping_tables", "mapping_table", entries)
            }
            TableKind::Electronic => return self.resources("", visit),
        };
        let total = entries.len();
        let items = match settings.lists {
            Lists::Whole => entries,
            Lists::Paged => {
                let offset = number("offset", call.query.offset.as_deref(), 0)?;
                let limit = number("limit", call.query.limit.as_deref(), 10)?.min(100);
                entries.into_iter().skip(offset).take(limit).collect()
            }
        };
        let mut parts = Vec::new();
        if view.full() {
            parts.push(Part::Count("total_record_count", total));
        }
        parts.push(Part::List { around: None, item, items });
        Ok(write(root, &Node::Group(parts), call.answer, settings.booleans))
    }

    /// The e-resources below another one, e-collections below `""`: in pages, as the vendor's OpenAPI says.
    fn resources(&self, parent: &str, visit: &Visit<'_>) -> Result<Bytes, Refusal> {
        let Visit { call, sent: _, zone: _, settings, code: _ } = *visit;
        let (item, entries) = self.electronic.list(parent, settings)?;
        let total = entries.len();
        let offset = number("offset", call.query.offset.as_deref(), 0)?;
        let limit = number("limit", call.query.limit.as_deref(), 10)?.min(100);
        let items = entries.into_iter().skip(offset).take(limit).collect();
        let parts = vec![Part::Count("total_record_count", total), Part::List { around: None, item, items }];
        Ok(write(&format!("{item}s"), &Node::Group(parts), call.answer, settings.booleans))
    }

    fn table(&self, kind: TableKind, name: &str, visit: &Visit<'_>) -> Result<Bytes, Refusal> {
        let Visit { call, sent: _, zone, settings, code: _ } = *visit;
        let library = match call.query.scope.as_deref() {
            None => "",
            Some(scope) if scope == zone.code => "",
            Some(scope) if zone.has_library(scope) => scope,
            Some(scope) => return Err(invalid("scope", scope)),
        };
        let language = language(call, zone, &zone.default_language)?;
        let view = View { zone, settings, language, library };
        let (root, node) = match kind {
            TableKind::Code => {
                let table = self.code_tables.get(name).ok_or_else(|| missing(name))?;
                visible(table.access, name)?;
                ("code_table", table.answer(&view))
            }
            TableKind::Mapping => {
                let table = self.mapping_tables.get(name).ok_or_else(|| missing(name))?;
                visible(table.access, name)?;
                ("mapping_table", table.answer(&view))
            }
            TableKind::Electronic => (electronic::root(name), self.electronic.answer(name, settings)?),
        };
        Ok(write(root, &node, call.answer, settings.booleans))
    }

    fn replace(&mut self, kind: TableKind, name: &str, visit: &Visit<'_>) -> Result<Reply, Refusal> {
        let Visit { call, sent, zone, settings, code: _ } = *visit;
        let root = match kind {
            TableKind::Code => "code_table",
            TableKind::Mapping => "mapping_table",
            TableKind::Electronic => electronic::root(name),
        };
        let format =
            call.body.ok_or_else(|| Refusal::invalid_request("The Content-Type is neither JSON nor XML."))?;
        let body = body::read(format, root, sent).map_err(Refusal::invalid_request)?;
        // The default of PUT is English, not the institution's language (the vendor's OpenAPI).
        let language = language(call, zone, "en")?;
        let put = Put { body: &body, language, zone, settings };
        let view = |library| View { zone, settings, language, library };
        let node = match kind {
            TableKind::Code => {
                let table = self.code_tables.get_mut(name).ok_or_else(|| missing(name))?;
                writable(table.access, name, 90123)?;
                let library = table.replace(&put)?;
                table.answer(&view(&library))
            }
            TableKind::Mapping => {
                let actions = self.mapping_tables.get("BlockToBlockedActions").cloned();
                let table = self.mapping_tables.get_mut(name).ok_or_else(|| missing(name))?;
                writable(table.access, name, 90125)?;
                if settings.column_values == ColumnValues::Checked {
                    check_values(table, &put, &self.code_tables)?;
                    check_actions(table, &put, actions.as_ref())?;
                }
                let library = table.replace(&put)?;
                table.answer(&view(&library))
            }
            TableKind::Electronic => {
                self.electronic.replace(name, &body, settings)?;
                self.electronic.answer(name, settings)?
            }
        };
        self.forget_written();
        Ok((call.answer, write(root, &node, call.answer, settings.booleans)))
    }
}

fn general(visit: &Visit<'_>) -> Reply {
    let Visit { call, sent: _, zone, settings, code } = *visit;
    let name = vec![("desc", zone.name.clone())];
    let environment = match zone.environment_type {
        EnvironmentType::Production => "production",
        EnvironmentType::Sandbox => "sandbox",
    };
    let node = Node::Group(vec![
        Part::Child("institution", Node::Valued(code.to_owned(), name)),
        Part::Child("alma_url", Node::Text(format!("{}/", settings.base_url))),
        Part::Child("environment_type", Node::Text(environment.to_owned())),
    ]);
    (call.answer, write("general", &node, call.answer, settings.booleans))
}

pub(super) fn language<'a>(
    call: &'a Call,
    zone: &'a EmulatedZone,
    default: &'a str,
) -> Result<&'a str, Refusal> {
    match call.query.lang.as_deref() {
        None => Ok(default),
        Some(language) if zone.languages.iter().any(|known| known == language) => Ok(language),
        Some(language) => Err(invalid("lang", language)),
    }
}

pub(super) fn number(name: &str, text: Option<&str>, default: usize) -> Result<usize, Refusal> {
    text.map_or(Ok(default), |text| text.parse().map_err(|_| invalid(name, text)))
}

/// Reported by client authors for names that do not exist: HTTP 400, never 404.
fn missing(name: &str) -> Refusal {
    Refusal::business(90101, format!("The table {name} does not exist."))
}

fn visible(access: Access, name: &str) -> Result<(), Refusal> {
    match access {
        Access::Hidden => Err(Refusal::business(90102, format!("The table {name} is hidden."))),
        Access::Open | Access::Fixed => Ok(()),
    }
}

fn writable(access: Access, name: &str, fixed: u32) -> Result<(), Refusal> {
    visible(access, name)?;
    match access {
        Access::Fixed => Err(Refusal::business(fixed, format!("The table {name} is not customizable."))),
        Access::Open | Access::Hidden => Ok(()),
    }
}

pub(super) fn invalid(name: &str, value: &str) -> Refusal {
    Refusal::business(40_166_411, format!("Invalid parameter: '{value}' is not a valid {name}."))
}
