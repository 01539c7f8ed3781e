//! Manifest format of `BlockSharing`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::manifest::deserialize::Spanned;
use crate::manifest::schema_check::FILLED;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::model::{CollectionOwner, ConflictPolicy, Enforcement};

/// Patron blocks copied between source and target institutions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockSharingSpec {
    /// Selector of the target zones. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Enforcement: `enforce` (default), `createOnly`, `report` or `unmanage`.
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
    /// Patron blocks.
    #[serde(default)]
    pub blocks: Vec<Spanned<SharedBlockSpec>>,
    /// True if all linked account rules of a member copy network blocks. Without this field, zonal does not
    /// change the rules.
    pub copy: Option<Spanned<bool>>,
}

/// Patron block. zonal enables its description and its definition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SharedBlockSpec {
    /// Institution of origin: `source` or `target`.
    pub direction: Spanned<BlockDirection>,
    /// ID of the block definition. Alma uses `FROM_TARGET` for blocks sent back to the source institution.
    pub id: Spanned<TextOrVariable>,
    /// Block type: a code of the table of block types. Default: `CONSORTIA`, the type of copied blocks.
    #[serde(rename = "type")]
    pub block_type: Option<Spanned<TextOrVariable>>,
    /// Description for users and staff.
    pub description: Spanned<BlockDescriptionSpec>,
    /// Staff roles allowed to override the block: `ALL`, `NONE`, `CIRCDESC` or `OPERATOR`. Default: `ALL`.
    pub overridable: Option<Spanned<TextOrVariable>>,
    /// Actions blocked for the user: `01` loans, `02` loans and renewals, `03` loans, renewals and hold requests.
    /// Ex Libris adds further codes on request, such as `04` (interlibrary loans) and `05` (all of these).
    #[schemars(regex(pattern = FILLED))]
    pub blocked_action: Spanned<String>,
    /// True if Alma copies the block when it creates or refreshes a linked account. Default: false for
    /// `source` (no copying to further members), true for `target` (a block sent back reaches the other
    /// members).
    pub network_block: Option<Spanned<bool>>,
}

/// Description of a patron block.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockDescriptionSpec {
    /// Description code; several blocks may share a code.
    pub code: Spanned<TextOrVariable>,
    /// Description text.
    pub text: Spanned<TextOrVariable>,
}

/// Institution of origin of a patron block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BlockDirection {
    /// Source institution. Alma copies the block to the linked account, with type `CONSORTIA`.
    Source,
    /// Target institution. Alma sends the block back to the source institution, with ID `FROM_TARGET`.
    Target,
}
