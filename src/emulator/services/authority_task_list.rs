//! Authority control task list: permissions of a role.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known_answer::known_or_error;
use crate::analysis::authority_tasks::{NetworkDismissal, TaskAction, is_report_listed, may};
use crate::emulator::control::{ControlError, EmulatorControl};
use crate::model::network::ZoneRole;
use crate::model::{MaybeKnown, TasksQuestion};

/// Query of the endpoint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskListQuery {
    zone: String,
    role: String,
    report: Option<String>,
}

/// Permissions of a role in the task list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TaskListPermissions {
    /// View the list.
    pub view: bool,
    /// Process changes.
    pub process: bool,
    /// Dismiss an entry from the zone's own list.
    pub dismiss: bool,
    /// Dismiss an entry for the whole network. `null` in the Network Zone, which lacks the action.
    pub dismiss_for_network: Option<bool>,
    /// True if the list contains entries of the requested report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed: Option<bool>,
}

impl EmulatorControl {
    /// Returns the permissions of a role in a zone's task list, and the presence of a report.
    ///
    /// # Errors
    /// Unknown zone, or a record without the field.
    pub(super) fn tasks(&self, query: TaskListQuery) -> Result<TaskListPermissions, ControlError> {
        let zone_role = self.zone(&query.zone)?.zone.role;
        let report = query.report.as_deref();
        let question = TasksQuestion {
            zone: query.zone.as_str().into(),
            role: query.role.into(),
            report: report.map(Into::into),
        };
        let stored = self.0.current_settings();
        let may = |action: TaskAction| flag(may(&question, &stored, action));
        Ok(TaskListPermissions {
            view: may(TaskAction::View)?,
            process: may(TaskAction::Process)?,
            dismiss: may(TaskAction::Dismiss)?,
            dismiss_for_network: match zone_role {
                ZoneRole::Network => None,
                ZoneRole::Member => {
                    Some(known_or_error(NetworkDismissal::permission_of(&question, &stored).may())?)
                }
            },
            listed: report.map(|report| flag(is_report_listed(&question, report, &stored))).transpose()?,
        })
    }
}

fn flag<T>(answer: MaybeKnown<(bool, T)>) -> Result<bool, ControlError> {
    known_or_error(answer).map(|(flag, _)| flag)
}
