//! Rows about which user groups partners see.

use super::access::groups_of;
use super::places::{self, Places};
use super::row::{Row, missing, row};
use crate::kinds::Reach;
use crate::kinds::scope::Scope;
use crate::manifest::node::Extent;
use crate::manifest::several::Several;
use crate::manifest::text::Text;
use crate::manifest::typed::At;
use crate::model::network::Zone;
use crate::model::{Question, VisibilityQuestion};

row! {
    /// Do partners see user groups of members?
    VisibilityRow;
    asks {
        /// The member: a code, a list of codes, or a selection of members.
        member: Places,
        /// The user group, or several. A variable is that of the member.
        user_group: Several<Text>,
    }
    expects {
        /// Whether they see it.
        visible "visible": bool,
        /// Whether it is among the restricted users.
        restricted "restricted": bool,
        /// Whether restricted users, rota rules and display logic agree.
        agree "agree": bool,
        /// The rules that do not agree, all of them: `RotaAssignmentRules/NAME`, `DisplayLogicRules/NAME`.
        wrong "wrong": Vec<At<String>>,
    }
}

impl Row for VisibilityRow {
    fn lacks(&self) -> Vec<&'static str> {
        missing([("member", self.member.is_some()), ("userGroup", self.user_group.is_some())])
    }

    fn ask<'n>(&self, _: Extent, scope: &mut Scope<'_, 'n>) -> Vec<(Question, &'n Zone)> {
        let (Some(member), Some(user_group)) = (&self.member, &self.user_group) else { return Vec::new() };
        let mut questions = Vec::new();
        for member in places::zones(member, Reach::Members, scope).unwrap_or_default() {
            let code = || member.code.clone();
            let groups = groups_of(user_group, member, scope).into_iter();
            let question =
                |user_group| Question::Visibility(VisibilityQuestion { member: code(), user_group });
            questions.extend(groups.map(|group| (question(group), member)));
        }
        questions
    }
}
