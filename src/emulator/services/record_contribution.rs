//! Records contributed to the Network Zone by members.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known_or_error;
use crate::analysis::import::{ImportPermission, permission};
use crate::emulator::control::{ControlError, EmulatorControl};
use crate::emulator::network::lock;
use crate::model::{ImportQuestion, MaybeKnown, RecordType};

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

/// Cause of a rejected contribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContributionRefusal {
    /// Denied by the Network Zone.
    Denied {
        /// Code of the member.
        member: String,
        /// Type of the record.
        record: RecordType,
    },
    /// Contribution that does not fit the network.
    Misfit(ControlError),
}

impl fmt::Display for ContributionRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { member, record } => {
                write!(f, "{member} is not allowed to contribute {record} records to the Network Zone")
            }
            Self::Misfit(misfit) => misfit.fmt(f),
        }
    }
}

impl std::error::Error for ContributionRefusal {}

/// First ID of contributed records, with the usual ending of a Network Zone.
const FIRST_RECORD: usize = 9_900_001;

impl EmulatorControl {
    /// Contributes a record to the Network Zone.
    ///
    /// # Errors
    /// Denied by the Network Zone's import permissions; unknown member or channel.
    pub fn contribute(
        &self,
        contribution: RecordContribution,
    ) -> Result<ContributedRecord, ContributionRefusal> {
        let RecordContribution { member, record, channel } = &contribution;
        let code = self.member(member).map_err(ContributionRefusal::Misfit)?;
        let channels = record.channels();
        if !channels.iter().any(|(known, _)| known.as_str() == channel) {
            let known: Vec<&str> = channels.iter().map(|(known, _)| known.as_str()).collect();
            let words = format!(
                "unknown channel `{channel}` for {record} records; known channels: {}",
                known.join(", ")
            );
            return Err(ContributionRefusal::Misfit(ControlError(words)));
        }
        let question = ImportQuestion { member: code, record: *record };
        let told = match permission(&question, &self.0.current_settings()) {
            MaybeKnown::Known((permission, _)) => MaybeKnown::Known(permission),
            MaybeKnown::Unknown(why) => MaybeKnown::Unknown(why),
        };
        match known_or_error(told).map_err(ContributionRefusal::Misfit)? {
            ImportPermission::Denied => {
                Err(ContributionRefusal::Denied { member: member.clone(), record: *record })
            }
            ImportPermission::Allowed => {
                let records = &mut *lock(&self.0.contributed);
                let mms_id = (FIRST_RECORD + records.len()).to_string();
                let contributed = ContributedRecord { mms_id, contribution };
                records.push(contributed.clone());
                Ok(contributed)
            }
        }
    }

    /// Returns the records contributed to the Network Zone by members.
    pub fn contributions(&self) -> Vec<ContributedRecord> {
        lock(&self.0.contributed).clone()
    }
}
