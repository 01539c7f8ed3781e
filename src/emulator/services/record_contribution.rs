//! Records that members bring into the network zone.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known_or_error;
use crate::analysis::import::{ImportPermission, import_methods, permission};
use crate::emulator::control::{ControlError, EmulatorControl};
use crate::emulator::network::lock;
use crate::model::{ImportQuestion, MaybeKnown, RecordType};

/// A record that a member brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordContribution {
    /// Code of the member.
    pub member: String,
    /// What sort of record.
    pub record: RecordType,
    /// By which way: `import-profile`, `share-with-network` or another of the words of `zonal explain import`.
    pub channel: String,
}

/// A record that is in the network zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContributedRecord {
    /// Its id in the network zone.
    pub mms_id: String,
    /// Who brought it, and how.
    #[serde(flatten)]
    pub contribution: RecordContribution,
}

/// Why a record is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContributionRefusal {
    /// The network zone does not let the member.
    Denied {
        /// Code of the member.
        member: String,
        /// The sort of record.
        record: RecordType,
    },
    /// The contribution does not fit the network.
    Misfit(ControlError),
}

impl fmt::Display for ContributionRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { member, record } => {
                write!(f, "{member} may not bring {record} records into the Network Zone")
            }
            Self::Misfit(misfit) => misfit.fmt(f),
        }
    }
}

impl std::error::Error for ContributionRefusal {}

/// Ids of the records that come in end as those of a network zone do.
const FIRST_RECORD: usize = 9_900_001;

impl EmulatorControl {
    /// Brings a record into the network zone.
    ///
    /// # Errors
    /// The network zone's import permissions deny it; a member or a way that there is not.
    pub fn contribute(
        &self,
        contribution: RecordContribution,
    ) -> Result<ContributedRecord, ContributionRefusal> {
        let RecordContribution { member, record, channel } = &contribution;
        let code = self.member(member).map_err(ContributionRefusal::Misfit)?;
        let ways = import_methods(*record);
        if !ways.iter().any(|(way, _)| way == channel) {
            let known: Vec<&str> = ways.iter().map(|(way, _)| *way).collect();
            let words = format!("no way `{channel}` for {record} records; there are {}", known.join(", "));
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

    /// The records that members have brought into the network zone.
    pub fn contributions(&self) -> Vec<ContributedRecord> {
        lock(&self.0.contributed).clone()
    }
}
