//! Reads and addresses mapping tables: up to seven columns, named by a header.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use serde_json::Value as Json;

use super::table::{TableRequest, understand};
use super::table_layout::{TableLayout, non_empty_text};
use crate::model::{
    Channel, FieldName, FieldValue, ObservationSource, ObservedCollection, ObservedRecord, ZoneFailure,
};
use crate::provider::CollectionSnapshot;
use crate::provider::http::request_path::RequestPath;

/// Where things stand in a mapping table (the vendor's schema). `managed_in_network` is in the
/// form that is read and not in the form that is written, so it goes back as it came.
pub static LAYOUT: TableLayout = TableLayout {
    noun: "mapping table",
    folder: "mapping-tables",
    listed: "mapping_table",
    code: "code",
    title: "name",
    is_text: |field| number_of(field).is_some(),
    flags: &[("enabled", true)],
    columns: |table| columns(&headers(&table.raw), &table.observed.records),
    key: &["column0", "column1", "column2", "column3", "column4", "column5", "column6"],
    silent_flags: &[("managed_in_network", false)],
};

/// Where a mapping table is read; without `scope` it is the institution's (the vendor's OpenAPI).
pub fn path(asked: TableRequest<'_>) -> Result<RequestPath, ZoneFailure> {
    Ok(RequestPath::new(&["conf", LAYOUT.folder, asked.code])?.query("scope", asked.id.library.as_deref()))
}

/// Where a mapping table is written: it has no languages, and its library stands in the body.
pub fn put_path(code: &str) -> Result<RequestPath, ZoneFailure> {
    RequestPath::new(&["conf", LAYOUT.folder, code])
}

/// A mapping table's body as a collection.
pub fn snapshot(asked: TableRequest<'_>, body: Json) -> Result<CollectionSnapshot, ZoneFailure> {
    let (id, records) = understand(&LAYOUT, asked, &body)?;
    let headers = headers(&body);
    let mut columns = columns(&headers, &records);
    columns.push("enabled".into());
    let observed = ObservedCollection {
        id,
        aliases: aliases(&headers),
        columns,
        records,
        references: references(&headers),
        channel: Channel::Api,
        witness: ObservationSource::Zone,
    };
    Ok(CollectionSnapshot { observed, raw: body })
}

/// The columns that rows have: those that the header names, or, where there is none, those of the
/// schema; and those that any row uses.
fn columns(headers: &[(FieldName, &Json)], records: &[ObservedRecord]) -> Vec<FieldName> {
    let silent = headers.is_empty().then_some(LAYOUT.key).into_iter().flatten();
    let named = headers.iter().map(|(field, _)| field.clone());
    let used = records.iter().flat_map(|record| &record.fields);
    let used = used.filter(|(field, value)| number_of(field).is_some() && **value != FieldValue::Null);
    let mut columns: Vec<FieldName> = named
        .chain(silent.map(|field| FieldName::from(*field)))
        .chain(used.map(|(field, _)| field.clone()))
        .collect();
    columns.sort_by_key(|field| number_of(field));
    columns.dedup();
    columns
}

/// The entries of the header, each with the column it names. Numbers come as text (the schema) or
/// as numbers.
fn headers(body: &Json) -> Vec<(FieldName, &Json)> {
    let entries = match body.get("header") {
        Some(Json::Array(entries)) => entries.as_slice(),
        Some(entry @ Json::Object(_)) => std::slice::from_ref(entry),
        _ => &[],
    };
    let column = |entry: &Json| non_empty_text(entry.get("number"))?.trim().parse::<u32>().ok();
    entries
        .iter()
        .filter_map(|entry| Some((FieldName::from(format!("column{}", column(entry)?)), entry)))
        .collect()
}

/// `3` for `column3`.
fn number_of(field: &str) -> Option<u32> {
    let digits = field.strip_prefix("column")?;
    if digits.starts_with('+') { None } else { digits.parse().ok() }
}

/// What people call the columns. A name that two columns share names neither.
fn aliases(headers: &[(FieldName, &Json)]) -> BTreeMap<FieldName, FieldName> {
    let mut aliases: BTreeMap<FieldName, FieldName> = BTreeMap::new();
    let mut shared = BTreeSet::new();
    for (column, entry) in headers {
        let Some(name) = non_empty_text(entry.get("name")).filter(|name| !LAYOUT.has_field(name)) else {
            continue;
        };
        let name: FieldName = name.into();
        if aliases.insert(Arc::clone(&name), Arc::clone(column)).is_some() {
            shared.insert(name);
        }
    }
    aliases.retain(|name, _| !shared.contains(name));
    aliases
}

/// The code tables that columns take their values from: the header links to them (the schema).
fn references(headers: &[(FieldName, &Json)]) -> Option<BTreeSet<String>> {
    let types: Vec<&Json> =
        headers.iter().filter_map(|(_, entry)| entry.get("type")).filter(|kind| !kind.is_null()).collect();
    if types.is_empty() {
        return None;
    }
    let code_of = |kind: &Json| non_empty_text(kind.get("link")).and_then(|link| code_in(&link));
    // A column of codes may come without its link: then nobody knows where its values come from.
    let silent = |kind: &Json| non_empty_text(Some(kind)).is_some_and(|kind| kind == "code-tables");
    let codes = types.into_iter().filter_map(|kind| match code_of(kind) {
        Some(code) => Some(Some(code)),
        None => silent(kind).then_some(None),
    });
    codes.collect()
}

/// `Sub Systems` for `.../conf/code-tables/Sub%20Systems?lang=en`.
fn code_in(link: &str) -> Option<String> {
    let (_, code) = link.split_once("/code-tables/")?;
    let code = code.split(['?', '#', '/']).next().filter(|code| !code.is_empty())?;
    Some(percent_decode_str(code).decode_utf8_lossy().into_owned())
}
