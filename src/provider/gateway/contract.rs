//! What a gateway answers and takes, and the document that says so.

use serde_json::{Map, Value as Json, json};

use super::text;
use crate::model::{
    Channel, CollectionId, FieldName, FieldValue, ObservationSource, ObservedCollection, ObservedRecord,
    Record, TableName,
};
use crate::provider::CollectionSnapshot;

/// What may be done with a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayVerb {
    /// Read it.
    Read,
    /// Put a record.
    Put,
    /// Delete a record.
    Delete,
}

/// One collection, or all of one type, that a gateway serves for a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedCollection {
    /// The type of collection.
    pub kind: String,
    /// Which one of the type; `None` for all of them, or for the only one.
    pub table: Option<String>,
    /// What may be done.
    pub verbs: Vec<GatewayVerb>,
}

impl ServedCollection {
    /// Whether it speaks of a collection.
    pub fn matches(&self, id: &CollectionId) -> bool {
        let named = match (&self.table, &id.table) {
            (None, _) => true,
            (Some(table), TableName::Code(name) | TableName::Title(name)) => **table == **name,
            (Some(_), TableName::Whole) => false,
        };
        *self.kind == *id.kind && named
    }
}

/// The list of collections. Verbs that are not known are no concern of ours.
pub fn parse_collections(body: &Json) -> Result<Vec<ServedCollection>, String> {
    let entries = match body.get("collections") {
        Some(Json::Array(entries)) => entries.as_slice(),
        None | Some(Json::Null) if body.is_object() => &[],
        _ => return Err("the list has no `collections`".into()),
    };
    let verb = |verb: &Json| match verb.as_str()? {
        "read" => Some(GatewayVerb::Read),
        "put" => Some(GatewayVerb::Put),
        "delete" => Some(GatewayVerb::Delete),
        _ => None,
    };
    let entry = |entry: &Json| {
        let kind =
            text(entry, "kind").ok_or_else(|| format!("an entry of the list has no `kind`: {entry}"))?;
        let verbs = entry.get("verbs").and_then(Json::as_array);
        Ok(ServedCollection {
            kind,
            table: text(entry, "table"),
            verbs: verbs.into_iter().flatten().filter_map(verb).collect(),
        })
    };
    entries.iter().map(entry).collect()
}

/// A collection with its revision.
pub fn snapshot(id: &CollectionId, body: Json) -> Result<CollectionSnapshot, String> {
    if !body.is_object() {
        return Err("it is not an object".into());
    }
    if revision(&body).is_none() {
        return Err("it has no `revision`, so that nobody could tell whether it moved".into());
    }
    let records = match body.get("records") {
        Some(Json::Array(records)) => records.as_slice(),
        None | Some(Json::Null) => &[],
        Some(_) => return Err("`records` is not a list".into()),
    };
    let records = records
        .iter()
        .enumerate()
        .map(|(index, each)| record(each).map_err(|what| format!("record {}: {what}", index + 1)));
    let observed = ObservedCollection {
        id: id.clone(),
        aliases: Default::default(),
        columns: Vec::new(),
        records: records.collect::<Result<_, _>>()?,
        references: None,
        channel: Channel::Gateway,
        witness: ObservationSource::Zone,
    };
    Ok(CollectionSnapshot { observed, raw: body })
}

/// The revision of a collection, or of a record that was just written.
pub fn revision(body: &Json) -> Option<String> {
    text(body, "revision")
}

/// A record as it is read.
pub fn record(body: &Json) -> Result<ObservedRecord, String> {
    let Some(Json::Object(fields)) = body.get("fields") else { return Err("it has no `fields`".into()) };
    let mut record = Record::new();
    for (name, value) in fields {
        record.insert(
            FieldName::from(name.as_str()),
            self::value(value).map_err(|what| format!("`{name}` {what}"))?,
        );
    }
    Ok(ObservedRecord {
        fields: record,
        updated_by: text(body, "updatedBy"),
        update_date: text(body, "updateDate"),
    })
}

fn value(value: &Json) -> Result<FieldValue, String> {
    Ok(match value {
        Json::Null => FieldValue::Null,
        Json::Bool(flag) => FieldValue::Bool(*flag),
        Json::String(text) => FieldValue::from_text(text),
        Json::Number(number) => FieldValue::from_text(number.to_string()),
        Json::Array(texts) => {
            let texts: Option<Vec<&str>> = texts.iter().map(Json::as_str).collect();
            FieldValue::list(texts.ok_or("is a list of other things than texts")?)
        }
        Json::Object(_) => return Err("is an object".into()),
    })
}

/// A record as it is put. What it holds already goes back as it came: a gateway may have numbers, and lists
/// in an order of its own.
pub fn body(record: &Record, held: Option<&Map<String, Json>>) -> Json {
    let field = |(field, wanted): (&FieldName, &FieldValue)| {
        let held = held.and_then(|held| held.get(&**field));
        let same = held.filter(|held| value(held).is_ok_and(|held| held == *wanted));
        (field.to_string(), same.cloned().unwrap_or_else(|| json!(wanted)))
    };
    json!({ "fields": record.iter().map(field).collect::<Map<_, _>>() })
}

/// The contract as an OpenAPI document, which is published in `schemas/`.
pub fn openapi() -> Json {
    let parameter = |place: &str, name: &str, about: &str| json!({"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}, "description": about});
    let zone = parameter("path", "zone", "Alma's institution code.");
    let kind = parameter("path", "kind", "The type of collection, such as `ImportPermissions`.");
    let narrowing = [
        parameter("query", "table", "Which collection of the type, by code."),
        parameter("query", "title", "Which collection of the type, by the name that people see."),
        parameter("query", "library", "Code of the library it belongs to."),
        parameter("query", "language", "The language of its texts."),
    ];
    let with = |first: &[&Json]| -> Json {
        first.iter().map(|each| (*each).clone()).chain(narrowing.iter().cloned()).collect()
    };
    let key = parameter("path", "key", "The values of the record's key, one path segment for each.");
    let if_match = json!({"name": "If-Match", "in": "header", "required": true, "schema": {"type": "string"},
        "description": "The revision that was read, in double quotes."});
    let answer = |about: &str, schema: &str| json!({"description": about, "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}}}});
    let mut refusals = json!({
        "400": answer("The record is not allowed; nothing was changed.", "Errors"),
        "403": answer("The key is not known or may not do this.", "Errors"),
        "404": answer("There is no such zone, collection or record.", "Errors"),
        "412": answer("The collection has another revision; nothing was changed.", "Errors"),
    });
    let mut written = refusals.clone();
    written["200"] = answer("Done. The collection has this revision now.", "Revision");
    refusals["200"] = answer("The collection.", "Collection");
    let mut record = with(&[&zone, &kind, &key]);
    if let Some(parameters) = record.as_array_mut() {
        parameters.push(if_match);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "zonal gateway",
            "version": "1",
            "description": "What zonal asks of a service that stands in front of the configuration that Alma's public API does not reach. `zonal gateway check URL` tries a service out."
        },
        "security": [{"key": []}],
        "paths": {
            "/v1/zones/{zone}/collections": {"get": {
                "summary": "The collections that are served for a zone, and what may be done with each.",
                "parameters": [zone],
                "responses": {"200": answer("The list.", "List"), "403": answer("The key is not known.", "Errors"), "404": answer("There is no such zone.", "Errors")}
            }},
            "/v1/zones/{zone}/collections/{kind}": {"get": {
                "summary": "A collection with its revision. A collection without records has a revision too.",
                "parameters": with(&[&zone, &kind]), "responses": refusals
            }},
            "/v1/zones/{zone}/collections/{kind}/records/{key}": {
                "put": {
                    "summary": "Creates or replaces one record.",
                    "parameters": record.clone(),
                    "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Record"}}}},
                    "responses": written.clone()
                },
                "delete": {"summary": "Deletes one record.", "parameters": record, "responses": written}
            }
        },
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`apikey KEY`, as Alma's own API has it."}},
            "schemas": {
                "List": {"type": "object", "properties": {"collections": {"type": "array", "items": {"type": "object",
                    "required": ["kind", "verbs"],
                    "properties": {
                        "kind": {"type": "string"},
                        "table": {"type": "string", "description": "Left out where all collections of the type are served, or where there is one only."},
                        "verbs": {"type": "array", "items": {"enum": ["read", "put", "delete"]}}
                    }}}}},
                "Collection": {"type": "object", "required": ["revision"], "properties": {
                    "revision": {"type": "string", "description": "Another one after each change of any record. It is sent back in a header: ASCII, without line breaks."},
                    "records": {"type": "array", "items": {"$ref": "#/components/schemas/Record"}}
                }},
                "Record": {"type": "object", "required": ["fields"], "properties": {
                    "fields": {"type": "object", "description": "Key fields included. A list is a set of texts: its order does not count.",
                        "additionalProperties": {"oneOf": [{"type": ["string", "boolean", "null"]}, {"type": "array", "items": {"type": "string"}}]}},
                    "updatedBy": {"type": "string", "description": "Who changed it last."},
                    "updateDate": {"type": "string", "description": "When."}
                }},
                "Revision": {"type": "object", "required": ["revision"], "properties": {"revision": {"type": "string"}}},
                "Errors": {"type": "object", "properties": {"errorList": {"type": "object", "properties": {"error": {"type": "array", "items": {
                    "type": "object", "properties": {"errorCode": {"type": "string"}, "errorMessage": {"type": "string"}, "trackingId": {"type": "string"}}
                }}}}}}
            }
        }
    })
}
