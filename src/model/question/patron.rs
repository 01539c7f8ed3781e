//! Question: which linked account does a patron of one member get at another?

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use super::definition::{
    ArgumentPresence, ArgumentType, FactDefinition, FactType, QuestionArgument, QuestionDefinition,
};
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
        row: "Expected linked account of a patron at another member: rule, user group, dates and patron blocks.",
        arguments: &[
            QuestionArgument {
                field: "from",
                flag: "source",
                value: ArgumentType::Zone(ZoneCoverage::Members),
                presence: ArgumentPresence::Required,
                help: "Code of the source institution: the patron's own member",
                description: "Source institution, home of the patron: a code, a list of codes, or a selector of members.",
            },
            QuestionArgument {
                field: "userGroup",
                flag: "user-group",
                value: ArgumentType::UserGroup,
                presence: ArgumentPresence::Required,
                help: "User group of the patron at the source institution",
                description: "User group of the patron at the source institution, or several. Variables take the source\ninstitution's values.",
            },
            QuestionArgument {
                field: "at",
                flag: "target",
                value: ArgumentType::Zone(ZoneCoverage::Members),
                presence: ArgumentPresence::Required,
                help: "Code of the target institution: the member that gives the linked account",
                description: "Target institution with the linked account: a code, a list of codes, or a selector of members.",
            },
            QuestionArgument {
                field: "expires",
                flag: "expires",
                value: ArgumentType::Date,
                presence: ArgumentPresence::Optional,
                help: "Expiry date of the account at the source institution",
                description: "Expiry date of the patron's account at the source institution, such as `2027-06-30`.",
            },
            QuestionArgument {
                field: "onTo",
                flag: "next-target",
                value: ArgumentType::Zone(ZoneCoverage::Members),
                presence: ArgumentPresence::Optional,
                help: "Code of a third member, to show which patron blocks are copied to it",
                description: "Third member, for patron blocks copied from the target institution to other members.",
            },
        ],
        facts: &[
            FactDefinition::new("linked", FactType::Flag, "True if the patron gets a linked account."),
            FactDefinition::new(
                "error",
                FactType::NullableText,
                "Alma's error code, if the patron gets no linked account; otherwise null.",
            ),
            FactDefinition::new(
                "rule",
                FactType::NullableText,
                "Name of the linked account rule that applies; null for none.",
            ),
            FactDefinition::new(
                "group",
                FactType::NullableVariable,
                "User group of the linked account. Variables take the target institution's values.",
            ),
            FactDefinition::new(
                "expiry",
                FactType::NullableDate,
                "Expiry date of the linked account; null for never.",
            ),
            FactDefinition::new(
                "refreshExpiry",
                FactType::Flag,
                "True if each refresh of the account recalculates the expiry date.",
            ),
            FactDefinition::new(
                "purge",
                FactType::NullableDate,
                "Purge date of the linked account; null for never.",
            ),
            FactDefinition::new(
                "refreshPurge",
                FactType::Flag,
                "True if each refresh of the account recalculates the purge date.",
            ),
            FactDefinition::new(
                "copiesBlocks",
                FactType::Flag,
                "True if Alma copies patron blocks to the linked account.",
            ),
            FactDefinition::new(
                "blocks",
                FactType::Texts,
                "Complete list of the source institution's block definition IDs to copy blocks for.",
            ),
            FactDefinition::new(
                "stops",
                FactType::Words(BlockedService::WORDS),
                "Complete list of actions that copied blocks prevent at the target institution.",
            ),
            FactDefinition::new(
                "sentHome",
                FactType::Flag,
                "True if Alma sends blocks from the target institution to the source institution.",
            ),
            FactDefinition::new(
                "stopsAtHome",
                FactType::Words(BlockedService::WORDS),
                "Complete list of actions that these blocks prevent at the source institution.",
            ),
            FactDefinition::new(
                "travelsOn",
                FactType::Flag,
                "True if these blocks then reach the third member. Without a third member: true if the blocks can\nreach any other member.",
            ),
        ],
        answering_zone: "at",
        build: |values| {
            let question = Self {
                source: values.zone("from")?,
                user_group: values.text("userGroup")?,
                target: values.zone("at")?,
                expires: values.date("expires"),
                next_target: values.zone("onTo"),
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
