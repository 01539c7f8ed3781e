//! Expectation rows about user groups visible to partners.

use super::access::groups_of;
use super::row::{ExpectationRow, names_of_missing, row};
use super::zones::{self, ZonesSpec};
use crate::kinds::ZoneCoverage;
use crate::kinds::manifest_expansion::ManifestExpansion;
use crate::manifest::deserialize::Spanned;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::value_or_list::ValueOrList;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::network::Zone;
use crate::model::{Question, VisibilityQuestion};

row! {
    /// Expected visibility of members' user groups to partners.
    VisibilityRow;
    asks {
        /// Member: a code, a list of codes, or a selector of members.
        member: ZonesSpec,
        /// User group, or several. Variables take the member's values.
        user_group: ValueOrList<TextOrVariable>,
    }
    expects {
        /// True if partners can see the group.
        visible "visible": bool,
        /// True if the group belongs to the restricted users.
        restricted "restricted": bool,
        /// True if restricted users, rota rules and display logic are consistent.
        agree "agree": bool,
        /// Complete list of inconsistent rules: `RotaAssignmentRules/NAME`, `DisplayLogicRules/NAME`.
        wrong "wrong": Vec<Spanned<String>>,
    }
}

impl ExpectationRow for VisibilityRow {
    fn missing_fields(&self) -> Vec<&'static str> {
        names_of_missing([("member", self.member.is_some()), ("userGroup", self.user_group.is_some())])
    }

    fn questions<'n>(&self, _: NodeSpan, scope: &mut ManifestExpansion<'_, 'n>) -> Vec<(Question, &'n Zone)> {
        let (Some(member), Some(user_group)) = (&self.member, &self.user_group) else { return Vec::new() };
        let mut questions = Vec::new();
        for member in zones::zones(member, ZoneCoverage::Members, scope).unwrap_or_default() {
            let code = || member.code.clone();
            let groups = groups_of(user_group, member, scope).into_iter();
            let question =
                |user_group| Question::Visibility(VisibilityQuestion { member: code(), user_group });
            questions.extend(groups.map(|group| (question(group), member)));
        }
        questions
    }
}
