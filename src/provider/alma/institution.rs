//! Reads how an institution describes itself: identity, libraries, and the areas that a key opens.

use futures::future::try_join_all;
use serde_json::Value as Json;

use super::AlmaReader;
use super::paged_list::listed_items;
use super::table_layout::non_empty_text;
use super::zone_identity::{institution_in, tolerate};
use crate::model::network::EnvironmentType;
use crate::model::{FailureClass, InstitutionProfile, LibraryListing, ZoneFailure};
use crate::provider::http::get_client::GetClient;
use crate::provider::http::request_path::RequestPath;

/// Area of an API key with its documented test request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyArea {
    /// Name of the area in the Developer Network.
    pub name: &'static str,
    /// Path of the test request below `/almaws/v1`.
    path: &'static [&'static str],
}

/// Areas with a documented test request. The area Electronic has none.
pub static KEY_AREAS: [KeyArea; 7] = [
    KeyArea { name: "Configuration", path: &["conf", "test"] },
    KeyArea { name: "Users", path: &["users", "operation", "test"] },
    KeyArea { name: "Bibs", path: &["bibs", "test"] },
    KeyArea { name: "Acquisitions", path: &["acq", "test"] },
    KeyArea { name: "Analytics", path: &["analytics", "test"] },
    KeyArea { name: "Resource Sharing Partners", path: &["partners", "operation", "test"] },
    KeyArea { name: "Task Lists", path: &["task-lists", "test"] },
];

impl AlmaReader {
    /// Returns the identity of the institution whose key this is.
    ///
    /// # Errors
    /// [`FailureClass::Malformed`] if no answer names the institution; any failure of a read.
    pub async fn institution(&self) -> Result<InstitutionProfile, ZoneFailure> {
        institution(&self.getter).await.map_err(|failure| self.getter.discreet(failure))
    }

    /// Returns the libraries of the institution. The cost: a request, and one a library if the list is brief.
    ///
    /// # Errors
    /// Any failure of a read.
    pub async fn libraries(&self) -> Result<Vec<LibraryListing>, ZoneFailure> {
        libraries(&self.getter).await.map_err(|failure| self.getter.discreet(failure))
    }

    /// Sends the test request of an area; succeeds if the key opens the area.
    ///
    /// # Errors
    /// [`FailureClass::Denied`] if the key does not open the area; any failure of a read.
    pub async fn test_area(&self, area: &KeyArea) -> Result<(), ZoneFailure> {
        let tested = async { self.getter.get_text(&RequestPath::new(area.path)?).await };
        tested.await.map(drop).map_err(|failure| self.getter.discreet(failure))
    }

    /// Lists e-collections; succeeds if the key opens the area Electronic, which has no test request.
    ///
    /// # Errors
    /// Same as [`Self::test_area`].
    pub async fn test_electronic(&self) -> Result<(), ZoneFailure> {
        let path = || Ok(RequestPath::new(&["electronic", "e-collections"])?.query("limit", Some("1")));
        let tested = async { self.getter.json(&path()?).await };
        tested.await.map(drop).map_err(|failure| self.getter.discreet(failure))
    }

    /// Returns the date of the zone's latest answer, as in the header `Date`; `None` if no answer had one.
    pub fn server_date(&self) -> Option<String> {
        self.getter.server_date()
    }
}

async fn institution(getter: &GetClient) -> Result<InstitutionProfile, ZoneFailure> {
    let general = tolerate(getter.json(&RequestPath::new(&["conf", "general"])?).await)?;
    let member = |name: &str| general.as_ref().and_then(|general| general.get(name));
    let code = match non_empty_text(member("institution")) {
        Some(code) => code,
        None => {
            let test = getter.get_text(&RequestPath::new(&["conf", "test"])?).await?;
            institution_in(&test).ok_or_else(|| {
                ZoneFailure::new(
                    FailureClass::Malformed,
                    "neither `GET /conf/general` nor `GET /conf/test` names the institution of the API key",
                )
                .help("check that the address is Alma's API, and that the key has the area Configuration")
            })?
        }
    };
    let name = member("institution").and_then(|institution| non_empty_text(institution.get("desc")));
    let stated = non_empty_text(member("environment_type")).unwrap_or_default();
    let environment = match stated.trim().to_ascii_lowercase().as_str() {
        "production" => Some(EnvironmentType::Production),
        "sandbox" => Some(EnvironmentType::Sandbox),
        _ => None,
    };
    Ok(InstitutionProfile { code, name: name.unwrap_or_default(), environment })
}

async fn libraries(getter: &GetClient) -> Result<Vec<LibraryListing>, ZoneFailure> {
    let listed = listed_items(getter, RequestPath::new(&["conf", "libraries"])?, "library", "code").await?;
    try_join_all(listed.into_iter().map(|(code, library)| async move {
        // A brief list lacks the campus.
        if library.get("campus").is_some() {
            return Ok(listing(&library));
        }
        let whole = tolerate(getter.json(&RequestPath::new(&["conf", "libraries", &code])?).await)?;
        Ok(listing(whole.as_ref().filter(|whole| whole.get("code").is_some()).unwrap_or(&library)))
    }))
    .await
}

fn listing(library: &Json) -> LibraryListing {
    let text = |name: &str| non_empty_text(library.get(name));
    let campus_name = library.get("campus").and_then(|campus| non_empty_text(campus.get("desc")));
    LibraryListing {
        code: text("code").unwrap_or_default(),
        name: text("name").unwrap_or_default(),
        campus: text("campus"),
        campus_name: campus_name.unwrap_or_default(),
    }
}
