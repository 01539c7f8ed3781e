//! Expectation rows about roles in the authority control task list.

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
    /// Expected permissions of roles in the authority control task list.
    TasksRow;
    asks {
        /// Zone of the list: a code, a list of codes, or a selector of zones.
        zone: ZonesSpec,
        /// Role, or several.
        role: ValueOrList<AuthorityRole>,
        /// Report type, required for `listed`.
        report: AuthorityReport,
    }
    expects {
        /// True if the role can see the list.
        view "view": bool,
        /// True if the role can process changes.
        process "process": bool,
        /// True if the role can dismiss entries from the zone's own list.
        dismiss "dismiss": bool,
        /// True if the role can dismiss entries for the whole network.
        dismiss_for_network "dismissForNetwork": bool,
        /// True if the list includes the report.
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
