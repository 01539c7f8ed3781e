//! `LinkingRules`: linked account rules of members for users of other members, declared once.
//!
//! Every member has its own linked account rules and its own list of external user groups; Alma cannot share
//! them. zonal generates both from the network: a member's lists contain the other members, except those the
//! manifest excludes.

mod check;
mod dates;
mod export;
mod external_groups;
mod generate;
mod rule_audience;
mod tests;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::ManifestExpansion;
use super::way_back::ExportKind;
use super::{Expansion, GatewayCollection, KindSpec, ManifestSpec};
use crate::manifest::ManifestHeader;
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::schema_check::FILLED;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::unlisted_spec::{UnlistedAction, UnlistedSpec};
use crate::model::alma_codes::{EXTERNAL_USER_GROUPS, LINKED_ACCOUNT_RULES};
use crate::model::{CollectionShape, ConflictPolicy, Diagnostic, Enforcement, Network, UnlistedPolicy};

/// Linked account rules of members, and the external user groups in these rules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkingRulesSpec {
    /// Selector of the target institutions, which create the linked accounts. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Enforcement of the rules and groups: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// Action for unlisted linked account rules: `keep` (default), `disable` or `delete`.
    #[serde(default)]
    pub unlisted: UnlistedSpec<UnlistedPolicy>,
    /// Rules in order. Alma applies the first matching rule.
    #[serde(default)]
    pub rules: Vec<Spanned<LinkingRuleSpec>>,
    /// Attributes for users without a matching rule: Alma's rule `Default`, which always exists.
    pub default: Option<Spanned<DefaultRuleSpec>>,
    /// User groups of the members, as other members list them.
    pub external_groups: Option<ExternalGroupsSpec>,
}

/// Linked account rule. zonal does not manage omitted attributes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkingRuleSpec {
    /// Name of the rule; identifies the rule.
    #[schemars(regex(pattern = FILLED))]
    pub name: Spanned<String>,
    /// Description of the rule.
    pub description: Option<Spanned<TextOrVariable>>,
    /// Selector of the members with this rule. Default: all target institutions of the manifest.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Selector of the source institutions. Default: all members. zonal never makes a member its own source
    /// institution.
    pub sources: Option<Spanned<AppliesToSpec>>,
    /// Codes of matching external user groups. Default: any group. Variables take each source institution's
    /// values.
    #[serde(default)]
    pub user_groups: Vec<Spanned<TextOrVariable>>,
    /// Code of the linked account's user group, from the target institution's own groups.
    pub group: Option<Spanned<TextOrVariable>>,
    /// Expiry date of the linked account; `null` for never.
    pub expiry: Option<Spanned<Nullable<ExpirySpec>>>,
    /// True if each refresh of the account recalculates the expiry date.
    pub refresh_expiry: Option<Spanned<bool>>,
    /// Purge date of the linked account; `null` for never.
    pub purge: Option<Spanned<Nullable<PurgeSpec>>>,
    /// True if each refresh of the account recalculates the purge date.
    pub refresh_purge: Option<Spanned<bool>>,
    /// True to copy network blocks to the linked account. A `BlockSharing` manifest sets this for all rules
    /// at once.
    pub copy_blocks: Option<Spanned<bool>>,
    /// True for an enabled rule.
    pub enabled: Option<Spanned<bool>>,
    /// True to delete the rule.
    pub absent: Option<bool>,
}

/// Alma's own rule for users without a matching rule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DefaultRuleSpec {
    /// Code of the linked account's user group, from the target institution's own groups.
    pub group: Spanned<TextOrVariable>,
    /// Expiry date of the linked account; `null` for never.
    pub expiry: Option<Spanned<Nullable<ExpirySpec>>>,
    /// True if each refresh of the account recalculates the expiry date.
    pub refresh_expiry: Option<Spanned<bool>>,
    /// Purge date of the linked account; `null` for never.
    pub purge: Option<Spanned<Nullable<PurgeSpec>>>,
    /// True if each refresh of the account recalculates the purge date.
    pub refresh_purge: Option<Spanned<bool>>,
    /// True to copy network blocks to the linked account.
    pub copy_blocks: Option<Spanned<bool>>,
}

/// Expiry date of a linked account; exactly one of the fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpirySpec {
    /// Fixed date, such as `2027-06-30`.
    pub date: Option<Spanned<String>>,
    /// Date relative to the source account's expiry: `same`, `+30 days`, `-1 month`.
    pub from_source: Option<Spanned<String>>,
}

/// Purge date of a linked account; exactly one of the fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PurgeSpec {
    /// Fixed date, such as `2027-06-30`.
    pub date: Option<Spanned<String>>,
    /// Time span after expiry, such as `1 month`.
    pub after_expired: Option<Spanned<String>>,
}

/// User groups of the members, as other members list them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalGroupsSpec {
    /// Action for unlisted external user groups, for example obsolete codes: `keep` (default) or `delete`.
    #[serde(default)]
    pub unlisted: UnlistedSpec<UnlistedAction>,
    /// External user groups.
    #[schemars(length(min = 1))]
    pub groups: Vec<Spanned<ExternalGroupSpec>>,
}

/// User groups of the same members.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalGroupSpec {
    /// Group codes at these members. A variable allows a different code at each member.
    #[schemars(length(min = 1))]
    pub codes: Vec<Spanned<TextOrVariable>>,
    /// Selector of the members with these groups. Default: all members; Alma stores this as a row without
    /// source institutions.
    pub institutions: Option<Spanned<AppliesToSpec>>,
    /// True to delete the codes.
    pub absent: Option<bool>,
}

/// Attributes of the linked account.
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
    /// Returns the names and values of the two exclusive fields.
    fn date_choices(&self) -> [(&'static str, Option<&Spanned<String>>); 2] {
        [("date", self.date.as_ref()), ("afterExpired", self.after_expired.as_ref())]
    }
}

impl ExpirySpec {
    /// Returns the names and values of the two exclusive fields.
    fn date_choices(&self) -> [(&'static str, Option<&Spanned<String>>); 2] {
        [("date", self.date.as_ref()), ("fromSource", self.from_source.as_ref())]
    }
}

impl KindSpec for LinkingRulesSpec {
    const NAME: &'static str = "LinkingRules";
    const SUMMARY: &'static str =
        "Linked account rules of members for users of other members, and external user groups.";
    const EXPORT: Option<ExportKind> = Some(export::export);
    const COLLECTIONS: &'static [&'static str] = &["LinkedAccountRules", "ExternalUserGroups"];
    const GATEWAY_COLLECTIONS: &'static [GatewayCollection] = &[
        GatewayCollection {
            kind: "LinkedAccountRules",
            reach: LINKED_ACCOUNT_RULES.reach,
            key: LINKED_ACCOUNT_RULES.key,
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
            reach: EXTERNAL_USER_GROUPS.reach,
            key: EXTERNAL_USER_GROUPS.key,
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

/// Returns the normalized text, or the original text if it is invalid; [`check::problems`] already reported
/// it.
fn normalized_text(form: fn(&str) -> Option<Arc<str>>, said: Option<&Spanned<String>>) -> Option<Arc<str>> {
    said.map(|said| form(&said.value).unwrap_or_else(|| said.value.as_str().into()))
}
