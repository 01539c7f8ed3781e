//! Channels between zonal and the collections of a zone.

use std::fmt;

/// Channel of a collection.
///
/// zonal determines the channel of each collection in each zone, and never assumes it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Alma's public REST API.
    #[default]
    Api,
    /// Gateway of the network.
    Gateway,
    /// A person in Alma's user interface. The observed state consists of attestations.
    Runbook,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Api => "api",
            Self::Gateway => "gateway",
            Self::Runbook => "runbook",
        })
    }
}
