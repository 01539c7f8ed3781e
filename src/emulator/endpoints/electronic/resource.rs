//! E-resource, and the levels of e-resources.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::code;
use crate::emulator::error_response::ErrorResponse;

/// E-collection, e-service or portfolio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedResource {
    /// IDs from the e-collection down, joined by dots: `61`, `61.62` or `61.62.53`.
    pub ids: String,
    /// Fields in the API, except ID, links and groups.
    #[serde(default)]
    pub members: BTreeMap<String, Value>,
    /// Settings by group with access. Empty means available to everyone.
    #[serde(default)]
    pub groups: GroupSettingTexts,
}

/// Settings by group, as texts by field.
pub(super) type GroupSettingTexts = BTreeMap<String, BTreeMap<String, String>>;

/// Type of an e-resource.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ElectronicResourceType {
    Collection,
    Service,
    Portfolio,
}

impl ElectronicResourceType {
    /// Folders in the API path, from the e-collection down.
    pub const FOLDERS: [&str; 3] = ["e-collections", "e-services", "portfolios"];

    /// Returns the type for the IDs.
    pub fn from_ids(ids: &str) -> Self {
        Self::from_level(ids.split('.').count())
    }

    /// Returns the type for a number of IDs.
    pub fn from_level(level: usize) -> Self {
        match level {
            1 => Self::Collection,
            2 => Self::Service,
            _ => Self::Portfolio,
        }
    }

    /// Returns the element of a resource in XML.
    pub fn root(self) -> &'static str {
        match self {
            Self::Collection => "electronic_collection",
            Self::Service => "electronic_service",
            Self::Portfolio => "portfolio",
        }
    }

    /// Returns the error for unknown IDs. Codes follow the vendor's OpenAPI.
    pub fn not_found(self, has_collection: bool) -> ErrorResponse {
        match self {
            Self::Portfolio => ErrorResponse::business(60123, "Failed to find the Portfolio ID."),
            Self::Service if has_collection => {
                ErrorResponse::business(60122, "The Service ID was not found.")
            }
            Self::Collection | Self::Service => {
                ErrorResponse::business(60121, "The Collection ID was not found.")
            }
        }
    }

    /// Returns the error for an invalid proxy of a group.
    pub fn invalid_proxy(self, proxy: &str) -> ErrorResponse {
        let number = if self == Self::Portfolio { 60168 } else { 60135 };
        ErrorResponse::business(number, format!("The group proxy is not valid: '{proxy}'."))
    }

    /// Checks required fields, as far as the vendor's OpenAPI has an error code for the missing field.
    pub fn check_required(self, body: &Map<String, Value>) -> Result<(), ErrorResponse> {
        let name = ("public_name", 60126, "The name is missing.");
        let kind = ("type", 60127, "The type is missing or not valid.");
        let access = ("access_type", 60128, "The access type is missing or not valid.");
        let required = match self {
            Self::Collection => &[name, kind, access][..],
            Self::Service => &[kind],
            Self::Portfolio => &[],
        };
        let is_missing = |field: &str| body.get(field).map(code).unwrap_or_default().is_empty();
        match required.iter().find(|(field, _, _)| is_missing(field)) {
            Some((_, number, message)) => Err(ErrorResponse::business(*number, *message)),
            None => Ok(()),
        }
    }
}
