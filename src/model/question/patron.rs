//! Question: which linked account does a patron of one member get at another?

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use super::definition::{QuestionDefinition, arguments, facts};
use crate::model::address::ZoneCode;
use crate::model::alma_codes::{BlockedService, ZoneCoverage};

/// Question: which linked account does a patron of one member get at another?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct PatronQuestion {
    /// Source institution: the patron's own.
    #[schemars(with = "String")]
    pub source: ZoneCode,
    /// User group at the source institution.
    pub user_group: Arc<str>,
    /// Target institution, which gives the linked account.
    #[schemars(with = "String")]
    pub target: ZoneCode,
    /// Expiry date of the source account; `None` for no expiry, or if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub expires: Option<Date>,
    /// Third member that may get copies of the patron's blocks from the target institution.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub next_target: Option<ZoneCode>,
}

impl PatronQuestion {
    /// Definition.
    pub const DEFINITION: QuestionDefinition = QuestionDefinition {
        topic: "patron",
        help: "Explain which linked account a patron gets at another member",
        table: "Expectations about linked accounts of patrons at other members.",
        row: "Expected linked account of a patron at another member: rule, user group, dates and patron \
              blocks.",
        arguments: arguments! {
            /// Source institution, home of the patron: a code, a list of codes, or a selector of members.
            "source" "source" Required Zone(ZoneCoverage::Members)
                => "Code of the source institution: the patron's own member";
            /// User group of the patron at the source institution, or several. Variables take the source
            /// institution's values.
            "userGroup" "user-group" Required UserGroup
                => "User group of the patron at the source institution";
            /// Target institution with the linked account: a code, a list of codes, or a selector of members.
            "target" "target" Required Zone(ZoneCoverage::Members)
                => "Code of the target institution: the member that gives the linked account";
            /// Expiry date of the patron's account at the source institution, such as `2027-06-30`.
            "expires" "expires" Optional Date => "Expiry date of the account at the source institution";
            /// Third member, for patron blocks copied from the target institution to other members.
            "nextTarget" "next-target" Optional Zone(ZoneCoverage::Members)
                => "Code of a third member, to show which patron blocks are copied to it";
        },
        facts: facts! {
            /// True if the patron gets a linked account.
            "linked" Flag;
            /// Alma's error code, if the patron gets no linked account; otherwise null.
            "error" NullableText;
            /// Name of the linked account rule that applies; null for none.
            "rule" NullableText;
            /// User group of the linked account. Variables take the target institution's values.
            "group" NullableVariable;
            /// Expiry date of the linked account; null for never.
            "expiry" NullableDate;
            /// True if each refresh of the account recalculates the expiry date.
            "refreshExpiry" Flag;
            /// Purge date of the linked account; null for never.
            "purge" NullableDate;
            /// True if each refresh of the account recalculates the purge date.
            "refreshPurge" Flag;
            /// True if Alma copies patron blocks to the linked account.
            "copiesBlocks" Flag;
            /// Complete list of the source institution's block definition IDs to copy blocks for.
            "blocks" Texts;
            /// Complete list of actions that copied blocks prevent at the target institution.
            "blockedActions" Words(BlockedService::WORDS);
            /// True if Alma sends blocks from the target institution to the source institution.
            "sentToSource" Flag;
            /// Complete list of actions that these blocks prevent at the source institution.
            "blockedAtSource" Words(BlockedService::WORDS);
            /// True if these blocks then reach the third member. Without a third member: true if the blocks can
            /// reach any other member.
            "sentToOtherTargets" Flag;
        },
        answering_zone: "target",
        build: |values| {
            let question = Self {
                source: values.zone("source")?,
                user_group: values.text("userGroup")?,
                target: values.zone("target")?,
                expires: values.date("expires"),
                next_target: values.zone("nextTarget"),
            };
            Some(question.into())
        },
    };
}

impl fmt::Display for PatronQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, user_group, target, expires, next_target } = self;
        write!(
            f,
            "which linked account does a patron in user group {user_group} of {source} get at {target}"
        )?;
        expires.iter().try_for_each(|expires| write!(f, ", with expiry date {expires}"))?;
        next_target.iter().try_for_each(|next| write!(f, ", with {next} as next target"))
    }
}
