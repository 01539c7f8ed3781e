//! Lists objects other than tables that a zone has: letters and e-resources.

use futures::future::try_join_all;
use serde_json::Value as Json;

use super::AlmaReader;
use super::group_settings::ELECTRONIC;
use super::letter::LETTER;
use super::paged_list::listed_items;
use super::table_layout::{flag, non_empty_text};
use crate::model::{CollectionId, FailureClass, ZoneFailure};
use crate::provider::http::get_client::GetClient;
use crate::provider::http::request_path::RequestPath;

/// Object in the list of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectListing {
    /// Object as a collection.
    pub collection: CollectionId,
    /// True if the institution changed the object since delivery; `None` if the zone does not tell.
    pub customized: Option<bool>,
}

impl AlmaReader {
    /// Returns the objects of a collection type in the zone's list: letters, or e-collections and their e-services.
    /// The cost: one request a page, and one more for each e-collection.
    ///
    /// # Errors
    /// [`FailureClass::Missing`] for a type without a list; any failure of a read.
    pub async fn list_objects(&self, kind: &str) -> Result<Vec<ObjectListing>, ZoneFailure> {
        let listed = if kind == LETTER.kind {
            letters(&self.getter).await
        } else if kind == ELECTRONIC.kind {
            resources(&self.getter).await
        } else {
            let message = format!("Alma's public API has no list of `{kind}`");
            Err(ZoneFailure::new(FailureClass::Missing, message))
        };
        listed.map_err(|failure| self.getter.discreet(failure))
    }
}

/// Reads the lists of e-collections and of their e-services. Neither shows groups.
async fn resources(getter: &GetClient) -> Result<Vec<ObjectListing>, ZoneFailure> {
    let all = RequestPath::new(&["electronic", "e-collections"])?;
    let collections = listed_items(getter, all, "electronic_collection", "id").await?;
    let listing = |ids: String| ObjectListing {
        collection: CollectionId::with_code(ELECTRONIC.kind, &ids),
        customized: None,
    };
    let of_collections = try_join_all(collections.into_iter().map(|(collection, _)| async move {
        let services = RequestPath::new(&["electronic", "e-collections", &collection, "e-services"])?;
        let services = listed_items(getter, services, "electronic_service", "id").await?;
        let services = services.into_iter().map(|(service, _)| listing(format!("{collection}.{service}")));
        Ok::<_, ZoneFailure>(std::iter::once(listing(collection.clone())).chain(services).collect::<Vec<_>>())
    }))
    .await?;
    Ok(of_collections.into_iter().flatten().collect())
}

/// Reads the list of letters.
async fn letters(getter: &GetClient) -> Result<Vec<ObjectListing>, ZoneFailure> {
    let letters = listed_items(getter, RequestPath::new(&["conf", "letters"])?, "letter", "code").await?;
    Ok(letters.iter().map(|(code, letter)| letter_listing(code, letter)).collect())
}

fn letter_listing(code: &str, letter: &Json) -> ObjectListing {
    let customized = letter.get("customized").filter(|value| non_empty_text(Some(value)).is_some());
    ObjectListing {
        collection: CollectionId::with_code(LETTER.kind, code),
        customized: customized.and_then(|value| flag(Some(value), false).ok()),
    }
}
