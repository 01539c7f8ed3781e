//! Manifest format of `UserGroups`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::unlisted_spec::UnlistedSpec;
use crate::model::{CollectionOwner, ConflictPolicy, Enforcement, UnlistedPolicy};

/// User groups, in all tables that must be consistent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserGroupsSpec {
    /// Selector of the target zones. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Enforcement of the groups: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// Owner of the tables, if the Network Zone's distribution jobs write them too: `undecided` (default; zonal does
    /// not write such a table), `zonal` (a write can detach the tables from the network) or `network` (zonal only
    /// reports differences).
    #[serde(default)]
    pub owner: CollectionOwner,
    /// Action for unlisted groups: `keep` (default) or `disable`. zonal never deletes a user group.
    #[serde(default)]
    pub unlisted: UnlistedSpec<UnlistedUserGroups>,
    /// User groups.
    #[serde(default)]
    pub groups: Vec<Spanned<UserGroupSpec>>,
    /// Rota assignment rules to adjust to `visibleToPartners`: they allow visible groups and block others,
    /// according to each rule's operator.
    pub rota_rules: Option<RotaRulesSpec>,
    /// Display logic rules to adjust to `visibleToPartners`. These rules hide a service from matching groups,
    /// so zonal removes visible groups from them and adds the others.
    pub display_logic: Option<DisplayLogicSpec>,
}

/// User group.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserGroupSpec {
    /// Code of the group. It never changes, because user records contain it.
    pub code: Spanned<TextOrVariable>,
    /// Displayed text; required for a new group.
    pub description: Option<Spanned<TextOrVariable>>,
    /// True if staff can select the group.
    pub enabled: Option<Spanned<bool>>,
    /// Record types of users in the group: `PUBLIC`, `STAFF`, `CONTACT`. Default for a group with a
    /// description: `PUBLIC`. zonal never removes a record type, and enables the record types of enabled
    /// groups.
    #[schemars(length(min = 1))]
    pub record_types: Option<Vec<Spanned<TextOrVariable>>>,
    /// True if partners can see users of the group. Without this field, the group is visible unless a member
    /// restricted it.
    pub visible_to_partners: Option<Spanned<bool>>,
    /// Not allowed: deleting a group with users damages their records. Use `enabled: false`.
    pub absent: Option<Spanned<bool>>,
}

impl UserGroupSpec {
    /// Returns true if the group may be visible to partners by omission.
    pub fn is_visibility_open(&self) -> bool {
        let is = |flag: Option<Spanned<bool>>, otherwise| flag.map_or(otherwise, |flag| flag.value);
        self.visible_to_partners.is_none() && is(self.enabled, true) && !is(self.absent, false)
    }
}

/// Action for unlisted groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnlistedUserGroups {
    /// Keeps unlisted groups.
    #[default]
    Keep,
    /// Disables unlisted groups.
    Disable,
}

impl From<UnlistedUserGroups> for UnlistedPolicy {
    fn from(action: UnlistedUserGroups) -> Self {
        match action {
            UnlistedUserGroups::Keep => Self::Keep,
            UnlistedUserGroups::Disable => Self::Disable,
        }
    }
}

/// Rota assignment rules to adjust.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotaRulesSpec {
    /// Rota of the rules. Default: all rules.
    pub rota: Option<Spanned<TextOrVariable>>,
}

/// Display logic rules to adjust. zonal does not change rules without a user group condition; they hide
/// services for other reasons.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DisplayLogicSpec {
    /// Service hidden by the rules. Default: all rules.
    pub hidden_service: Option<Spanned<TextOrVariable>>,
}
