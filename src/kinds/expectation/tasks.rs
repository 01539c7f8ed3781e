//! Rows about who works with the task list of authority control.

use super::places::{self, Places};
use super::row::{Row, missing, row};
use crate::kinds::Reach;
use crate::kinds::authority_task_list::{CatalogRole, ReportType};
use crate::kinds::scope::Scope;
use crate::manifest::node::Extent;
use crate::manifest::several::Several;
use crate::manifest::typed::At;
use crate::model::network::Zone;
use crate::model::{Question, TasksQuestion};

row! {
    /// What may roles do with the task list of authority control?
    TasksRow;
    asks {
        /// The zone whose list it is: a code, a list of codes, or a selection of zones.
        zone: Places,
        /// The role, or several.
        role: Several<CatalogRole>,
        /// A report, where something is expected of `listed`.
        report: ReportType,
    }
    expects {
        /// Whether the role sees the list.
        view "view": bool,
        /// Whether it may process changes.
        process "process": bool,
        /// Whether it may dismiss entries from the zone's own list.
        dismiss "dismiss": bool,
        /// Whether it may dismiss an entry for the whole network.
        dismiss_for_network "dismissForNetwork": bool,
        /// Whether the report is in the list.
        listed "listed": bool,
    }
}

impl Row for TasksRow {
    fn lacks(&self) -> Vec<&'static str> {
        missing([
            ("zone", self.zone.is_some()),
            ("role", self.role.is_some()),
            ("report", self.listed.is_none() || self.report.is_some()),
        ])
    }

    fn ask<'n>(&self, _: Extent, scope: &mut Scope<'_, 'n>) -> Vec<(Question, &'n Zone)> {
        let (Some(zone), Some(role)) = (&self.zone, &self.role) else { return Vec::new() };
        let report = self.report.as_ref().map(|report| report.value.name().into());
        let mut questions = Vec::new();
        for zone in places::zones(zone, Reach::All, scope).unwrap_or_default() {
            for At { value: role, .. } in role.each() {
                let (code, report) = (zone.code.clone(), Option::clone(&report));
                let question = TasksQuestion { zone: code, role: role.name().into(), report };
                questions.push((Question::Tasks(question), zone));
            }
        }
        questions
    }
}
