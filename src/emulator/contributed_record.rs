//! Record contributed to the Network Zone by a member.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::RecordType;

/// Contribution of a record by a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordContribution {
    /// Code of the member.
    pub member: String,
    /// Type of the record.
    pub record: RecordType,
    /// Contribution channel: `import-profile`, `share-with-network` or another channel of `zonal explain
    /// import`.
    pub channel: String,
}

/// Record in the Network Zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContributedRecord {
    /// MMS ID in the Network Zone.
    pub mms_id: String,
    /// Contributor and channel.
    #[serde(flatten)]
    pub contribution: RecordContribution,
}
