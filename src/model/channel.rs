//! How a collection reaches its zone.

use std::fmt;

/// The ways to a collection. Which one serves which collection of which zone is found out, never assumed.
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
    /// The network's gateway.
    Gateway,
    /// A person in front of Alma. What is known of the zone is what people have attested.
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
