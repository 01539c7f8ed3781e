//! Lists objects other than tables that a zone has: letters.

use serde_json::Value as Json;

use super::AlmaReader;
use super::jobs::{items, total};
use super::letter::LETTER;
use super::table_layout::{flag, non_empty_text};
use crate::model::{CollectionId, FailureClass, ZoneFailure};
use crate::provider::http::get_client::GetClient;
use crate::provider::http::request_path::RequestPath;

/// Maximum number of pages, enough for pages of the API's default size.
const PAGES: usize = 200;

/// Object in the list of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectListing {
    /// Object as a collection.
    pub collection: CollectionId,
    /// True if the institution changed the object since delivery; `None` if the zone does not tell.
    pub customized: Option<bool>,
}

impl AlmaReader {
    /// Returns the objects of a collection type in the zone's list. The cost: one request a page.
    ///
    /// # Errors
    /// [`FailureClass::Missing`] for a type without a list; any failure of a read.
    pub async fn list_objects(&self, kind: &str) -> Result<Vec<ObjectListing>, ZoneFailure> {
        match kind == LETTER.kind {
            true => letters(&self.getter).await.map_err(|failure| self.getter.discreet(failure)),
            false => Err(ZoneFailure::new(
                FailureClass::Missing,
                format!("Alma's public API has no list of `{kind}`"),
            )),
        }
    }
}

/// Reads the list of letters.
///
/// Paging is not documented, so a page that adds nothing ends the list.
async fn letters(getter: &GetClient) -> Result<Vec<ObjectListing>, ZoneFailure> {
    let all = RequestPath::new(&["conf", "letters"])?;
    let mut listed: Vec<ObjectListing> = Vec::new();
    let mut path = all.clone();
    for _ in 0..PAGES {
        let page = getter.json(&path).await?;
        let known = listed.len();
        for letter in items(&page, "letter")? {
            let Some(listing) = listing(letter) else { continue };
            if !listed.iter().any(|known| known.collection == listing.collection) {
                listed.push(listing);
            }
        }
        if listed.len() == known || total(&page).is_none_or(|total| listed.len() >= total) {
            break;
        }
        path = all.clone().query("limit", Some("100")).query("offset", Some(&listed.len().to_string()));
    }
    Ok(listed)
}

fn listing(letter: &Json) -> Option<ObjectListing> {
    let code = non_empty_text(letter.get("code"))?;
    let customized = letter.get("customized").filter(|value| non_empty_text(Some(value)).is_some());
    Some(ObjectListing {
        collection: CollectionId::with_code(LETTER.kind, &code),
        customized: customized.and_then(|value| flag(Some(value), false).ok()),
    })
}
