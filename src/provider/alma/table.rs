//! Turns the body of a table into records, or says why it is not one that can be trusted.

use std::sync::Arc;

use serde_json::Value as Json;

use super::table_layout::{JsonObject, TableLayout, cell, flag, non_empty_text, rows, text};
use crate::model::{
    CollectionId, FailureClass, FieldName, FieldValue, ObservedRecord, Record, TableName, ZoneCode,
    ZoneFailure,
};

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub struct TableRequest<'a> {
    /// The zone.
    pub zone: &'a ZoneCode,
    /// The collection, as the manifest names it.
    pub id: &'a CollectionId,
    /// The technical code that stood in the path.
    pub code: &'a str,
}

/// The records of a body, once it is sure that it is the table that was asked for, and what the
/// table is really called.
///
/// # Errors
/// [`FailureClass::Malformed`] where it is not a table, or another one; [`FailureClass::WrongZone`]
/// and [`FailureClass::Mismatch`] where it belongs to another institution or library.
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

/// The records of a body, in its order.
///
/// # Errors
/// The row and field that cannot be understood.
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

/// Names of fields, each made once for all rows.
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
            fields.insert(names.get(name), value);
        }
    }
    for (name, default) in layout.flags {
        let flag = flag(row.get(*name), *default).map_err(|what| format!("`{name}`: {what}"))?;
        fields.insert(names.get(name), FieldValue::Bool(flag));
    }
    let updated_by = non_empty_text(row.get("updated_by"));
    Ok(ObservedRecord { fields, updated_by, update_date: non_empty_text(row.get("update_date")) })
}

/// An answer that was cut short must not be read as an empty table, which a write would then make true.
fn identify(layout: &TableLayout, asked: TableRequest<'_>, body: &Json) -> Result<String, ZoneFailure> {
    let malformed = |what: String| ZoneFailure::new(FailureClass::Malformed, what);
    let name = non_empty_text(body.get(layout.code));
    match name {
        // Servers may find a table whatever the case of its code; two spellings are still one table.
        Some(name) if name.eq_ignore_ascii_case(asked.code) => Ok(name),
        Some(name) => Err(malformed(format!(
            "asked for the {} `{}`, the zone answered with `{name}`",
            layout.noun, asked.code
        ))),
        None if body.get("row").is_some_and(|rows| !rows.is_null()) => Ok(asked.code.to_owned()),
        None => Err(malformed(format!(
            "the answer for the {} `{}` has neither a `{}` nor rows",
            layout.noun, asked.code, layout.code
        ))),
    }
}

/// Whose table it is, as far as it says.
fn scope(asked: TableRequest<'_>, scope: Option<&Json>) -> Result<(), ZoneFailure> {
    let member = |name: &str| scope.and_then(|scope| scope.get(name));
    if let Some(institution) = non_empty_text(member("institution_id"))
        && institution != asked.zone.as_str()
    {
        return Err(wrong_zone(asked.zone, &institution));
    }
    // Whether an institution's own table says `""` or nothing differs; a library's name does not.
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
                    "asked for the table `{}` of {}, the zone answered with that of {}",
                    asked.code,
                    name(wanted.unwrap_or_default()),
                    name(&library)
                ),
            )
            .help("only few tables exist for each library; leave `library` out for the others"))
        }
    }
}

/// The key opens a zone that was not meant.
pub fn wrong_zone(zone: &ZoneCode, institution: &str) -> ZoneFailure {
    ZoneFailure::new(FailureClass::WrongZone, format!("the key opens `{institution}`, not `{zone}`")).help(
        format!(
            "put a key that was made for `{zone}` where its `credentials` point to, or mend the zone's `code`"
        ),
    )
}
