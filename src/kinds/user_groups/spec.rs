//! What a manifest of user groups can say.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::manifest::selection::AppliesTo;
use crate::manifest::text::Text;
use crate::manifest::typed::At;
use crate::model::{Enforcement, OnConflict};

/// Groups of users, in every table that must agree about them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserGroups {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// How strongly the groups are meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: OnConflict,
    /// What happens to groups that no manifest mentions. None is ever deleted.
    #[serde(default)]
    pub unlisted: UnlistedGroups,
    /// The groups.
    #[serde(default)]
    pub groups: Vec<At<Group>>,
    /// Rota assignment rules follow `visibleToPartners`: groups that are visible pass them, others are
    /// stopped, by the operator of each rule.
    pub rota_rules: Option<RotaRules>,
    /// Display logic rules follow `visibleToPartners`. They hide something from the groups that they match,
    /// so that groups that are visible are taken out of what they match, and others are added.
    pub display_logic: Option<DisplayLogic>,
}

/// One group.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Group {
    /// Its code, which never changes: records of users hold it.
    pub code: At<Text>,
    /// What people see; a group that is new needs it.
    pub description: Option<At<Text>>,
    /// Whether it can be chosen.
    pub enabled: Option<At<bool>>,
    /// The types of users that can be in it: `PUBLIC`, `STAFF`, `CONTACT`. `PUBLIC` where nothing is said of
    /// a group that has a description; none is ever taken away, and each is switched on unless the group
    /// itself is not.
    #[schemars(length(min = 1))]
    pub record_types: Option<Vec<At<Text>>>,
    /// Whether partners see users of it. A group of which nothing is said is visible, unless a member
    /// has restricted it.
    pub visible_to_partners: Option<At<bool>>,
    /// Refused: a group that users are in cannot be deleted without damage. Say `enabled: false`.
    pub absent: Option<At<bool>>,
}

impl Group {
    /// Whether partners may come to see it because nobody has thought of it.
    pub fn is_visibility_open(&self) -> bool {
        let is = |flag: Option<At<bool>>, otherwise| flag.map_or(otherwise, |flag| flag.value);
        self.visible_to_partners.is_none() && is(self.enabled, true) && !is(self.absent, false)
    }
}

/// What happens to groups that no manifest mentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnlistedGroups {
    /// They stay as they are.
    #[default]
    Keep,
    /// They are disabled.
    Disable,
}

/// Which rota assignment rules follow.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotaRules {
    /// Those that assign this rota; all where nothing is said.
    pub rota: Option<At<Text>>,
}

/// Which display logic rules follow. A rule that asks for no user group hides for other reasons, and is
/// left alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DisplayLogic {
    /// Those that hide this service; all where nothing is said.
    pub hides: Option<At<Text>>,
}
