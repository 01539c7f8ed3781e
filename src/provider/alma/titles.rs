//! Finds tables by the names that people see, in each zone's own list.

use serde_json::Value as Json;
use tokio::sync::OnceCell;

use super::layout::{Layout, filled};
use crate::model::{Failure, FailureClass, Table};
use crate::provider::http::getter::Getter;
use crate::provider::http::path::Path;

/// Names less alike than this are not worth suggesting.
const ALIKE: f64 = 0.75;

/// One list of tables, read once.
#[derive(Default)]
pub struct Titles(OnceCell<Vec<Entry>>);

/// One table of the list.
struct Entry {
    code: String,
    title: String,
}

impl Titles {
    /// The technical code of a table.
    ///
    /// # Errors
    /// [`FailureClass::Missing`] where no table is called so, [`FailureClass::Mismatch`] where one
    /// nearly is or several are; whatever reading the list fails with.
    pub async fn code(&self, layout: &Layout, getter: &Getter, table: &Table) -> Result<String, Failure> {
        match table {
            Table::Code(code) => Ok(code.to_string()),
            // A table has a code or a name: nothing asks for one without.
            Table::Whole => {
                Err(Failure::new(FailureClass::Missing, format!("which {} is not said", layout.noun)))
            }
            Table::Title(title) => {
                find(layout, self.0.get_or_try_init(|| list(layout, getter)).await?, title)
            }
        }
    }
}

impl Titles {
    /// The technical codes of all tables that the zone lists.
    ///
    /// # Errors
    /// Whatever reading the list fails with.
    pub async fn codes(&self, layout: &Layout, getter: &Getter) -> Result<Vec<String>, Failure> {
        let entries = self.0.get_or_try_init(|| list(layout, getter)).await?;
        Ok(entries.iter().map(|entry| entry.code.clone()).collect())
    }
}

/// Whether the list comes in pages is not documented: it is read until it is complete, or until
/// a page brings nothing new.
async fn list(layout: &Layout, getter: &Getter) -> Result<Vec<Entry>, Failure> {
    let all = Path::new(&["conf", layout.folder])?;
    let mut entries: Vec<Entry> = Vec::new();
    let mut path = all.clone();
    loop {
        let page = getter.json(&path).await?;
        let before = entries.len();
        for table in tables(layout, &page)? {
            let Some(code) = filled(table.get(layout.code)) else { continue };
            if !entries.iter().any(|entry| entry.code == code) {
                entries.push(Entry { code, title: filled(table.get(layout.title)).unwrap_or_default() });
            }
        }
        let total = filled(page.get("total_record_count")).and_then(|total| total.parse::<usize>().ok());
        if entries.len() == before || total.is_none_or(|total| entries.len() >= total) {
            return Ok(entries);
        }
        path = all.clone().query("limit", Some("100")).query("offset", Some(&entries.len().to_string()));
    }
}

fn tables<'a>(layout: &Layout, page: &'a Json) -> Result<Vec<&'a Json>, Failure> {
    match page.get(layout.listed) {
        Some(Json::Array(tables)) => Ok(tables.iter().collect()),
        Some(table @ Json::Object(_)) => Ok(vec![table]),
        // An empty list is left out.
        None | Some(Json::Null) if page.get("total_record_count").is_some() => Ok(Vec::new()),
        _ => Err(Failure::new(
            FailureClass::Malformed,
            format!("the list of {}s holds no `{}`", layout.noun, layout.listed),
        )),
    }
}

fn find(layout: &Layout, entries: &[Entry], title: &str) -> Result<String, Failure> {
    let noun = layout.noun;
    let called: Vec<&Entry> = entries.iter().filter(|entry| entry.title == title).collect();
    match called.as_slice() {
        [only] => return Ok(only.code.clone()),
        [] => {}
        several => {
            let codes: Vec<_> = several.iter().map(|entry| format!("`{}`", entry.code)).collect();
            return Err(Failure::new(
                FailureClass::Mismatch,
                format!("{} {noun}s are called {title:?}: {}", several.len(), codes.join(", ")),
            )
            .help("name the one that is meant by its code, with `table`"));
        }
    }
    let plain = title.to_lowercase();
    if let Some(entry) = entries.iter().find(|entry| entry.title.to_lowercase() == plain) {
        return Err(Failure::new(FailureClass::Mismatch, format!("no {noun} is called {title:?}"))
            .help(format!("the zone spells it {:?} (`table: {}`)", entry.title, entry.code)));
    }
    let mut near: Vec<(f64, &Entry)> = entries
        .iter()
        .map(|entry| (strsim::jaro_winkler(&entry.title.to_lowercase(), &plain), entry))
        .filter(|(alike, _)| *alike >= ALIKE)
        .collect();
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let names: Vec<_> = near.iter().take(3).map(|(_, entry)| format!("{:?}", entry.title)).collect();
    let failure = Failure::new(FailureClass::Missing, format!("no {noun} is called {title:?}"));
    Err(match names.is_empty() {
        true => failure
            .help(format!("the zone lists {} {noun}s, none of them with a similar name", entries.len())),
        false => failure.help(format!("did you mean {}", names.join(" or "))),
    })
}
