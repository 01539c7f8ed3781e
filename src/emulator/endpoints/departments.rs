//! Departments of an institution, read-only: `conf/departments`.

use serde_json::json;

use super::stored_objects::{ListForm, ObjectFormat, ObjectWrites, StoredObjects};
use crate::emulator::endpoint::{EndpointEntry, ErrorResponse, XmlLayout, seed_each};
use crate::emulator::put_fields::code;

pub(super) const ENDPOINT: EndpointEntry = EndpointEntry::new(&["conf", "departments"], |zones| {
    seed_each(zones, |zone| {
        let department = |library: String| {
            json!({
                "code": format!("ACQ_{library}"), "name": format!("Acquisitions {library}"),
                "type": {"value": "ACQ", "desc": "Acquisitions"}, "work_days": 5,
                "library": {"value": library, "desc": library}, "printer": [],
                "operator": [{"primary_id": "operator1", "full_name": "Operator One"}],
            })
        };
        let seed = zone.library_codes().into_iter().map(department);
        StoredObjects::new(&FORMAT, "conf/departments", seed.collect())
    })
});

static FORMAT: ObjectFormat = ObjectFormat {
    root: "departments",
    item: "department",
    id: "code",
    members: &[
        "code",
        "name",
        "type",
        "work_days",
        "library",
        "printer",
        "operator",
        "primary_id",
        "full_name",
    ],
    required: &[],
    read_only: &[],
    layout: XmlLayout { coded: &["type", "library"], lists: &[] },
    unknown: |id| ErrorResponse::business(402_119, format!("General error: no department {id}.")),
    is_listed: |request, object| {
        let is = |parameter, all: &str| {
            let asked = request.call.parameter(parameter).filter(|asked| *asked != all);
            asked.is_none_or(|asked| code(object.get(parameter)) == Some(asked))
        };
        is("type", "ALL") && is("library", "")
    },
    list: ListForm::Whole,
    writes: ObjectWrites::Refused,
};
