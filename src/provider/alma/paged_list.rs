//! Lists of the API that come in pages.

use serde_json::Value as Json;

use super::table_layout::non_empty_text;
use crate::model::{FailureClass, ZoneFailure};
use crate::provider::http::get_client::GetClient;
use crate::provider::http::request_path::RequestPath;

/// Maximum number of pages, enough for pages of the API's default size.
pub(super) const PAGES: usize = 200;

/// Returns all items of a list, page by page, each with its own ID.
///
/// A page that adds nothing ends the list, because the paging of some lists is not documented.
pub(super) async fn listed_items(
    getter: &GetClient,
    all: RequestPath,
    item: &str,
    id: &str,
) -> Result<Vec<(String, Json)>, ZoneFailure> {
    let mut listed: Vec<(String, Json)> = Vec::new();
    let mut path = all.clone();
    for _ in 0..PAGES {
        let page = getter.json(&path).await?;
        let known = listed.len();
        for found in items(&page, item)? {
            let Some(own_id) = non_empty_text(found.get(id)) else { continue };
            if !listed.iter().any(|(known, _)| *known == own_id) {
                listed.push((own_id, found.clone()));
            }
        }
        if listed.len() == known || total(&page).is_none_or(|total| listed.len() >= total) {
            break;
        }
        path = all.clone().query("limit", Some("100")).query("offset", Some(&listed.len().to_string()));
    }
    Ok(listed)
}

/// Returns the total number of entries of a list, if the answer reports one.
pub(super) fn total(body: &Json) -> Option<usize> {
    non_empty_text(body.get("total_record_count"))?.parse().ok()
}

/// Returns the items of a list. An empty list may be absent, and a single item may be an object.
pub(super) fn items<'a>(body: &'a Json, name: &str) -> Result<Vec<&'a Json>, ZoneFailure> {
    match body.get(name) {
        Some(Json::Array(items)) => Ok(items.iter().collect()),
        Some(item @ Json::Object(_)) => Ok(vec![item]),
        None | Some(Json::Null) if body.is_object() => Ok(Vec::new()),
        Some(_) | None => {
            Err(ZoneFailure::new(FailureClass::Malformed, format!("the response contains no list `{name}`")))
        }
    }
}
