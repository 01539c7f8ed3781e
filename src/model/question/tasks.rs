//! Question: what may a role do in the authority control task list?

use std::fmt;
use std::sync::Arc;

use super::definition::{QuestionDefinition, arguments, facts};
use crate::model::address::ZoneCode;
use crate::model::alma_codes::{AuthorityReport, AuthorityRole, ZoneCoverage};

/// Question: what may a role do in the authority control task list?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct TasksQuestion {
    /// Zone of the task list.
    #[schemars(with = "String")]
    pub zone: ZoneCode,
    /// Role: `Cataloger`, `Catalog Manager`, `Catalog Administrator`.
    pub role: Arc<str>,
    /// Report type, as named on Alma's page, to check for its presence in the task list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Arc<str>>,
}

impl TasksQuestion {
    /// Definition.
    pub const DEFINITION: QuestionDefinition = QuestionDefinition {
        topic: "tasks",
        help: "Explain what a role may do in the authority control task list",
        table: "Expectations about roles in the authority control task list.",
        row: "Expected permissions of roles in the authority control task list.",
        arguments: arguments! {
            /// Zone of the list: a code, a list of codes, or a selector of zones.
            "zone" "zone" Required Zone(ZoneCoverage::All) => "Code of the zone that owns the task list";
            /// Role, or several.
            "role" "role" AllByDefault Word(AuthorityRole::WORDS, "ROLE", Some("not a role of the task list"))
                => "Role (default: all three roles)";
            /// Report type, required for `listed`.
            "report" "report" Optional Word(AuthorityReport::WORDS, "TYPE", Some("unknown report type"))
                => "Report type, as written on Alma's page";
        },
        facts: facts! {
            /// True if the role can see the list.
            "view" Flag;
            /// True if the role can process changes.
            "process" Flag;
            /// True if the role can dismiss entries from the zone's own list.
            "dismiss" Flag;
            /// True if the role can dismiss entries for the whole network.
            "dismissForNetwork" Flag;
            /// True if the list includes the report.
            "listed" Flag requires "report";
        },
        answering_zone: "zone",
        build: |values| {
            let (zone, role) = (values.zone("zone")?, values.text("role")?);
            Some(Self { zone, role, report: values.text("report") }.into())
        },
    };
}

impl fmt::Display for TasksQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { zone, role, report } = self;
        write!(f, "what may a {role} do in the authority control task list of {zone}")?;
        report.iter().try_for_each(|report| write!(f, ", and does the list contain `{report}`"))
    }
}
