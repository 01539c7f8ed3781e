//! Relations of a library with other libraries: `conf/relations`. A switch selects the format, because the
//! vendor publishes no schema.

use std::collections::BTreeMap;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::emulator::config::RelationShape;
use crate::emulator::endpoint::{
    DocumentNode, DocumentPart, EditError, EditFormat, EmulatedEndpoint, EmulatedZone, EndpointEdit,
    EndpointEntry, EndpointRequest, EndpointResult, ErrorResponse, TargetField, XmlLayout, seed_each,
};
use crate::emulator::put_fields::{code, object_list};

pub(super) const ENDPOINT: EndpointEntry = EndpointEntry {
    edits: Some(EditFormat {
        target: "relations of library `{}`",
        hint: "invalid action for relations: use set_relation or delete_relation",
        named_by: TargetField::Library,
        ..EditFormat::new::<RelationEdit>("relations", "Relations of `library`.")
    }),
    ..EndpointEntry::new(&["conf", "relations"], |zones| seed_each(zones, EmulatedRelations::seed))
};

const LAYOUT: XmlLayout = XmlLayout { coded: &["type"], lists: &[("relations", "relation")] };

/// Relation with one library.
struct EmulatedLibraryRelation {
    /// Code of the related library.
    library: String,
    /// Services of the related library for the owner of the relation.
    types: Vec<String>,
    /// Field unknown to clients, which must not lose the value.
    remark: Option<String>,
}

/// Librarian edit of the relations of a library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RelationEdit {
    /// Changes or adds the relation with a library.
    SetRelation {
        /// Related library.
        library: String,
        /// All services of the related library.
        types: Vec<String>,
    },
    /// Removes the relation with a library.
    DeleteRelation {
        /// Related library.
        library: String,
    },
}

/// Relations by library, with an entry for every library.
struct EmulatedRelations(BTreeMap<String, Vec<EmulatedLibraryRelation>>);

impl EmulatedRelations {
    /// Returns the initial relations: the first library delivers for all other libraries.
    fn seed(zone: &EmulatedZone) -> Self {
        let libraries = zone.library_codes();
        let deliver = |library: &String| EmulatedLibraryRelation {
            library: library.clone(),
            types: vec!["CHECKOUT".to_owned(), "RETURN".to_owned()],
            remark: Some("since the merger".to_owned()),
        };
        let mut relations: BTreeMap<_, _> =
            libraries.iter().map(|library| (library.clone(), Vec::new())).collect();
        if let Some((first, others)) = libraries.split_first() {
            relations.insert(first.clone(), others.iter().map(deliver).collect());
        }
        Self(relations)
    }
}

impl EmulatedEndpoint for EmulatedRelations {
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        let library = requested_library(request)?;
        let relations = self.0.get(library).ok_or_else(|| no_library(library))?;
        request.reply("relations", &to_document(relations, request.settings.relation_shape))
    }

    /// Replaces all relations of the library, or deletes the relations with the libraries in `libraryCode`.
    fn write(&mut self, request: &EndpointRequest<'_>) -> EndpointResult {
        let library = requested_library(request)?;
        let relations = self.0.get_mut(library).ok_or_else(|| no_library(library))?;
        if request.call.method == Method::DELETE {
            let related = request.call.parameter("libraryCode").filter(|codes| !codes.is_empty());
            let related = related.ok_or_else(|| {
                ErrorResponse::business(40_166_413, "Parameter value is mandatory: libraryCode.")
            })?;
            relations.retain(|relation| !related.split(',').any(|code| code.trim() == relation.library));
            return request.reply_empty();
        }
        request.require_put()?;
        let body = request.parse_body("relations", &LAYOUT)?;
        *relations = parse_relations(&body, request.settings.relation_shape, request.zone)?;
        self.get(request)
    }

    fn requested_name(&self, request: &EndpointRequest<'_>) -> Option<String> {
        requested_library(request).ok().map(str::to_owned)
    }

    fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn edit(&mut self, edit: &EndpointEdit<'_>) -> Result<(), EditError> {
        let relations = self.0.entry(edit.name.to_owned()).or_default();
        match edit.parse_action()? {
            RelationEdit::SetRelation { library, types } => {
                match relations.iter_mut().find(|relation| relation.library == library) {
                    Some(relation) => relation.types = types,
                    None => relations.push(EmulatedLibraryRelation { library, types, remark: None }),
                }
            }
            RelationEdit::DeleteRelation { library } => {
                relations.retain(|relation| relation.library != library);
            }
        }
        Ok(())
    }
}

fn requested_library<'a>(request: &EndpointRequest<'a>) -> Result<&'a str, ErrorResponse> {
    request.language("")?;
    if !request.path.is_empty() {
        return Err(ErrorResponse::routing_error());
    }
    let library = request.call.parameter("scope").filter(|scope| !scope.is_empty());
    library.ok_or_else(|| ErrorResponse::business(40_166_413, "Parameter value is mandatory: scope."))
}

fn no_library(library: &str) -> ErrorResponse {
    ErrorResponse::invalid_parameter("scope", library)
}

/// Returns the relations of a library.
fn to_document(relations: &[EmulatedLibraryRelation], shape: RelationShape) -> DocumentNode {
    let node = |relation: &EmulatedLibraryRelation, parts: [DocumentPart; 2]| {
        let remark = relation.remark.iter().map(|text| DocumentPart::text("remark", text));
        DocumentNode::Group(parts.into_iter().chain(remark).collect())
    };
    DocumentNode::Group(match shape {
        RelationShape::EntryPerType => {
            let entry = |relation: &EmulatedLibraryRelation, service: &String| {
                let library = DocumentPart::described("library", &relation.library, &relation.library);
                node(relation, [library, DocumentPart::described("type", service, service.to_lowercase())])
            };
            let services = relations
                .iter()
                .flat_map(|relation| relation.types.iter().map(move |service| (relation, service)));
            let items: Vec<DocumentNode> =
                services.map(|(relation, service)| entry(relation, service)).collect();
            vec![
                DocumentPart::Count("total_record_count", items.len()),
                DocumentPart::list("relation", items),
            ]
        }
        RelationShape::Grouped => {
            let items = relations.iter().map(|relation| {
                let types = relation.types.iter().map(DocumentNode::text);
                let library = DocumentPart::text("target_library", &relation.library);
                node(relation, [library, DocumentPart::list("types", types)])
            });
            vec![DocumentPart::list("relations", items)]
        }
    })
}

/// Parses the relations of a PUT.
fn parse_relations(
    body: &Map<String, Value>,
    shape: RelationShape,
    zone: &EmulatedZone,
) -> Result<Vec<EmulatedLibraryRelation>, ErrorResponse> {
    let (list, library_field, types_field) = match shape {
        RelationShape::EntryPerType => ("relation", "library", "type"),
        RelationShape::Grouped => ("relations", "target_library", "types"),
    };
    let malformed =
        || ErrorResponse::invalid_request(format!("The element '{list}' is not a list of relations."));
    if let Some(other) = body.keys().find(|name| *name != list && *name != "link") {
        return Err(ErrorResponse::invalid_request(format!("The element '{other}' is not known.")));
    }
    let mut relations: Vec<EmulatedLibraryRelation> = Vec::new();
    for entry in object_list(body, list, malformed)? {
        let library = code(entry.get(library_field)).ok_or_else(malformed)?;
        if !zone.has_library(library) {
            let message = format!("Parameter value invalid: '{library}' is not a library.");
            return Err(ErrorResponse::business(40_166_411, message));
        }
        let types: Vec<String> = match entry.get(types_field) {
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            service => vec![code(service).ok_or_else(malformed)?.to_owned()],
        };
        let remark = entry.get("remark").and_then(Value::as_str).map(str::to_owned);
        match relations.iter_mut().find(|known| known.library == library && known.remark == remark) {
            Some(known) => known.types.extend(types),
            None => relations.push(EmulatedLibraryRelation { library: library.to_owned(), types, remark }),
        }
    }
    Ok(relations)
}
