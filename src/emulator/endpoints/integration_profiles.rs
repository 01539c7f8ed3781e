//! Integration profiles of a zone: `conf/integration-profiles`.

use serde_json::json;

use super::stored_objects::{ListForm, ObjectFormat, ObjectWrites, StoredObjects};
use crate::emulator::endpoint::{EndpointEntry, ErrorResponse, XmlLayout, seed_each};
use crate::emulator::put_fields::code;

pub(super) const ENDPOINT: EndpointEntry = EndpointEntry::new(&["conf", "integration-profiles"], |zones| {
    seed_each(zones, |_| {
        let profile = json!({
            "id": "3301", "code": "USERS_SIS", "name": "Users SIS", "default": false, "description": "",
            "type": {"value": "USERS", "desc": "Users"}, "system": {"value": "OTHER", "desc": "Other"},
            "parameter": [
                {"action": {"value": "SYNC", "desc": "Synchronize"}, "name": {"value": "schedule"}, "value": "daily"},
            ],
        });
        StoredObjects::new(&FORMAT, "conf/integration-profiles", vec![profile])
    })
});

/// The vendor's schema for writing has neither `parameter` nor `type`, so a PUT keeps both.
static FORMAT: ObjectFormat = ObjectFormat {
    root: "integration_profiles",
    item: "integration_profile",
    id: "id",
    members: &[
        "id",
        "code",
        "name",
        "type",
        "system",
        "ftp_connection",
        "default",
        "description",
        "parameter",
        "action",
        "value",
        "contact_info",
    ],
    required: &["code", "name", "system"],
    read_only: &["type", "parameter"],
    layout: XmlLayout { coded: &["type", "system", "action", "name"], lists: &[("parameters", "parameter")] },
    unknown: |id| ErrorResponse::business(60_304, format!("Invalid profile ID {id}.")),
    is_listed: |request, object| {
        let asked = request.call.parameter("type");
        asked.is_none_or(|asked| code(object.get("type")) == Some(asked))
    },
    list: ListForm::Paged,
    writes: ObjectWrites::All,
};
