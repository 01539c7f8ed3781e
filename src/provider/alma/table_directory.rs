//! Finds tables by display name, in each zone's own list.

use serde_json::Value as Json;
use tokio::sync::OnceCell;

use super::paged_list::total;
use super::table_layout::{TableLayout, flag, non_empty_text};
use super::{AlmaReader, AlmaTableType};
use crate::model::{FailureClass, TableListing, TableName, ZoneFailure};
use crate::provider::http::get_client::GetClient;
use crate::provider::http::request_path::RequestPath;

/// Minimum similarity of suggested names.
const ALIKE: f64 = 0.75;

/// List of tables, read once.
#[derive(Default)]
pub struct TableDirectory(OnceCell<Vec<TableListing>>);

impl AlmaReader {
    /// Returns the code tables and mapping tables in the zone's lists: the tables visible to the API.
    ///
    /// The cost: two requests, for the first call.
    ///
    /// # Errors
    /// Any failure of a read.
    pub async fn list_tables(&self) -> Result<[&[TableListing]; 2], ZoneFailure> {
        let getter = &self.getter;
        let listed = async {
            let code_tables = self.code_tables.entries(AlmaTableType::Code.layout(), getter).await?;
            Ok([code_tables, self.mapping_tables.entries(AlmaTableType::Mapping.layout(), getter).await?])
        };
        listed.await.map_err(|failure| getter.discreet(failure))
    }
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
            TableName::Title(title) => find(layout, self.entries(layout, getter).await?, title),
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
        let Ok(tables) = self.entries(layout, getter).await else { return failure };
        let count = tables.len();
        let help = similar_code_help(tables.iter().map(|table| &*table.code), code);
        let noun = layout.noun;
        failure
            .help(help.unwrap_or_else(|| format!("the zone lists {count} {noun}s, none with a similar code")))
    }

    /// Returns all listed tables.
    ///
    /// # Errors
    /// Any failure of the list.
    async fn entries(
        &self,
        layout: &TableLayout,
        getter: &GetClient,
    ) -> Result<&[TableListing], ZoneFailure> {
        self.0.get_or_try_init(|| list(layout, getter)).await.map(Vec::as_slice)
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
            if !entries.iter().any(|entry| *entry.code == *code) {
                entries.push(listing(layout, &code, table));
            }
        }
        if entries.len() == before || total(&page).is_none_or(|total| entries.len() >= total) {
            return Ok(entries);
        }
        path = all.clone().query("limit", Some("100")).query("offset", Some(&entries.len().to_string()));
    }
}

fn listing(layout: &TableLayout, code: &str, table: &Json) -> TableListing {
    let text = |field: &str| non_empty_text(table.get(field));
    let subsystem = table.get("sub_system").and_then(|subsystem| non_empty_text(subsystem.get("desc")));
    let customized = table.get("customized").filter(|customized| !customized.is_null());
    TableListing {
        kind: layout.kind.into(),
        code: code.into(),
        name: text(layout.title).unwrap_or_default(),
        subsystem: subsystem.or_else(|| text("sub_system")),
        customized: customized.and_then(|customized| flag(Some(customized), false).ok()),
        updated_by: text("updated_by"),
        update_date: text("update_date"),
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
    let called: Vec<&TableListing> = entries.iter().filter(|entry| entry.name == title).collect();
    match called.as_slice() {
        [only] => return Ok(only.code.to_string()),
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
    if let Some(entry) = entries.iter().find(|entry| entry.name.to_lowercase() == plain) {
        return Err(ZoneFailure::new(FailureClass::Mismatch, format!("no {noun} has the name {title:?}"))
            .help(format!("use the zone's spelling {:?} (`table: {}`)", entry.name, entry.code)));
    }
    let names = similar(entries.iter().map(|entry| entry.name.as_str()), title);
    let names: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    let failure = ZoneFailure::new(FailureClass::UnknownName, format!("no {noun} has the name {title:?}"));
    Err(match names.is_empty() {
        true => failure.help(format!("the zone lists {} {noun}s, none with a similar name", entries.len())),
        false => failure.help(format!("did you mean {}", names.join(" or "))),
    })
}
