//! What a manifest of user groups can say.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::model::{ConflictPolicy, Enforcement};

/// Groups of users, in every table that must agree about them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserGroupsSpec {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// How strongly the groups are meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// What happens to groups that no manifest mentions. None is ever deleted.
    #[serde(default)]
    pub unlisted: UnlistedUserGroups,
    /// The groups.
    #[serde(default)]
    pub groups: Vec<Spanned<UserGroupSpec>>,
    /// Rota assignment rules follow `visibleToPartners`: groups that are visible pass them, others are
    /// stopped, by the operator of each rule.
    pub rota_rules: Option<RotaRulesSpec>,
    /// Display logic rules follow `visibleToPartners`. They hide something from the groups that they match,
    /// so that groups that are visible are taken out of what they match, and others are added.
    pub display_logic: Option<DisplayLogicSpec>,
}

/// One group.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserGroupSpec {
    /// Its code, which never changes: records of users hold it.
    pub code: Spanned<TextOrVariable>,
    /// What people see; a group that is new needs it.
    pub description: Option<Spanned<TextOrVariable>>,
    /// Whether it can be chosen.
    pub enabled: Option<Spanned<bool>>,
    /// The types of users that can be in it: `PUBLIC`, `STAFF`, `CONTACT`. `PUBLIC` where nothing is said of
    /// a group that has a description; none is ever taken away, and each is switched on unless the group
    /// itself is not.
    #[schemars(length(min = 1))]
    pub record_types: Option<Vec<Spanned<TextOrVariable>>>,
    /// Whether partners see users of it. A group of which nothing is said is visible, unless a member
    /// has restricted it.
    pub visible_to_partners: Option<Spanned<bool>>,
    /// Refused: a group that users are in cannot be deleted without damage. Say `enabled: false`.
    pub absent: Option<Spanned<bool>>,
}

impl UserGroupSpec {
    /// Whether partners may come to see it because nobody has thought of it.
    pub fn is_visibility_open(&self) -> bool {
        let is = |flag: Option<Spanned<bool>>, otherwise| flag.map_or(otherwise, |flag| flag.value);
        self.visible_to_partners.is_none() && is(self.enabled, true) && !is(self.absent, false)
    }
}

/// What happens to groups that no manifest mentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnlistedUserGroups {
    /// They stay as they are.
    #[default]
    Keep,
    /// They are disabled.
    Disable,
}

/// Which rota assignment rules follow.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotaRulesSpec {
    /// Those that assign this rota; all where nothing is said.
    pub rota: Option<Spanned<TextOrVariable>>,
}

/// Which display logic rules follow. A rule that asks for no user group hides for other reasons, and is
/// left alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DisplayLogicSpec {
    /// Those that hide this service; all where nothing is said.
    pub hidden_service: Option<Spanned<TextOrVariable>>,
}
