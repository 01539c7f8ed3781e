//! The task list of authority control: what it lets a role do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known;
use crate::emulator::control::{Control, Misfit};
use crate::meaning::tasks::{Deed, ForNetwork, listed, may};
use crate::model::network::Role;
use crate::model::{TasksQuestion, Told};

/// The query of the door.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub zone: String,
    pub role: String,
    pub report: Option<String>,
}

/// What somebody of a role may do with the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Permitted {
    /// See it.
    pub view: bool,
    /// Process changes.
    pub process: bool,
    /// Dismiss an entry from the zone's own list.
    pub dismiss: bool,
    /// Dismiss an entry for the whole network; `null` in the network zone, where there is no such thing.
    pub dismiss_for_network: Option<bool>,
    /// Whether entries of the report that was asked about are in the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed: Option<bool>,
}

impl Control {
    /// What the task list of a zone lets a role do, and whether it has entries of a report.
    ///
    /// # Errors
    /// A zone that is not there, a record that does not say.
    pub fn tasks(&self, zone: &str, role: &str, report: Option<&str>) -> Result<Permitted, Misfit> {
        let of = self.place(zone)?.zone.role;
        let question = TasksQuestion { zone: zone.into(), role: role.into(), report: report.map(Into::into) };
        let stored = self.0.stored();
        let may = |deed: Deed| flag(may(&question, &stored, deed));
        Ok(Permitted {
            view: may(Deed::View)?,
            process: may(Deed::Process)?,
            dismiss: may(Deed::Dismiss)?,
            dismiss_for_network: match of {
                Role::Network => None,
                Role::Member => Some(known(ForNetwork::of(&question, &stored).may())?),
            },
            listed: match report {
                Some(report) => Some(flag(listed(&question, report, &stored))?),
                None => None,
            },
        })
    }
}

fn flag<T>(told: Told<(bool, T)>) -> Result<bool, Misfit> {
    known(told).map(|(flag, _)| flag)
}
