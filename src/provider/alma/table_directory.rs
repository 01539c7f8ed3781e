//! Finds tables by display name, in each zone's own list.

use serde_json::Value as Json;
use tokio::sync::OnceCell;

use super::table_layout::{TableLayout, non_empty_text};
use crate::model::{FailureClass, TableName, ZoneFailure};
use crate::provider::http::get_client::GetClient;
use crate::provider::http::request_path::RequestPath;

/// Minimum similarity of suggested names.
const ALIKE: f64 = 0.75;

/// List of tables, read once.
#[derive(Default)]
pub struct TableDirectory(OnceCell<Vec<TableListing>>);

/// Table of the list.
struct TableListing {
    code: String,
    title: String,
}

impl TableDirectory {
    /// Returns the technical code of a table.
    ///
    /// # Errors
    /// [`FailureClass::UnknownName`] if no table has the name. [`FailureClass::Mismatch`] if the name differs
    /// only in case, or if several tables match. Any failure of the list.
    pub async fn code(
        &self,
        layout: &TableLayout,
        getter: &GetClient,
        table: &TableName,
    ) -> Result<String, ZoneFailure> {
        match table {
            TableName::Code(code) => Ok(code.to_string()),
            // Every request names a code or a display name.
            TableName::Whole => {
                Err(ZoneFailure::new(FailureClass::Missing, format!("missing name of the {}", layout.noun)))
            }
            TableName::Title(title) => {
                find(layout, self.0.get_or_try_init(|| list(layout, getter)).await?, title)
            }
        }
    }
}

impl TableDirectory {
    /// Adds help from the zone's own list to the failure of a table whose code the zone calls unknown.
    pub async fn explain_unknown_code(
        &self,
        layout: &TableLayout,
        getter: &GetClient,
        code: &str,
        failure: ZoneFailure,
    ) -> ZoneFailure {
        if failure.class != FailureClass::UnknownName {
            return failure;
        }
        // Without a list, the failure keeps its general help.
        let Ok(codes) = self.codes(layout, getter).await else { return failure };
        let count = codes.len();
        let help = similar_code_help(codes.iter().map(String::as_str), code);
        let noun = layout.noun;
        failure
            .help(help.unwrap_or_else(|| format!("the zone lists {count} {noun}s, none with a similar code")))
    }

    /// Returns the technical codes of all listed tables.
    ///
    /// # Errors
    /// Any failure of the list.
    pub async fn codes(&self, layout: &TableLayout, getter: &GetClient) -> Result<Vec<String>, ZoneFailure> {
        let entries = self.0.get_or_try_init(|| list(layout, getter)).await?;
        Ok(entries.iter().map(|entry| entry.code.clone()).collect())
    }
}

/// Reads the list of tables.
///
/// Paging is not documented, so zonal reads until the list is complete or a page adds nothing.
async fn list(layout: &TableLayout, getter: &GetClient) -> Result<Vec<TableListing>, ZoneFailure> {
    let all = RequestPath::new(&["conf", layout.folder])?;
    let mut entries: Vec<TableListing> = Vec::new();
    let mut path = all.clone();
    loop {
        let page = getter.json(&path).await?;
        let before = entries.len();
        for table in tables(layout, &page)? {
            let Some(code) = non_empty_text(table.get(layout.code)) else { continue };
            if !entries.iter().any(|entry| entry.code == code) {
                entries.push(TableListing {
                    code,
                    title: non_empty_text(table.get(layout.title)).unwrap_or_default(),
                });
            }
        }
        let total =
            non_empty_text(page.get("total_record_count")).and_then(|total| total.parse::<usize>().ok());
        if entries.len() == before || total.is_none_or(|total| entries.len() >= total) {
            return Ok(entries);
        }
        path = all.clone().query("limit", Some("100")).query("offset", Some(&entries.len().to_string()));
    }
}

fn tables<'a>(layout: &TableLayout, page: &'a Json) -> Result<Vec<&'a Json>, ZoneFailure> {
    match page.get(layout.listed) {
        Some(Json::Array(tables)) => Ok(tables.iter().collect()),
        Some(table @ Json::Object(_)) => Ok(vec![table]),
        // An empty list is absent.
        None | Some(Json::Null) if page.get("total_record_count").is_some() => Ok(Vec::new()),
        _ => Err(ZoneFailure::new(
            FailureClass::Malformed,
            format!("the list of {}s has no `{}`", layout.noun, layout.listed),
        )),
    }
}

/// Returns the help that names similar codes, if any.
pub fn similar_code_help<'a>(codes: impl Iterator<Item = &'a str>, code: &str) -> Option<String> {
    let near: Vec<_> = similar(codes, code).into_iter().map(|code| format!("`{code}`")).collect();
    (!near.is_empty()).then(|| format!("did you mean {}?", near.join(" or ")))
}

/// Returns the names that are similar to a name, at most three.
fn similar<'a>(names: impl Iterator<Item = &'a str>, name: &str) -> Vec<&'a str> {
    let plain = name.to_lowercase();
    let mut near: Vec<(f64, &str)> = names
        .map(|known| (strsim::jaro_winkler(&known.to_lowercase(), &plain), known))
        .filter(|(alike, _)| *alike >= ALIKE)
        .collect();
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

fn find(layout: &TableLayout, entries: &[TableListing], title: &str) -> Result<String, ZoneFailure> {
    let noun = layout.noun;
    let called: Vec<&TableListing> = entries.iter().filter(|entry| entry.title == title).collect();
    match called.as_slice() {
        [only] => return Ok(only.code.clone()),
        [] => {}
        several => {
            let codes: Vec<_> = several.iter().map(|entry| format!("`{}`", entry.code)).collect();
            return Err(ZoneFailure::new(
                FailureClass::Mismatch,
                format!("{} {noun}s have the name {title:?}: {}", several.len(), codes.join(", ")),
            )
            .help("select one by its code, with `table`"));
        }
    }
    let plain = title.to_lowercase();
    if let Some(entry) = entries.iter().find(|entry| entry.title.to_lowercase() == plain) {
        return Err(ZoneFailure::new(FailureClass::Mismatch, format!("no {noun} has the name {title:?}"))
            .help(format!("use the zone's spelling {:?} (`table: {}`)", entry.title, entry.code)));
    }
    let names = similar(entries.iter().map(|entry| entry.title.as_str()), title);
    let names: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    let failure = ZoneFailure::new(FailureClass::UnknownName, format!("no {noun} has the name {title:?}"));
    Err(match names.is_empty() {
        true => failure.help(format!("the zone lists {} {noun}s, none with a similar name", entries.len())),
        false => failure.help(format!("did you mean {}", names.join(" or "))),
    })
}
