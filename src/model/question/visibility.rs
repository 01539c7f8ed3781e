//! Question: can partners see a user group of a member?

use std::fmt;
use std::sync::Arc;

use super::definition::{QuestionDefinition, arguments, facts};
use crate::model::address::ZoneCode;
use crate::model::alma_codes::ZoneCoverage;

/// Question: can partners see a user group of a member?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct VisibilityQuestion {
    /// Member.
    #[schemars(with = "String")]
    pub member: ZoneCode,
    /// User group.
    pub user_group: Arc<str>,
}

impl VisibilityQuestion {
    /// Definition.
    pub const DEFINITION: QuestionDefinition = QuestionDefinition {
        topic: "visibility",
        help: "Explain whether partners can find a user group",
        table: "Expectations about user groups visible to partners.",
        row: "Expected visibility of members' user groups to partners.",
        arguments: arguments! {
            /// Member: a code, a list of codes, or a selector of members.
            "member" "member" Required Zone(ZoneCoverage::Members) => "Code of the member";
            /// User group, or several. Variables take the member's values.
            "userGroup" "user-group" Required UserGroup => "User group";
        },
        facts: facts! {
            /// True if partners can see the group.
            "visible" Flag;
            /// True if the group belongs to the restricted users.
            "restricted" Flag;
            /// True if restricted users, rota rules and display logic are consistent.
            "consistent" Flag;
            /// Complete list of inconsistent rules: `RotaAssignmentRules/NAME`, `DisplayLogicRules/NAME`.
            "inconsistentTables" Texts;
        },
        answering_zone: "member",
        build: |values| {
            Some(Self { member: values.zone("member")?, user_group: values.text("userGroup")? }.into())
        },
    };
}

impl fmt::Display for VisibilityQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { member, user_group } = self;
        write!(f, "can partners see the user group {user_group} of {member}")
    }
}
