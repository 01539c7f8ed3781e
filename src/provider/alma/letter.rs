//! A letter: read as JSON, written as XML, of which two members can be zonal's.
//!
//! The vendor's schema for writing holds `xsl` alone, yet still requires code, name and retention period.
//! So all of the letter goes back as it was read. Whether a zone takes `enabled` from a PUT is not known;
//! reading back tells.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::layout::{Object as Members, filled, flag, text};
use super::object::Object;
use super::putter::Payload;
use super::xml;
use crate::model::{
    Change, Channel, CollectionId, Failure, FailureClass, ObservedCollection, ObservedRecord, Record, Table,
    Value, Witness, ZoneCode,
};
use crate::provider::http::path::Path;
use crate::provider::{Snapshot, laid};

/// Letters.
pub static LETTER: Object = Object { kind: "Letter", path, snapshot, payload, rest };

/// What is not compared after a write: what is zonal's is compared as a record, the others the zone sets
/// itself. `customized` may well become true by the very write.
const OWN: [&str; 6] = ["xsl", "enabled", "updated_by", "update_date", "link", "customized"];

fn code(id: &CollectionId) -> Result<&str, Failure> {
    match &id.table {
        Table::Code(code) => Ok(code),
        Table::Title(_) | Table::Whole => {
            Err(Failure::new(FailureClass::Mismatch, "a letter is found by its code alone"))
        }
    }
}

fn path(_: &ZoneCode, id: &CollectionId) -> Result<Path, Failure> {
    Path::new(&["conf", "letters", code(id)?])
}

fn malformed(what: String) -> Failure {
    Failure::new(FailureClass::Malformed, what)
}

fn snapshot(_: &ZoneCode, id: &CollectionId, body: Json) -> Result<Snapshot, Failure> {
    let asked = code(id)?;
    let Some(letter) = body.as_object() else {
        return Err(malformed(format!("the answer for the letter `{asked}` is not an object")));
    };
    match filled(letter.get("code")) {
        Some(found) if found.eq_ignore_ascii_case(asked) => {}
        Some(found) => {
            return Err(malformed(format!(
                "asked for the letter `{asked}`, the zone answered with `{found}`"
            )));
        }
        None if letter.contains_key("xsl") => {}
        None => {
            return Err(malformed(format!(
                "the answer for the letter `{asked}` has neither `code` nor `xsl`"
            )));
        }
    }
    let xsl = text(letter.get("xsl")).unwrap_or_default();
    let mut fields = Record::from([("xsl".into(), Value::lines(&xsl))]);
    // No default is documented: where the zone does not say, it is not known.
    if filled(letter.get("enabled")).is_some() {
        let enabled = flag(letter.get("enabled"), false)
            .map_err(|what| malformed(format!("the letter `{asked}`: `enabled`: {what}")))?;
        fields.insert("enabled".into(), Value::Bool(enabled));
    }
    let record = ObservedRecord {
        fields,
        updated_by: filled(letter.get("updated_by")),
        update_date: filled(letter.get("update_date")),
    };
    let observed = ObservedCollection {
        id: id.clone(),
        aliases: BTreeMap::new(),
        columns: Vec::new(),
        records: vec![record],
        references: None,
        channel: Channel::Api,
        witness: Witness::Zone,
    };
    Ok(Snapshot { observed, raw: body })
}

fn payload(fresh: &Snapshot, changes: &[Change]) -> Result<Payload, Failure> {
    let records = laid::records(fresh, changes)?;
    let (Some(before), [after], Some(raw)) =
        (fresh.observed.records.first(), records.as_slice(), fresh.raw.as_object())
    else {
        return Err(Failure::new(FailureClass::Mismatch, "a letter can be changed, not added or removed"));
    };
    let mut letter: Members = raw.clone();
    for (field, value) in after.iter().filter(|(field, value)| before.fields.get(*field) != Some(*value)) {
        let value = match value {
            Value::Text(text) => json!(&**text),
            Value::Bool(flag) => json!({"value": flag.to_string()}),
            Value::Null | Value::List(_) => {
                let message = format!("a letter's `{field}` cannot be {value}");
                return Err(Failure::new(FailureClass::Mismatch, message));
            }
        };
        letter.insert(field.to_string(), value);
    }
    Ok(Payload::Xml(xml::write("letter", &letter)))
}

fn rest(body: &Json) -> Json {
    let mut rest = body.as_object().cloned().unwrap_or_default();
    rest.retain(|name, value| !OWN.contains(&name.as_str()) && !value.is_null());
    Json::Object(rest)
}
