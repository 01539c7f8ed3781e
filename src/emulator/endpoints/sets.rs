//! Sets of a zone: `conf/sets`.

use serde_json::json;

use super::stored_objects::{ListForm, ObjectFormat, ObjectWrites, StoredObjects};
use crate::emulator::endpoint::{EndpointEntry, ErrorResponse, XmlLayout, seed_each};
use crate::emulator::put_fields::code;

pub(super) const ENDPOINT: EndpointEntry = EndpointEntry::new(&["conf", "sets"], |zones| {
    seed_each(zones, |zone| {
        let name = format!("Records of {}", zone.code);
        let set = json!({
            "id": "6401", "name": name, "description": "", "type": {"value": "ITEMIZED", "desc": "Itemized"},
            "content": {"value": "BIB_MMS", "desc": "All Titles"}, "private": {"value": "false", "desc": "No"},
            "status": {"value": "ACTIVE", "desc": "Active"}, "note": "", "origin": {"value": "UI", "desc": "Institution only"},
        });
        StoredObjects::new(&FORMAT, "conf/sets", vec![set])
    })
});

/// A PUT changes name, description, private, status, note and query only (the vendor's schema).
static FORMAT: ObjectFormat = ObjectFormat {
    root: "sets",
    item: "set",
    id: "id",
    members: &[
        "id",
        "name",
        "description",
        "type",
        "content",
        "private",
        "status",
        "note",
        "query",
        "created_date",
        "created_by",
        "number_of_members",
        "origin",
    ],
    required: &["name"],
    read_only: &["type", "content", "created_date", "created_by", "number_of_members", "origin"],
    layout: XmlLayout { coded: &["type", "content", "private", "status", "query", "origin"], lists: &[] },
    unknown: |id| ErrorResponse::business(60_107, format!("Invalid set ID {id}.")),
    is_listed: |request, object| {
        let is = |parameter, member| {
            let asked = request.call.parameter(parameter);
            asked.is_none_or(|asked| code(object.get(member)) == Some(asked))
        };
        is("set_type", "type") && is("content_type", "content") && is("set_origin", "origin")
    },
    list: ListForm::Paged,
    writes: ObjectWrites::All,
};
