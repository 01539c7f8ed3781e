//! Question: what may a role do in the authority control task list?

use std::fmt;
use std::sync::Arc;

use super::definition::{
    ArgumentPresence, ArgumentType, FactDefinition, FactType, QuestionArgument, QuestionDefinition,
};
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
        arguments: &[
            QuestionArgument {
                field: "zone",
                flag: "zone",
                value: ArgumentType::Zone(ZoneCoverage::All),
                presence: ArgumentPresence::Required,
                help: "Code of the zone that owns the task list",
                description: "Zone of the list: a code, a list of codes, or a selector of zones.",
            },
            QuestionArgument {
                field: "role",
                flag: "role",
                value: ArgumentType::Word {
                    words: AuthorityRole::WORDS,
                    value_name: "ROLE",
                    unknown: Some("not a role of the task list"),
                },
                presence: ArgumentPresence::AllByDefault,
                help: "Role (default: all three roles)",
                description: "Role, or several.",
            },
            QuestionArgument {
                field: "report",
                flag: "report",
                value: ArgumentType::Word {
                    words: AuthorityReport::WORDS,
                    value_name: "TYPE",
                    unknown: Some("unknown report type"),
                },
                presence: ArgumentPresence::Optional,
                help: "Report type, as written on Alma's page",
                description: "Report type, required for `listed`.",
            },
        ],
        facts: &[
            FactDefinition::new("view", FactType::Flag, "True if the role can see the list."),
            FactDefinition::new("process", FactType::Flag, "True if the role can process changes."),
            FactDefinition::new(
                "dismiss",
                FactType::Flag,
                "True if the role can dismiss entries from the zone's own list.",
            ),
            FactDefinition::new(
                "dismissForNetwork",
                FactType::Flag,
                "True if the role can dismiss entries for the whole network.",
            ),
            FactDefinition {
                requires: Some("report"),
                ..FactDefinition::new("listed", FactType::Flag, "True if the list includes the report.")
            },
        ],
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
