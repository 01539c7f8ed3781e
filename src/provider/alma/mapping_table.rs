//! Reads and addresses mapping tables: up to seven columns, named by a header.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use serde_json::Value as Json;

use super::table::{TableRequest, understand};
use super::table_layout::{MANAGED_IN_NETWORK, TableLayout, non_empty_text};
use crate::model::{
    Channel, FieldName, FieldValue, ObservationSource, ObservedCollection, ObservedRecord, ZoneFailure,
};
use crate::provider::CollectionSnapshot;
use crate::provider::http::request_path::RequestPath;

/// JSON layout of a mapping table (the vendor's schema).
///
/// Only the read format contains `managed_in_network`, so the value goes back unchanged.
pub static LAYOUT: TableLayout = TableLayout {
    kind: "MappingTable",
    noun: "mapping table",
    folder: "mapping-tables",
    listed: "mapping_table",
    code: "code",
    title: "name",
    is_text: |field| number_of(field).is_some(),
    flags: &[("enabled", true)],
    columns: |table| columns(&headers(&table.raw), &table.observed.records),
    key: &["column0", "column1", "column2", "column3", "column4", "column5", "column6"],
    silent_flags: &[(MANAGED_IN_NETWORK, false)],
};

/// Returns the read path of a mapping table. Without `scope`, Alma returns the institution's table (the
/// vendor's OpenAPI).
pub fn path(asked: TableRequest<'_>) -> Result<RequestPath, ZoneFailure> {
    Ok(RequestPath::new(&["conf", LAYOUT.folder, asked.code])?.query("scope", asked.id.library.as_deref()))
}

/// Returns the write path of a mapping table. Mapping tables have no language, and the body names the
/// library.
pub fn put_path(code: &str) -> Result<RequestPath, ZoneFailure> {
    RequestPath::new(&["conf", LAYOUT.folder, code])
}

/// Parses a mapping table's body as a collection.
pub fn snapshot(asked: TableRequest<'_>, body: Json) -> Result<CollectionSnapshot, ZoneFailure> {
    let (id, records) = understand(&LAYOUT, asked, &body)?;
    let headers = headers(&body);
    let mut columns = columns(&headers, &records);
    columns.push("enabled".into());
    let observed = ObservedCollection {
        id,
        title: None,
        aliases: aliases(&headers),
        columns,
        records,
        references: references(&headers),
        channel: Channel::Api,
        witness: ObservationSource::Zone,
    };
    Ok(CollectionSnapshot { observed, raw: body })
}

/// Returns the columns of the rows.
///
/// These are the header's columns and all columns with values. Without a header, the schema's columns apply.
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

/// Returns the header's entries with their columns. Numbers are texts (the schema) or JSON numbers.
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

/// Returns `3` for `column3`.
fn number_of(field: &str) -> Option<u32> {
    let digits = field.strip_prefix("column")?;
    if digits.starts_with('+') { None } else { digits.parse().ok() }
}

/// Returns the display names of columns, except names shared by two columns.
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

/// Returns the code tables that define column values, from the header's links (the schema).
///
/// `None` if the source of a column's values is unknown.
fn references(headers: &[(FieldName, &Json)]) -> Option<BTreeSet<String>> {
    let types: Vec<&Json> =
        headers.iter().filter_map(|(_, entry)| entry.get("type")).filter(|kind| !kind.is_null()).collect();
    if types.is_empty() {
        return None;
    }
    let code_of = |kind: &Json| non_empty_text(kind.get("link")).and_then(|link| code_in(&link));
    // A column of codes may lack its link; the source of its values is then unknown.
    let silent = |kind: &Json| non_empty_text(Some(kind)).is_some_and(|kind| kind == "code-tables");
    let codes = types.into_iter().filter_map(|kind| match code_of(kind) {
        Some(code) => Some(Some(code)),
        None => silent(kind).then_some(None),
    });
    codes.collect()
}

/// Returns `Sub Systems` for `.../conf/code-tables/Sub%20Systems?lang=en`.
fn code_in(link: &str) -> Option<String> {
    let (_, code) = link.split_once("/code-tables/")?;
    let code = code.split(['?', '#', '/']).next().filter(|code| !code.is_empty())?;
    Some(percent_decode_str(code).decode_utf8_lossy().into_owned())
}
