//! Reads letters as JSON and writes letters as XML.
//!
//! zonal manages at most two fields, `xsl` and `enabled`. The vendor's schema for writing contains only
//! `xsl`, but requires code, name and retention period. Therefore the whole letter goes back as read. Whether
//! a zone accepts `enabled` in a PUT is unknown; the read-back shows the result.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::json_to_xml;
use super::object_layout::ObjectLayout;
use super::put_client::PutBody;
use super::table_layout::{JsonObject as Members, flag, non_empty_text, text};
use crate::model::{
    Change, Channel, CollectionId, FailureClass, FieldValue, ObservationSource, ObservedCollection,
    ObservedRecord, Record, TableName, ZoneCode, ZoneFailure,
};
use crate::provider::http::request_path::RequestPath;
use crate::provider::{CollectionSnapshot, record_changes};

/// Letters as a collection type.
pub static LETTER: ObjectLayout =
    ObjectLayout { kind: "Letter", path, snapshot, payload, rest: remaining_content };

/// Fields excluded from the comparison of other content after a write.
///
/// zonal's own fields are compared as a record, and the zone sets the rest. The write itself may change
/// `customized` to true.
const OWN: [&str; 6] = ["xsl", "enabled", "updated_by", "update_date", "link", "customized"];

fn code(id: &CollectionId) -> Result<&str, ZoneFailure> {
    match &id.table {
        TableName::Code(code) => Ok(code),
        TableName::Title(_) | TableName::Whole => {
            Err(ZoneFailure::new(FailureClass::Mismatch, "only a code identifies a letter"))
        }
    }
}

fn path(_: &ZoneCode, id: &CollectionId) -> Result<RequestPath, ZoneFailure> {
    RequestPath::new(&["conf", "letters", code(id)?])
}

fn malformed_letter(what: String) -> ZoneFailure {
    ZoneFailure::new(FailureClass::Malformed, what)
}

fn snapshot(_: &ZoneCode, id: &CollectionId, body: Json) -> Result<CollectionSnapshot, ZoneFailure> {
    let asked = code(id)?;
    let Some(letter) = body.as_object() else {
        return Err(malformed_letter(format!("the response for the letter `{asked}` is not an object")));
    };
    match non_empty_text(letter.get("code")) {
        Some(found) if found.eq_ignore_ascii_case(asked) => {}
        Some(found) => {
            return Err(malformed_letter(format!(
                "requested the letter `{asked}`, the zone returned `{found}`"
            )));
        }
        None if letter.contains_key("xsl") => {}
        None => {
            return Err(malformed_letter(format!(
                "the response for the letter `{asked}` has neither `code` nor `xsl`"
            )));
        }
    }
    let xsl = text(letter.get("xsl")).unwrap_or_default();
    let mut fields = Record::from([("xsl".into(), FieldValue::from_multiline_text(&xsl))]);
    // No default is documented, so an absent value is unknown.
    if non_empty_text(letter.get("enabled")).is_some() {
        let enabled = flag(letter.get("enabled"), false)
            .map_err(|what| malformed_letter(format!("the letter `{asked}`: `enabled`: {what}")))?;
        fields.insert("enabled".into(), FieldValue::Bool(enabled));
    }
    let record = ObservedRecord {
        fields,
        updated_by: non_empty_text(letter.get("updated_by")),
        update_date: non_empty_text(letter.get("update_date")),
        managed_in_network: false,
        numbered: false,
    };
    let observed = ObservedCollection {
        id: id.clone(),
        title: None,
        aliases: BTreeMap::new(),
        columns: Vec::new(),
        records: vec![record],
        references: None,
        channel: Channel::Api,
        witness: ObservationSource::Zone,
    };
    Ok(CollectionSnapshot { observed, raw: body })
}

fn payload(fresh: &CollectionSnapshot, changes: &[Change]) -> Result<PutBody, ZoneFailure> {
    let records = record_changes::records(fresh, changes)?;
    let (Some(before), [after], Some(raw)) =
        (fresh.observed.records.first(), records.as_slice(), fresh.raw.as_object())
    else {
        return Err(ZoneFailure::new(
            FailureClass::Mismatch,
            "a letter can only be updated, not created or deleted",
        ));
    };
    let mut letter: Members = raw.clone();
    for (field, value) in after.iter().filter(|(field, value)| before.fields.get(*field) != Some(*value)) {
        let value = match value {
            FieldValue::Text(text) => json!(&**text),
            FieldValue::Bool(flag) => json!({"value": flag.to_string()}),
            FieldValue::Null | FieldValue::List(_) => {
                let message = format!("a letter's `{field}` cannot be {value}");
                return Err(ZoneFailure::new(FailureClass::Mismatch, message));
            }
        };
        letter.insert(field.to_string(), value);
    }
    Ok(PutBody::Xml(json_to_xml::write("letter", &letter)))
}

fn remaining_content(body: &Json) -> Json {
    let mut rest = body.as_object().cloned().unwrap_or_default();
    rest.retain(|name, value| !OWN.contains(&name.as_str()) && !value.is_null());
    Json::Object(rest)
}
