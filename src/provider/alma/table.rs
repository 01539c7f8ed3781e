//! Parses the body of a table into records, or rejects the body as unreliable.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::table_layout::{
    JsonObject, MANAGED_IN_NETWORK, TableLayout, cell, flag, non_empty_text, rows, text,
};
use crate::model::{
    CollectionId, FailureClass, FieldName, FieldValue, ObservedCollection, ObservedRecord, Record, TableName,
    ZoneCode, ZoneFailure,
};

/// Request for a table.
#[derive(Debug, Clone, Copy)]
pub struct TableRequest<'a> {
    /// Target zone.
    pub zone: &'a ZoneCode,
    /// Collection, as identified in the manifest.
    pub id: &'a CollectionId,
    /// Technical code in the path.
    pub code: &'a str,
}

/// Returns the records of a body, and the table's actual ID.
///
/// Verifies first that the body contains the requested table.
///
/// # Errors
/// [`FailureClass::Malformed`] if the body contains no table, or another table. [`FailureClass::WrongZone`]
/// and [`FailureClass::Mismatch`] if the table belongs to another institution or library.
pub fn understand(
    layout: &TableLayout,
    asked: TableRequest<'_>,
    body: &Json,
) -> Result<(CollectionId, Vec<ObservedRecord>), ZoneFailure> {
    let name = identify(layout, asked, body)?;
    scope(asked, body.get("scope"))?;
    let records = records(layout, body).map_err(|what| {
        ZoneFailure::new(FailureClass::Malformed, format!("{} `{name}`: {what}", layout.noun))
    })?;
    let id = CollectionId { table: TableName::Code(name.into()), ..asked.id.clone() };
    Ok((id, records))
}

/// Returns the records of a body, in order.
///
/// # Errors
/// Row and field of the invalid content.
pub fn records(layout: &TableLayout, body: &Json) -> Result<Vec<ObservedRecord>, String> {
    let mut names = InternedFieldNames::default();
    rows(body)?
        .into_iter()
        .enumerate()
        .map(|(index, row)| {
            record(layout, row, &mut names).map_err(|what| format!("row {}: {what}", index + 1))
        })
        .collect()
}

/// Returns the failure for an answer that repeats a row of a table whose rows have a key of their own.
///
/// Such an answer is damaged and may lack other rows, and a write would send the repeated row twice.
pub fn repeated_key(layout: &TableLayout, observed: &ObservedCollection) -> Option<ZoneFailure> {
    let mut seen = BTreeSet::new();
    let key_of = |record: &ObservedRecord| -> Vec<String> {
        layout.key.iter().filter_map(|field| Some(record.fields.get(*field)?.as_text()?.to_owned())).collect()
    };
    let mut keys = observed.records.iter().map(key_of).filter(|key| !key.is_empty());
    let repeated = keys.find(|key| !seen.insert(key.clone()))?;
    let message = format!("the zone returned the row `{}` of {} twice", repeated.join("|"), observed.id);
    Some(ZoneFailure::new(FailureClass::Malformed, message).help(
        "zonal neither plans nor writes such a table, because other rows may be missing; check the table in Alma, \
         and remove one of the rows or report the answer to the vendor's support",
    ))
}

/// Field names, created once for all rows.
#[derive(Default)]
struct InternedFieldNames(Vec<FieldName>);

impl InternedFieldNames {
    fn get(&mut self, name: &str) -> FieldName {
        match self.0.iter().find(|known| &***known == name) {
            Some(known) => Arc::clone(known),
            None => {
                let made = FieldName::from(name);
                self.0.push(Arc::clone(&made));
                made
            }
        }
    }
}

fn record(
    layout: &TableLayout,
    row: &JsonObject,
    names: &mut InternedFieldNames,
) -> Result<ObservedRecord, String> {
    let mut fields = Record::new();
    for (name, value) in row {
        if (layout.is_text)(name) {
            let value = cell(value).map_err(|what| format!("`{name}`: {what}"))?;
            // Answers differ in the form of empty fields: absent, null or empty. Records and digests do not.
            if value != FieldValue::Null {
                fields.insert(names.get(name), value);
            }
        }
    }
    for (name, default) in layout.flags {
        let flag = flag(row.get(*name), *default).map_err(|what| format!("`{name}`: {what}"))?;
        fields.insert(names.get(name), FieldValue::Bool(flag));
    }
    let updated_by = non_empty_text(row.get("updated_by"));
    let update_date = non_empty_text(row.get("update_date"));
    let managed_in_network =
        flag(row.get(MANAGED_IN_NETWORK), false).map_err(|what| format!("`{MANAGED_IN_NETWORK}`: {what}"))?;
    Ok(ObservedRecord { fields, updated_by, update_date, managed_in_network, numbered: false })
}

/// Returns the table's name.
///
/// A truncated response must not count as an empty table, because a write would then empty the table.
fn identify(layout: &TableLayout, asked: TableRequest<'_>, body: &Json) -> Result<String, ZoneFailure> {
    let malformed = |what: String| ZoneFailure::new(FailureClass::Malformed, what);
    let name = non_empty_text(body.get(layout.code));
    match name {
        // Servers may ignore the case of a code; two spellings still mean one table.
        Some(name) if name.eq_ignore_ascii_case(asked.code) => Ok(name),
        Some(name) => Err(malformed(format!(
            "requested the {} `{}`, the zone returned `{name}`",
            layout.noun, asked.code
        ))),
        None if body.get("row").is_some_and(|rows| !rows.is_null()) => Ok(asked.code.to_owned()),
        None => Err(malformed(format!(
            "the response for the {} `{}` has neither a `{}` nor rows",
            layout.noun, asked.code, layout.code
        ))),
    }
}

/// Checks the institution and library of a table, if the body names them.
fn scope(asked: TableRequest<'_>, scope: Option<&Json>) -> Result<(), ZoneFailure> {
    let member = |name: &str| scope.and_then(|scope| scope.get(name));
    if let Some(institution) = non_empty_text(member("institution_id"))
        && institution != asked.zone.as_str()
    {
        return Err(wrong_zone(asked.zone, &institution));
    }
    // An institution's own table has the library `""` or none; a library's table always has its code.
    match (text(member("library_id")), asked.id.library.as_deref()) {
        (None, _) => Ok(()),
        (Some(library), Some(wanted)) if library == wanted => Ok(()),
        (Some(library), None) if library.is_empty() => Ok(()),
        (Some(library), wanted) => {
            let name = |library: &str| match library {
                "" => "the institution".to_owned(),
                library => format!("the library `{library}`"),
            };
            Err(ZoneFailure::new(
                FailureClass::Mismatch,
                format!(
                    "requested the table `{}` of {}, the zone returned the table of {}",
                    asked.code,
                    name(wanted.unwrap_or_default()),
                    name(&library)
                ),
            )
            .help("remove `library`; only a few tables exist per library"))
        }
    }
}

/// Returns the failure for a key of another zone.
pub fn wrong_zone(zone: &ZoneCode, institution: &str) -> ZoneFailure {
    ZoneFailure::new(
        FailureClass::WrongZone,
        format!("the API key belongs to `{institution}`, not to `{zone}`"),
    )
    .help(format!("store a key for `{zone}` at the location in `credentials`, or correct the zone's `code`"))
}
