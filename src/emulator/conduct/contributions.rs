//! Records that members bring into the network zone.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known;
use crate::emulator::control::{Control, Misfit};
use crate::emulator::network::lock;
use crate::meaning::import::{Permission, permission, ways};
use crate::model::{ImportQuestion, RecordType, Told};

/// A record that a member brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contribution {
    /// Code of the member.
    pub member: String,
    /// What sort of record.
    pub record: RecordType,
    /// By which way: `import-profile`, `share-with-network` or another of the words of `zonal explain import`.
    pub channel: String,
}

/// A record that is in the network zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Contributed {
    /// Its id in the network zone.
    pub mms_id: String,
    /// Who brought it, and how.
    #[serde(flatten)]
    pub contribution: Contribution,
}

/// Why a record is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken {
    /// The network zone does not let the member.
    Denied {
        /// Code of the member.
        member: String,
        /// The sort of record.
        record: RecordType,
    },
    /// The contribution does not fit the network.
    Misfit(Misfit),
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { member, record } => {
                write!(f, "{member} may not bring {record} records into the Network Zone")
            }
            Self::Misfit(misfit) => misfit.fmt(f),
        }
    }
}

impl std::error::Error for NotTaken {}

/// Ids of the records that come in end as those of a network zone do.
const FIRST_RECORD: usize = 9_900_001;

impl Control {
    /// Brings a record into the network zone.
    ///
    /// # Errors
    /// The network zone's import permissions deny it; a member or a way that there is not.
    pub fn contribute(&self, contribution: Contribution) -> Result<Contributed, NotTaken> {
        let Contribution { member, record, channel } = &contribution;
        let code = self.member(member).map_err(NotTaken::Misfit)?;
        let ways = ways(*record);
        if !ways.iter().any(|(way, _)| way == channel) {
            let known: Vec<&str> = ways.iter().map(|(way, _)| *way).collect();
            let words = format!("no way `{channel}` for {record} records; there are {}", known.join(", "));
            return Err(NotTaken::Misfit(Misfit(words)));
        }
        let question = ImportQuestion { member: code, record: *record };
        let told = match permission(&question, &self.0.stored()) {
            Told::Is((permission, _)) => Told::Is(permission),
            Told::Not(why) => Told::Not(why),
        };
        match known(told).map_err(NotTaken::Misfit)? {
            Permission::Denied => Err(NotTaken::Denied { member: member.clone(), record: *record }),
            Permission::Allowed => {
                let records = &mut *lock(&self.0.contributed);
                let mms_id = (FIRST_RECORD + records.len()).to_string();
                let contributed = Contributed { mms_id, contribution };
                records.push(contributed.clone());
                Ok(contributed)
            }
        }
    }

    /// The records that members have brought into the network zone.
    pub fn contributions(&self) -> Vec<Contributed> {
        lock(&self.0.contributed).clone()
    }
}
