//! Letters, library relations and opening hours of a zone: responses and PUTs.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value};

use super::api_request::ApiRoute;
use super::config::InstitutionHours;
use super::error_response::ErrorResponse;
use super::institution::{InstitutionRequest, SuccessResponse, invalid, language};
use super::letter::EmulatedLetter;
use super::librarian_edit::{EditAction, EditError};
use super::library_relations::{self, EmulatedLibraryRelation};
use super::open_hours::{self, EmulatedOpenHour, HoursOwner};
use super::request_body;
use super::response_document::{BodyFormat, DocumentNode, DocumentPart, write};
use super::table::ModificationStamp;
use super::table_response::ResponseContext;

/// Content of a zone besides tables.
#[derive(Default)]
pub(super) struct EmulatedObjects {
    /// Letters by code.
    pub letters: BTreeMap<String, EmulatedLetter>,
    /// Relations by library, with an entry for every library.
    pub relations: BTreeMap<String, Vec<EmulatedLibraryRelation>>,
    /// Opening hours by library, the institution's under `""`, with an entry for every library.
    pub open_hours: BTreeMap<String, Vec<EmulatedOpenHour>>,
}

impl EmulatedObjects {
    pub fn handle(&mut self, visit: &InstitutionRequest<'_>) -> Result<SuccessResponse, ErrorResponse> {
        let InstitutionRequest { call, sent: _, zone, settings, code: _ } = *visit;
        let language = language(call, zone, &zone.default_language)?;
        let view = ResponseContext { zone, settings, language, library: "" };
        let (root, node) = match (&call.route, &call.method) {
            (ApiRoute::Letters, &Method::GET) => ("letters", self.list_letters(&view)),
            (ApiRoute::Letter(code), &Method::GET) => {
                let letter = self.letters.get(code).ok_or_else(|| no_letter(code))?;
                ("letter", letter.to_document(&view))
            }
            (ApiRoute::Letter(code), _) => ("letter", self.put_letter(code, visit, &view)?),
            (ApiRoute::Relations, method) => {
                let library = call.query.scope.as_deref().filter(|scope| !scope.is_empty());
                let library = library.ok_or_else(|| {
                    ErrorResponse::business(40_166_413, "Parameter value is mandatory: scope.")
                })?;
                let held = self.relations.get_mut(library).ok_or_else(|| invalid("scope", library))?;
                if *method != Method::GET {
                    *held = library_relations::parse_relations(
                        &parse_body("relations", visit)?,
                        settings.relation_shape,
                        zone,
                    )?;
                }
                ("relations", library_relations::to_document(held, settings.relation_shape))
            }
            (ApiRoute::OpenHours, method) => {
                let scope = call.query.scope.as_deref().unwrap_or(&zone.code);
                let library = if scope == zone.code { "" } else { scope };
                let held = self.open_hours.get_mut(library).ok_or_else(|| invalid("scope", scope))?;
                if *method != Method::GET {
                    *held = open_hours::parse_entry(&parse_body("open_hours", visit)?)?;
                }
                ("open_hours", self.hours(library, settings.institution_hours))
            }
            (_, _) => return Err(ErrorResponse::routing_error()),
        };
        Ok((call.answer, write(root, &node, call.answer, settings.booleans)))
    }

    fn list_letters(&self, view: &ResponseContext<'_>) -> DocumentNode {
        let items: Vec<DocumentNode> =
            self.letters.values().map(|letter| DocumentNode::Group(letter.entry(view))).collect();
        let count = DocumentPart::Count("total_record_count", items.len());
        DocumentNode::Group(vec![count, DocumentPart::List { around: None, item: "letter", items }])
    }

    /// Replaces a letter. Accepts only XML (60105 in the vendor's OpenAPI).
    fn put_letter(
        &mut self,
        code: &str,
        visit: &InstitutionRequest<'_>,
        view: &ResponseContext<'_>,
    ) -> Result<DocumentNode, ErrorResponse> {
        if visit.call.body != Some(BodyFormat::Xml) {
            return Err(ErrorResponse::business(60105, "JSON is not supported for this API."));
        }
        let letter = self.letters.get_mut(code).ok_or_else(|| no_letter(code))?;
        let body = request_body::parse_body(BodyFormat::Xml, "letter", visit.sent)
            .map_err(ErrorResponse::invalid_request)?;
        letter.replace(&body, visit.settings.letter_enabled, visit.stamp())?;
        Ok(letter.to_document(view))
    }

    /// Returns a calendar. A library inherits the institution's hours for days without own hours.
    fn hours(&self, library: &str, institution: InstitutionHours) -> DocumentNode {
        let of = |library: &str| self.open_hours.get(library).map_or(&[][..], Vec::as_slice);
        let whose = match (library, institution) {
            ("", InstitutionHours::Inherited) => HoursOwner::Inherited,
            (_, InstitutionHours::Own | InstitutionHours::Inherited) => HoursOwner::Own,
        };
        let own = of(library);
        let inherited =
            of("").iter().filter(|hour| !library.is_empty() && !own.iter().any(|own| own.is_like(hour)));
        let inherited = inherited.map(|hour| hour.to_document(HoursOwner::Inherited));
        let items = own.iter().map(|hour| hour.to_document(whose)).chain(inherited).collect();
        DocumentNode::Group(vec![DocumentPart::List { around: None, item: "open_hour", items }])
    }

    pub fn edit_relations(&mut self, library: &str, action: &EditAction) -> Result<(), EditError> {
        library_relations::edit(self.relations.entry(library.to_owned()).or_default(), action)
    }

    pub fn edit_hours(&mut self, library: &str, action: &EditAction) -> Result<(), EditError> {
        open_hours::edit(self.open_hours.entry(library.to_owned()).or_default(), action)
    }

    pub fn edit_letter(
        &mut self,
        code: &str,
        action: &EditAction,
        stamp: ModificationStamp,
    ) -> Result<(), EditError> {
        if *action == EditAction::Remove {
            self.letters.remove(code);
            return Ok(());
        }
        let EditAction::SetLetter { xsl, enabled, name } = action else {
            return Err(format!("`{code}` is a letter: use set_letter or remove"));
        };
        let Some(letter) = self.letters.get_mut(code) else { return Err(format!("unknown letter `{code}`")) };
        letter.xsl = xsl.clone().unwrap_or_else(|| letter.xsl.clone());
        letter.enabled = enabled.unwrap_or(letter.enabled);
        letter.name = name.clone().unwrap_or_else(|| letter.name.clone());
        letter.customized = true;
        letter.updated = Some(stamp);
        Ok(())
    }
}

/// Parses the body of a PUT, in JSON or XML.
fn parse_body(root: &str, visit: &InstitutionRequest<'_>) -> Result<Map<String, Value>, ErrorResponse> {
    let neither = || ErrorResponse::invalid_request("The Content-Type is neither JSON nor XML.");
    request_body::parse_body(visit.call.body.ok_or_else(neither)?, root, visit.sent)
        .map_err(ErrorResponse::invalid_request)
}

fn no_letter(code: &str) -> ErrorResponse {
    invalid("letter code", code)
}
