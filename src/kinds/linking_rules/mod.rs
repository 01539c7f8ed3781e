//! `LinkingRules`: what a member makes of the users of other members, said once for all of them.
//!
//! Every member has its own linked account rules and its own list of external user groups, which Alma
//! offers no way to share. Both follow from who is in the network, so they are generated: a member's
//! lists are the others', without those that a manifest leaves out.

mod check;
mod dates;
mod external_groups;
mod generate;
mod rule_audience;
mod tests;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::ManifestExpansion;
use super::{Expansion, GatewayCollection, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::ManifestHeader;
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::schema_check::FILLED;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::model::{CollectionShape, ConflictPolicy, Diagnostic, Enforcement, Network, UnlistedPolicy};

/// Linked account rules of members, and the external user groups that they choose by.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkingRulesSpec {
    /// The members whose rules these are: where the linked accounts are made. All members where
    /// nothing is said.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// How strongly the rules and groups are meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// What happens to linked account rules that no manifest mentions.
    #[serde(default)]
    pub unlisted: UnlistedPolicy,
    /// The rules, in order: the first that fits is used.
    #[serde(default)]
    pub rules: Vec<Spanned<LinkingRuleSpec>>,
    /// What is given to those whom no rule fits: Alma's rule `Default`, which is always there.
    pub default: Option<Spanned<DefaultRuleSpec>>,
    /// The user groups that the members have, as the others know them.
    pub external_groups: Option<ExternalGroupsSpec>,
}

/// One linked account rule. What it gives and does not mention is not zonal's and never changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkingRuleSpec {
    /// What the rule is called, which identifies it.
    #[schemars(regex(pattern = FILLED))]
    pub name: Spanned<String>,
    /// What people read about it.
    pub description: Option<Spanned<TextOrVariable>>,
    /// The members that have the rule; all that the manifest applies to where nothing is said.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// The members whose users it is for; all where nothing is said. A member is never its own source.
    pub sources: Option<Spanned<AppliesToSpec>>,
    /// Codes of the external user groups that it is for; any where nothing is said. A variable is that of
    /// each member whose users it is for.
    #[serde(default)]
    pub user_groups: Vec<Spanned<TextOrVariable>>,
    /// Code of the user group that the linked account gets, one of the member's own.
    pub group: Option<Spanned<TextOrVariable>>,
    /// When the linked account expires; `null` for never.
    pub expiry: Option<Spanned<Nullable<ExpirySpec>>>,
    /// Whether the expiry date is made anew whenever the account is refreshed.
    pub refresh_expiry: Option<Spanned<bool>>,
    /// When the linked account can be purged; `null` for never.
    pub purge: Option<Spanned<Nullable<PurgeSpec>>>,
    /// Whether the purge date is made anew whenever the account is refreshed.
    pub refresh_purge: Option<Spanned<bool>>,
    /// Whether blocks that count in the network come along. A `BlockSharing` manifest says it for all
    /// rules at once.
    pub copy_blocks: Option<Spanned<bool>>,
    /// Whether the rule is used.
    pub enabled: Option<Spanned<bool>>,
    /// True for a rule that shall not be there.
    pub absent: Option<bool>,
}

/// Alma's own rule for those whom no other fits.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DefaultRuleSpec {
    /// Code of the user group that the linked account gets, one of the member's own.
    pub group: Spanned<TextOrVariable>,
    /// When the linked account expires; `null` for never.
    pub expiry: Option<Spanned<Nullable<ExpirySpec>>>,
    /// Whether the expiry date is made anew whenever the account is refreshed.
    pub refresh_expiry: Option<Spanned<bool>>,
    /// When the linked account can be purged; `null` for never.
    pub purge: Option<Spanned<Nullable<PurgeSpec>>>,
    /// Whether the purge date is made anew whenever the account is refreshed.
    pub refresh_purge: Option<Spanned<bool>>,
    /// Whether blocks that count in the network come along.
    pub copy_blocks: Option<Spanned<bool>>,
}

/// When a linked account expires: one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpirySpec {
    /// On this day, `2027-06-30`.
    pub date: Option<Spanned<String>>,
    /// With the account at the source, `same`, or so much later or earlier: `+30 days`, `-1 month`.
    pub from_source: Option<Spanned<String>>,
}

/// When a linked account can be purged: one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PurgeSpec {
    /// On this day, `2027-06-30`.
    pub date: Option<Spanned<String>>,
    /// So long after it expired: `1 month`.
    pub after_expired: Option<Spanned<String>>,
}

/// The user groups that the members have, as the others know them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalGroupsSpec {
    /// What happens to external user groups that no manifest mentions: codes that nobody has any more.
    #[serde(default)]
    pub unlisted: UnlistedExternalGroups,
    /// The groups.
    #[schemars(length(min = 1))]
    pub groups: Vec<Spanned<ExternalGroupSpec>>,
}

/// User groups that the same members have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalGroupSpec {
    /// Their codes, as those members spell them. A variable is that of each of them, for a group that has
    /// another code at each.
    #[schemars(length(min = 1))]
    pub codes: Vec<Spanned<TextOrVariable>>,
    /// The members that have them; all where nothing is said, which Alma keeps as a row without
    /// source institutions.
    pub institutions: Option<Spanned<AppliesToSpec>>,
    /// True for codes that shall not be there.
    pub absent: Option<bool>,
}

/// What happens to external user groups that no manifest mentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnlistedExternalGroups {
    /// They stay as they are.
    #[default]
    Keep,
    /// They are deleted.
    Delete,
}

impl From<UnlistedExternalGroups> for UnlistedPolicy {
    fn from(unlisted: UnlistedExternalGroups) -> Self {
        match unlisted {
            UnlistedExternalGroups::Keep => Self::Keep,
            UnlistedExternalGroups::Delete => Self::Delete,
        }
    }
}

/// The name of Alma's own rule.
const DEFAULT: &str = "Default";

/// What a rule gives.
struct LinkedAccountAttributes<'a> {
    group: Option<&'a Spanned<TextOrVariable>>,
    expiry: Option<&'a Spanned<Nullable<ExpirySpec>>>,
    refresh_expiry: Option<&'a Spanned<bool>>,
    purge: Option<&'a Spanned<Nullable<PurgeSpec>>>,
    refresh_purge: Option<&'a Spanned<bool>>,
    copy_blocks: Option<&'a Spanned<bool>>,
}

impl LinkingRuleSpec {
    fn output(&self) -> LinkedAccountAttributes<'_> {
        let Self { group, expiry, refresh_expiry, purge, refresh_purge, copy_blocks, .. } = self;
        LinkedAccountAttributes {
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

impl DefaultRuleSpec {
    fn output(&self) -> LinkedAccountAttributes<'_> {
        let Self { group, expiry, refresh_expiry, purge, refresh_purge, copy_blocks } = self;
        LinkedAccountAttributes {
            group: Some(group),
            expiry: expiry.as_ref(),
            refresh_expiry: refresh_expiry.as_ref(),
            purge: purge.as_ref(),
            refresh_purge: refresh_purge.as_ref(),
            copy_blocks: copy_blocks.as_ref(),
        }
    }
}

impl PurgeSpec {
    /// The two ways to say when, by their names.
    fn date_choices(&self) -> [(&'static str, Option<&Spanned<String>>); 2] {
        [("date", self.date.as_ref()), ("afterExpired", self.after_expired.as_ref())]
    }
}

impl ExpirySpec {
    /// The two ways to say when, by their names.
    fn date_choices(&self) -> [(&'static str, Option<&Spanned<String>>); 2] {
        [("date", self.date.as_ref()), ("fromSource", self.from_source.as_ref())]
    }
}

impl KindSpec for LinkingRulesSpec {
    const NAME: &'static str = "LinkingRules";
    const SUMMARY: &'static str =
        "What members make of the users of other members: linked account rules and external user groups.";
    const COLLECTIONS: &'static [&'static str] = &["LinkedAccountRules", "ExternalUserGroups"];
    const GATEWAY_COLLECTIONS: &'static [GatewayCollection] = &[
        GatewayCollection {
            kind: "LinkedAccountRules",
            reach: ZoneCoverage::Members,
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
            reach: ZoneCoverage::Members,
            key: &["code"],
            fields: &["sourceInstitutions", "description"],
        },
    ];

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        match collection {
            "LinkedAccountRules" => Some(Arc::clone(&generate::RULES)),
            "ExternalUserGroups" => Some(Arc::clone(&generate::GROUPS)),
            _ => None,
        }
    }
}

impl ManifestSpec for LinkingRulesSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        check::problems(self, head)
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(scope) = ManifestExpansion::new(head, network, expansion) else { return };
        generate::records(self, scope);
    }
}

/// A text of the manifest in the form in which it is compared; as it stands where it has none, which
/// [`check::problems`] has told.
fn normalized_text(form: fn(&str) -> Option<Arc<str>>, said: Option<&Spanned<String>>) -> Option<Arc<str>> {
    said.map(|said| form(&said.value).unwrap_or_else(|| said.value.as_str().into()))
}
