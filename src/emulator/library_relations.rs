//! Relations of a library with other libraries. A switch selects the format: the vendor publishes no schema.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::config::RelationShape;
use super::error_response::ErrorResponse;
use super::librarian_edit::{EditAction, EditError};
use super::response_document::{DocumentNode, DocumentPart};
use super::table_put::code;
use super::zone::EmulatedZone;

/// Relation with one library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedLibraryRelation {
    /// Code of the related library.
    pub library: String,
    /// Services of the related library for the owner of the relation.
    pub types: Vec<String>,
    /// Field unknown to clients, which must not lose the value.
    #[serde(default)]
    pub remark: Option<String>,
}

/// Returns the relations of a library.
pub(super) fn to_document(relations: &[EmulatedLibraryRelation], shape: RelationShape) -> DocumentNode {
    let remark = |relation: &EmulatedLibraryRelation| {
        relation.remark.clone().map(|text| DocumentPart::Child("remark", DocumentNode::Text(text)))
    };
    DocumentNode::Group(match shape {
        RelationShape::EntryPerType => {
            let one = |relation: &EmulatedLibraryRelation, kind: &String| {
                let library =
                    DocumentNode::Valued(relation.library.clone(), vec![("desc", relation.library.clone())]);
                let kind = DocumentNode::Valued(kind.clone(), vec![("desc", kind.to_lowercase())]);
                let parts = [DocumentPart::Child("library", library), DocumentPart::Child("type", kind)];
                DocumentNode::Group(parts.into_iter().chain(remark(relation)).collect())
            };
            let items: Vec<DocumentNode> = relations
                .iter()
                .flat_map(|relation| {
                    relation.types.iter().map(|kind| one(relation, kind)).collect::<Vec<_>>()
                })
                .collect();
            vec![
                DocumentPart::Count("total_record_count", items.len()),
                DocumentPart::List { around: None, item: "relation", items },
            ]
        }
        RelationShape::Grouped => {
            let items = relations.iter().map(|relation| {
                let types = relation.types.iter().cloned().map(DocumentNode::Text).collect();
                let mut parts = vec![
                    DocumentPart::Child("target_library", DocumentNode::Text(relation.library.clone())),
                    DocumentPart::List { around: None, item: "types", items: types },
                ];
                parts.extend(remark(relation));
                DocumentNode::Group(parts)
            });
            vec![DocumentPart::List { around: None, item: "relations", items: items.collect() }]
        }
    })
}

/// Parses the relations of a PUT, which replace all relations of the library.
pub(super) fn parse_relations(
    body: &Map<String, Value>,
    shape: RelationShape,
    zone: &EmulatedZone,
) -> Result<Vec<EmulatedLibraryRelation>, ErrorResponse> {
    let (list, library, kind) = match shape {
        RelationShape::EntryPerType => ("relation", "library", "type"),
        RelationShape::Grouped => ("relations", "target_library", "types"),
    };
    let malformed =
        || ErrorResponse::invalid_request(format!("The element '{list}' is not a list of relations."));
    if let Some(other) = body.keys().find(|name| *name != list && *name != "link") {
        return Err(ErrorResponse::invalid_request(format!("The element '{other}' is not known.")));
    }
    let entries = match body.get(list) {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(malformed()),
    };
    let mut relations: Vec<EmulatedLibraryRelation> = Vec::new();
    for entry in entries {
        let entry = entry.as_object().ok_or_else(malformed)?;
        let library = code(entry.get(library)).ok_or_else(malformed)?;
        if !zone.has_library(library) {
            let message = format!("Parameter value invalid: '{library}' is not a library.");
            return Err(ErrorResponse::business(40_166_411, message));
        }
        let types: Vec<String> = match entry.get(kind) {
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            one => vec![code(one).ok_or_else(malformed)?.to_owned()],
        };
        let remark = entry.get("remark").and_then(Value::as_str).map(str::to_owned);
        match relations.iter_mut().find(|known| known.library == library && known.remark == remark) {
            Some(known) => known.types.extend(types),
            None => relations.push(EmulatedLibraryRelation { library: library.to_owned(), types, remark }),
        }
    }
    Ok(relations)
}

/// Applies a librarian edit to a library's relations.
pub(super) fn edit(
    relations: &mut Vec<EmulatedLibraryRelation>,
    action: &EditAction,
) -> Result<(), EditError> {
    if let EditAction::SetRelation { library, types } = action {
        match relations.iter_mut().find(|relation| relation.library == *library) {
            Some(relation) => relation.types.clone_from(types),
            None => relations.push(EmulatedLibraryRelation {
                library: library.clone(),
                types: types.clone(),
                remark: None,
            }),
        }
    } else if let EditAction::DeleteRelation { library } = action {
        relations.retain(|relation| relation.library != *library);
    } else {
        return Err("invalid action for relations: use set_relation or delete_relation".to_owned());
    }
    Ok(())
}
