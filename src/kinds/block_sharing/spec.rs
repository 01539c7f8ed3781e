//! What a manifest of shared blocks can say.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::model::{ConflictPolicy, Enforcement};

/// Blocks that travel between a user's institution and those that lend.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockSharingSpec {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// How strongly all of it is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// The blocks.
    #[serde(default)]
    pub blocks: Vec<Spanned<SharedBlockSpec>>,
    /// Whether the rules for linked accounts copy network blocks: all rules of a member. Where nothing is
    /// said, each rule stays as it is.
    pub copy: Option<Spanned<bool>>,
}

/// One block. Its description and its definition are switched on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SharedBlockSpec {
    /// Where it is made.
    pub direction: Spanned<BlockDirection>,
    /// The definition's id. Alma sends blocks home as `FROM_TARGET`.
    pub id: Spanned<TextOrVariable>,
    /// Its type, a code of the table of block types. `CONSORTIA`, which copied blocks have, where nothing is said.
    #[serde(rename = "type")]
    pub block_type: Option<Spanned<TextOrVariable>>,
    /// How people see it.
    pub description: Spanned<BlockDescriptionSpec>,
    /// Who may override it: `ALL`, `NONE`, `CIRCDESC`, `OPERATOR`. `ALL` where nothing is said.
    pub overridable: Option<Spanned<TextOrVariable>>,
    /// What the user cannot do any more.
    pub blocked_action: Spanned<BlockedAction>,
    /// Whether it is copied when a linked account is made or refreshed. Where nothing is said: a block from
    /// the home institution is not copied on, one that came back from a target reaches the other members.
    pub network_block: Option<Spanned<bool>>,
}

/// How people see a block.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockDescriptionSpec {
    /// The code, which several blocks may share.
    pub code: Spanned<TextOrVariable>,
    /// The text.
    pub text: Spanned<TextOrVariable>,
}

/// Where a block is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BlockDirection {
    /// At the home institution: it is copied to the linked account, where it has the type `CONSORTIA`.
    Source,
    /// At an institution that lends: it is sent home, where it is `FROM_TARGET`.
    Target,
}

/// What a block keeps a user from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum BlockedAction {
    /// Loans.
    #[serde(rename = "01")]
    Loan,
    /// Loans and renewals.
    #[serde(rename = "02")]
    Renew,
    /// Loans, renewals and hold requests.
    #[serde(rename = "03")]
    Hold,
    /// Interlibrary loan, where the vendor has added it.
    #[serde(rename = "04")]
    InterlibraryLoan,
    /// All of these, where the vendor has added it.
    #[serde(rename = "05")]
    Everything,
}

impl BlockedAction {
    /// As Alma spells it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Loan => "01",
            Self::Renew => "02",
            Self::Hold => "03",
            Self::InterlibraryLoan => "04",
            Self::Everything => "05",
        }
    }

    /// Whether every institution has it: others are added by the vendor on request (reported by consortia).
    pub fn is_delivered(self) -> bool {
        match self {
            Self::Loan | Self::Renew | Self::Hold => true,
            Self::InterlibraryLoan | Self::Everything => false,
        }
    }
}
