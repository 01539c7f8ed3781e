//! Expected failures of zones, gateways and the store.

use std::fmt;

/// Failure between zonal and a zone.
///
/// The class decides the caller's reaction; the message explains the failure to the reader.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct ZoneFailure {
    /// Class, for the caller's reaction.
    pub class: FailureClass,
    /// Fact: lowercase, no full stop; never contains an API key.
    pub message: String,
    /// Fix, if known.
    pub help: Option<String>,
    /// Tracking ID for the vendor's support. Differs between responses, so comparisons ignore it.
    pub tracking_id: Option<String>,
}

/// Class of a failure, by the required reaction.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// No response after retries: connection refused, timeouts, server errors. Try again later.
    Unreachable,
    /// API key unknown, without permission, or used from a wrong IP address. Correct the key.
    Denied,
    /// API key of another institution or environment than in the manifest. Correct the key.
    WrongZone,
    /// Daily requests used up, or down to the reserve. Try again after midnight.
    Quota,
    /// No such collection in the zone.
    Missing,
    /// Name of a collection that the zone calls unknown: misspelled in the manifest, or missing in the zone.
    UnknownName,
    /// Collection exists, but the zone does not let the API read or change it.
    Locked,
    /// Request rejected by the zone for its own reason.
    Rejected,
    /// Response not in the documented format.
    Malformed,
    /// Answer looks cut off: rows are missing, so zonal neither plans nor writes. Check the collection in Alma.
    Truncated,
    /// Manifest does not match the zone: an unknown column, an ambiguous key, a missing value.
    Mismatch,
    /// Gateway did not respond, rejected its API key, or violates the contract.
    Gateway,
    /// Run interrupted before the request.
    Interrupted,
    /// Reading too old for a write that rests on it, so zonal sent no write. Apply again.
    Outdated,
    /// Store not writable, so zonal sent no write without a record of it. Correct the store.
    Store,
}

impl FailureClass {
    /// Returns true if the failure prevents all further requests to the zone in this run.
    pub fn whole_zone(self) -> bool {
        match self {
            Self::Unreachable
            | Self::Denied
            | Self::WrongZone
            | Self::Quota
            | Self::Interrupted
            | Self::Store => true,
            Self::Missing
            | Self::UnknownName
            | Self::Locked
            | Self::Rejected
            | Self::Malformed
            | Self::Mismatch
            | Self::Truncated
            | Self::Outdated
            | Self::Gateway => false,
        }
    }
}

impl ZoneFailure {
    /// Returns a failure without help.
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), help: None, tracking_id: None }
    }

    /// Adds a help text.
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl fmt::Display for ZoneFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.tracking_id {
            Some(id) => write!(f, " (tracking id {id})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ZoneFailure {}
