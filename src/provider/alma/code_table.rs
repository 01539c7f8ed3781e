//! Reads and addresses code tables: codes and descriptions in one language.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::table::{TableRequest, understand};
use super::table_layout::{TableLayout, non_empty_text};
use crate::model::{Channel, FailureClass, ObservationSource, ObservedCollection, ZoneFailure};
use crate::provider::CollectionSnapshot;
use crate::provider::http::request_path::RequestPath;

/// JSON layout of a code table (the vendor's schema).
pub static LAYOUT: TableLayout = TableLayout {
    kind: "CodeTable",
    noun: "code table",
    folder: "code-tables",
    listed: "code_table",
    code: "name",
    title: "description",
    is_text: |field| matches!(field, "code" | "description"),
    flags: &[("default", false), ("enabled", true)],
    columns: |_| vec!["code".into(), "description".into()],
    key: &["code"],
    silent_flags: &[],
};

/// Returns the read path of a code table.
///
/// Without `lang`, Alma uses the institution's own language. Without `scope`, Alma returns the institution's
/// table (the vendor's OpenAPI).
pub fn path(asked: TableRequest<'_>) -> Result<RequestPath, ZoneFailure> {
    Ok(RequestPath::new(&["conf", LAYOUT.folder, asked.code])?
        .query("lang", asked.id.language.as_deref())
        .query("scope", asked.id.library.as_deref()))
}

/// Returns the write path of a code table.
///
/// Without `lang`, Alma assumes English, whatever the language of the read (the vendor's OpenAPI). The body
/// names the library.
pub fn put_path(code: &str, language: &str) -> Result<RequestPath, ZoneFailure> {
    Ok(RequestPath::new(&["conf", LAYOUT.folder, code])?.query("lang", Some(language)))
}

/// Parses a code table's body as a collection.
pub fn snapshot(asked: TableRequest<'_>, body: Json) -> Result<CollectionSnapshot, ZoneFailure> {
    let (mut id, records) = understand(&LAYOUT, asked, &body)?;
    if let Some(language) = non_empty_text(body.get("language")) {
        match &asked.id.language {
            Some(requested) if !same_language(requested, &language) => {
                return Err(other_language(requested, &language));
            }
            Some(_) => {}
            None => id.language = Some(language.into()),
        }
    }
    let columns = ["code", "description", "default", "enabled"].map(Into::into).to_vec();
    let observed = ObservedCollection {
        id,
        title: None,
        aliases: BTreeMap::new(),
        columns,
        records,
        references: None,
        channel: Channel::Api,
        witness: ObservationSource::Zone,
    };
    Ok(CollectionSnapshot { observed, raw: body })
}

/// Returns true for two spellings of one language, such as `zh-TW` and `zh_tw`.
fn same_language(one: &str, other: &str) -> bool {
    let plain = |language: &str| language.to_ascii_lowercase().replace('_', "-");
    plain(one) == plain(other)
}

/// Returns the failure for a response in another language. A write would mix languages.
fn other_language(requested: &str, language: &str) -> ZoneFailure {
    ZoneFailure::new(
        FailureClass::Mismatch,
        format!("requested language `{requested}`, the zone returned `{language}`"),
    )
    .help("set `language` to a language that the institution has enabled")
}
