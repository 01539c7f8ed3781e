//! Why a zone did not do what it was asked to.

use std::fmt;

/// What went wrong between zonal and a zone. The class is for the caller's decision, the message for the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneFailure {
    /// What the caller can do about it.
    pub class: FailureClass,
    /// What happened: lowercase, no full stop. Never holds a key.
    pub message: String,
    /// The way out, where there is one.
    pub help: Option<String>,
    /// What the vendor's support asks for. Differs from answer to answer, so it is never compared.
    pub tracking_id: Option<String>,
}

/// The decisions that a failure can call for.
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
    /// No answer, in spite of retries: connection refused, timeouts, server errors. Try again later.
    Unreachable,
    /// The key is unknown, not allowed to do this, or used from a wrong address. Mend the key.
    Denied,
    /// The key opens another institution or another environment than the manifest says. Mend the key.
    WrongZone,
    /// The day's requests are used up, or down to the reserve. Try again after midnight.
    Quota,
    /// The zone has no such collection.
    Missing,
    /// The zone has it, but does not let the API see or change it.
    Locked,
    /// The zone refused this request for a reason of its own.
    Rejected,
    /// The answer is not of the documented shape.
    Malformed,
    /// Manifest and zone do not fit together: an unknown column, an ambiguous key, a missing value.
    Mismatch,
    /// The network's gateway did not answer, refused its key, or does not keep to the contract.
    Gateway,
    /// The run was interrupted before this was tried.
    Interrupted,
    /// The store cannot be written to, so nothing was sent that nobody would remember. Mend the store.
    Store,
}

impl FailureClass {
    /// Whether nothing else can be had from the zone in this run either.
    pub fn whole_zone(self) -> bool {
        match self {
            Self::Unreachable
            | Self::Denied
            | Self::WrongZone
            | Self::Quota
            | Self::Interrupted
            | Self::Store => true,
            Self::Missing
            | Self::Locked
            | Self::Rejected
            | Self::Malformed
            | Self::Mismatch
            | Self::Gateway => false,
        }
    }
}

impl ZoneFailure {
    /// A failure without a way out.
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), help: None, tracking_id: None }
    }

    /// The same with a way out.
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
