//! `LinkingRules`: what a member makes of the users of other members, said once for all of them.
//!
//! Every member has its own linked account rules and its own list of external user groups, which Alma
//! offers no way to share. Both follow from who is in the network, so they are generated: a member's
//! lists are the others', without those that a manifest leaves out.

mod check;
mod dates;
mod generate;
mod held;
mod reach;
mod tests;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::scope::Scope;
use super::{Expansion, GatewayCollection, KindSpec, Reach, Spec};
use crate::manifest::Head;
use crate::manifest::check::FILLED;
use crate::manifest::selection::AppliesTo;
use crate::manifest::text::Text;
use crate::manifest::typed::{At, Nullable};
use crate::model::{Diagnostic, Enforcement, Network, OnConflict, Shape, Unlisted};

/// Linked account rules of members, and the external user groups that they choose by.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkingRules {
    /// The members whose rules these are: where the linked accounts are made. All members where
    /// nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// How strongly the rules and groups are meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: OnConflict,
    /// What happens to linked account rules that no manifest mentions.
    #[serde(default)]
    pub unlisted: Unlisted,
    /// The rules, in order: the first that fits is used.
    #[serde(default)]
    pub rules: Vec<At<Rule>>,
    /// What is given to those whom no rule fits: Alma's rule `Default`, which is always there.
    pub default: Option<At<DefaultRule>>,
    /// The user groups that the members have, as the others know them.
    pub external_groups: Option<ExternalGroups>,
}

/// One linked account rule. What it gives and does not mention is not zonal's and never changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// What the rule is called, which identifies it.
    #[schemars(regex(pattern = FILLED))]
    pub name: At<String>,
    /// What people read about it.
    pub description: Option<At<Text>>,
    /// The members that have the rule; all that the manifest applies to where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// The members whose users it is for; all where nothing is said. A member is never its own source.
    pub from: Option<At<AppliesTo>>,
    /// Codes of the external user groups that it is for; any where nothing is said. A variable is that of
    /// each member whose users it is for.
    #[serde(default)]
    pub user_groups: Vec<At<Text>>,
    /// Code of the user group that the linked account gets, one of the member's own.
    pub group: Option<At<Text>>,
    /// When the linked account expires; `null` for never.
    pub expiry: Option<At<Nullable<Expiry>>>,
    /// Whether the expiry date is made anew whenever the account is refreshed.
    pub refresh_expiry: Option<At<bool>>,
    /// When the linked account can be purged; `null` for never.
    pub purge: Option<At<Nullable<Purge>>>,
    /// Whether the purge date is made anew whenever the account is refreshed.
    pub refresh_purge: Option<At<bool>>,
    /// Whether blocks that count in the network come along. A `BlockSharing` manifest says it for all
    /// rules at once.
    pub copy_blocks: Option<At<bool>>,
    /// Whether the rule is used.
    pub enabled: Option<At<bool>>,
    /// True for a rule that shall not be there.
    pub absent: Option<bool>,
}

/// Alma's own rule for those whom no other fits.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DefaultRule {
    /// Code of the user group that the linked account gets, one of the member's own.
    pub group: At<Text>,
    /// When the linked account expires; `null` for never.
    pub expiry: Option<At<Nullable<Expiry>>>,
    /// Whether the expiry date is made anew whenever the account is refreshed.
    pub refresh_expiry: Option<At<bool>>,
    /// When the linked account can be purged; `null` for never.
    pub purge: Option<At<Nullable<Purge>>>,
    /// Whether the purge date is made anew whenever the account is refreshed.
    pub refresh_purge: Option<At<bool>>,
    /// Whether blocks that count in the network come along.
    pub copy_blocks: Option<At<bool>>,
}

/// When a linked account expires: one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expiry {
    /// On this day, `2027-06-30`.
    pub date: Option<At<String>>,
    /// With the account at the source, `same`, or so much later or earlier: `+30 days`, `-1 month`.
    pub from_source: Option<At<String>>,
}

/// When a linked account can be purged: one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Purge {
    /// On this day, `2027-06-30`.
    pub date: Option<At<String>>,
    /// So long after it expired: `1 month`.
    pub after_expired: Option<At<String>>,
}

/// The user groups that the members have, as the others know them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalGroups {
    /// What happens to external user groups that no manifest mentions: codes that nobody has any more.
    #[serde(default)]
    pub unlisted: UnlistedGroups,
    /// The groups.
    #[schemars(length(min = 1))]
    pub groups: Vec<At<ExternalGroup>>,
}

/// User groups that the same members have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalGroup {
    /// Their codes, as those members spell them. A variable is that of each of them, for a group that has
    /// another code at each.
    #[schemars(length(min = 1))]
    pub codes: Vec<At<Text>>,
    /// The members that have them; all where nothing is said, which Alma keeps as a row without
    /// source institutions.
    pub institutions: Option<At<AppliesTo>>,
    /// True for codes that shall not be there.
    pub absent: Option<bool>,
}

/// What happens to external user groups that no manifest mentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnlistedGroups {
    /// They stay as they are.
    #[default]
    Keep,
    /// They are deleted.
    Remove,
}

impl From<UnlistedGroups> for Unlisted {
    fn from(unlisted: UnlistedGroups) -> Self {
        match unlisted {
            UnlistedGroups::Keep => Self::Keep,
            UnlistedGroups::Remove => Self::Remove,
        }
    }
}

/// The name of Alma's own rule.
const DEFAULT: &str = "Default";

/// What a rule gives.
struct Output<'a> {
    group: Option<&'a At<Text>>,
    expiry: Option<&'a At<Nullable<Expiry>>>,
    refresh_expiry: Option<&'a At<bool>>,
    purge: Option<&'a At<Nullable<Purge>>>,
    refresh_purge: Option<&'a At<bool>>,
    copy_blocks: Option<&'a At<bool>>,
}

impl Rule {
    fn output(&self) -> Output<'_> {
        let Self { group, expiry, refresh_expiry, purge, refresh_purge, copy_blocks, .. } = self;
        Output {
            group: group.as_ref(),
            expiry: expiry.as_ref(),
            refresh_expiry: refresh_expiry.as_ref(),
            purge: purge.as_ref(),
            refresh_purge: refresh_purge.as_ref(),
            copy_blocks: copy_blocks.as_ref(),
        }
    }

    fn is_absent(&self) -> bool {
        self.absent == Some(true)
    }
}

impl DefaultRule {
    fn output(&self) -> Output<'_> {
        let Self { group, expiry, refresh_expiry, purge, refresh_purge, copy_blocks } = self;
        Output {
            group: Some(group),
            expiry: expiry.as_ref(),
            refresh_expiry: refresh_expiry.as_ref(),
            purge: purge.as_ref(),
            refresh_purge: refresh_purge.as_ref(),
            copy_blocks: copy_blocks.as_ref(),
        }
    }
}

impl Purge {
    /// The two ways to say when, by their names.
    fn ways(&self) -> [(&'static str, Option<&At<String>>); 2] {
        [("date", self.date.as_ref()), ("afterExpired", self.after_expired.as_ref())]
    }
}

impl Expiry {
    /// The two ways to say when, by their names.
    fn ways(&self) -> [(&'static str, Option<&At<String>>); 2] {
        [("date", self.date.as_ref()), ("fromSource", self.from_source.as_ref())]
    }
}

impl KindSpec for LinkingRules {
    const NAME: &'static str = "LinkingRules";
    const ABOUT: &'static str =
        "What members make of the users of other members: linked account rules and external user groups.";
    const COLLECTIONS: &'static [&'static str] = &["LinkedAccountRules", "ExternalUserGroups"];
    const GATEWAY: &'static [GatewayCollection] = &[
        GatewayCollection {
            kind: "LinkedAccountRules",
            reach: Reach::Members,
            key: &["name"],
            fields: &[
                "position",
                "description",
                "sourceInstitutions",
                "sourceUserGroups",
                "userGroup",
                "expiryDate",
                "expiryFromSource",
                "refreshExpiryDate",
                "purgeDate",
                "purgeAfterExpired",
                "refreshPurgeDate",
                "copyNetworkBlocks",
                "enabled",
            ],
        },
        GatewayCollection {
            kind: "ExternalUserGroups",
            reach: Reach::Members,
            key: &["code"],
            fields: &["sourceInstitutions", "description"],
        },
    ];

    fn shape(collection: &str) -> Option<Arc<Shape>> {
        match collection {
            "LinkedAccountRules" => Some(Arc::clone(&generate::RULES)),
            "ExternalUserGroups" => Some(Arc::clone(&generate::GROUPS)),
            _ => None,
        }
    }
}

impl Spec for LinkingRules {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        check::problems(self, head)
    }

    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(scope) = Scope::new(head, network, expansion) else { return };
        generate::records(self, scope);
    }
}

/// A text of the manifest in the form in which it is compared; as it stands where it has none, which
/// [`check::problems`] has told.
fn compared(form: fn(&str) -> Option<Arc<str>>, said: Option<&At<String>>) -> Option<Arc<str>> {
    said.map(|said| form(&said.value).unwrap_or_else(|| said.value.as_str().into()))
}
