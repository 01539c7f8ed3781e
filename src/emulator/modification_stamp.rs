//! Author and date of a change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Author and date of the last change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModificationStamp {
    /// Author.
    pub by: String,
    /// Date, `YYYY-MM-DDZ`.
    pub date: String,
}

impl ModificationStamp {
    /// Creates a stamp.
    pub(super) fn new(by: &str, date: &str) -> Self {
        Self { by: by.to_owned(), date: date.to_owned() }
    }
}
