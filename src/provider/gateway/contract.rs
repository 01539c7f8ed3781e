//! Parses and builds the bodies of the gateway contract, and its OpenAPI document.

use serde_json::{Map, Value as Json, json};

use super::text;
use crate::model::{
    Channel, CollectionId, FieldName, FieldValue, ObservationSource, ObservedCollection, ObservedRecord,
    Record, TableName,
};
use crate::provider::CollectionSnapshot;

/// Operation on a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayVerb {
    /// Reads the collection.
    Read,
    /// Puts a record.
    Put,
    /// Deletes a record.
    Delete,
}

/// Collection, or all collections of one kind, that a gateway serves for a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedCollection {
    /// Kind of the collection.
    pub kind: String,
    /// Table of the kind; `None` for all collections of the kind, or for the only one.
    pub table: Option<String>,
    /// Permitted operations.
    pub verbs: Vec<GatewayVerb>,
}

impl ServedCollection {
    /// Returns true if the entry covers the collection.
    pub fn matches(&self, id: &CollectionId) -> bool {
        let named = match (&self.table, &id.table) {
            (None, _) => true,
            (Some(table), TableName::Code(name) | TableName::Title(name)) => **table == **name,
            (Some(_), TableName::Whole) => false,
        };
        *self.kind == *id.kind && named
    }
}

/// Parses the list of collections. Unknown verbs are ignored.
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

/// Parses a collection with its revision.
pub fn snapshot(id: &CollectionId, body: Json) -> Result<CollectionSnapshot, String> {
    if !body.is_object() {
        return Err("the body is not an object".into());
    }
    if revision(&body).is_none() {
        return Err("missing `revision`, which zonal needs to detect changes".into());
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
        title: None,
        aliases: Default::default(),
        columns: Vec::new(),
        records: records.collect::<Result<_, _>>()?,
        references: None,
        channel: Channel::Gateway,
        witness: ObservationSource::Zone,
    };
    Ok(CollectionSnapshot { observed, raw: body })
}

/// Returns the revision of a collection, or of a record after its write.
pub fn revision(body: &Json) -> Option<String> {
    text(body, "revision")
}

/// Parses a record.
pub fn record(body: &Json) -> Result<ObservedRecord, String> {
    let Some(Json::Object(fields)) = body.get("fields") else { return Err("missing `fields`".into()) };
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
        managed_in_network: false,
        numbered: false,
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
            FieldValue::list(texts.ok_or("is a list with values other than texts")?)
        }
        Json::Object(_) => return Err("is an object".into()),
    })
}

/// Returns the PUT body of a record.
///
/// Unchanged values go back as received, because a gateway may use numbers, or lists in its own order.
pub fn body(record: &Record, current: Option<&Map<String, Json>>) -> Json {
    let field = |(field, desired): (&FieldName, &FieldValue)| {
        let current = current.and_then(|current| current.get(&**field));
        let same = current.filter(|current| value(current).is_ok_and(|current| current == *desired));
        (field.to_string(), same.cloned().unwrap_or_else(|| json!(desired)))
    };
    json!({ "fields": record.iter().map(field).collect::<Map<_, _>>() })
}

/// Returns the contract as an OpenAPI document, published in `schemas/`.
pub fn openapi() -> Json {
    let parameter = |place: &str, name: &str, about: &str| json!({"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}, "description": about});
    let zone = parameter("path", "zone", "Alma's institution code.");
    let kind = parameter("path", "kind", "Kind of the collection, such as `ImportPermissions`.");
    let narrowing = [
        parameter("query", "table", "Code of the table, if the kind has several collections."),
        parameter("query", "title", "Display name of the table, if the kind has several collections."),
        parameter("query", "library", "Code of the collection's library."),
        parameter("query", "language", "Language of the texts."),
    ];
    let with = |first: &[&Json]| -> Json {
        first.iter().map(|each| (*each).clone()).chain(narrowing.iter().cloned()).collect()
    };
    let key = parameter("path", "key", "Values of the record's key, one path segment per value.");
    let if_match = json!({"name": "If-Match", "in": "header", "required": true, "schema": {"type": "string"},
        "description": "Revision of the last read, in double quotes."});
    let answer = |about: &str, schema: &str| json!({"description": about, "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}}}});
    let mut refusals = json!({
        "400": answer("The record is invalid; nothing changed.", "Errors"),
        "403": answer("The API key is unknown or not permitted.", "Errors"),
        "404": answer("The zone, collection or record does not exist.", "Errors"),
        "412": answer("The revision does not match; nothing changed.", "Errors"),
    });
    let mut written = refusals.clone();
    written["200"] =
        answer("The record was written. The body contains the new revision of the collection.", "Revision");
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
            "description": "Interface of a service for configuration that Alma's public API does not cover. `zonal gateway check URL` tests a service against this contract."
        },
        "security": [{"key": []}],
        "paths": {
            "/v1/zones/{zone}/collections": {"get": {
                "summary": "Lists the collections of a zone with the permitted operations.",
                "parameters": [zone],
                "responses": {"200": answer("The list.", "List"), "403": answer("The API key is unknown.", "Errors"), "404": answer("The zone does not exist.", "Errors")}
            }},
            "/v1/zones/{zone}/collections/{kind}": {"get": {
                "summary": "Returns a collection with its revision. An empty collection also has a revision.",
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
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`apikey KEY`, as in Alma's API."}},
            "schemas": {
                "List": {"type": "object", "properties": {"collections": {"type": "array", "items": {"type": "object",
                    "required": ["kind", "verbs"],
                    "properties": {
                        "kind": {"type": "string"},
                        "table": {"type": "string", "description": "Absent if the entry covers all collections of the kind, or the only one."},
                        "verbs": {"type": "array", "items": {"enum": ["read", "put", "delete"]}}
                    }}}}},
                "Collection": {"type": "object", "required": ["revision"], "properties": {
                    "revision": {"type": "string", "description": "Changes with every change of a record. zonal sends the revision in a header: ASCII, without line breaks."},
                    "records": {"type": "array", "items": {"$ref": "#/components/schemas/Record"}}
                }},
                "Record": {"type": "object", "required": ["fields"], "properties": {
                    "fields": {"type": "object", "description": "All fields, including key fields. A list is a set of texts; its order does not matter.",
                        "additionalProperties": {"oneOf": [{"type": ["string", "boolean", "null"]}, {"type": "array", "items": {"type": "string"}}]}},
                    "updatedBy": {"type": "string", "description": "Author of the last change."},
                    "updateDate": {"type": "string", "description": "Date of the last change."}
                }},
                "Revision": {"type": "object", "required": ["revision"], "properties": {"revision": {"type": "string"}}},
                "Errors": {"type": "object", "properties": {"errorList": {"type": "object", "properties": {"error": {"type": "array", "items": {
                    "type": "object", "properties": {"errorCode": {"type": "string"}, "errorMessage": {"type": "string"}, "trackingId": {"type": "string"}}
                }}}}}}
            }
        }
    })
}
