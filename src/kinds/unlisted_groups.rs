//! Action for unlisted groups of a collection that cannot disable a group.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::UnlistedPolicy;

/// Action for unlisted groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UnlistedGroups {
    /// Keeps unlisted groups.
    #[default]
    Keep,
    /// Deletes unlisted groups.
    Delete,
}

impl From<UnlistedGroups> for UnlistedPolicy {
    fn from(unlisted: UnlistedGroups) -> Self {
        match unlisted {
            UnlistedGroups::Keep => Self::Keep,
            UnlistedGroups::Delete => Self::Delete,
        }
    }
}
