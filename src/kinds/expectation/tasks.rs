//! Rows about who works with the task list of authority control.

use super::row::{ExpectationRow, names_of_missing, row};
use super::zones::{self, ZonesSpec};
use crate::kinds::ZoneCoverage;
use crate::kinds::authority_task_list::{AuthorityReport, AuthorityRole};
use crate::kinds::manifest_expansion::ManifestExpansion;
use crate::manifest::deserialize::Spanned;
use crate::manifest::value_or_list::ValueOrList;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::network::Zone;
use crate::model::{Question, TasksQuestion};

row! {
    /// What may roles do with the task list of authority control?
    TasksRow;
    asks {
        /// The zone whose list it is: a code, a list of codes, or a selection of zones.
        zone: ZonesSpec,
        /// The role, or several.
        role: ValueOrList<AuthorityRole>,
        /// A report, where something is expected of `listed`.
        report: AuthorityReport,
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

impl ExpectationRow for TasksRow {
    fn missing_fields(&self) -> Vec<&'static str> {
        names_of_missing([
            ("zone", self.zone.is_some()),
            ("role", self.role.is_some()),
            ("report", self.listed.is_none() || self.report.is_some()),
        ])
    }

    fn questions<'n>(&self, _: NodeSpan, scope: &mut ManifestExpansion<'_, 'n>) -> Vec<(Question, &'n Zone)> {
        let (Some(zone), Some(role)) = (&self.zone, &self.role) else { return Vec::new() };
        let report = self.report.as_ref().map(|report| report.value.name().into());
        let mut questions = Vec::new();
        for zone in zones::zones(zone, ZoneCoverage::All, scope).unwrap_or_default() {
            for Spanned { value: role, .. } in role.values() {
                let (code, report) = (zone.code.clone(), Option::clone(&report));
                let question = TasksQuestion { zone: code, role: role.name().into(), report };
                questions.push((Question::Tasks(question), zone));
            }
        }
        questions
    }
}
