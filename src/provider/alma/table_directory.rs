//! Finds tables by the names that people see, in each zone's own list.

use serde_json::Value as Json;
use tokio::sync::OnceCell;

use super::table_layout::{TableLayout, non_empty_text};
use crate::model::{FailureClass, TableName, ZoneFailure};
use crate::provider::http::get_client::GetClient;
use crate::provider::http::request_path::RequestPath;

/// Names less alike than this are not worth suggesting.
const ALIKE: f64 = 0.75;

/// One list of tables, read once.
#[derive(Default)]
pub struct TableDirectory(OnceCell<Vec<TableListing>>);

/// One table of the list.
struct TableListing {
    code: String,
    title: String,
}

impl TableDirectory {
    /// The technical code of a table.
    ///
    /// # Errors
    /// [`FailureClass::Missing`] where no table is called so, [`FailureClass::Mismatch`] where one
    /// nearly is or several are; whatever reading the list fails with.
    pub async fn code(
        &self,
        layout: &TableLayout,
        getter: &GetClient,
        table: &TableName,
    ) -> Result<String, ZoneFailure> {
        match table {
            TableName::Code(code) => Ok(code.to_string()),
            // A table has a code or a name: nothing asks for one without.
            TableName::Whole => {
                Err(ZoneFailure::new(FailureClass::Missing, format!("which {} is not said", layout.noun)))
            }
            TableName::Title(title) => {
                find(layout, self.0.get_or_try_init(|| list(layout, getter)).await?, title)
            }
        }
    }
}

impl TableDirectory {
    /// The technical codes of all tables that the zone lists.
    ///
    /// # Errors
    /// Whatever reading the list fails with.
    pub async fn codes(&self, layout: &TableLayout, getter: &GetClient) -> Result<Vec<String>, ZoneFailure> {
        let entries = self.0.get_or_try_init(|| list(layout, getter)).await?;
        Ok(entries.iter().map(|entry| entry.code.clone()).collect())
    }
}

/// Whether the list comes in pages is not documented: it is read until it is complete, or until
/// a page brings nothing new.
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
        // An empty list is left out.
        None | Some(Json::Null) if page.get("total_record_count").is_some() => Ok(Vec::new()),
        _ => Err(ZoneFailure::new(
            FailureClass::Malformed,
            format!("the list of {}s holds no `{}`", layout.noun, layout.listed),
        )),
    }
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
                format!("{} {noun}s are called {title:?}: {}", several.len(), codes.join(", ")),
            )
            .help("name the one that is meant by its code, with `table`"));
        }
    }
    let plain = title.to_lowercase();
    if let Some(entry) = entries.iter().find(|entry| entry.title.to_lowercase() == plain) {
        return Err(ZoneFailure::new(FailureClass::Mismatch, format!("no {noun} is called {title:?}"))
            .help(format!("the zone spells it {:?} (`table: {}`)", entry.title, entry.code)));
    }
    let mut near: Vec<(f64, &TableListing)> = entries
        .iter()
        .map(|entry| (strsim::jaro_winkler(&entry.title.to_lowercase(), &plain), entry))
        .filter(|(alike, _)| *alike >= ALIKE)
        .collect();
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let names: Vec<_> = near.iter().take(3).map(|(_, entry)| format!("{:?}", entry.title)).collect();
    let failure = ZoneFailure::new(FailureClass::Missing, format!("no {noun} is called {title:?}"));
    Err(match names.is_empty() {
        true => failure
            .help(format!("the zone lists {} {noun}s, none of them with a similar name", entries.len())),
        false => failure.help(format!("did you mean {}", names.join(" or "))),
    })
}
