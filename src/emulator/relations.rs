//! A library's relations with others. What they look like is a switch: the vendor publishes no schema.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::behaviour::RelationShape;
use super::document::{Node, Part};
use super::edit::{Action, Problem};
use super::put::code;
use super::refusal::Refusal;
use super::zone::EmulatedZone;

/// The relation with one library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// The other library.
    pub library: String,
    /// What it does for the library whose relation this is.
    pub types: Vec<String>,
    /// Something that a client cannot know of, and must not lose.
    #[serde(default)]
    pub remark: Option<String>,
}

/// A library's relations as they are answered.
pub(super) fn answer(relations: &[Relation], shape: RelationShape) -> Node {
    let remark =
        |relation: &Relation| relation.remark.clone().map(|text| Part::Child("remark", Node::Text(text)));
    Node::Group(match shape {
        RelationShape::OneByOne => {
            let one = |relation: &Relation, kind: &String| {
                let library =
                    Node::Valued(relation.library.clone(), vec![("desc", relation.library.clone())]);
                let kind = Node::Valued(kind.clone(), vec![("desc", kind.to_lowercase())]);
                let parts = [Part::Child("library", library), Part::Child("type", kind)];
                Node::Group(parts.into_iter().chain(remark(relation)).collect())
            };
            let items: Vec<Node> = relations
                .iter()
                .flat_map(|relation| {
                    relation.types.iter().map(|kind| one(relation, kind)).collect::<Vec<_>>()
                })
                .collect();
            vec![
                Part::Count("total_record_count", items.len()),
                Part::List { around: None, item: "relation", items },
            ]
        }
        RelationShape::Grouped => {
            let items = relations.iter().map(|relation| {
                let types = relation.types.iter().cloned().map(Node::Text).collect();
                let mut parts = vec![
                    Part::Child("target_library", Node::Text(relation.library.clone())),
                    Part::List { around: None, item: "types", items: types },
                ];
                parts.extend(remark(relation));
                Node::Group(parts)
            });
            vec![Part::List { around: None, item: "relations", items: items.collect() }]
        }
    })
}

/// The relations that a PUT holds, which are all that the library will have.
pub(super) fn taken(
    body: &Map<String, Value>,
    shape: RelationShape,
    zone: &EmulatedZone,
) -> Result<Vec<Relation>, Refusal> {
    let (list, library, kind) = match shape {
        RelationShape::OneByOne => ("relation", "library", "type"),
        RelationShape::Grouped => ("relations", "target_library", "types"),
    };
    let malformed = || Refusal::invalid_request(format!("The element '{list}' is not a list of relations."));
    if let Some(other) = body.keys().find(|name| *name != list && *name != "link") {
        return Err(Refusal::invalid_request(format!("The element '{other}' is not known.")));
    }
    let entries = match body.get(list) {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(malformed()),
    };
    let mut relations: Vec<Relation> = Vec::new();
    for entry in entries {
        let entry = entry.as_object().ok_or_else(malformed)?;
        let library = code(entry.get(library)).ok_or_else(malformed)?;
        if !zone.has_library(library) {
            let message = format!("Parameter value invalid: '{library}' is not a library.");
            return Err(Refusal::business(40_166_411, message));
        }
        let types: Vec<String> = match entry.get(kind) {
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            one => vec![code(one).ok_or_else(malformed)?.to_owned()],
        };
        let remark = entry.get("remark").and_then(Value::as_str).map(str::to_owned);
        match relations.iter_mut().find(|known| known.library == library && known.remark == remark) {
            Some(known) => known.types.extend(types),
            None => relations.push(Relation { library: library.to_owned(), types, remark }),
        }
    }
    Ok(relations)
}

/// What a librarian does to a library's relations.
pub(super) fn edit(relations: &mut Vec<Relation>, action: &Action) -> Result<(), Problem> {
    if let Action::SetRelation { library, types } = action {
        match relations.iter_mut().find(|relation| relation.library == *library) {
            Some(relation) => relation.types.clone_from(types),
            None => relations.push(Relation { library: library.clone(), types: types.clone(), remark: None }),
        }
    } else if let Action::DeleteRelation { library } = action {
        relations.retain(|relation| relation.library != *library);
    } else {
        return Err("relations are changed with set_relation and delete_relation".to_owned());
    }
    Ok(())
}
